--- How long a sweep works before others have their turn: in a thread without a pause, in the event loop about half a
-- millisecond.
-- @module dwsync.nginx.sweep.slices
local core = require "dwsync.core"

local M = {}

local SLICE_SECONDS = 0.0005
-- Not 0: without OpenResty's patches nginx would go on at once with a timer of 0 that a timer sets.
local PAUSE_SECONDS = 0.001

--- In a thread, where work holds up nobody.
M.none = {
    pause = function() end,
    alone = function(work, ...)
        return work(...)
    end,
}

local function hand_on(bell, good, ...)
    bell:post()
    if not good then
        error((...), 0)
    end
    return ...
end

--- In the event loop.
-- @treturn table `pause`: function(), to be called every tenth of a millisecond or so; `alone`: function(work, …) →
-- what it returns, for light threads that run at the same time: they work one after the other, or together they would
-- hold up nginx all the same
function M.of_event_loop()
    local bell, till = require("ngx.semaphore").new(1), 0
    local function pause()
        if core.monotonic() >= till then
            ngx.sleep(PAUSE_SECONDS)
            till = core.monotonic() + SLICE_SECONDS
        end
    end
    local function alone(work, ...)
        while not bell:wait(3600) do end
        till = 0
        return hand_on(bell, pcall(work, ...))
    end
    return { pause = pause, alone = alone }
end

return M
