--- A token that the caller already has; sent as X-Auth-Token for as long as the service takes it.
-- It must not ask for a new one when it expires.
-- @module dwsync.credentials.token
local variables = require "dwsync.credentials.variables"

local M = {}

--- The source "token".
-- @tparam table context `getenv`
-- @tparam table options `token`, by default HW_AUTH_TOKEN's; `project_id`
-- @treturn table fields, or nil
-- @treturn nil
-- @treturn string why there is nothing
function M.load(context, options)
    local token = options.token or variables.get(context, "HW_AUTH_TOKEN")
    if not token then
        return nil, nil, "token: neither credentials.token nor HW_AUTH_TOKEN is set"
    end
    return { token = token, project_id = options.project_id, source = "a ready token" }
end

return M
