--- What can happen to collectors and their database, each for real: what was done, and the figures that came of it with
-- their limits. The long form is spec/build/fleet_faults.sh, the short one spec/fleet/faults_once_spec.lua.
local cjson = require "cjson"
local figures = require "spec.support.figures"
local patience = require "spec.support.patience"

local M = {}

local at_most, at_least = figures.at_most, figures.at_least

local function slow(fleet, seconds)
    fleet.emulator:admin("POST", "faults", { match = { path = "sync-records" }, action = { delay = seconds },
        times = cjson.null })
end

local function quick(fleet)
    fleet.emulator:admin("DELETE", "faults")
end

local function age_limit(fleet, more)
    return fleet.interval + fleet.lease + fleet.slack + (more or 0)
end

local function traffic(fleet)
    return function()
        fleet:add_runs("big", 2)
    end
end

-- As long as it takes until all has been looked at again.
local function settle(fleet)
    fleet:pass(fleet.interval + fleet.lease + 3, traffic(fleet))
end

-- Waits until all three take part: one that finds no database at its start ends.
local function await(fleet)
    patience.wait_until(function()
        fleet:revive()
        return fleet:rows("SELECT count(*) FROM dwsync_collectors WHERE state = 'running'")[1][1] >= 3
    end, function()
        return "three collectors to take part: " .. fleet:printed "c1" .. fleet:printed "c2" .. fleet:printed "c3"
    end)
end

-- Starts all three, and waits until each takes part.
local function start(fleet, file)
    for i = 1, 3 do
        fleet:collect(i, file)
    end
    await(fleet)
end

-- Stops a collector that holds looks, and returns them. Between a look at what it holds and the signal it may complete
-- all of that: then it goes on, until it is met with some.
local function strike(fleet, name)
    return patience.wait_until(function()
        if #fleet:held(name) < 3 then
            return nil
        end
        fleet:signal(name, "sigstop")
        local held = fleet:held(name)
        if #held >= 3 then
            return held
        end
        fleet:signal(name, "sigcont")
    end, name .. " to hold looks")
end

--- One is killed while it looks.
function M.kill(fleet)
    local list, from = {}, fleet:now()
    slow(fleet, fleet.lease / 4)
    local held = strike(fleet, "c1")
    fleet:signal("c1", "sigkill")
    fleet:ended "c1"
    quick(fleet)
    settle(fleet)
    at_least(list, "looks it held", #held, 1)
    at_most(list, "oldest look, s", fleet:oldest(from), age_limit(fleet))
    at_most(list, "completed twice", fleet:doubles(), 0)
    fleet:collect(1, fleet.file)
    return list
end

--- One is stopped for longer than a lease, while it looks, and goes on.
function M.stop(fleet, seconds)
    local list, from = {}, fleet:now()
    slow(fleet, fleet.lease / 4)
    local before = fleet:counted("c2", "fenced + expired")
    local held = strike(fleet, "c2")
    fleet:pass(seconds, traffic(fleet))
    local done = fleet:completed(held)
    quick(fleet)
    fleet:signal("c2", "sigcont")
    local late = #held - done -- the others it had just completed when it was stopped
    local function fenced()
        return fleet:counted("c2", "fenced + expired") - before
    end
    patience.wait_until(function() return fenced() >= late end, "it to report them as fenced") -- at times it does
    at_least(list, "looks it held", late, 1)
    at_most(list, "late completions let through", fleet:completed(held) - done, 0)
    at_least(list, "fenced", fenced(), late)
    at_most(list, "oldest look, s", fleet:oldest(from), age_limit(fleet))
    at_most(list, "completed twice", fleet:doubles(), 0)
    return list
end

--- The machine of the primary fails, its pooler with it; some time later the standby is promoted.
function M.failover(fleet, seconds)
    local list, from = {}, fleet:now()
    fleet:watch(fleet.standby)
    fleet.primary:kill()
    fleet.poolers[1].stop()
    fleet:pass(seconds)
    fleet:rows "SELECT pg_promote()"
    local promoted = fleet:now()
    patience.wait_until(function() return fleet:first_done(promoted) end, "a look after the promotion")
    settle(fleet)
    at_most(list, "back after the promotion, s", (fleet:first_done(promoted) - promoted) / 1000, fleet.slack / 3)
    at_most(list, "oldest look, s", fleet:oldest(from), age_limit(fleet, seconds))
    at_most(list, "completed twice", fleet:doubles(), 0)
    return list
end

-- A transaction may take a third of the lease.
local function note_longest(list, fleet)
    local most = 0
    for name in pairs(fleet.collectors) do
        most = math.max(most, fleet:longest(name))
    end
    at_most(list, "longest call, s", most, fleet.lease / 3 + fleet.slack / 3)
end

--- The server is stopped and goes on.
function M.freeze(fleet, server, seconds)
    local list, from = {}, fleet:now()
    fleet:forget_longest()
    server:freeze()
    fleet:pass(seconds)
    server:thaw()
    local thawed = fleet:now()
    patience.wait_until(function() return fleet:first_done(thawed) end, "a look after the server went on")
    note_longest(list, fleet)
    settle(fleet)
    at_most(list, "oldest look, s", fleet:oldest(from), age_limit(fleet, seconds))
    at_most(list, "oldest look from an interval after it on, s", fleet:oldest(thawed + fleet.interval * 1000
        + fleet.lease * 1000), age_limit(fleet, seconds))
    at_most(list, "completed twice", fleet:doubles(), 0)
    return list
end

--- Packets between one collector and the database vanish. Needs a network namespace of its own.
function M.drop(fleet, seconds)
    local list, from = {}, fleet:now()
    fleet:forget_longest()
    slow(fleet, fleet.lease / 4)
    patience.wait_until(function() return #fleet:held "c2" >= 3 end, "c2 to hold looks")
    assert(os.execute "iptables -A INPUT -d 127.0.0.2 -j DROP")
    local held = fleet:held "c2"
    local dropped = fleet:now()
    quick(fleet)
    fleet:pass(seconds, traffic(fleet))
    local done = fleet:completed(held)
    local alone = fleet:shares(dropped + 1000).c2 or 0
    assert(os.execute "iptables -F INPUT")
    local again = fleet:now()
    patience.wait_until(function() return (fleet:shares(again).c2 or 0) > 0 end, "c2 to look again")
    at_least(list, "looks it held", #held, 1)
    at_most(list, "looks it completed meanwhile", alone, 0)
    at_most(list, "of those held, let through later", fleet:completed(held) - done, 0)
    note_longest(list, fleet)
    at_most(list, "oldest look, s", fleet:oldest(from), age_limit(fleet))
    at_most(list, "completed twice", fleet:doubles(), 0)
    return list
end

--- Their clocks are two hours apart.
function M.clocks(fleet, seconds)
    local list = {}
    fleet:drain("c1", "c2", "c3")
    fleet:collect(1, fleet.file, { clock = "+1h" })
    fleet:collect(2, fleet.file, { clock = "-1h" })
    fleet:collect(3, fleet.file)
    await(fleet)
    fleet:pass(1, traffic(fleet))
    local from = fleet:now()
    fleet:pass(seconds, traffic(fleet))
    local shares, sum
    patience.wait_until(function()
        shares, sum = fleet:shares(from), 0
        return shares.c1 and shares.c2 and shares.c3
    end, "looks of each")
    for _, count in pairs(shares) do
        sum = sum + count
    end
    for i = 1, 3 do
        at_least(list, ("share of c%d, %%"):format(i), (shares["c" .. i] or 0) / sum * 100, fleet.share)
    end
    at_most(list, "oldest look, s", fleet:oldest(from + fleet.interval * 1000), age_limit(fleet))
    at_most(list, "completed twice", fleet:doubles(), 0)
    fleet:drain("c1", "c2", "c3")
    start(fleet, fleet.file)
    return list
end

--- All of them have one wrong key.
function M.wrong_key(fleet, seconds)
    local list, account = {}, fleet.accounts.lent
    local file = fleet:inventory("lent", { "big", "small", "lent" })
    fleet:drain("c1", "c2", "c3")
    fleet:collect(1, file)
    local total = account.clusters
    patience.wait_until(function()
        fleet:revive()
        return select(2, fleet:looked { "lent" }) >= total
    end, "looks of the account that is lent")
    fleet:drain "c1"
    fleet:write_key(account, "wrong")
    fleet.emulator:admin("DELETE", "requests")
    start(fleet, file)
    local from = fleet:now()
    fleet:pass(seconds, traffic(fleet))
    patience.wait_until(function() return fleet:counts().accounts.lent.refused > 0 end, "a refused request")
    at_most(list, ("refused requests of %d clusters"):format(total), fleet:counts().accounts.lent.refused, 3)
    at_least(list, "refused requests", fleet:counts().accounts.lent.refused, 1)
    at_most(list, "oldest look of other accounts, s", fleet:oldest(from + fleet.interval * 1000, nil,
        "account <> 'lent'"), age_limit(fleet))
    at_most(list, "completed twice", fleet:doubles(), 0)
    fleet:drain("c1", "c2", "c3")
    fleet:write_key(account)
    start(fleet, fleet.file)
    return list
end

--- One account has nearly all clusters; nothing else happens.
function M.fairness(fleet, seconds)
    local list = {}
    fleet.emulator:admin("DELETE", "requests")
    local from = fleet:now()
    fleet:pass(seconds, traffic(fleet))
    local counts = fleet:counts().accounts
    at_most(list, "oldest look of a small account, s", fleet:oldest(from, nil, "account = 'small'"),
        fleet.interval + fleet.slack)
    at_most(list, "oldest look, s", fleet:oldest(from), fleet.interval + fleet.slack)
    for _, name in ipairs { "big", "small" } do
        at_most(list, ("throttled requests of %s"):format(name), counts[name].throttled, 0)
        at_most(list, ("requests of %s a second"):format(name), counts[name].requests / seconds, fleet.rates[name])
    end
    return list
end

--- Whether the history has what one undisturbed process would have.
function M.equality(fleet)
    local list, accounts = {}, { "big", "small" }
    local total = fleet:looked(accounts)
    fleet:wait_for_looks(accounts, total, fleet:now())
    fleet:drain("c1", "c2", "c3")
    local url = fleet:url(4)
    local alone = fleet.folder .. "/alone.db"
    fleet:collect(4, fleet.file, { history = alone })
    patience.wait_until(function()
        fleet:revive()
        local store = require("dwsync.history").open(alone, { readonly = true })
        local known = store and store:clusters()
        if store then
            store:close()
        end
        return known and #known >= total
    end, "one process to read all clusters")
    fleet:drain "c4"
    local expected, count = fleet:records(alone, accounts)
    local found = fleet:records(url, accounts)
    local different = 0
    for name, text in pairs(expected) do
        different = different + (found[name] == text and 0 or 1)
    end
    for name in pairs(found) do
        different = different + (expected[name] and 0 or 1)
    end
    at_least(list, "records", count, 1)
    at_most(list, "records that differ", different, 0)
    at_most(list, "completed twice", fleet:doubles(), 0)
    return list
end

--- Begins: each cluster is looked at once.
function M.begin(fleet, clusters)
    fleet.file = fleet:inventory("fleet", { "big", "small" })
    start(fleet, fleet.file)
    fleet:wait_for_looks({ "big", "small" }, clusters)
    fleet:pass(fleet.interval)
end

return M
