--- How a sweep lets others have their turn: in a thread never, in the event loop as dwsync.runtime.nginx_turns says.
-- @module dwsync.nginx.sweep.slices
local M = {}

-- What is decoded and not yet written waits as tables, which the collector marks again at one stretch at the end of a
-- cycle: a millisecond for some 8,000 records. More lists at once would be no faster, because the work is shared out.
local LISTS_AT_ONCE = 4

--- In a thread, where work holds up nobody.
M.none = {
    pause = function() end,
    alone = function(work, ...)
        return work(...)
    end,
    at_once = math.huge,
}

local function hand_on(done, good, ...)
    done()
    if not good then
        error((...), 0)
    end
    return ...
end

--- In the event loop.
-- @treturn table `pause`: function(), to be called every tenth of a millisecond or so; `alone`: function(work, …) →
-- what it returns, for light threads that run at the same time: they work one after the other, or together they would
-- hold up nginx all the same. What `work` does must not wait but in `pause`; `at_once`: how many lists may be under way
function M.of_event_loop()
    local turns = require "dwsync.runtime.nginx_turns"
    local bell, working = require("ngx.semaphore").new(1), false
    local function rest()
        turns.finish()
        turns.sleep()
        turns.begin()
    end
    local function pause()
        if working then
            while not turns.collect() do
                rest()
            end
        elseif not turns.goes_on() then
            rest()
            collectgarbage "restart" -- nobody may say when this ends
        end
    end
    local function alone(work, ...)
        while not bell:wait(3600) do end
        working = true
        rest()
        return hand_on(function()
            working = false
            turns.finish()
            bell:post()
        end, pcall(work, ...))
    end
    return { pause = pause, alone = alone, at_once = LISTS_AT_ONCE }
end

return M
