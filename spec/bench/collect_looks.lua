-- collect_looks.lua ROUNDS FOLDER: CPU of a look that finds nothing new and of one that finds a new run, with its share
-- of claiming and completing, against asking alone. Runs inside `dwsync emulator --`.
local core = require "dwsync.core"
local dwsync = require "dwsync"
local history = require "dwsync.history"
local inventories = require "dwsync.fleet.inventory"
local json = require "dwsync.json"
local knowledge = require "dwsync.fleet.known"
local look = require "dwsync.fleet.look"
local schedules = require "dwsync.fleet.schedule"

local rounds, folder = tonumber(arg[1]), arg[2]
local BATCH = 64 -- looks that a collector claims at once
local CLAIMER = { name = "bench", lease_ms = 90000 }

local client = assert(dwsync.new {})
local store = assert(history.open(("%s/looks-%s.db"):format(folder, jit and "luajit" or "lua")))
local schedule = assert(schedules.open(store))
local inventory = assert(inventories.check { discovery = "30d", accounts = { hq = {
    credentials = { source = "environment" }, regions = { "emu-north-1" }, rate = 1000, burst = 10000 } } })
assert(schedule:sync(inventory))

local found = {}
for _, cluster in ipairs(json.decode(os.getenv "DWSYNC_EMULATOR").clusters) do
    found[#found + 1] = cluster.name:find "^bulk%-" and { kind = "cluster", account = "hq", region = "emu-north-1",
        cluster_id = cluster.id, name = cluster.name, interval = 0.001 } or nil
end

local offset = 0
local function claim()
    local items, err, now = schedule:claim(CLAIMER, BATCH)
    assert(items, err)
    offset = now - core.monotonic() * 1000
    return items
end

local _, rules = inventory:settings_of("hq", {})
local context = { history = store, rules = rules, rules_mark = "", timeout = 30, known = knowledge.new(),
    now = function()
        return core.monotonic() * 1000 + offset
    end }

-- The service after more runs: one more at each look while `grows`.
local added, grows = {}, false

local function one_more(runs, newest)
    local run = {}
    for name, value in pairs(newest) do
        run[name] = value
    end
    run.id, run.start_time = ("new-%d"):format(#runs + 1), (runs[1] or newest).start_time + 20000 -- never in the future
    run.end_time = run.start_time + 5000
    table.insert(runs, 1, run)
end

local growing = setmetatable({ newest_page = function(_, parameters)
    local page = assert(client:newest_page(parameters))
    local runs = added[parameters.cluster_id] or {}
    added[parameters.cluster_id] = runs
    return { mark = page.mark .. #runs + (grows and 1 or 0), decode = function()
        local decoded = assert(page.decode())
        local records, all = decoded.sync_records, {}
        if grows then
            one_more(runs, records[1])
        end
        for i = 1, #records do
            all[i] = runs[i] or records[i - #runs]
        end
        decoded.sync_records = all
        return decoded
    end }
end }, { __index = client })

context.client = growing

local function complete(items, results)
    local unchanged, changed = {}, {}
    for i, item in ipairs(items) do
        assert(not results[i].failure, results[i].error)
        table.insert(results[i].changed and changed or unchanged, { item = item, result = results[i] })
    end
    for i, outcome in ipairs(assert(schedule:complete_changed(changed))) do
        assert(outcome.through, "a completion was refused")
        if context.known then
            context.known:keep(changed[i].item, changed[i].result.known, outcome.summary)
        end
    end
    assert(schedule:complete(unchanged) == 0)
    return #unchanged
end

local function round(with_new)
    grows = with_new
    local items, results = claim(), {}
    while not items[1] do
        items = claim() -- the clock has milliseconds
    end
    for i, item in ipairs(items) do
        results[i] = look.at(context, item)
    end
    return #items, complete(items, results)
end

local function ask()
    for i = 1, BATCH do
        assert(client:newest_page { cluster_id = found[(i - 1) % #found + 1].cluster_id, limit = look.PAGE,
            timeout = 30 })
    end
    return BATCH
end

local function median(values)
    table.sort(values)
    return values[math.ceil(#values / 2)]
end

local place = claim()[1]
assert(schedule:complete_discovery(place, found, {}))
local first = 0
while first < #found do
    first = first + round(false)
end
local function look_at_new()
    local looks, unchanged = round(true)
    assert(unchanged == 0)
    return looks
end
look_at_new() -- the first time, history is read back

local too_little = knowledge.new(1000) -- as of a large fleet: a few of them are kept

local works = { ask, function()
    local looks, unchanged = round(false)
    assert(looks == unchanged)
    return looks
end, function()
    context.known = nil
    return look_at_new()
end, function()
    context.known = too_little
    return look_at_new()
end, function()
    context.known = knowledge.new() -- as after a restart
    return look_at_new()
end, look_at_new }
local costs = { {}, {}, {}, {}, {}, {} }
for i = 1, rounds do
    for k, work in ipairs(works) do
        local cpu = os.clock()
        local looks = work()
        costs[k][i] = (os.clock() - cpu) / looks
    end
end
local alone = median(costs[1])
for k, words in ipairs { { "asking alone", "" }, { "a look that finds nothing new", "<= 1.50 x" },
    { "a new run, and nothing is ever known", "" }, { "the same in a fleet too large to be known", "" },
    { "the same, its history read back", "" }, { "a look that finds a new run", "<= 4.00 x" } } do
    print(("%-44s %9.2f ms %8.2f x %12s"):format((jit and "LuaJIT: " or _VERSION .. ": ") .. words[1],
        median(costs[k]) * 1000, median(costs[k]) / alone, words[2]))
end
