--- Which failures may pass by themselves, for commands that ask again and again.
-- @module dwsync.errors.transient
local errors = require "dwsync.errors"

local M = {}

-- A later request may succeed after these; the others stay until a person fixes their cause.
local MAY_PASS = { network = true, timeout = true, throttled = true, service = true, incomplete = true, decode = true }

--- Whether the same request may succeed later, without a change on this side.
-- @tparam dwsync.error err
-- @treturn boolean
function M.may_pass(err)
    return err.retryable or MAY_PASS[err.kind] or false
end

--- The failure that makes going on pointless: that of the first cluster, when all have one that stays. That
-- synchronisation is off is a failure only of the one cluster that was asked for.
-- @tparam table items of dwsync.cli.clusters_chosen
-- @tparam boolean several whether more than one cluster may be meant
-- @treturn dwsync.error or nil
function M.final_failure(items, several)
    local final
    for _, item in ipairs(items) do
        if not item.error or M.may_pass(item.error) then
            return nil
        elseif not (several and errors.is_feature_off(item.error)) then
            final = final or item.error
        end
    end
    return final
end

return M
