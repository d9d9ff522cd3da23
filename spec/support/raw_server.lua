--- A TCP server on 127.0.0.1 that says exactly the bytes it was told to, in a process of its own: what no well-behaved
-- server can be made to send. It must not know HTTP beyond where a request's head ends.
local cjson = require "cjson"
local uv = require "luv"
local processes = require "spec.support.processes"

local M = {}

local PROCESS = "spec/support/raw_server_process.lua"

local Server = {}
Server.__index = Server

--- Starts one.
-- @tparam {table,...} script what to do on each connection, the last entry for all further ones: a list of steps
-- {"read"} (a request's head; {"read", text}: until this text came), {"send", text}, {"sleep", seconds}, {"hold"} (for
-- ever), {"flood", text} and {"drip", text} (again and again for ever, as fast as the client reads or byte by byte),
-- {"together", count} (until so many connections are at this step), {"reset"}; after the last one the connection closes
-- @treturn table with `port` and `url`
function M.start(script)
    local child = processes.start(uv.exepath(), { PROCESS }, "^(%d+)\n", cjson.encode(script) .. "\n")
    return setmetatable({ child = child, port = child.ready, url = "http://127.0.0.1:" .. child.ready }, Server)
end

--- Ends it. Safe twice.
-- @treturn {string,...} what the connections sent, in the order in which they came
function Server:stop()
    return cjson.decode(self.child:stop():match "^%d+\n(.*)$")
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

--- The script of a server that gives the same bytes to whoever asks.
-- @tparam string text
-- @treturn table
function M.saying(text)
    return { { { "read" }, { "send", text } } }
end

--- Runs a function against one and ends it whatever happens.
-- @tparam {table,...} script as for `start`
-- @tparam function body called with the server
-- @treturn {string,...} what it received
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
