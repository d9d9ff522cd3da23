--- The names of environment variables: those that are read, and those of others that are not.
-- What it has, dwsync.credentials.variables has.
-- @module dwsync.credentials.variable_names
local variables = require "dwsync.credentials.variables"

local M = {}

--- The variables that give credentials, or lead to them and to where they are sent.
M.CREDENTIALS = {
    "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", "HC_CONTAINER_CREDENTIALS_FULL_URI",
    "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID",
    "HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HUAWEICLOUD_SDK_IAM_ENDPOINT", "HUAWEICLOUD_SDK_REGIONS_FILE",
    "HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
    "HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_AUTH_TOKEN", "HW_AUTH_URL", "HW_DOMAIN_ID",
    "HW_DOMAIN_NAME", "HW_PROJECT_ID", "HW_PROJECT_NAME", "HW_USER_ID", "HW_USER_NAME", "HW_USER_PASSWORD",
    "HW_PROFILE", "HW_SHARED_CONFIG_FILE",
    "HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_ID", "HW_ASSUME_ROLE_DOMAIN_NAME", "HW_ASSUME_ROLE_DURATION",
    "HW_ASSUME_ROLE_IDP_ID", "HW_ASSUME_ROLE_ID_TOKEN", "HW_ASSUME_ROLE_ID_TOKEN_FILE",
}

--- Variables of the official SDKs and of Terraform that are not read, and what takes their place here.
M.UNREAD = {
    { "HUAWEICLOUD_SDK_DOMAIN_ID", "DWS needs a project, not an account: HUAWEICLOUD_SDK_PROJECT_ID" },
    { "HUAWEICLOUD_SDK_STS_ENDPOINT", "the security token service is not asked" },
    { "HUAWEICLOUD_SDK_TYPE", "credentials are always those of a region" },
    { "HW_CLOUD", "set `endpoint` and `iam_endpoint`" },
    { "HW_ENTERPRISE_PROJECT_ID", "clusters of all enterprise projects are listed" },
    { "HW_INSECURE", "certificates are always checked: set `ca_file`" },
    { "HW_MAX_RETRIES", "set `retries`" },
    { "HW_SIGNING_ALGORITHM", "set `algorithm`" },
}
for _, name in ipairs { "ACCESS_KEY", "SECRET_KEY", "AUTH_TOKEN", "AUTH_URL", "USERNAME", "USER_ID", "PASSWORD",
    "REGION_NAME", "PROJECT_ID", "PROJECT_NAME", "TENANT_ID", "TENANT_NAME", "DOMAIN_ID", "DOMAIN_NAME",
    "USER_DOMAIN_ID", "USER_DOMAIN_NAME", "PROJECT_DOMAIN_ID", "PROJECT_DOMAIN_NAME", "INSECURE", "CACERT", "CERT",
    "KEY", "AGENCY_NAME", "AGENCY_DOMAIN_NAME", "DELEGATED_PROJECT" } do
    M.UNREAD[#M.UNREAD + 1] = { "OS_" .. name, "set its twin of HW_… or HUAWEICLOUD_SDK_…" }
end

--- All that a client and its sources of credentials read; a region's endpoint has a variable of its own besides.
M.NAMES = { "DWSYNC_CA_FILE", "DWSYNC_METADATA", "DWSYNC_REGION", "HW_REGION_NAME", "HOME", "USERPROFILE" }
for _, name in ipairs(M.CREDENTIALS) do
    M.NAMES[#M.NAMES + 1] = name
end

--- The variables that are set and of no effect.
-- @tparam function getenv
-- @tparam boolean chosen whether the option `credentials` names others than the default chain's
-- @treturn {{string,string},...} name, and what takes its place here
function M.without_effect(getenv, chosen)
    local list = {}
    for _, variable in ipairs(M.UNREAD) do
        list[#list + 1] = variables.get({ getenv = getenv }, variable[1]) and variable or nil
    end
    if chosen and variables.get({ getenv = getenv }, "HW_ASSUME_ROLE_AGENCY_NAME") then
        list[#list + 1] = { "HW_ASSUME_ROLE_AGENCY_NAME", "`credentials` are given: name the agency there" }
    end
    return list
end

return M
