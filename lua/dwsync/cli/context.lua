--- What a command finds around it: streams, environment, clock, terminal. Tests replace each of them.
-- It must not read the environment before it is asked to.
-- @module dwsync.cli.context
local text = require "dwsync.text"

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

--- Makes a context.
-- @tparam[opt] table given parts that replace the real ones
-- @treturn table context: `stdin`, `stdout`, `stderr`, `getenv(name)`, `now()`, `is_terminal(stream)`,
-- `terminal_columns()`, `terminal_rows()`; and `read_file`, `random` and `runtime` for clients, when given
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

local function keep_failure(self, done, reason)
    if not done then
        self.write_failure = self.write_failure or reason or "unknown reason"
    end
end

--- Writes data to stdout. The first failure of this and of `flush` is kept in `write_failure` and reported at the end.
-- @tparam string data
function Context:write(data)
    keep_failure(self, self.stdout:write(data))
end

--- Flushes stdout, for a reader who waits for each piece.
function Context:flush()
    keep_failure(self, self.stdout:flush())
end

--- Writes a message to stderr, without what could drive the terminal.
-- @tparam string message one line
-- @tparam[opt] string hint what to do next
function Context:note(message, hint)
    self.stderr:write(("dwsync: %s\n%s"):format(text.safe(message),
        hint and ("        %s\n"):format(text.safe(hint)) or ""))
end

--- Width that a table may take: COLUMNS, else the terminal's; nil when stdout is not a terminal.
-- @treturn integer or nil
function Context:width()
    local columns = tonumber(self.getenv "COLUMNS" or "")
    if columns and columns >= 20 then
        return columns
    end
    return self.is_terminal "stdout" and self.terminal_columns() or nil
end

--- Whether output may have colour: --color decides, then NO_COLOR (https://no-color.org), then whether stdout is a
-- terminal.
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
