-- nginx_holds.lua: runs in nginx: how long its event loop works at a time, as CPU of its thread, since the machine may
-- be busy with something else.
-- luacheck: globals ngx
local cjson = require "cjson"
local ffi = require "ffi"

ffi.cdef [[
struct dwsync_bench_time { long seconds; long nanoseconds; };
int clock_gettime(int clock, struct dwsync_bench_time *time);
]]

local CLOCK_THREAD_CPUTIME_ID = 3
local TICK_SECONDS = 0.001
local time = ffi.new "struct dwsync_bench_time"

local M = {}

--- @treturn number CPU seconds of this thread
function M.cpu()
    ffi.C.clock_gettime(CLOCK_THREAD_CPUTIME_ID, time)
    return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local sleep = ngx.sleep
local seen, places, resumed, resumed_at

local function clear()
    seen, places = { longest = 0, above_1 = 0, above_2 = 0, ticks = 0, total = 0 }, {}
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
        if file and not file:find "slices" and #names < 4 then
            names[#names + 1] = file .. ":" .. info.currentline
        end
    end
    return table.concat(names, " < ")
end

local function note(seconds, name)
    local known = places[name] or { name = name, longest = 0, count = 0 }
    places[name] = known
    known.count, known.longest = known.count + 1, math.max(known.longest, seconds)
end

local function watched_sleep(seconds)
    local held = resumed and M.cpu() - resumed or 0
    if held > 0.001 then
        note(held, resumed_at .. "  ->  " .. place())
    end
    local from = place()
    sleep(seconds)
    resumed, resumed_at = M.cpu(), from
end

local function tick(_)
    while not ngx.worker.exiting() do
        local before = M.cpu()
        sleep(TICK_SECONDS)
        local held = M.cpu() - before
        resumed = nil -- what sleeps next did not hold the loop since then
        seen.ticks, seen.total = seen.ticks + 1, seen.total + held
        seen.longest = math.max(seen.longest, held)
        seen.above_1 = seen.above_1 + (held > 0.001 and 1 or 0)
        seen.above_2 = seen.above_2 + (held > 0.002 and 1 or 0)
    end
end

--- Begins to watch; for init_worker_by_lua.
function M.watch()
    clear()
    ngx.sleep = watched_sleep
    assert(ngx.timer.at(0, tick))
end

--- Prints what was seen since, and begins anew.
function M.print()
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
