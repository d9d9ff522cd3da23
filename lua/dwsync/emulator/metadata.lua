--- The metadata service of a virtual machine: a session token, a temporary key, and which project the machine is in.
-- Plain HTTP, no signature. Not for the TLS port.
-- @module dwsync.emulator.metadata

local cjson = require "cjson"
local keyring = require "dwsync.emulator.keyring"

local M = {}

local LONGEST_TTL = 21600
local TOKENS_KEPT = 1000

local function text(status, body)
    return {status = status, headers = {["Content-Type"] = "text/plain"}, body = body}
end

local function json(value)
    return {status = 200, headers = {}, body = cjson.encode(value)}
end

-- Session tokens: token → expiry, and the order they came in so that the oldest goes first.
local expiry_of, issued = {}, {}

--- `PUT /meta-data/latest/api/token`
function M.create_token(service, request)
    local ttl = tonumber(request.headers["x-metadata-token-ttl-seconds"])
    if not ttl or ttl % 1 ~= 0 or ttl < 1 or ttl > LONGEST_TTL then
        return text(400, "X-Metadata-Token-Ttl-Seconds must be an integer from 1 to " .. LONGEST_TTL)
    end
    local token = keyring.random_text(56)
    expiry_of[token] = service:now() + ttl
    issued[#issued + 1] = token
    if #issued > TOKENS_KEPT then expiry_of[table.remove(issued, 1)] = nil end
    return text(200, token)
end

-- nil when the request may pass.
local function refused(service, request)
    local token = request.headers["x-metadata-token"]
    if token == nil and service.settings.metadata_token == "optional" then return nil end
    local expiry = type(token) == "string" and expiry_of[token]
    if expiry and expiry > service:now() then return nil end
    return text(401, "Unauthorized: a valid X-Metadata-Token is needed")
end

--- `GET /openstack/latest/securitykey`
function M.security_key(service, request)
    local refusal = refused(service, request)
    if refusal then return refusal end
    local key = service.keyring:temporary(service:now())
    return json{credential = {
        access = key.ak, secret = key.secret, securitytoken = key.security_token,
        expires_at = os.date("!%Y-%m-%dT%H:%M:%S.000000Z", key.expires_at),
    }}
end

--- `GET /openstack/latest/meta_data.json`
function M.instance(service, request)
    local refusal = refused(service, request)
    if refusal then return refusal end
    local config = service.config
    return json{
        project_id = config.project_id, region_id = config.region, availability_zone = config.region .. "a",
        uuid = service.clusters[1].id, name = "emulated-machine", hostname = "emulated-machine.novalocal",
    }
end

return M
