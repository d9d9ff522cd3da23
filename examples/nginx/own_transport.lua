--- A transport of one's own: dwsync inside nginx over lua-resty-http, in place of libcurl.
-- nginx.conf needs `resolver` for names, and lua_ssl_trusted_certificate with lua_ssl_verify_depth: ca_file,
-- client_cert, proxy and compressed are libcurl's and do not count here, and a certificate cannot name an address.
-- It must not verify less than the default one does, nor take longer than the request's timeout, whatever that spends.
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

-- set_timeout limits a single step, and a body that drips takes many: each step gets what is left of the whole.
local function limit(connection, till)
    local left = till - core.monotonic()
    connection:set_timeout(math.max(1, math.ceil(1000 * left)))
    return left > 0
end

local function read(connection, response, till, most)
    local chunks, length = {}, 0
    while limit(connection, till) do
        local chunk, err = response.body_reader(CHUNK_BYTES)
        if not chunk then
            return not err and table.concat(chunks), err and failure(err)
        end
        chunks[#chunks + 1], length = chunk, length + #chunk
        if length > most then
            return nil, { kind = "decode", message = ("the response's body is larger than %d bytes"):format(most) }
        end
    end
    return nil, failure "timeout"
end

local function exchange(connection, request, till)
    local scheme, host, port, path, query = unpack(assert(connection:parse_uri(request.url, false)))
    local good, err = connection:connect { scheme = scheme, host = host, port = port, ssl_verify = true }
    if not good then
        return nil, failure(err)
    elseif not limit(connection, till) then
        return nil, failure "timeout"
    end
    local response
    response, err = connection:request { method = request.method, headers = request.headers, body = request.body,
        path = query and query ~= "" and path .. "?" .. query or path }
    if not response then
        return nil, failure(err)
    end
    local body = ""
    if response.has_body then
        body, err = read(connection, response, till, request.max_response_bytes or MOST_BYTES)
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

local function perform(request)
    local connection, till = http.new(), core.monotonic() + (request.timeout or 30)
    limit(connection, till)
    local response, err = exchange(connection, request, till)
    if response then
        connection:set_keepalive()
    else
        connection:close()
    end
    return response, err
end

return { perform = perform, sleep = ngx.sleep, now = core.now }
