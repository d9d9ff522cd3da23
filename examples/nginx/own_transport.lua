--- A transport of one's own: dwsync inside nginx over lua-resty-http, in place of libcurl.
-- nginx.conf needs `resolver` for names, and lua_ssl_trusted_certificate with lua_ssl_verify_depth: ca_file,
-- client_cert, proxy and compressed are libcurl's and do not count here, and a certificate cannot name an address.
-- It must not verify less than the default one does, nor take longer than the request's timeout, whatever it waits for.
--
--    local client = assert(dwsync.new { region = "cn-north-4", runtime = require "own_transport" })
-- luacheck: globals ngx
local core = require "dwsync.core"
local http = require "resty.http"

local CHUNK_BYTES, MOST_BYTES = 65536, 16 * 1024 * 1024
local TLS = { "certificate", "handshake", "ssl" } -- what nginx says of TLS has one of these words

local function failure(err)
    for _, word in ipairs(TLS) do
        if tostring(err):lower():find(word, 1, true) then
            return { kind = "tls", message = err }
        end
    end
    return { kind = err == "timeout" and "timeout" or "network", message = tostring(err) }
end

local function read(response, most)
    local chunks, length = {}, 0
    repeat
        local chunk, err = response.body_reader(CHUNK_BYTES)
        if err then
            return nil, failure(err)
        end
        chunks[#chunks + 1], length = chunk, length + #(chunk or "")
        if length > most then
            return nil, { kind = "decode", message = ("the response's body is larger than %d bytes"):format(most) }
        end
    until not chunk
    return table.concat(chunks)
end

local function exchange(connection, request)
    local scheme, host, port, path, query = unpack(assert(connection:parse_uri(request.url, false)))
    local good, err = connection:connect { scheme = scheme, host = host, port = port, ssl_verify = true }
    if not good then
        return nil, failure(err)
    end
    local response
    response, err = connection:request { method = request.method, headers = request.headers, body = request.body,
        path = query and query ~= "" and path .. "?" .. query or path }
    if not response then
        return nil, failure(err)
    end
    local body = ""
    if response.has_body then
        body, err = read(response, request.max_response_bytes or MOST_BYTES)
    end
    if not body then
        return nil, err
    end
    local headers = {}
    for name, value in pairs(response.headers) do
        headers[name:lower()] = type(value) == "table" and table.concat(value, ", ") or value
    end
    return { status = response.status, headers = headers, body = body }
end

local function after(seconds)
    ngx.sleep(seconds)
    return nil, failure "timeout"
end

-- set_timeout limits one read from a socket, of which a body that drips takes many: a clock beside it limits the whole.
local function perform(request)
    local connection, seconds = http.new(), request.timeout or 30
    connection:set_timeout(1000 * seconds)
    local asking = ngx.thread.spawn(exchange, connection, request)
    local clock = ngx.thread.spawn(after, seconds)
    local good, response, err = ngx.thread.wait(asking, clock)
    ngx.thread.kill(asking)
    ngx.thread.kill(clock)
    if good and response then
        connection:set_keepalive()
    else
        pcall(connection.close, connection)
    end
    if not good then
        error(response, 0)
    end
    return response, err
end

return { perform = perform, sleep = ngx.sleep, now = core.now }
