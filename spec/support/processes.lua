--- Other programs as child processes. It must not know which; it ends only those that it started.
local patience = require "spec.support.patience"
local uv = require "luv"

local M = {}

-- A program that ended reads nothing more: what is written to it must not end the specs, which say what it printed. A
-- handler, since a signal that is ignored stays so in the programs that are started here.
local broken_pipe = uv.new_signal()
broken_pipe:start("sigpipe", function() end)
broken_pipe:unref()

--- One word of a shell command.
-- @param text
-- @treturn string
function M.quoted(text)
    return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

--- Runs a shell command.
-- @tparam string command
-- @treturn string standard output
-- @treturn number exit status
function M.run(command)
    -- LuaJIT's close() does not tell the status, so the shell prints it.
    local pipe = assert(io.popen("{ " .. command .. "\n}; printf '\\n%s' $?"))
    local text = pipe:read "*a"
    pipe:close()
    local output, status = text:match "^(.*)\n(%d+)$"
    return output, tonumber(status)
end

--- Runs Lua code under this very Lua, in another environment.
-- @tparam string code
-- @tparam[opt] {string,...} variables "NAME=value", or "NAME" to be unset
-- @treturn string standard output
-- @treturn number exit status
function M.run_lua(code, variables)
    local words = { "env" }
    for _, variable in ipairs(variables or {}) do
        words[#words + 1] = variable:find "=" and M.quoted(variable) or "-u " .. variable
    end
    return M.run(("%s %s -e %s"):format(table.concat(words, " "), M.quoted(uv.exepath()), M.quoted(code)))
end

local Child = {}
Child.__index = Child

--- Starts a program and waits until it has printed something.
-- @tparam string program
-- @tparam {string,...} args
-- @tparam string pattern of what it prints when it is ready
-- @tparam[opt] string input for its standard input, which stays open
-- @treturn table with `ready`: what the pattern captured
function M.start(program, args, pattern, input)
    local self = setmetatable({ program = program, output = "", stdin = uv.new_pipe(false),
        stdout = uv.new_pipe(false) }, Child)
    local process, reason = uv.spawn(program, { args = args, stdio = { self.stdin, self.stdout, nil } },
        function(code, signal)
            self.exited = signal > 0 and "by signal " .. signal or "with status " .. code
        end)
    self.process = assert(process, reason)
    self.stdout:read_start(function(_, text)
        self.output = self.output .. (text or "")
        self.ended = not text
    end)
    if input then
        self.stdin:write(input)
    end
    patience.wait_until(function()
        return self.output:find(pattern) or self.exited and self.ended
    end, program .. " to start")
    self.ready = self.output:match(pattern)
    assert(self.ready, program .. " did not start: " .. self.output)
    return self
end

--- Waits for its end.
-- @treturn string everything it printed
function Child:wait()
    patience.wait_until(function() return self.exited and self.ended end, self.program .. " to end")
    return self:stop()
end

--- Writes a line to its standard input and waits for the line it answers with.
-- @tparam string line
-- @treturn string
function Child:ask(line)
    local from = #self.output + 1
    self.stdin:write(line .. "\n")
    patience.wait_until(function()
        return self.output:find("\n", from, true) or self.exited and self.ended
    end, "an answer of " .. self.program)
    return self.output:match("^([^\n]*)\n", from) or error(("%s ended %s without an answer to %s; it had printed: %s")
        :format(self.program, self.exited, line, self.output), 2)
end

--- Closes its standard input, or sends it a signal, and waits for its end. Safe twice.
-- @tparam[opt] string signal "sigterm"
-- @treturn string everything it printed
function Child:stop(signal)
    if not self.stopped then
        self.stopped = true
        self.stdin:close()
        if signal then
            self.process:kill(signal)
        end
        patience.wait_until(function() return self.exited and self.ended end, self.program .. " to end")
        self.stdout:close()
        self.process:close()
        uv.run "nowait"
    end
    return self.output
end

return M
