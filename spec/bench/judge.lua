-- judge.lua ROUNDS [TARGET]: judging the 168 records of a healthy cluster, beside fetching and decoding them; CPU.
-- It must take turns: what else the machine does meanwhile slows both down. Runs inside `dwsync emulator --`.
local core = require "dwsync.core"
local dwsync = require "dwsync"
local health = require "dwsync.health"
local json = require "dwsync.json"

local rounds, target = tonumber(arg[1]), arg[2] or ""
local TIMES = 20

local emulator = assert(json.decode(os.getenv "DWSYNC_EMULATOR"))
local client, cluster = assert(dwsync.new()), nil
for _, item in ipairs(emulator.clusters) do
    cluster = item.story == "healthy" and item.id or cluster
end

local list, now
local function fetch()
    list = assert(client:all_sync_records { cluster_id = cluster })
end
local function judge()
    assert(health.evaluate(list, nil, now).severity == "ok")
end

-- Milliseconds of one call.
local function cpu(what)
    collectgarbage()
    local started = os.clock()
    for _ = 1, TIMES do
        what()
    end
    return (os.clock() - started) * 1000 / TIMES
end

local function median(values)
    table.sort(values)
    return values[math.ceil(#values / 2)]
end

local fetching, judging, ratios = {}, {}, {}
fetch()
now = core.now()
for round = 0, rounds do -- round 0 warms up
    local one, other = cpu(fetch), cpu(judge)
    if round > 0 then
        fetching[round], judging[round], ratios[round] = one, other, other / one
    end
end
local interpreter = rawget(_G, "jit") and "LuaJIT" or _VERSION
print(("%-10s %9d %13.3f ms %13.3f ms %9.2f x %11s"):format(interpreter, #list, median(fetching), median(judging),
    median(ratios), target))
