-- health.lua ROUNDS WHAT RECORDS ORDER [TARGET]: health.evaluate or health.replay over records of 20 sources.
-- It must measure the memory of the first call in a fresh process: later ones find memory that the first has left.
local health = require "dwsync.health"
local measure = require "measure"

local rounds, what, count, order, target = tonumber(arg[1]), arg[2], tonumber(arg[3]), arg[4], arg[5] or ""
local NOW, SOURCES, INTERVAL = 1761389392, 20, 600
local REASON = "Read timed out after %d ms: ldaps://directory.example.com:636"

-- Every source synchronises every ten minutes; one run in 97 fails, each with a reason of its own.
local function make(i)
    local start = NOW * 1000 - 300000 - math.floor(i / SOURCES) * INTERVAL * 1000 - i % SOURCES * 1000
    local failed = i % 97 == 96
    return {
        id = ("05cea375-4b7a-4ebd-a2dc-%012x"):format(i),
        identity_source_id = ("79d6458e-85ee-4f8b-9cfb-%012x"):format(i % SOURCES),
        identity_source_type = "ldap",
        start_time = start,
        end_time = start + 20000 + i * 7919 % 65536,
        add_count = i * 31 % 7,
        update_count = i * 17 % 23,
        delete_count = i % 16 == 0 and 1 or 0,
        failed_count = 0,
        status = failed and "FAILED" or "FINISHED",
        fail_reason = failed and REASON:format(i) or nil,
    }
end

local function shuffle(list)
    local state = 4711
    for i = #list, 2, -1 do
        state = state * 16807 % 2147483647
        local j = state % i + 1
        list[i], list[j] = list[j], list[i]
    end
end

local list = {}
for i = 0, count - 1 do
    list[i + 1] = make(i)
end
if order == "shuffled" then
    shuffle(list)
end
collectgarbage()
collectgarbage()
local before, peak, seconds = measure.resident_kb(), nil, {}
for round = 1, rounds do
    collectgarbage()
    local started = os.clock()
    local result = what == "replay" and health.replay(list, nil, { now = NOW }) or health.evaluate(list, nil, NOW)
    seconds[round] = os.clock() - started
    peak = peak or measure.peak_kb()
    assert(what == "replay" or result.records == count and #result.sources == SOURCES)
end
table.sort(seconds)
local interpreter = rawget(_G, "jit") and "LuaJIT" or _VERSION
print(("%-10s %-9s %9d %-13s %9.3f s %9s %11.0f MiB %11.0f MiB"):format(interpreter, what, count, order,
    seconds[math.ceil(rounds / 2)], target, math.max(0, peak - before) / 1024, peak / 1024))
