--- Which failures may pass by themselves, for commands that ask again and again.
-- @module dwsync.errors.transient
local M = {}

-- A later request may succeed after these; the others stay until a person fixes their cause.
local MAY_PASS = { network = true, timeout = true, throttled = true, service = true, incomplete = true, decode = true }

--- Whether the same request may succeed later, without a change on this side.
-- @tparam dwsync.error err
-- @treturn boolean
function M.may_pass(err)
    return err.retryable or MAY_PASS[err.kind] or false
end

--- The failure that makes going on pointless: that of the first cluster, when all have one that stays.
-- @tparam table items of dwsync.cli.clusters_chosen
-- @treturn dwsync.error or nil
function M.final_failure(items)
    for _, item in ipairs(items) do
        if not item.error or M.may_pass(item.error) then
            return nil
        end
    end
    return items[1] and items[1].error
end

return M
