--- Metrics over HTTP on this machine's loopback, driven by the loop of whoever serves them.
-- It must not listen elsewhere, nor wait, nor answer pages of a browser on this machine.
-- @module dwsync.cli.metrics_port
local uv = require "luv"

local M = {}

local MOST_CONNECTIONS, LONGEST_REQUEST, LONGEST_MS = 16, 8192, 5000
local ANSWER = "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
local EXPOSITION, PLAIN = "text/plain; version=0.0.4; charset=utf-8", "text/plain; charset=utf-8"
local FOREIGN = "Host must be an address or localhost\n"

--- How the option is declared; see dwsync.checks. A port alone is one of 127.0.0.1.
M.ADDRESS = {
    expected = "PORT, 127.0.0.1:PORT or [::1]:PORT",
    read = function(value)
        local host, port = tostring(value):match "^%[?(.-)%]?:?(%d+)$"
        port = tonumber(port)
        host = (host == "" or host == "localhost") and "127.0.0.1" or host
        if port and port <= 65535 and (host == "::1" or (host or ""):find "^127%.%d+%.%d+%.%d+$") then
            return { host = host, port = port }
        end
    end,
}

-- A page of any site reaches us through a name of its own that leads here; its browser says that name in Host.
-- Who scrapes says an address, or nothing.
local function is_foreign(request)
    local host = request:lower():match "\nhost:[ \t]*([^\r\n]*)"
    local name = host and host:gsub("[ \t]+$", ""):gsub(":%d+$", "")
    return name ~= nil and name ~= "localhost" and not name:find "^%d+%.%d+%.%d+%.%d+$"
        and not name:find "^%[[%x:.]+%]$"
end

local function answer_to(request, render)
    local method, target = request:match "^(%u+) (%S+) HTTP/1%.[01]\r?\n"
    local path = (target or ""):match "^[^?]*"
    if not method then
        return ANSWER:format("400 Bad Request", PLAIN, 0, "")
    elseif is_foreign(request) then
        return ANSWER:format("403 Forbidden", PLAIN, #FOREIGN, FOREIGN)
    elseif method ~= "GET" and method ~= "HEAD" then
        return ANSWER:format("405 Method Not Allowed", PLAIN, 0, "")
    elseif path ~= "/metrics" and path ~= "/" then
        return ANSWER:format("404 Not Found", PLAIN, 0, "")
    end
    local body = render()
    return ANSWER:format("200 OK", EXPOSITION, #body, method == "GET" and body or "")
end

local function close(self, connection)
    if self.connections[connection] then
        self.connections[connection], self.count = nil, self.count - 1
        connection.timer:close()
        connection.socket:close()
    end
end

local function serve(self, connection)
    local request = ""
    connection.timer:start(LONGEST_MS, 0, function() close(self, connection) end)
    connection.socket:read_start(function(err, chunk)
        request = request .. (chunk or "")
        if err or not chunk or #request > LONGEST_REQUEST then
            close(self, connection)
        elseif request:find "\r?\n\r?\n" then
            connection.socket:read_stop()
            connection.socket:write(answer_to(request, self.render), function()
                connection.socket:shutdown(function() close(self, connection) end)
            end)
        end
    end)
end

local function accept(self)
    local socket = uv.new_tcp()
    if not self.server:accept(socket) or self.count >= MOST_CONNECTIONS then
        return socket:close()
    end
    local connection = { socket = socket, timer = uv.new_timer() }
    self.connections[connection], self.count = true, self.count + 1
    serve(self, connection)
end

local Port = { __name = "dwsync.cli.metrics_port" }
Port.__index = Port

--- Listens. Connections are served whenever luv's loop is turned.
-- @tparam table address `host`, `port` (0: a free one)
-- @tparam function():string render
-- @treturn ?table with `port`
-- @treturn string reason
function M.listen(address, render)
    local server = uv.new_tcp()
    local self = setmetatable({ server = server, render = render, connections = {}, count = 0,
        broken_pipes = uv.new_signal() }, Port)
    self.broken_pipes:start("sigpipe", function() end) -- or who hangs up before the answer would end us
    local good, reason = server:bind(address.host, address.port)
    if good then
        good, reason = server:listen(MOST_CONNECTIONS, function(err)
            if not err then
                accept(self)
            end
        end)
    end
    if not good then
        self:close()
        return nil, (reason:gsub("^%u+: ", ""))
    end
    self.port = server:getsockname().port
    return self
end

--- Listens no more; answers under way are given up.
function Port:close()
    for connection in pairs(self.connections) do
        close(self, connection)
    end
    self.server:close()
    self.broken_pipes:close()
    uv.run "nowait" -- lets them close: a program that ends while they do crashes
end

return M
