--- How a sweep lets others have their turn: in a thread never, in the event loop as dwsync.runtime.nginx_turns says.
-- @module dwsync.nginx.sweep.slices
local M = {}

-- What is decoded and not yet written waits as tables, which the collector marks again at one stretch at the end of a
-- cycle: a millisecond for some 8,000 records. More lists at once would be no faster, because the work is shared out.
local LISTS_AT_ONCE = 4
-- To sign a request and begin its transfer takes a few tenths of a millisecond.
local BETWEEN_STARTS = 0.001
-- nginx ends a light thread that is killed, and nobody is told.
local LOST_SECONDS = 1

local function at_once(work, ...)
    return work(...)
end

--- In a thread, where work holds up nobody.
M.none = { pause = function() end, part = function() end, alone = at_once, list = at_once }

local function hand_on(done, good, ...)
    done()
    if not good then
        error((...), 0)
    end
    return ...
end

-- Lua 5.1 has no coroutine outside those that were made.
local function this_thread()
    return coroutine.running() or M
end

local function was_killed(thread)
    return type(thread) == "thread" and coroutine.status(thread) == "dead"
end

-- `list`: function(work, …) → what it returns. All may wait for the service, but only `count` decode at the same time.
local function places_for_lists(count)
    local core, turns = require "dwsync.core", require "dwsync.runtime.nginx_turns"
    local may_decode, next_start = require("dwsync.runtime.nginx_loop").may_decode, 0
    local function wait_for_start()
        local start = math.max(core.monotonic(), next_start)
        next_start = start + BETWEEN_STARTS
        turns.sleep_until(start)
        turns.begin_first()
    end
    return function(work, ...)
        wait_for_start()
        local thread, has_place = this_thread(), false
        may_decode[thread] = function()
            if not has_place and count > 0 then
                has_place, count = true, count - 1
            end
            return has_place
        end
        return hand_on(function()
            turns.finish()
            may_decode[thread] = nil
            count = count + (has_place and 1 or 0)
        end, pcall(work, ...))
    end
end

--- In the event loop.
-- @treturn table `pause`: function(), to be called every tenth of a millisecond or so; `part`: function(), before light
-- threads are made, which have turns of their own; `alone`: function(work, …) →
-- what it returns, for light threads that run at the same time: they work one after the other, or together they would
-- hold up nginx all the same. What `work` does must not wait but in `pause`; `list`: function(work, …) → what it
-- returns, for work that asks for a list: all may wait for the service, but few have one that is decoded
function M.of_event_loop()
    local turns = require "dwsync.runtime.nginx_turns"
    local bell, owner = require("ngx.semaphore").new(1), nil
    local function part()
        turns.finish()
        turns.sleep()
    end
    local function rest()
        part()
        turns.begin()
    end
    local function pause()
        if owner ~= this_thread() then
            if not turns.goes_on() then
                rest() -- and the collector is not held: nobody may say when this ends
            end
            return
        end
        while not turns.collect() do
            rest()
        end
    end
    local function begin(work, ...)
        rest()
        turns.hold()
        return work(...)
    end
    local function alone(work, ...)
        turns.finish()
        repeat until bell:wait(LOST_SECONDS) or was_killed(owner)
        owner = this_thread()
        return hand_on(function()
            owner = nil
            turns.finish()
            bell:post()
        end, pcall(begin, work, ...))
    end
    return { pause = pause, part = part, alone = alone, list = places_for_lists(LISTS_AT_ONCE) }
end

return M
