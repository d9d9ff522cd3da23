--- The IAM operation that issues temporary keys, for a token or for an agency.
-- Handlers check their callers themselves: the token may stand in the body.
-- @module dwsync.emulator.iam_credentials

local agency = require "dwsync.emulator.agency"
local authentication = require "dwsync.emulator.authentication"
local json_order = require "dwsync.emulator.json_order"
local refusals = require "dwsync.emulator.refusals"
local temporary_key = require "dwsync.emulator.temporary_key"

local M = {}

local SHORTEST, LONGEST = 900, 86400 -- seconds; the shortest is the default

local function duration_of(order, method)
    local seconds = json_order.at(order, "auth", "identity", method, "duration_seconds")
    if seconds == nil then
        return SHORTEST
    end
    if type(seconds) ~= "number" or seconds % 1 ~= 0 or seconds < SHORTEST or seconds > LONGEST then
        return nil, refusals.make("IAM.0011",
            ("duration_seconds must be an integer from %d to %d."):format(SHORTEST, LONGEST))
    end
    return seconds
end

-- The header wins over the body's deprecated member.
local function check_token(service, request, order)
    local text = request.headers["x-auth-token"] or json_order.text(order, "auth", "identity", "token", "id")
    return authentication.check_token(service, request, text, "account")
end

--- `POST /v3.0/OS-CREDENTIAL/securitytokens`
function M.create_temporary_key(service, request)
    local order = json_order.decode(request.body)
    local methods = json_order.methods(order)
    local method = methods.assume_role and "assume_role" or methods.token and "token"
    if not method then
        return nil, refusals.make "IAM.0011"
    end
    local ok, refusal = (method == "token" and check_token or agency.assume)(service, request, order)
    if not ok then
        return nil, refusal
    end
    local seconds
    seconds, refusal = duration_of(order, method)
    if not seconds then
        return nil, refusal
    end
    local key = service.keyring:issue(service:now(), seconds)
    return { status = 201, headers = {}, body = temporary_key.json(service, key, "access") }
end

return M
