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

local function hand_on(done, good, ...)
    done()
    if not good then
        error((...), 0)
    end
    return ...
end

-- The collector goes by what was allocated, not by time: after a page of records it would work for milliseconds at a
-- stretch. While a slice is under way it waits, and works in small steps between two; with LuaJIT one of these is worth
-- as much as a KB allocated. It never waits longer than a slice, because this Lua state is everybody's.
local STEP_KB = 8
local CYCLE = 2 -- by which factor memory grows before a new cycle, as by default

-- `stop` is to be called when a slice begins, `share` where one may end; `rest` ends it, when it is time.
local function collector(rest)
    local owed, counted, idle_till = 0, 0, 0
    local self = {}
    function self.stop()
        collectgarbage "stop"
        counted = collectgarbage "count"
    end
    function self.share()
        local count = collectgarbage "count"
        idle_till = count < idle_till and idle_till or 0 -- a cycle that has begun goes on, however much it frees
        owed = idle_till > 0 and 0 or owed + math.max(0, count - counted)
        while owed >= STEP_KB do
            owed = owed - STEP_KB
            if collectgarbage("step", STEP_KB) then
                owed, idle_till = 0, CYCLE * collectgarbage "count"
            end
            rest()
        end
        rest()
        self.stop()
    end
    return self
end

--- In the event loop.
-- @treturn table `pause`: function(), to be called every tenth of a millisecond or so; `alone`: function(work, …) →
-- what it returns, for light threads that run at the same time: they work one after the other, or together they would
-- hold up nginx all the same. What `work` does must not wait but in `pause`
function M.of_event_loop()
    local bell, till, working = require("ngx.semaphore").new(1), 0, false
    local function rest()
        if core.monotonic() >= till then
            collectgarbage "restart"
            ngx.sleep(PAUSE_SECONDS)
            till = core.monotonic() + SLICE_SECONDS
        end
    end
    local garbage = collector(rest)
    local function pause()
        if working then
            garbage.share()
        else
            rest()
        end
    end
    local function alone(work, ...)
        while not bell:wait(3600) do end
        till, working = 0, true
        rest()
        garbage.stop()
        return hand_on(function()
            working = false
            collectgarbage "restart"
            bell:post()
        end, pcall(work, ...))
    end
    return { pause = pause, alone = alone }
end

return M
