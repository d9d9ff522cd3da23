--- The metadata service of a virtual machine: a session token, a temporary key, and which project the machine is in.
-- Plain HTTP, no signature. Not for the TLS port.
-- @module dwsync.emulator.metadata

local cjson = require "cjson"
local keyring = require "dwsync.emulator.keyring"
local newest = require "dwsync.emulator.newest"
local temporary_key = require "dwsync.emulator.temporary_key"

local M = {}

local LONGEST_TTL = 21600
local TOKENS_KEPT = 1000
local SILENCE = 120 -- seconds; longer than any client waits
local PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Guests, please sign in.</body></html>\n"

local function text(status, body)
    return { status = status, headers = { ["Content-Type"] = "text/plain" }, body = body }
end

local function json(value)
    return { status = 200, headers = {}, body = cjson.encode(value) }
end

-- Session tokens: token → expiry.
local expiries = newest.new(TOKENS_KEPT)

-- What comes instead of an answer, when a setting wants that.
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
    local token = keyring.random_text(56)
    expiries:put(token, service:now() + ttl)
    return text(200, token)
end

-- nil when the request may pass.
local function refused(service, request)
    local mode, token = service.settings.metadata_token, request.headers["x-metadata-token"]
    if type(mode) == "number" or token == nil and mode == "optional" then
        return nil
    end
    local expiry = type(token) == "string" and expiries:get(token)
    if expiry and expiry > service:now() then
        return nil
    end
    return text(401, "Unauthorized: a valid X-Metadata-Token is needed")
end

local function answer_key(service)
    if not service.settings.metadata_agency then
        return text(401, "Please configure Cloud Service Agency first")
    end
    local key = service.keyring:current("metadata", service:now(), service.settings.key_life)
    return { status = 200, headers = {}, body = temporary_key.json(service, key, "access") }
end

local function answer_instance(service)
    local config = service.config
    return json {
        project_id = config.project_id, region_id = config.region, availability_zone = config.region .. "a",
        uuid = service.clusters[1].id, name = "emulated-machine", hostname = "emulated-machine.novalocal",
    }
end

--- `PUT /meta-data/latest/api/token`
function M.create_token(service, request)
    return instead(service) or answer_token(service, request)
end

--- `GET /openstack/latest/securitykey`
function M.security_key(service, request)
    return instead(service) or refused(service, request) or answer_key(service)
end

--- `GET /openstack/latest/meta_data.json`
function M.instance(service, request)
    return instead(service) or refused(service, request) or answer_instance(service)
end

return M
