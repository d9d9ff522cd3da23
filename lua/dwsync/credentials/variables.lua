--- Environment variables for credential sources: an empty one counts as not set.
-- It must not call os.getenv: `getenv` comes in with the context.
-- @module dwsync.credentials.variables
local lazy = require "dwsync.lazy"
local failure = lazy "dwsync.credentials.failure"

local M = {}

--- The variables that give credentials, or lead to them and to where they are sent.
M.CREDENTIALS = {
    "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", "HC_CONTAINER_CREDENTIALS_FULL_URI",
    "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID",
    "HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HUAWEICLOUD_SDK_IAM_ENDPOINT", "HUAWEICLOUD_SDK_REGIONS_FILE",
    "HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
    "HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_AUTH_TOKEN", "HW_AUTH_URL", "HW_DOMAIN_ID",
    "HW_DOMAIN_NAME", "HW_PROJECT_ID", "HW_PROJECT_NAME", "HW_USER_NAME", "HW_USER_PASSWORD",
}

--- All that a client and its sources of credentials read; a region's endpoint has a variable of its own besides.
M.NAMES = { "DWSYNC_CA_FILE", "DWSYNC_METADATA", "DWSYNC_REGION", "HOME", "USERPROFILE" }
for _, name in ipairs(M.CREDENTIALS) do
    M.NAMES[#M.NAMES + 1] = name
end

--- The value of a variable.
-- @tparam table context `getenv`
-- @tparam string name
-- @treturn string or nil
function M.get(context, name)
    local text = context.getenv(name)
    return text ~= "" and text or nil
end

--- Two variables that only make sense together.
-- @tparam table context `getenv`
-- @tparam string source for the message
-- @tparam string first
-- @tparam string second names
-- @treturn string value of the first, or nil when neither is set
-- @treturn string|dwsync.error value of the second; the error when only one is set
function M.pair(context, source, first, second)
    local one, two = M.get(context, first), M.get(context, second)
    if (one == nil) == (two == nil) then
        return one, two
    end
    local set, unset = one and first or second, one and second or first
    return nil, failure.new(source, ("%s is set but %s is not"):format(set, unset),
        "Set both variables, or neither so that the next source is tried.")
end

--- The user's home directory.
-- @tparam table context `getenv`
-- @treturn string or nil
function M.home(context)
    return context.getenv "HOME" or context.getenv "USERPROFILE"
end

return M
