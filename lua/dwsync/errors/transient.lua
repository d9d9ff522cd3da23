--- Which failures may pass by themselves, for commands that ask again and again.
-- It must not decide how often to ask.
-- @module dwsync.errors.transient
local M = {}

-- Of these a later request may know nothing; the others stay until somebody does something about them.
local MAY_PASS = { network = true, timeout = true, throttled = true, service = true, incomplete = true, decode = true }

--- Whether the same request may succeed later without any change on this side.
-- @tparam dwsync.error err
-- @treturn boolean
function M.may_pass(err)
    return err.retryable or MAY_PASS[err.kind] or false
end

--- The failure that makes going on useless: every cluster has one that stays.
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
