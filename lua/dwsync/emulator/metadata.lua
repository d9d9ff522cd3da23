--- What a machine asks over plain HTTP, unsigned: the metadata service of a virtual machine (a session token, a
-- temporary key, and which project the machine is in), and the pod identity agent of a CCE node.
-- @module dwsync.emulator.metadata
local cjson = require "cjson"
local json_order = require "dwsync.emulator.json_order"
local keyring = require "dwsync.emulator.keyring"

local M = {}

local LONGEST_TTL = 21600
local SILENCE = 120 -- seconds; longer than any client waits
local PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Guests, please sign in.</body></html>\n"

local function text(status, body)
    return { status = status, headers = { ["Content-Type"] = "text/plain" }, body = body }
end

local function json(body)
    return { status = 200, headers = {}, body = body }
end

-- What comes instead of an answer, as the setting `metadata_answer` says.
local function instead(service)
    local answer = service.settings.metadata_answer
    if answer == "hang" then
        return { silent_for = SILENCE }
    end
    if answer == "html" then
        return { status = 200, headers = { ["Content-Type"] = "text/html" }, body = PAGE }
    end
    return nil
end

local function answer_token(service, request)
    local mode = service.settings.metadata_token
    if type(mode) == "number" then
        return text(mode, "session tokens are not supported")
    end
    local ttl = tonumber(request.headers["x-metadata-token-ttl-seconds"])
    if not ttl or ttl % 1 ~= 0 or ttl < 1 or ttl > LONGEST_TTL then
        return text(400, "X-Metadata-Token-Ttl-Seconds must be an integer from 1 to " .. LONGEST_TTL)
    end
    return text(200, service.keyring:begin_session(service:now() + ttl))
end

-- nil when the request may pass.
local function refused(service, request)
    local mode, token = service.settings.metadata_token, request.headers["x-metadata-token"]
    local open = type(mode) == "number" or token == nil and mode == "optional"
    if open or service.keyring:in_session(token, service:now()) then
        return nil
    end
    return text(401, "Unauthorized: a valid X-Metadata-Token is needed")
end

local function answer_key(service)
    if not service.settings.metadata_agency then
        return text(401, "Please configure Cloud Service Agency first")
    end
    local key = service.keyring:current("metadata", service:now(), service.settings.key_life, service.home.account)
    return json(keyring.json(service, key, "access"))
end

local function answer_instance(service)
    local home = service.home
    return json(cjson.encode {
        project_id = home.id, region_id = home.region, availability_zone = home.region .. "a",
        uuid = (home:list()[1] or home).id, name = "emulated-machine", hostname = "emulated-machine.novalocal",
    })
end

--- Answers `PUT /meta-data/latest/api/token`.
function M.create_token(service, request)
    return instead(service) or answer_token(service, request)
end

--- Answers `GET /openstack/latest/securitykey`.
function M.security_key(service, request)
    return instead(service) or refused(service, request) or answer_key(service)
end

--- Answers `GET /openstack/latest/meta_data.json`.
function M.instance(service, request)
    return instead(service) or refused(service, request) or answer_instance(service)
end

--- Answers `POST /pod-identity`: a temporary key for the pod's token.
function M.pod_identity(service, request)
    if request.headers["authorization"] ~= service.settings.pod_token then
        return text(401, "Unauthorized")
    end
    if not json_order.decode(request.body) then
        return text(400, "a JSON object is expected")
    end
    local key = service.keyring:current("pod", service:now(), service.settings.key_life, service.home.account)
    return json(keyring.json(service, key, "accessKeyId"))
end

return M
