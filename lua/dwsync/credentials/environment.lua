--- Credentials from the environment variables of the official SDKs.
-- It must not read the environment by itself: `getenv` comes in.
-- @module dwsync.credentials.environment
local errors = require "dwsync.errors"

local M = {}

local AK, SK = "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"

local function value(context, name)
    local text = context.getenv(name)
    return text ~= "" and text or nil
end

--- @tparam table context `getenv`
-- @treturn table fields, or nil
-- @treturn dwsync.error when only half of the pair is set
-- @treturn string why there is nothing
function M.load(context)
    local ak, sk = value(context, AK), value(context, SK)
    if not ak and not sk then
        return nil, nil, ("environment: %s and %s are not set"):format(AK, SK)
    elseif not ak or not sk then
        return nil, errors.new {
            kind = "credentials",
            message = ("environment: %s is set but %s is not"):format(ak and AK or SK, ak and SK or AK),
            hint = "Set both variables, or neither to let the next source serve.",
        }
    end
    return {
        ak = ak,
        sk = sk,
        security_token = value(context, "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
        project_id = value(context, "HUAWEICLOUD_SDK_PROJECT_ID"),
        source = "the environment",
    }
end

return M
