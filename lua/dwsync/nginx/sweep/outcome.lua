--- How the last sweep went, for the handlers.
-- Only the owner of the lease may write it, and a sweep does so in the moment before what it publishes is seen: new
-- data must not appear beside an old error.
-- @module dwsync.nginx.sweep.outcome
local M = {}

--- Notes how a sweep ended, for the handlers.
-- @tparam dwsync.nginx.shared.store store
-- @tparam table summary `outcome` ("complete", "partial", "failed"), optional `message` (what went wrong), `memory`
-- (what the dict is too small for), `history` (why it was not written), `history_unread` (why clusters were judged
-- without it) and `seconds`
-- @tparam number now seconds since the epoch
function M.write(store, summary, now)
    store:set_state("seconds", summary.seconds)
    store:set_state("error", summary.message)
    store:set_state("memory", summary.memory)
    store:set_state("history", summary.history)
    store:set_state("history_unread", summary.history_unread)
    store:set_state("outcome", summary.outcome)
    store:set_state("swept", now) -- last: handlers keep what they wrote of a sweep until this changes
end

return M
