--- When the next sweep is due. Pure: clock and random come in.
-- @module dwsync.nginx.sweep.schedule
local M = {}

local FIRST_RETRY_SECONDS = 5
local LONGEST_PAUSE_SECONDS = 3600 -- one cluster's answer must not silence all sweeps for longer

local function jittered(seconds, jitter, random)
    return seconds * (1 + jitter * (2 * random() - 1))
end

--- When to begin the next sweep.
-- @tparam table settings `interval`, `jitter`
-- @tparam table summary of the sweep: `outcome`, `retry_after`
-- @tparam integer failures sweeps in a row that failed, this one included
-- @tparam number started seconds by core.monotonic, when the sweep began
-- @tparam number ended when it ended
-- @tparam function random 0 ≤ n < 1
-- @treturn number seconds by the same clock
function M.next(settings, summary, failures, started, ended, random)
    if summary.outcome == "cancelled" then
        return ended
    end
    local due = started + jittered(settings.interval, settings.jitter, random)
    if summary.outcome == "failed" then
        -- Sooner than usual at first, because something just broke or is just starting; as usual when that lasts.
        local pause = math.min(settings.interval, FIRST_RETRY_SECONDS * 2 ^ (failures - 1))
        due = ended + jittered(pause, settings.jitter, random)
    end
    return math.max(due, ended + math.min(summary.retry_after or 0, LONGEST_PAUSE_SECONDS))
end

return M
