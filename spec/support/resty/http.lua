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

function Http.parse_uri(_, uri)
    local scheme, host, port, path, query = uri:match "^(https?)://([^/:]+):?(%d*)([^?]*)%??(.*)$"
    return { scheme, host, tonumber(port) or 443, path, query }
end

--- Returns true, or nil and a text.
function Http:connect(given)
    local socket = self.socket
    local good, err = socket:connect(given.host == "localhost" and "127.0.0.1" or given.host, given.port)
    if good then
        good, err = socket:sslhandshake(nil, given.host, given.ssl_verify)
    end
    self.host = ("%s:%d"):format(given.host, given.port)
    return good and true, err
end

function Http:request(given)
    local lines, socket = { ("%s %s HTTP/1.1"):format(given.method, given.path) }, self.socket
    for name, value in pairs(given.headers) do
        lines[#lines + 1] = name .. ": " .. value
    end
    assert(given.headers.Host == self.host, "the Host that was signed is sent")
    local sent, err = socket:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (given.body or ""))
    local line
    if sent then
        line, err = socket:receive "*l"
    end
    if not line then
        return nil, err
    end
    local headers = read_headers(socket)
    local left = tonumber(headers["Content-Length"])
    local function body_reader(most)
        if left == 0 then
            return nil
        end
        local chunk, failure, partial = socket:receive(math.min(most, left))
        chunk = chunk or partial ~= "" and partial or nil
        left = left - #(chunk or "")
        return chunk, not chunk and failure or nil
    end
    return { status = tonumber(line:match "^HTTP/1%.1 (%d%d%d)"), headers = headers, has_body = left > 0,
        body_reader = body_reader }
end

function Http:set_keepalive()
    return self.socket:setkeepalive()
end

function Http:close()
    return self.socket:close()
end

return M
