--- Temporary keys as IAM, the metadata service and a pod's agent write them, and when they expire.
-- @module dwsync.credentials.temporary
local display = require "dwsync.text"
local failure = require "dwsync.credentials.failure"
local json = require "dwsync.json"
local timestamps = require "dwsync.timestamps"

local M = {}

-- The three spellings seen: field of ours → names.
local NAMES = {
    ak = { "access", "accessKeyId", "access_key_id" },
    sk = { "secret", "secretAccessKey", "secret_access_key" },
    security_token = { "securitytoken", "securityToken", "security_token" },
    expires_at = { "expires_at", "expiration" },
}

--- What is wrong with an answer.
-- @tparam dwsync.response response
-- @tparam string source for the message
-- @tparam string message
-- @treturn dwsync.error kind "credentials"
function M.failure(response, source, message)
    return failure.new(source, message, "Check that the address is the service itself and not a proxy or login page.",
        response)
end

--- When something expires, by this machine's clock. The time comes from another clock, so the two are compared: one
-- that is hours off must cause neither a renewal at each call nor the use of what has long expired.
-- @tparam string text the service's, UTC: "2025-10-25T10:49:52Z" with any number of digits of a fraction
-- @tparam table response its Date is the other clock's time
-- @tparam number now seconds
-- @treturn number seconds since the epoch, or nil
-- @treturn string what is wrong
function M.expiry(text, response, now)
    local at = type(text) == "string" and timestamps.from_iso(text)
    if not at then
        return nil, "its expiry time is missing or malformed"
    end
    local date = timestamps.from_http(response.headers.date or "")
    at = at - (date and timestamps.skew(date, now) or 0)
    if at <= now then
        return nil, "it had already expired"
    end
    return at
end

--- Reads the keys out of an answer.
-- @tparam table response
-- @tparam string source for messages, and the keys' own
-- @tparam number now seconds
-- @treturn table {ak, sk, security_token, expires_at, source}, or nil
-- @treturn dwsync.error kind "credentials"
function M.decode(response, source, now)
    local body, reason = json.decode_answer(response.body)
    if not body then
        return nil, M.failure(response, source, "the answer is not JSON: " .. display.excerpt(reason))
    end
    local found = type(body.credential) == "table" and body.credential
        or type(body.credentials) == "table" and body.credentials or {}
    local fields = { source = source }
    for field, names in pairs(NAMES) do
        for _, name in ipairs(names) do
            fields[field] = fields[field] or found[name]
        end
    end
    for _, field in ipairs { "ak", "sk", "security_token" } do
        if type(fields[field]) ~= "string" then
            return nil, M.failure(response, source, ("the answer holds no key: %s is missing"):format(field))
        end
    end
    local expires_at, wrong = M.expiry(fields.expires_at, response, now)
    if not expires_at then
        return nil, M.failure(response, source, "the answer holds a key, but " .. wrong)
    end
    fields.expires_at = expires_at
    return fields
end

return M
