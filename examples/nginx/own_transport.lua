--- A transport of one's own: dwsync inside nginx over lua-resty-http, in place of nginx's thread pool.
-- It must not verify less than the default one does: lua_ssl_trusted_certificate names whom to trust.
--
--    local client = assert(dwsync.new { region = "cn-north-4", runtime = require "own_transport" })
-- luacheck: globals ngx
local http = require "resty.http"

local function perform(request)
    local connection = http.new()
    connection:set_timeout(1000 * (request.timeout or 30))
    local response, err = connection:request_uri(request.url, { method = request.method, headers = request.headers,
        body = request.body, ssl_verify = true })
    if not response then
        return nil, { kind = "network", message = err }
    end
    local headers = {}
    for name, value in pairs(response.headers) do
        headers[name:lower()] = type(value) == "table" and table.concat(value, ", ") or value
    end
    return { status = response.status, headers = headers, body = response.body }
end

local function now()
    ngx.update_time() -- ngx.now alone does not advance while Lua runs
    return ngx.now()
end

-- Its deadlines run on dwsync's own monotonic clock: nothing to write.
return { perform = perform, sleep = ngx.sleep, now = now }
