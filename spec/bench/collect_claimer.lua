-- collect_claims.lua URL SECONDS [CLUSTERS]: claims and completes looks of a fleet in which all are always due; prints
-- how many a second. With CLUSTERS it makes that fleet instead.
local core = require "dwsync.core"
local history = require "dwsync.history"
local inventories = require "dwsync.fleet.inventory"
local json = require "dwsync.json"
local schedules = require "dwsync.fleet.schedule"

local url, seconds, clusters = arg[1], tonumber(arg[2]), tonumber(arg[3] or 0)
local ACCOUNTS, BATCH = 20, 200

local store = assert(history.open(url))
local schedule = assert(schedules.open(store))

local function make()
    local accounts = {}
    for i = 1, ACCOUNTS do
        accounts["account-" .. i] = { credentials = { source = "environment" }, regions = { "cn-north-4" }, rate = 1000,
            burst = 10000 }
    end
    assert(schedule:sync(assert(inventories.check { accounts = accounts, discovery = "30d" })))
    for i, place in ipairs(assert(schedule:claim({ name = "maker", lease_ms = 90000 }, 10 * ACCOUNTS))) do
        local found = {}
        for k = i, clusters, ACCOUNTS do
            found[#found + 1] = { kind = "cluster", account = place.account, region = place.region,
                cluster_id = ("7d85f602-a948-4a30-afd4-%012x"):format(k), name = "cluster-" .. k, interval = 0.001 }
        end
        assert(schedule:complete_discovery(place, found, {}))
    end
end

local function work()
    local claimer = { name = "bench-" .. require("luv").os_getpid(), lease_ms = 90000 }
    local done, till, started = 0, core.monotonic() + seconds, core.monotonic()
    while core.monotonic() < till do
        local items, err = schedule:claim(claimer, BATCH)
        assert(items, err)
        local looks = {}
        for i, item in ipairs(items) do
            looks[i] = { item = item, result = { mark = ("0"):rep(64), requests = 1 } }
        end
        assert(schedule:complete(looks) == 0, "a completion was refused")
        done = done + #looks
    end
    print(json.encode { looks = done, seconds = core.monotonic() - started, cpu_seconds = os.clock() })
end

if clusters > 0 then
    make()
else
    work()
end
store:close()
