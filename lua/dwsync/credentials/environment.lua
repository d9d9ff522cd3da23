--- Credentials from the environment variables of the official SDKs: an id token, which goes first, or a key pair.
-- @module dwsync.credentials.environment
local variables = require "dwsync.credentials.variables"

local M = {}

local AK, SK = "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"
local IDP_ID, ID_TOKEN_FILE = "HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"

--- The source "environment".
-- @tparam table context `getenv`
-- @param _
-- @tparam table limits
-- @treturn table fields or plan, or nil
-- @treturn dwsync.error when only half of a pair is set
-- @treturn string why there is nothing
function M.load(context, _, limits)
    local project_id = variables.get(context, "HUAWEICLOUD_SDK_PROJECT_ID")
    local idp_id, id_token_file = variables.pair(context, "environment", IDP_ID, ID_TOKEN_FILE)
    if idp_id then
        return require("dwsync.credentials.oidc").load(context, {
            idp_id = idp_id,
            id_token_file = id_token_file,
            project_id = project_id,
        }, limits)
    elseif id_token_file then
        return nil, id_token_file
    end
    local ak, sk = variables.pair(context, "environment", AK, SK)
    if not ak then
        return nil, sk, not sk and ("environment: %s and %s are not set"):format(AK, SK) or nil
    end
    return {
        ak = ak,
        sk = sk,
        security_token = variables.get(context, "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
        project_id = project_id,
        source = "the environment",
    }
end

return M
