--- A TCP server on 127.0.0.1 that says exactly the bytes it was told to, in a process of its own: what no well-behaved
-- server can be made to send. It must not know HTTP beyond where a request's head ends.
local cjson = require "cjson"
local uv = require "luv"

local M = {}

local PROCESS = "spec/support/raw_server_process.lua"
local START_MS, STOP_MS = 10000, 3000

local Server = {}
Server.__index = Server

-- Lets libuv's loop turn until `done()` holds.
local function turn_until(done, timeout)
    local timer, expired = uv.new_timer(), false
    timer:start(timeout, 0, function()
        expired = true
    end)
    while not done() and not expired do
        uv.run "once"
    end
    timer:close()
    uv.run "nowait"
    return done()
end

--- Starts one.
-- @tparam {table,...} script what to do on each connection, the last entry for all further ones: a list of steps
-- {"read"} (a request's head), {"send", text}, {"sleep", seconds}, {"reset"}; after the last one the connection closes
-- @treturn table with `port` and `url`
function M.start(script)
    local self = setmetatable({ output = "", input = uv.new_pipe(false), report = uv.new_pipe(false) }, Server)
    local process, reason = uv.spawn(uv.exepath(), {
        args = { PROCESS },
        stdio = { self.input, self.report, 2 },
    }, function()
        self.exited = true
    end)
    self.process = assert(process, reason)
    self.report:read_start(function(_, text)
        self.output = self.output .. (text or "")
        self.ended = not text
    end)
    self.input:write(cjson.encode(script) .. "\n")
    assert(turn_until(function()
        return self.output:find "\n" or self.exited
    end, START_MS) and not self.exited, "the raw server did not start")
    self.port = self.output:match "^(%d+)\n"
    self.url = "http://127.0.0.1:" .. self.port
    return self
end

--- Ends it. Safe twice.
-- @treturn {string,...} what the connections sent, in the order in which they came
function Server:stop()
    if not self.received then
        self.input:close() -- which is how it learns that it is over
        assert(turn_until(function()
            return self.exited and self.ended
        end, STOP_MS), "the raw server did not end")
        self.report:close()
        self.process:close()
        uv.run "nowait"
        self.received = cjson.decode(self.output:match "^%d+\n(.*)$")
    end
    return self.received
end

--- An HTTP answer.
-- @tparam string status "200 OK"
-- @tparam string body
-- @tparam[opt] {string,...} headers lines; Content-Length is added
-- @treturn string
function M.answer(status, body, headers)
    local lines = { "HTTP/1.1 " .. status }
    for _, line in ipairs(headers or {}) do
        lines[#lines + 1] = line
    end
    lines[#lines + 1] = "Content-Length: " .. #body
    return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

--- Runs a function against one, ends it whatever happens, and tells what was received.
-- @tparam {table,...} script as for `start`
-- @tparam function body called with the server
-- @treturn {string,...}
function M.with(script, body)
    local server = M.start(script)
    local ok, err = pcall(body, server)
    local received = server:stop()
    if not ok then
        error(err, 0)
    end
    return received
end

return M
