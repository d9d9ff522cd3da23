--- The pod identity agent of a CCE node: a temporary key for whoever shows the pod's token.
-- Plain HTTP, no signature. Not for the TLS port.
-- @module dwsync.emulator.pod_identity

local cjson = require "cjson"
local temporary_key = require "dwsync.emulator.temporary_key"

local M = {}

local function text(status, body)
    return { status = status, headers = { ["Content-Type"] = "text/plain" }, body = body }
end

--- `POST /pod-identity`
function M.credentials(service, request)
    if request.headers["authorization"] ~= service.settings.pod_token then
        return text(401, "Unauthorized")
    end
    local ok, order = pcall(cjson.decode, request.body or "")
    if not ok or type(order) ~= "table" then
        return text(400, "a JSON object is expected")
    end
    local key = service.keyring:current("pod", service:now(), service.settings.key_life)
    return { status = 200, headers = {}, body = temporary_key.json(service, key, "accessKeyId") }
end

return M
