--- The variables that configuration and credentials come from, read once by the master: a worker only sees those that
-- an `env` line of nginx.conf names, so its threads get what the master saw.
-- @module dwsync.nginx.environment
local M = {}

--- What the client and the sources of credentials read. The regions' own variables are found when a client is made.
M.NAMES = {
    "DWSYNC_CA_FILE", "DWSYNC_METADATA", "DWSYNC_REGION",
    "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", "HC_CONTAINER_CREDENTIALS_FULL_URI",
    "HOME", "USERPROFILE",
    "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID",
    "HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HUAWEICLOUD_SDK_IAM_ENDPOINT", "HUAWEICLOUD_SDK_REGIONS_FILE",
    "HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
    "HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_AUTH_TOKEN", "HW_AUTH_URL", "HW_DOMAIN_ID",
    "HW_DOMAIN_NAME", "HW_PROJECT_ID", "HW_PROJECT_NAME", "HW_USER_NAME", "HW_USER_PASSWORD",
}

--- Reads them.
-- @tparam function getenv function(name) → text or nil
-- @treturn {[string]=string} the variables that are set
-- @treturn function a getenv that adds to this table what it is asked for
function M.capture(getenv)
    local variables = {}
    local function recorded(name)
        variables[name] = getenv(name)
        return variables[name]
    end
    for _, name in ipairs(M.NAMES) do
        recorded(name)
    end
    return variables, recorded
end

return M
