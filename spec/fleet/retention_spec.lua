local fleets = require "spec.support.fleet"
local history_tables = require "dwsync.history.tables"
local postgres = require "spec.support.postgres"
local retention = require "dwsync.fleet.retention"

local DAY = 86400000
local HQ = { hq = { regions = { "cn-north-4" }, rate = 100 } }
local RECORDS = { { id = "r", identity_source_id = "source", status = "FINISHED", start_time = 1747637723055 } }

local server
setup(function()
    server = postgres.start()
end)
teardown(function()
    server:stop()
end)

for engine, with in pairs(fleets.engines(function() return server end)) do
    describe("a fleet forgets, in " .. engine .. ",", function()
        local function list(fleet, sql)
            local found = {}
            for i, row in ipairs(fleet:rows(sql)) do
                found[i] = row[1]
            end
            return table.concat(found, " ")
        end

        local function clusters(fleet)
            return list(fleet, "SELECT cluster_id FROM dwsync_schedule WHERE kind = 'cluster' ORDER BY cluster_id")
        end

        local function list_again(fleet, schedule, ids)
            fleet:rows "UPDATE dwsync_schedule SET due_at = CASE kind WHEN 'place' THEN 0 ELSE 9e12 END"
            fleet:fill(schedule, fleets.inventory(HQ), { hq = ids })
        end

        -- Two clusters, of which the first is listed no more from now on.
        local function without_first(use)
            with(function(fleet)
                local schedule, store = fleet:open()
                fleet:fill(schedule, fleets.inventory(HQ), { hq = { "gone", "here" } })
                fleet:rows [[INSERT INTO dwsync_verdicts (cluster_id, source, rule, severity, judged_at) VALUES
                    ('gone', 's', 'stale', 'warning', 1), ('here', 's', 'stale', 'warning', 1)]]
                list_again(fleet, schedule, { "here" })
                use(fleet, schedule, store)
            end)
        end

        it("a cluster that was gone for thirty days, with its verdicts; it comes back as a new one", function()
            without_first(function(fleet, schedule)
                fleet:pass(29 * DAY)
                assert.same({ clusters = 0, accounts = 0, collectors = 0 }, schedule:forget())
                assert.equal("gone here", clusters(fleet))
                fleet:pass(DAY)
                assert.same({ clusters = 1, accounts = 0, collectors = 0 }, schedule:forget())
                assert.equal("here", clusters(fleet))
                assert.equal("here", list(fleet, "SELECT cluster_id FROM dwsync_verdicts"))
                list_again(fleet, schedule, { "gone", "here" })
                assert.equal("gone here", clusters(fleet))
            end)
        end)

        it("neither the records of a cluster nor its name", function()
            without_first(function(fleet, schedule, store)
                assert(store:save("gone", RECORDS))
                fleet:pass(30 * DAY)
                assert.equal(1, schedule:forget().clusters)
                local kept = assert(store:clusters())
                assert.same({ "name-gone", 1 }, { kept[1].name, kept[1].records })
            end)
        end)

        it("no verdict of a cluster that another account has", function()
            without_first(function(fleet, schedule)
                fleet:rows "UPDATE dwsync_schedule SET account = 'old' WHERE state = 'gone'"
                fleet:rows "UPDATE dwsync_schedule SET cluster_id = 'gone' WHERE cluster_id = 'here'"
                fleet:pass(30 * DAY)
                assert.equal(1, schedule:forget().clusters)
                assert.equal("gone here", list(fleet, "SELECT cluster_id FROM dwsync_verdicts ORDER BY cluster_id"))
            end)
        end)

        it("an account that no inventory named for thirty days, and all that was its", function()
            with(function(fleet)
                local schedule = fleet:open()
                local both = { hq = HQ.hq, shop = HQ.hq }
                fleet:fill(schedule, fleets.inventory(both), { hq = { "a" }, shop = { "b" } })
                assert(schedule:sync(fleets.inventory(HQ)))
                assert.equal("hq shop", list(fleet, "SELECT account FROM dwsync_accounts ORDER BY account"))
                fleet:pass(29 * DAY)
                assert.same({ clusters = 0, accounts = 0, collectors = 0 }, schedule:forget())
                fleet:pass(2 * DAY)
                assert.same({ clusters = 1, accounts = 1, collectors = 0 }, schedule:forget())
                assert.equal("hq", list(fleet, "SELECT account FROM dwsync_accounts"))
                assert.equal("hq hq", list(fleet, "SELECT account FROM dwsync_schedule"))
                assert(schedule:sync(fleets.inventory(both)))
                assert.equal("hq shop", list(fleet, "SELECT account FROM dwsync_accounts WHERE state = 'active' "
                    .. "ORDER BY account"))
            end)
        end)

        it("collectors that were not seen for thirty days; one that was drained is not free to collect by that",
            function()
                with(function(fleet)
                    local schedule, store = fleet:open()
                    for _, name in ipairs { "drained", "host:1", "host:2", "here" } do
                        assert(schedule:report { name = name, state = "running", lease_ms = 1, counts = {} } ~= nil)
                    end
                    assert.is_true(schedule:drain("drained", true))
                    fleet:pass(30 * DAY + 1)
                    assert(schedule:report { name = "here", state = "running", lease_ms = 1, counts = {} } ~= nil)
                    assert.equal(2, schedule:forget().collectors)
                    assert.equal("drained here", list(fleet, "SELECT name FROM dwsync_collectors ORDER BY name"))
                    assert.equal(1, assert(retention.prune_all(store, fleet.now)).collectors)
                    assert.equal("here", list(fleet, "SELECT name FROM dwsync_collectors"))
                end)
            end)

        it("five hundred of a kind in one transaction, and keeps writers waiting only where it removes", function()
            with(function(fleet)
                local schedule, store = fleet:open()
                assert(schedule:report { name = "0000", state = "running", lease_ms = 1, counts = {} } ~= nil)
                local columns = {}
                for i = 1, 1000 do
                    columns[i] = ("('%04d', 'ended', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)"):format(i)
                end
                fleet:rows("INSERT INTO dwsync_collectors (name, state, started_at, seen_at, lease_ms, looks, changed, "
                    .. "failed, fenced, expired, throttled, drain) VALUES "
                    .. table.concat(columns, ", "))
                local begin, modes = store.engine.begin, {}
                function store.engine:begin(deadline, mode, ...)
                    modes[#modes + 1] = mode
                    return begin(self, deadline, mode, ...)
                end
                fleet:pass(DAY)
                assert.equal(1001, retention.prune_all(store, fleet.now, { dry_run = true }).collectors)
                assert.same({ "read", "read" }, modes)
                modes = {}
                local run, failing, err = history_tables.run, 3, { kind = "storage" }
                history_tables.run = function(...) -- the second transaction that removes fails
                    failing = failing - (select(2, ...) == "write" and 1 or 0)
                    if failing == 1 then
                        return nil, err
                    end
                    return run(...)
                end
                local result = { pcall(retention.prune_all, store, fleet.now) }
                history_tables.run = run
                assert.same({ true, nil, err, { clusters = 0, accounts = 0, collectors = 500 } }, result)
                assert.equal("read", modes[1])
                assert.equal("write", modes[#modes])
                assert.equal(501, retention.prune_all(store, fleet.now).collectors)
            end)
        end)

        it("much of it a batch at a time, and a dry run counts the same and removes nothing", function()
            with(function(fleet)
                local schedule, store = fleet:open()
                local many = {}
                for i = 1, 1201 do
                    many[i] = ("c%04d"):format(i)
                end
                fleet:fill(schedule, fleets.inventory { hq = HQ.hq, shop = HQ.hq }, { hq = { "a" }, shop = many })
                assert(schedule:sync(fleets.inventory(HQ)))
                fleet:pass(DAY)
                local all = { clusters = 1201, accounts = 1, collectors = 0 }
                assert.same(all, retention.prune_all(store, fleet.now, { dry_run = true }))
                assert.equal(1, #fleet:rows "SELECT 1 FROM dwsync_accounts WHERE state = 'gone'")
                local commits, commit = 0, store.engine.commit
                function store.engine:commit()
                    commits = commits + 1
                    return commit(self)
                end
                assert.same(all, retention.prune_all(store, fleet.now))
                assert.is_true(commits >= 3)
                assert.equal("a", clusters(fleet))
                assert.same({ clusters = 0, accounts = 0, collectors = 0 }, retention.prune_all(store, fleet.now))
            end)
        end)
    end)
end

describe("a history without a fleet", function()
    it("has nothing to forget, and gets no tables by that", function()
        local store = assert(require("dwsync.history").open ":memory:")
        assert.same({ clusters = 0, accounts = 0, collectors = 0 }, retention.prune_all(store, 9e12))
        assert.same({}, assert(store.engine:rows(store.engine.table_query:format "dwsync_schedule")))
        store:close()
    end)
end)
