--- How long dwsync works at a time in nginx's event loop, and when the collector does: all light threads of a worker
-- share it, because nginx wakes several at once, and together they must not hold it up for longer.
--
-- The collector goes by what was allocated, not by time: after a page of records it would work for milliseconds at a
-- stretch. While much is allocated in a turn it waits, and works in small steps where the turn may end; with LuaJIT one
-- of these is worth as much as a KB allocated. This Lua state is everybody's: the collector never waits longer than a
-- turn, and one that the host has stopped is left alone. LuaJIT begins a new cycle at once when a collector that waited
-- goes on, at the cost of whoever allocates next: so it waits only where it has to.
-- @module dwsync.runtime.nginx_turns
local core = require "dwsync.core"
-- luacheck: globals ngx

local M = {}

-- Of all that are woken together: with what is done between two looks at the clock it stays below a millisecond.
local TURN_SECONDS = 0.00045
-- What each of them has at least, however long the others worked: enough to get on.
local LEAST_SECONDS = 0.0001
-- nginx looks at timers once a millisecond: what begins this soon after another's turn was woken together with it.
local TOGETHER_SECONDS = 0.0003
-- For which work that cannot be cut waits for a turn of its own.
local MOST_CYCLES = 8
-- Not 0: without OpenResty's patches nginx would go on at once, and do nothing else.
local PAUSE_SECONDS = 0.001
-- The next piece of work is taken to last as long as the last ones did: a longer one counts at once, and is forgotten
-- by a quarter with each look at the clock.
local REMEMBERED = 0.75
-- LuaJIT leaves what is above one KB of a step that frees memory to a later one, which then takes milliseconds. Most
-- steps take some microseconds, which a look at the clock does not; but one marks all of a list of records.
local STEP_KB = 1
-- More than a turn allocates: with so much room before its next cycle the collector does nothing of itself.
local ROOM_KB = 2048
local PAUSE = 200 -- per cent, by how much memory grows before a new cycle, as by default

local began, till, ended = nil, 0, -math.huge -- `began`: while one is under way
-- When the whole has to end, and what those after the first needed of it.
local whole_till
local others = 0
local is_first
-- When the clock was looked at last in this turn, and how long a piece of work between two looks is taken to last.
local looked, piece = 0, 0
local holds = false -- whether the collector waits for us
-- Memory as it was seen last, what of it the collector is owed steps for, and from which size on it begins a cycle: 0
-- when that is not known, or one is under way. All in KB.
local seen, owed, rests_till = 0, 0, 0

--- Begins a turn. Who is woken first leaves the others what they needed the last time, but never more than half. One
-- within a turn that was not ended, as of a light thread that is made in it, is not the first.
-- @tparam[opt] number most seconds that it lasts at most
function M.begin(most)
    local last = began and math.max(looked, ended) or ended
    began = core.monotonic()
    looked, is_first = began, began - last >= TOGETHER_SECONDS
    if is_first then
        local reserve = others > 0 and math.min(others + LEAST_SECONDS, TURN_SECONDS / 2) or 0
        whole_till, others = began + TURN_SECONDS, 0
        till = whole_till - reserve
    else
        till = math.max(whole_till, began + LEAST_SECONDS)
    end
    till = most and math.min(till, began + most) or till
end

--- Begins a turn that is the first one's, for work that cannot be cut: what others began in this cycle of nginx's would
-- add to it. Where others always come first it begins all the same.
function M.begin_first()
    for _ = 1, MOST_CYCLES do
        M.begin()
        if is_first then
            return
        end
        M.finish()
        M.sleep()
    end
    M.begin()
end

--- Ends it.
-- @treturn boolean whether one was under way
function M.finish()
    local is_under_way = began ~= nil
    if is_under_way then
        ended = core.monotonic()
        others, began = others + (is_first and 0 or ended - began), nil
    end
    if holds then
        holds = false
        collectgarbage "restart"
    end
    return is_under_way
end

--- Whether there is time left in it for a piece of work like those between the looks before this one. The first half of
-- a turn serves any.
-- @treturn boolean
function M.goes_on()
    local now = core.monotonic()
    if not began then
        return now < till
    end
    piece = math.min(math.max(now - looked, REMEMBERED * piece), TURN_SECONDS)
    looked = now
    return now + math.min(piece, (till - began) / 2) < till
end

--- Lets the event loop go on.
function M.sleep()
    ngx.sleep(PAUSE_SECONDS)
end

--- Lets the event loop go on until a point in time, unless that is past.
-- @tparam number time by core.monotonic
function M.sleep_until(time)
    local left = time - core.monotonic()
    while left > 0 do
        ngx.sleep(math.max(left, PAUSE_SECONDS)) -- it goes by its own clock, and may be early
        left = time - core.monotonic()
    end
end

-- Lua 5.1 cannot say.
local function is_running()
    local known, running = pcall(collectgarbage, "isrunning")
    return not known or running
end

-- How large memory may become before the next cycle; the host may have set that.
local function next_cycle()
    local known, pause = pcall(collectgarbage, "setpause", PAUSE)
    if known then
        collectgarbage("setpause", pause)
    end
    return (known and pause or PAUSE) / 100 * collectgarbage "count"
end

-- Lets the collector wait, unless it rests of itself for long enough.
local function stop()
    holds = seen + ROOM_KB > rests_till
    if holds then
        collectgarbage "stop"
    end
end

--- Lets the collector wait until the turn ends, or `collect` is called: before work that allocates much.
function M.hold()
    local count = collectgarbage "count"
    if count >= rests_till or count < seen then -- it has begun a cycle; or somebody else collected
        rests_till = 0
    end
    seen = count
    if not holds and is_running() then
        stop()
    end
end

-- A step of the collector, when one is owed. Returns whether there was.
local function collect()
    local before = seen
    M.hold()
    owed = holds and rests_till == 0 and owed + math.max(0, seen - before) or 0
    if owed < STEP_KB then
        return false
    end
    owed = owed - STEP_KB
    if collectgarbage("step", STEP_KB) then
        owed, rests_till = 0, next_cycle()
    end
    if not is_running() then
        collectgarbage "restart" -- with LuaJIT a step does that, and knows better when the next cycle is due
    end
    seen = collectgarbage "count"
    stop()
    return true
end

--- Lets the collector do what it is owed, as long as the turn lasts; what follows is worked as after `hold`.
-- @treturn boolean whether the turn goes on
function M.collect()
    repeat
        local goes_on = M.goes_on()
    until not goes_on or not collect()
    return M.goes_on()
end

return M
