--- What a command finds around it: streams, environment, clock, terminal. Each can be replaced by tests.
-- It must not read the environment before it is asked to.
-- @module dwsync.cli.context
local M = {}

local Context = { __name = "dwsync.cli.context" }
Context.__index = Context

local DESCRIPTORS = { stdin = 0, stdout = 1, stderr = 2 }

local function terminal_by_luv()
    local found, uv = pcall(require, "luv")
    if not found then
        return function() return false end, function() return nil end, function() return nil end
    end
    local function is_terminal(stream)
        return uv.guess_handle(DESCRIPTORS[stream]) == "tty"
    end
    local function size()
        local tty = uv.new_tty(1, false)
        local width, height
        if tty then
            width, height = tty:get_winsize()
            tty:close()
            uv.run() -- lets the handle close
        end
        return width, height
    end
    return is_terminal, function() return (size()) end, function() return (select(2, size())) end
end

--- What a command has of the world.
-- @tparam[opt] table given parts that replace the real ones
-- @treturn table context: `stdin`, `stdout`, `stderr`, `getenv(name)`, `now()`, `is_terminal(stream)`,
-- `terminal_columns()`, `terminal_rows()`; and, for clients, what replaces their defaults when given: `read_file`,
-- `random`, `runtime`
function M.new(given)
    local is_terminal, columns, rows = terminal_by_luv()
    local context = {
        stdin = io.stdin,
        stdout = io.stdout,
        stderr = io.stderr,
        getenv = os.getenv,
        now = os.time,
        is_terminal = is_terminal,
        terminal_columns = columns,
        terminal_rows = rows,
    }
    for name, value in pairs(given or {}) do
        context[name] = value
    end
    return setmetatable(context, Context)
end

--- Writes data to stdout. A failure is told once, at the end, by `finish_output`.
-- @tparam string text
function Context:write(text)
    local written, reason = self.stdout:write(text)
    if not written then
        self.write_failure = self.write_failure or reason or "unknown reason"
    end
end

--- Flushes stdout between pieces that somebody waits for. A failure is kept, as of `write`.
function Context:flush()
    local flushed, reason = self.stdout:flush()
    if not flushed then
        self.write_failure = self.write_failure or reason or "unknown reason"
    end
end

--- Flushes stdout.
-- @treturn boolean whether everything was written, or nil
-- @treturn string why not
function Context:finish_output()
    local flushed, reason = self.stdout:flush()
    if self.write_failure or not flushed then
        return nil, self.write_failure or reason
    end
    return true
end

--- Width that a table may take: COLUMNS, else the terminal's; nil when stdout is no terminal.
-- @treturn integer or nil
function Context:width()
    local columns = tonumber(self.getenv "COLUMNS" or "")
    if columns and columns >= 20 then
        return columns
    end
    return self.is_terminal "stdout" and self.terminal_columns() or nil
end

--- Whether output may have colour: --color, else NO_COLOR (https://no-color.org), else a terminal has it.
-- @tparam[opt] string wish "always", "never" or "auto"
-- @treturn boolean
function Context:color(wish)
    if wish == "always" or wish == "never" then
        return wish == "always"
    end
    local no_color = self.getenv "NO_COLOR"
    return self.is_terminal "stdout" and (no_color == nil or no_color == "") and self.getenv "TERM" ~= "dumb"
end

return M
