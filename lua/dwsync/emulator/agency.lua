--- Whether a caller may act as the account's agency. IAM asks this for tokens and for temporary keys.
-- @module dwsync.emulator.agency

local authentication = require "dwsync.emulator.authentication"
local json_order = require "dwsync.emulator.json_order"
local refusals = require "dwsync.emulator.refusals"

local M = {}

local text = json_order.text

--- @tparam table service
-- @tparam table request of the caller, who needs a token or a signature
-- @tparam table order the decoded body, with `auth.identity.assume_role`
-- @treturn ?true
-- @treturn ?table refusal
function M.assume(service, request, order)
    local caller, refusal = authentication.check(service, request, "account")
    if not caller then
        return nil, refusal
    end
    local role = json_order.at(order, "auth", "identity", "assume_role")
    local name = text(role, "agency_name") or text(role, "xrole_name")
    local domain_id, domain_name = text(role, "domain_id"), text(role, "domain_name")
    if not (name and (domain_id or domain_name)) then
        return nil, refusals.make "IAM.0011"
    end
    local config = service.config
    local ours = (domain_id or config.domain_id) == config.domain_id
        and (domain_name or config.domain) == config.domain and name == config.agency
    if not ours then
        return nil, refusals.make("IAM.0004", "The agency does not exist.")
    end
    return true
end

return M
