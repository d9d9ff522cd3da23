--- How long dwsync works at a time in nginx's event loop, and when the collector does: all light threads of a worker
-- share it, because nginx wakes several at once, and together they must not hold it up for longer.
--
-- The collector goes by what was allocated, not by time: after a page of records it would work for milliseconds at a
-- stretch. During a turn it waits, and works in small steps where the turn may end; with LuaJIT one of these is worth
-- as much as a KB allocated. It never waits longer than a turn, because this Lua state is everybody's.
-- @module dwsync.runtime.nginx_turns
local core = require "dwsync.core"
-- luacheck: globals ngx

local M = {}

local TURN_SECONDS = 0.0004
-- What is left to the next when another has just worked: enough to get on.
local LEAST_SECONDS = 0.00015
-- nginx looks at timers once a millisecond: what begins this soon after another's turn was woken together with it.
local TOGETHER_SECONDS = 0.0003
-- Not 0: without OpenResty's patches nginx would go on at once, and do nothing else.
local PAUSE_SECONDS = 0.001
-- LuaJIT leaves what is above one KB of a step that frees memory to a later one, which then takes milliseconds.
local STEP_KB = 1
local CYCLE = 2 -- by which factor memory grows before a new cycle, as by default

local till, ended = 0, 0
local owed, counted, idle_till = 0, 0, 0

local function stop_collector()
    collectgarbage "stop"
    counted = collectgarbage "count"
end

--- Begins a turn.
function M.begin()
    local now = core.monotonic()
    till = now - ended < TOGETHER_SECONDS and math.max(till, now + LEAST_SECONDS) or now + TURN_SECONDS
    stop_collector()
end

--- Ends it.
function M.finish()
    ended = core.monotonic()
    collectgarbage "restart"
end

--- Whether there is time left in it.
-- @treturn boolean
function M.goes_on()
    return core.monotonic() < till
end

--- Lets the event loop go on.
function M.sleep()
    ngx.sleep(PAUSE_SECONDS)
end

-- One step of the collector, if it is owed. Returns whether it was.
local function collect()
    local count = collectgarbage "count"
    idle_till = count < idle_till and idle_till or 0 -- a cycle that has begun goes on, however much it frees
    owed = idle_till > 0 and 0 or owed + math.max(0, count - counted)
    counted = count
    if owed < STEP_KB then
        return false
    end
    owed = owed - STEP_KB
    if collectgarbage("step", STEP_KB) then
        owed, idle_till = 0, CYCLE * collectgarbage "count"
    end
    stop_collector()
    return true
end

--- Lets the collector do what it is owed, as long as the turn lasts.
-- @treturn boolean whether the turn goes on
function M.collect()
    repeat
        local goes_on = M.goes_on()
    until not goes_on or not collect()
    return M.goes_on()
end

return M
