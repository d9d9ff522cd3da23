--- How the last sweep went, as handlers tell it.
-- It must be written by the owner of the lease only, and by the sweep before its publication comes into force: nobody
-- shall see new data beside an old error.
-- @module dwsync.nginx.sweep.outcome
local M = {}

--- Notes how a sweep ended, for the handlers.
-- @tparam dwsync.nginx.shared.store store
-- @tparam table summary `outcome` ("complete", "partial", "failed"), optional `message` (what went wrong), `memory`
-- (what the dict is too small for) and `seconds`
-- @tparam number now seconds since the epoch
function M.write(store, summary, now)
    store:set_state("swept", now)
    store:set_state("seconds", summary.seconds)
    store:set_state("outcome", summary.outcome)
    store:set_state("error", summary.message)
    store:set_state("memory", summary.memory)
end

return M
