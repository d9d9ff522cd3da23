--- As much of lua-resty-http as the example needs, over nginx's own sockets: Debian 12 does not package it.
-- It must not do what that one does not: same calls, same results.
-- luacheck: globals ngx
local Http = {}
Http.__index = Http

local M = {}

function M.new()
    return setmetatable({ socket = ngx.socket.tcp() }, Http)
end

function Http:set_timeout(milliseconds)
    self.socket:settimeout(milliseconds)
end

local function read_headers(socket)
    local headers = {}
    while true do
        local line = assert(socket:receive "*l")
        local name, value = line:match "^([^:]+):%s*(.-)%s*$"
        if not name then
            return headers
        end
        local before = headers[name]
        headers[name] = before and { before, value } or value
    end
end

local function exchange(socket, host, target, given)
    local lines = { ("%s %s HTTP/1.1"):format(given.method, target), "Connection: close" }
    for name, value in pairs(given.headers) do
        lines[#lines + 1] = name .. ": " .. value
    end
    assert(given.headers.Host == host, "the Host that was signed is sent")
    assert(socket:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (given.body or "")))
    local status = tonumber(assert(socket:receive "*l"):match "^HTTP/1%.1 (%d%d%d)")
    local headers = read_headers(socket)
    return { status = status, headers = headers, body = assert(socket:receive(tonumber(headers["Content-Length"]))) }
end

--- Returns the response, or nil and a text.
function Http:request_uri(uri, given)
    local host, port, target = uri:match "^https://([^/:]+):(%d+)(/.*)$"
    local socket = self.socket
    local good, err = socket:connect(host == "localhost" and "127.0.0.1" or host, tonumber(port))
    if good then
        good, err = socket:sslhandshake(nil, host, given.ssl_verify)
    end
    if not good then
        return nil, err
    end
    local ran, response = pcall(exchange, socket, host .. ":" .. port, target, given)
    socket:close()
    if not ran then
        return nil, response
    end
    return response
end

return M
