-- nginx_holds.lua: runs in nginx, with loop_cycles.c preloaded: what the cycles of its event loop cost, and what those
-- did that cost much. It is CPU of its thread, since the machine may be busy with something else.
-- luacheck: globals ngx
local cjson = require "cjson"
local ffi = require "ffi"

ffi.cdef [[
double loop_cycle_seconds[65536];
uint32_t loop_cycle;
double loop_began;
double loop_cpu(void);
double loop_cycle_cpu(void);
]]

local C = ffi.C
local KEPT = 65536
local LOOK_SECONDS = 0.02
local LONG = 0.0005 -- what works on from here on notes where
local LIMIT = 0.001

local M = {}

--- @treturn number CPU seconds of this thread
function M.cpu()
    return C.loop_cpu()
end

local sleep = ngx.sleep
local seen, places, looked_at
local resumed = ffi.new "double[1]" -- when the last of the light threads was woken, since the cycle began
local cycle, woken, collected = ffi.new "uint32_t[1]", ffi.new "uint32_t[1]", ffi.new "double[1]"
local long = {} -- by cycle: what went on when it was long already

local function clear()
    seen, places, looked_at = { longest = 0, above_half = 0, above_1 = 0, above_2 = 0, cycles = 0, total = 0 }, {},
        C.loop_cycle
    long = {}
end

-- The functions of dwsync that are under way, innermost first.
local function place()
    local names = {}
    for level = 3, 20 do
        local info = debug.getinfo(level, "Sl")
        if not info then
            break
        end
        local file = info.source:match "/lua/dwsync/(.*)%.lua$"
        if file and not file:find "slices" and not file:find "nginx_turns" and #names < 3 then
            names[#names + 1] = file .. ":" .. info.currentline
        end
    end
    return table.concat(names, " < ")
end

local function begin_cycle()
    if cycle[0] ~= C.loop_cycle then
        cycle[0], woken[0], collected[0], resumed[0] = C.loop_cycle, 0, 0, 0
    end
end

-- Notes the end of a turn when its cycle is long already. What the note costs does not count.
local function note()
    begin_cycle()
    woken[0] = woken[0] + 1
    local spent = C.loop_cycle_cpu()
    if spent > LONG then
        local steps = long[cycle[0]] or {}
        long[cycle[0]] = steps
        steps[#steps + 1] = { place = place(), from = resumed[0], till = spent, woken = woken[0],
            collected = collected[0] }
        C.loop_began = C.loop_began + C.loop_cycle_cpu() - spent
    end
end

local function watched_sleep(seconds)
    note()
    sleep(seconds)
    begin_cycle()
    resumed[0] = C.loop_cycle_cpu()
end

-- What goes to the collector within turns.
local function watched(collect)
    return function()
        begin_cycle()
        local before = C.loop_cycle_cpu()
        local goes_on = collect()
        collected[0] = collected[0] + C.loop_cycle_cpu() - before
        return goes_on
    end
end

local function add(name, seconds, steps)
    local known = places[name] or { name = name, longest = 0, count = 0 }
    places[name] = known
    known.count = known.count + 1
    if seconds > known.longest then
        known.longest, known.steps = seconds, steps
    end
end

local function describe(steps)
    local words = {}
    for i, step in ipairs(steps or {}) do
        words[i] = ("turn %d, from %.2f to %.2f (collector %.2f): %s"):format(step.woken, step.from * 1000,
            step.till * 1000, step.collected * 1000, step.place)
    end
    return table.concat(words, "; ")
end

local function name_of(steps)
    local names = {}
    for i, step in ipairs(steps or {}) do
        names[i] = step.place
    end
    return #names > 0 and table.concat(names, " | ") or "(before half a millisecond)"
end

local function look()
    local now, spent = C.loop_cycle, C.loop_cycle_cpu()
    assert(now - looked_at < KEPT, "not all cycles were seen")
    for number = looked_at, now - 1 do
        local seconds = C.loop_cycle_seconds[number % KEPT]
        seen.cycles, seen.total = seen.cycles + 1, seen.total + seconds
        seen.longest = math.max(seen.longest, seconds)
        seen.above_half = seen.above_half + (seconds > LONG and 1 or 0)
        seen.above_1 = seen.above_1 + (seconds > LIMIT and 1 or 0)
        seen.above_2 = seen.above_2 + (seconds > 2 * LIMIT and 1 or 0)
        if seconds > LIMIT then
            add(name_of(long[number]), seconds, describe(long[number]))
        end
        long[number] = nil
    end
    looked_at = now
    C.loop_began = C.loop_began + C.loop_cycle_cpu() - spent
end

local function watch(_)
    while not ngx.worker.exiting() do
        sleep(LOOK_SECONDS)
        look()
    end
end

--- Begins to watch; for init_worker_by_lua.
function M.watch()
    clear()
    ngx.sleep = watched_sleep
    local turns = require "dwsync.runtime.nginx_turns"
    turns.collect = watched(turns.collect)
    assert(ngx.timer.at(0, watch))
end

--- Prints what was seen since, and begins anew.
function M.print()
    look()
    local list = {}
    for _, known in pairs(places) do
        list[#list + 1] = known
    end
    table.sort(list, function(a, b) return a.longest > b.longest end)
    seen.places = list
    ngx.print(cjson.encode(seen))
    clear()
end

return M
