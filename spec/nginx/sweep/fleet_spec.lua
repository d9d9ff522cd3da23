local core = require "dwsync.core"
local fleets = require "spec.support.kept_fleet"
local health = require "dwsync.health"
local histories = require "dwsync.history"
local record_list = require "dwsync.nginx.sweep.record_list"
local slices = require "dwsync.nginx.sweep.slices"
local summary = require "dwsync.fleet.summary"
local sweep = require "dwsync.nginx.sweep.fleet"
local temporary = require "spec.support.temporary"

local NOW = os.time()
local CLUSTERS = { { id = "one", name = "One" }, { id = "two" } }
local OFF = { kind = "permission", code = "DWS.5045", message = "not allowed", status = 403 }
local CUT = { kind = "network", message = "connection refused" }

local function record(minutes, more)
    local one = { id = "r" .. minutes, identity_source_id = "s", identity_source_type = "ldap",
        start_time = (NOW - minutes * 60) * 1000, end_time = (NOW - minutes * 60 + 20) * 1000, add_count = 0,
        update_count = 1, delete_count = 0, failed_count = 0, status = "FINISHED" }
    for name, value in pairs(more or {}) do
        one[name] = value or nil
    end
    return one
end

describe("a sweep over a fleet", function()
    local order, published, evaluate, evaluated

    before_each(function()
        published, evaluated, evaluate = {}, 0, health.stepper
        order = { timeout = 60, rules = {}, now = function() return NOW end, monotonic = core.monotonic,
            slices = slices.none, stop = function() return false end, digest_of = function(id) return published[id] end,
            kept_text = function(id) return published[id] end, digest = function(text) return text end,
            records = 100 }
        sweep.collect("another order", { fleet = "/", timeout = 1, monotonic = core.monotonic })
        health.stepper = function(...)
            evaluated = evaluated + 1
            return evaluate(...)
        end
    end)
    after_each(function()
        health.stepper = evaluate
    end)

    local function with_fleet(use, clusters)
        temporary.with_folder(function(folder)
            order.fleet = folder .. "/fleet.db"
            local fleet = fleets.make(order.fleet, clusters or CLUSTERS)
            local good, reason = pcall(use, fleet)
            fleet:close()
            assert(good, reason)
        end)
    end

    -- As the sweep does: the items by cluster; their lists are published.
    local function collect()
        evaluated = 0
        local read = assert(sweep.collect("order", order))
        local items = {}
        for _, item in ipairs(read.items) do
            items[item.cluster.id] = item
            published[item.cluster.id] = item.text or item.kept and item.kept()
        end
        return items, read
    end

    it("judges what is kept of each cluster, by the rules of setup", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            fleet:look("two", { record(30, { status = "FAILED", fail_reason = "no" }) })
            order.rules = { failing = false }
            local items, read = collect()
            assert.same({ id = "one", name = "One" }, items.one.cluster)
            assert.equal("ok", items.one.evaluation.severity)
            assert.same({ record(30) }, record_list.read(items.one.text))
            for _, verdict in ipairs(items.two.evaluation.verdicts) do
                assert.are_not.equal("failing", verdict.rule)
            end
            assert.is_nil(read.err)
            assert.is_nil(items.one.error)
            assert.is_true(math.abs(items.one.fetched_at - os.time()) < 30)
            assert.is_true(items.one.due_at > items.one.fetched_at)
        end)
    end)

    it("judges a cluster again only when its page changed, or when its time has come", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            fleet:look("two", { record(30) })
            collect()
            assert.equal(2, evaluated)
            fleet:look_again "one"
            local items = collect()
            assert.equal(0, evaluated)
            assert.same({ record(30) }, record_list.read(items.one.kept()))
            assert.equal("ok", items.one.evaluation.severity)
            fleet:look("two", { record(5), record(30) })
            items = collect()
            assert.equal(1, evaluated)
            assert.same({ record(5), record(30) }, record_list.read(items.two.text))
        end)
    end)

    it("reads again what could not be published", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            collect()
            local before = published.one
            fleet:look("one", { record(5), record(30) })
            for _, left in ipairs { before, false } do -- the list of before stays, or there is none
                collect()
                published.one = left or nil
                local item = collect().one
                assert.same({ record(5), record(30) }, record_list.read(item.text))
            end
            assert.is_nil(collect().one.text)
        end)
    end)

    it("judges a cluster again when time alone changes a verdict", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30, { status = "RUNNING", end_time = false }) })
            local items = collect()
            local due = items.one.evaluation.next_at / 1000
            order.now = function() return due - 1 end
            collect()
            assert.equal(0, evaluated)
            order.now = function() return due end
            items = collect()
            assert.same({ 1, due }, { evaluated, items.one.evaluation.now })
            assert.are_not.equal("ok", items.one.evaluation.severity)
        end)
    end)

    it("shows a failure beside the verdicts of the last good look, and its age", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            fleet:sql(("UPDATE dwsync_schedule SET looked_at = %d WHERE cluster_id = 'one'"):format((NOW - 500) * 1000))
            fleet:fail("one", CUT)
            fleet:fail("two", CUT)
            local items = collect()
            assert.same({ "network", "connection refused", "one", "One" }, { items.one.error.kind,
                items.one.error.message, items.one.error.cluster_id, items.one.error.cluster })
            assert.equal("ok", items.one.evaluation.severity)
            assert.is_true(math.abs(items.one.fetched_at - (NOW - 500)) < 240)
            assert.is_nil(items.one.due_at)
            assert.equal("network", items.two.error.kind)
            assert.is_nil(items.two.evaluation or items.two.fetched_at)
        end)
    end)

    it("judges what is left of damaged records, and says which cluster has some", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(45), record(60) })
            fleet:look("two", { record(30) })
            local _, read = collect()
            assert.is_nil(read.unread)
            fleet:sql "UPDATE dwsync_records SET content = '{' WHERE record_id = 'r45'"
            sweep.collect("another order", order)
            local items
            items, read = collect()
            assert.matches("^cluster one: .*r45 is damaged", read.unread)
            assert.same({ record(60) }, record_list.read(items.one.text))
            assert.is_nil(items.one.error)
        end)
    end)

    it("is not due before its account's rate allows another look", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            local usual = collect().one.due_at
            fleet:sql "UPDATE dwsync_accounts SET rate = 0.001"
            local account = assert(summary.read(fleet.schedule)).accounts[1]
            assert.is_true(account.interval == 60 and account.paced > 600)
            assert.is_true(math.abs(account.paced - 60 - (collect().one.due_at - usual)) < 1)
        end)
    end)

    it("knows clusters whose synchronisation is off, also while they cannot be asked", function()
        with_fleet(function(fleet)
            fleet:fail("one", OFF)
            fleet:look("two", { record(30) })
            fleet:fail("two", OFF)
            fleet:fail("two", CUT)
            fleet:sql "UPDATE dwsync_schedule SET due_at = looked_at + 3000000 WHERE cluster_id = 'one'"
            local items, read = collect()
            local clusters = health.overview(read.items, NOW, {}).clusters
            assert.same({ "two", "warning", "one", "disabled" }, { clusters[1].cluster.id, clusters[1].severity,
                clusters[2].cluster.id, clusters[2].severity })
            assert.equal("connection refused", items.two.unread.message)
            assert.is_nil(items.one.unread)
            assert.equal(record(30).start_time, items.two.seen_before)
            assert.is_true(items.one.due_at > items.one.fetched_at + 2900) -- looked at seldom
        end)
    end)

    it("says of a cluster that nobody looked at that it was not", function()
        with_fleet(function(fleet)
            fleet:look("one", {})
            local items = collect()
            assert.equal("no collector has looked at this cluster yet", items.two.error.message)
            assert.equal(0, items.one.evaluation.records)
        end)
    end)

    it("shows of a cluster that two accounts see what was seen last, or of the first where both were seen at once",
        function()
            with_fleet(function(fleet)
                fleet:look("one", { record(30) })
                fleet:look("two", { record(30) })
                fleet:sql "UPDATE dwsync_schedule SET cluster_id = 'one', account = 'other' WHERE cluster_id = 'two'"
                for _, case in ipairs { { 0, "One" }, { 1000, "one of other" }, { -1000, "One" } } do
                    fleet:sql(("UPDATE dwsync_schedule SET name = 'one of other', looked_at = %d + (SELECT looked_at "
                        .. "FROM dwsync_schedule WHERE name = 'One') WHERE account = 'other'"):format(case[1]))
                    local items, read = collect()
                    assert.same({ case[2], 1 }, { items.one.cluster.name, #read.items })
                end
            end)
        end)

    it("leaves out what is gone", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            fleet:discover { CLUSTERS[2] }
            assert.is_nil(collect().one)
        end)
    end)

    it("says when nobody collects, and when clusters cannot be listed", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            fleet:report "ended"
            local _, read = collect()
            assert.matches("^no collector of the fleet is running, the last one was seen at 20", read.err.message)
            fleet:sql [[UPDATE dwsync_schedule SET failures = 2, error = 'auth: refused (APIGW.0301, HTTP 401).'
                WHERE kind = 'place']]
            _, read = collect()
            assert.same({ "account hq in cn-north-4: its clusters could not be listed: refused", "auth", "APIGW.0301" },
                { read.err.message, read.err.kind, read.err.code })
            fleet:sql [[UPDATE dwsync_schedule SET failures = 0]]
            fleet:sql [[UPDATE dwsync_accounts SET blocked_until = 9e15, error = 'auth: no.']]
            _, read = collect()
            assert.equal("account hq is not asked for, since its key was refused: auth: no.", read.err.message)
        end)
    end)

    it("has the fleet's own metrics", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            fleet:fail("two", OFF)
            fleet:sql "UPDATE dwsync_schedule SET due_at = due_at - 600000, planned_at = due_at - 600000"
            local _, read = collect()
            for _, line in ipairs { 'dwsync_fleet_clusters{account="hq",state="active"} 1',
                'dwsync_fleet_clusters{account="hq",state="failing"} 0',
                'dwsync_fleet_clusters{account="hq",state="disabled"} 1', 'dwsync_fleet_late{account="hq"} 1',
                "dwsync_fleet_collectors 1" } do
                assert.truthy(read.metrics:find(line .. "\n", 1, true), line .. " in " .. read.metrics)
            end
            local overdue = tonumber(read.metrics:match 'dwsync_fleet_overdue_seconds{account="hq"} (%S+)')
            assert.is_true(overdue > 500 and overdue < 700)
        end)
    end)

    it("shows what it has no time to judge by older verdicts, and goes on in the next one", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            collect()
            fleet:look("one", { record(5), record(30) })
            fleet:look("two", { record(5) })
            local clock = core.monotonic()
            order.monotonic = function()
                clock = clock + 70
                return clock
            end
            local items = collect()
            assert.same({ "timeout", "ok", "timeout" }, { items.one.error.kind, items.one.evaluation.severity,
                items.two.error.kind })
            assert.same({ record(30) }, record_list.read(items.one.kept()))
            assert.is_nil(items.two.evaluation)
            order.monotonic = core.monotonic
            items = collect()
            assert.is_nil(items.one.error or items.two.error)
            assert.equal(2, evaluated)
        end)
    end)

    it("holds nothing of a cluster that is gone", function()
        with_fleet(function(fleet)
            local held = setmetatable({}, { __mode = "v" })
            fleet:look("one", { record(30) })
            local function hold()
                held[1] = collect().one.evaluation
            end
            hold()
            collectgarbage()
            assert.is_truthy(held[1])
            fleet:discover { CLUSTERS[2] }
            collect()
            collectgarbage()
            collectgarbage()
            assert.is_nil(held[1])
        end)
    end)

    it("knows a list by what is published of it, one record at least", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(5), record(30), record(60) })
            local digested
            order.digest = function(text)
                digested = record_list.read(text)
                return text
            end
            for records, expected in pairs { [0] = 1, [1] = 1, [2] = 2, [3] = 3, [4] = 3 } do
                order.records, published = records, {}
                sweep.collect("order", order)
                assert.equal(expected, #digested)
            end
        end)
    end)

    it("says why it could not read the schedule, its sums or the problems", function()
        local problems_store, schedules = require "dwsync.problems.store", require "dwsync.fleet.schedule"
        local failure = { kind = "storage" }
        local function fail() return nil, failure end
        local function failing(part)
            return function() return { status = part == "status" and fail, rows = part == "rows" and fail } end
        end
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            for _, case in ipairs { { schedules, "open", fail }, { schedules, "open", failing "status" },
                { summary, "read", fail }, { problems_store, "open", fail },
                { problems_store, "open", failing "rows" } } do
                local module, name = case[1], case[2]
                local own = module[name]
                module[name] = case[3]
                local found = { pcall(sweep.collect, "order", order) }
                module[name] = own
                assert.same({ true, nil, failure }, found)
            end
        end)
    end)

    it("counts times by its own clock, wherever the database's is", function()
        with_fleet(function(fleet)
            fleet:look("one", { record(30) })
            order.now = function() return NOW - 7200 end
            local item = collect().one
            assert.is_true(item.fetched_at <= NOW - 7200 and item.fetched_at > NOW - 7260)
        end)
    end)

    it("says that there is no history, or no fleet in it", function()
        temporary.with_folder(function(folder)
            order.fleet = folder .. "/none.db"
            local read, err = sweep.collect("order", order)
            assert.is_nil(read)
            assert.same({ "config", "there is no history at " .. order.fleet }, { err.kind, err.message })
            assert(histories.open(order.fleet)):close()
            read, err = sweep.collect("order", order)
            assert.is_nil(read)
            assert.same({ "config", ("there is no fleet in %s"):format(order.fleet),
                "dwsync collect --fleet FILE makes one." }, { err.kind, err.message, err.hint })
        end)
    end)
end)
