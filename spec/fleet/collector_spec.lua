local collectors = require "dwsync.fleet.collector"
local errors = require "dwsync.errors"
local fleets = require "spec.support.fleet"
local history = require "dwsync.history"
local look = require "dwsync.fleet.look"
local runtimes = require "dwsync.runtime"
local schedules = require "dwsync.fleet.schedule"

local NORTH = { "cn-north-4" }

describe("a collector", function()
    local store, schedule
    before_each(function()
        store = assert(history.open ":memory:")
        schedule = assert(schedules.open(store))
    end)
    after_each(function()
        store:close()
    end)

    local function collector_of(inventory, client, more)
        local options = { schedule = schedule, history = store, inventory = inventory, name = "one", concurrency = 2,
            new_client = function(settings)
                return client(settings)
            end }
        for name, value in pairs(more or {}) do
            options[name] = value
        end
        return collectors.new(options)
    end

    -- Runs until something is so, and no longer than some hundred steps.
    local function run_until(collector, is_so)
        local steps = 0
        return collector:run(function()
            steps = steps + 1
            return is_so() or steps > 300
        end)
    end

    local function keys(ak, sk, identity)
        return function()
            return { credentials = function() return { ak = ak, sk = sk, identity = identity } end }
        end
    end

    local function digest()
        return store.engine:rows("SELECT key_digest FROM dwsync_accounts")[1][1]
    end

    it("tells keys apart, temporary ones by what they were got with, and keeps none of them", function()
        local inventory = fleets.inventory { hq = { regions = NORTH } }
        local seen = {}
        for i, client in ipairs { keys("AK", "secret"), keys("AK", "other"), keys("T1", "x", "agency"),
            keys("T2", "y", "agency") } do
            assert(collector_of(inventory, client):sync())
            seen[i] = digest()
            assert.is_nil(seen[i]:find("secret", 1, true))
        end
        assert.are_not.equal(seen[1], seen[2])
        assert.are_not.equal(seen[2], seen[3])
        assert.equal(seen[3], seen[4])
        assert(collector_of(inventory, function() return nil, "no keys" end):sync())
        assert.equal(seen[4], digest())
    end)

    it("asks IAM for the projects of an account, which needs no region", function()
        local given
        local collector = collector_of(fleets.inventory { hq = {} }, function(settings)
            given = given or settings
            return require("dwsync").new(settings)
        end)
        assert(collector:sync())
        assert.same({ nil, "https://iam.myhuaweicloud.com" }, { given.region, given.endpoint })
    end)

    it("asks each project of an account with its region and its id", function()
        local inventory, given = fleets.inventory({ hq = { rate = 1000 } }, { interval = 1, discovery = 1 }), {}
        local collector = collector_of(inventory, function(settings)
            given[#given + 1] = ("%s %s"):format(settings.region, settings.project_id)
            return { credentials = function() return nil end,
                list_projects = function()
                    return { { id = "p4", name = NORTH[1] }, { id = "p1", name = "cn-north-1" } }
                end,
                list_clusters = function() return {} end }
        end)
        assert(collector:sync())
        assert(run_until(collector, function() return #given == 3 end))
        table.sort(given)
        assert.same({ "cn-north-1 p1", "cn-north-4 p4", "nil nil" }, given)
    end)

    it("fails a look whose account its inventory lacks, as a matter of configuration", function()
        local inventory = fleets.inventory({ hq = { regions = { NORTH[1], "cn-north-1" }, rate = 1000 } },
            { interval = 1, discovery = 1 })
        local failures = {}
        local collector = collector_of(inventory, function()
            return { credentials = function() return nil end, list_clusters = function() return {} end }
        end, { on_event = function(event)
            failures[#failures + 1] = event.type == "failure" and event.error or nil
        end })
        assert(collector:sync())
        inventory.by_name.hq = nil -- its region cn-north-1 has had no client yet
        assert(run_until(collector, function() return failures[1] end))
        assert.equal("config", failures[1].kind)
        assert.matches("the account hq is not in this collector's inventory", failures[1].message, 1, true)
    end)

    it("gives a look back where the database failed, and the cluster keeps its state", function()
        local inventory, tried = fleets.inventory({ hq = { regions = NORTH, rate = 1000 } }, { interval = 1 }), 0
        local collector
        collector = collector_of(inventory, function()
            return { credentials = function() return nil end,
                list_clusters = function() return { { id = "c1", name = "prod" } } end,
                newest_page = function()
                    tried = tried + 1
                    return nil, errors.new { kind = "permission", code = "DWS.5045", message = "off" }
                end }
        end)
        assert(collector:sync())
        local rows, failed = store.engine.rows, false
        function store.engine:rows(sql, ...)
            if sql:find("SELECT max(start_time)", 1, true) and not failed then
                failed = true
                return nil, errors.new { kind = "storage", message = "full" }
            end
            return rows(self, sql, ...)
        end
        assert(run_until(collector, function() return tried > 1 end))
        local row = store.engine:rows("SELECT state, failures, epoch FROM dwsync_schedule WHERE kind = 'cluster'")[1]
        assert.is_true(failed)
        assert.same({ "disabled", 0, 2 }, row)
    end)

    it("counts a look that waited for longer than its lease lasts, and gives it back", function()
        local inventory = fleets.inventory({ hq = { regions = NORTH, rate = 1000 } }, { interval = 1 })
        local collector = collector_of(inventory, function()
            return { credentials = function() return nil end, list_clusters = function() return {} end }
        end)
        assert(collector:sync())
        local claim, late = schedule.claim, 0
        function schedule:claim(...)
            local items, err, now = claim(self, ...)
            for _, item in ipairs(late == 0 and items or {}) do
                item.lease_ends, late = now, late + 1
            end
            return items, err, now
        end
        assert(run_until(collector, function() return late > 0 and collector.totals.looks > 0 end))
        assert.is_true(late > 0)
        assert.equal(late, collector.totals.expired + (collector.counts.expired or 0))
    end)

    it("survives a look that raises: the cluster failed, the looker goes on, and the end is in order", function()
        local inventory = fleets.inventory({ hq = { regions = NORTH, rate = 1000 } }, { interval = 1 })
        local collector = collector_of(inventory, function()
            return { credentials = function() return nil end,
                list_clusters = function() return { { id = "c1" }, { id = "c2" }, { id = "c3" } } end,
                newest_page = function() error "damaged" end }
        end)
        assert(collector:sync())
        local function failed()
            return store.engine:rows "SELECT cluster_id, error FROM dwsync_schedule WHERE failures > 0 ORDER BY 1"
        end
        assert.is_true(run_until(collector, function() return #failed() == 3 end))
        assert.equal(3, #failed())
        assert.matches("looking at it went wrong: .*damaged", failed()[3][2])
    end)

    it("goes on with what it knows, and looks again where another program wrote meanwhile", function()
        local inventory = fleets.inventory({ hq = { regions = NORTH, rate = 1000 } }, { interval = 1 })
        local records, events, read_back = {}, {}, 0
        local now = os.time() * 1000
        for i = 1, 30 do
            records[i] = { id = "r" .. 31 - i, identity_source_id = "s", identity_source_type = "ldap",
                status = "FINISHED", start_time = now - i * 3600000, end_time = now - i * 3600000 + 60000 }
        end
        local collector = collector_of(inventory, function()
            return { credentials = function() return nil end,
                list_clusters = function() return { { id = "c1", name = "prod" } } end,
                all_sync_records = function()
                    local list = { pages = 1 }
                    for i, record in ipairs(records) do list[i] = record end
                    return list
                end,
                newest_page = function()
                    local page = {}
                    for i = 1, 20 do page[i] = records[i] end
                    return { mark = records[1].id, decode = function() return { sync_records = page } end }
                end }
        end, { on_event = function(event) events[#events + 1] = event.type == "changed" and event or nil end })
        assert(collector:sync())
        local rows, changed = store.engine.rows, nil
        function store.engine:rows(sql, ...)
            read_back = read_back + (sql:find("ORDER BY start_time DESC", 1, true) and 1 or 0)
            return rows(self, sql, ...)
        end
        local steps = { function() end, function() end, function()
            assert(rows(store.engine, "DELETE FROM dwsync_records WHERE record_id = 'r5'"))
        end }
        local reads = {}
        assert(run_until(collector, function()
            if #events ~= changed then
                changed, reads[#reads + 1] = #events, read_back
                if steps[#events] then
                    table.insert(records, 1, { id = "n" .. #events, identity_source_id = "s",
                        identity_source_type = "ldap", status = "FINISHED", end_time = now - 1800000 + #events * 1000,
                        start_time = now - 1900000 + #events * 1000 })
                    steps[#events]()
                end
            end
            return #events == 4
        end))
        assert.equal(4, #events)
        assert.equal(reads[2], reads[4]) -- after the first and the second new run
        assert.is_true(reads[5] > reads[4])
        assert.equal(32, events[4].result.evaluation.records)
    end)

    -- A collector of one cluster whose database gets full once that was asked.
    local function full_collector(events, newest_page, full)
        local inventory = fleets.inventory({ hq = { regions = NORTH, rate = 1000 } }, { interval = 1, lease = 15 })
        local collector = collector_of(inventory, function()
            return { credentials = function() return nil end, kept_clusters = {}, list_clusters = function()
                return { { id = "c1", name = "prod" } }
            end, newest_page = function()
                full()
                return newest_page()
            end }
        end, { on_event = function(event) events[#events + 1] = event end })
        assert(collector:sync())
        return collector
    end

    local function tell_of_database(events)
        local told = {}
        for _, event in ipairs(events) do
            if event.type == "database" then
                told[#told + 1] = event.error and event.error.code or "over"
            end
        end
        return told
    end

    it("counts what a full disk kept from being written as just that, and says when there is room again", function()
        local real, is_full, refused, events = store.engine.rows, false, 0, {}
        store.engine.rows = function(self, sql)
            if is_full and not sql:find "^%s*SELECT" and not sql:find "^[BRC]" then
                refused = refused + 1
                return nil, require("dwsync.history.failures").storage(self.target, "database or disk is full")
            end
            return real(self, sql)
        end
        local collector = full_collector(events, function()
            return nil, errors.new { kind = "network", message = "no route" }
        end, function() is_full = true end)
        local steps = 0
        assert(run_until(collector, function()
            steps = refused > 0 and steps + 1 or 0
            if steps == 5 then
                real(store.engine, "UPDATE dwsync_schedule SET leased_by = 'other', epoch = epoch + 1")
            end
            is_full = is_full and steps < 20
            return steps >= 40
        end))
        local told = tell_of_database(events)
        assert.same({ 1, 0 }, { collector.totals.unwritten, collector.totals.fenced })
        assert.equal("over", table.remove(told))
        assert.is_true(#told > 10)
        for _, word in ipairs(told) do
            assert.equal("full", word)
        end
    end)

    it("says again what it has when another inventory came while it was away", function()
        local inventory = fleets.inventory { hq = { regions = NORTH } }
        local collector = collector_of(inventory, function()
            return { credentials = function() return nil end, list_clusters = function() return {} end }
        end)
        assert(collector:sync())
        assert(schedule:sync(fleets.inventory { shop = { regions = NORTH } }))
        local function state()
            return store.engine:rows("SELECT state FROM dwsync_accounts WHERE account = 'hq'")[1][1]
        end
        assert.equal("gone", state())
        assert(run_until(collector, function() return state() == "active" end))
        assert.equal("active", state())
    end)

    it("looks at few places at once, and lets go of what they list", function()
        local regions, under_way, most, clients = {}, 0, 0, {}
        for i = 1, 12 do
            regions[i] = "cn-north-" .. i
        end
        local collector = collector_of(fleets.inventory { hq = { regions = regions, rate = 1000 } }, function(settings)
            local client = { credentials = function() return nil end, kept_clusters = { list = {}, since = 0 },
                newest_page = function()
                    return nil, errors.new { kind = "network", message = "refused" }
                end }
            function client.list_clusters()
                under_way = under_way + 1
                most = math.max(most, under_way)
                runtimes.current().sleep(0.001)
                under_way = under_way - 1
                return { { id = settings.region, name = "prod" } }
            end
            clients[#clients + 1] = client
            return client
        end, { concurrency = 12 })
        assert(collector:sync())
        store.engine:rows "UPDATE dwsync_accounts SET proven = 1"
        local function found()
            return store.engine:rows("SELECT count(*) FROM dwsync_schedule WHERE kind = 'cluster'")[1][1]
        end
        assert(run_until(collector, function() return found() == 12 end))
        assert.same({ 12, 4 }, { found(), most })
        for _, client in ipairs(clients) do
            assert.is_nil(client.kept_clusters.list)
        end
    end)
end)

describe("a collector, by what it says to its schedule", function()
    local FULL = errors.new { kind = "storage", message = "full", code = "full" }
    local store, said, events, at
    before_each(function()
        store, said, events, at = assert(history.open ":memory:"), {}, {}, look.at
    end)
    after_each(function()
        look.at = at
        store:close()
    end)

    local function items_of(count, more)
        local list = {}
        for i = 1, count do
            list[i] = { kind = "cluster", account = "hq", region = NORTH[1], cluster_id = "c" .. i, item_no = i,
                failures = 0 }
            for name, value in pairs(more or {}) do
                list[i][name] = value
            end
        end
        return list
    end

    local function note(what, list, ...)
        local sizes = said[what] or {}
        said[what], sizes[#sizes + 1] = sizes, type(list) == "table" and #list or list
        return ...
    end

    -- Claims these items once, has each looked at by look_at(item, context), and ends after some steps. `answers` are
    -- methods of the schedule.
    local function collect(items, look_at, answers, more)
        local schedule = {
            claim = function(_, claimer, room)
                said.claimer, said.room = said.claimer or claimer, said.room or room
                local list, now = items, 5000000
                items = {}
                for _, item in ipairs(list) do
                    item.lease_ends = now + (item.left or 90000)
                end
                return list, nil, now
            end,
            complete = function(_, list) return note("complete", list, 0) end,
            complete_changed = function(_, list)
                local outcomes = {}
                for i in ipairs(list) do
                    outcomes[i] = { through = true }
                end
                return note("changed", list, outcomes)
            end,
            complete_discovery = function(_, item) return note("discovery", item.kind, true) end,
            give_back = function(_, list) return note("back", list, true) end,
            report = function(_, what)
                said.reports = said.reports or {}
                said.reports[#said.reports + 1] = what
                return false, nil, false
            end,
            forget = function() return note("forget", 1, {}) end,
            sync = function() return note("sync", 1, true) end,
        }
        for name, answer in pairs(answers or {}) do
            schedule[name] = answer
        end
        look.at = function(context, item)
            return look_at(item, context)
        end
        local options = { schedule = schedule, history = store, name = "one", concurrency = 2, host = "h", pid = 7,
            inventory = fleets.inventory({ hq = { regions = NORTH } }, { lease = 90 }), new_client = function()
                return { of = "hq", credentials = function() end }
            end, on_event = function(event)
                if event.type ~= "tick" and event.type ~= "look" then
                    events[#events + 1] = event.type
                end
            end }
        for name, value in pairs(more or {}) do
            options[name] = value
        end
        local collector, steps = collectors.new(options), 0
        local good, err = collector:run(function()
            steps = steps + 1
            return steps > (options.steps or 3)
        end)
        return collector, good, err
    end

    it("claims what its lookers can do soon, and says who it is", function()
        local collector, good = collect({}, nil, nil, { concurrency = 5 })
        assert.is_true(good)
        assert.same({ name = "one", lease_ms = 90000, accounts = { "hq" } }, said.claimer)
        assert.equal(10, said.room)
        local version = require("dwsync").version
        assert.same({ { name = "one", host = "h", pid = 7, version = version, state = "running", lease_ms = 90000,
            counts = {}, accounts = { "hq" } }, { name = "one", host = "h", pid = 7, version = version,
            state = "ended", lease_ms = 90000, counts = {}, accounts = { "hq" } } }, said.reports)
        assert.same({ 1 }, said.forget)
        assert.equal(32, collectors.new({ history = store, inventory = collector.inventory }).concurrency)
    end)

    it("hands on to a look what it needs, within two thirds of the lease and four fifths of what is left", function()
        local contexts = {}
        local items = items_of(2)
        items[2].left = 60000
        local collector = collect(items, function(item, context)
            contexts[item.item_no] = context
            return {}
        end, nil, { inventory = fleets.inventory({ hq = { regions = NORTH, list_accounts = true } }, { lease = 90 }) })
        local one = contexts[1]
        assert.equal(60, one.timeout)
        assert.is_true(contexts[2].timeout <= 48 and contexts[2].timeout > 40)
        assert.same({ "hq", true, store, collector.known, "table" }, { one.client.of, one.list_accounts, one.history,
            one.known, type(one.rules) })
        assert.equal((select(3, collector.inventory:settings_of("hq", { id = "c1" }))), one.rules_mark)
        assert.equal(one.client, contexts[2].client)
        assert.is_true(one.now() >= 5000000 and one.now() < 5100000)
        collect(items_of(1), function(_, context)
            contexts[1] = context
            return {}
        end, nil, { timeout = 5 })
        assert.same({ 5, nil }, { contexts[1].timeout, contexts[1].list_accounts or nil })
    end)

    it("gives back what waited until a fifth of the lease was left", function()
        local items = items_of(3)
        items[1].left, items[2].left, items[3].left = 18000, 28000, -1
        local collector = collect(items, function() return {} end)
        assert.same({ 2, 1 }, { collector.totals.expired, collector.totals.looks })
        assert.same({ { 2 }, { 1 } }, { { said.back[1] }, said.complete })
    end)

    it("counts what became of looks, and tells", function()
        local results = { {}, { failure = { kind = "network" }, error = "x" }, { error = "x",
            failure = { kind = "throttled" } }, { failure = { kind = "permission" }, error = "off", disabled = true },
            { given_up = true, failure = FULL }, { changed = true }, { changed = true, error = "x",
                failure = { kind = "network" } } }
        local collector = collect(items_of(7), function(item) return results[item.item_no] end)
        assert.same({ looks = 6, failed = 3, throttled = 1, changed = 1, fenced = 0, expired = 0, unwritten = 0 },
            collector.totals)
        local counts = {}
        for _, reported in ipairs(said.reports) do
            for name, value in pairs(reported.counts) do
                counts[name] = (counts[name] or 0) + value
            end
        end
        assert.same({ looks = 6, failed = 3, throttled = 1, changed = 1, expired = 0 }, counts)
        assert.same({ 4, 2, 1 }, { said.complete[1], said.changed[1], said.back[1] })
        assert.same({ "failure", "failure", "database", "failure", "changed" }, events)
    end)

    it("completes in batches, of which those with records are small", function()
        collect(items_of(1001), function() return {} end)
        assert.same({ 500, 500, 1 }, said.complete)
        collect(items_of(65), function() return { changed = true } end)
        assert.same({ 32, 32, 1 }, said.changed)
    end)

    it("does with each look what the schedule answered", function()
        local tries = 0
        local collector = collect(items_of(6), function(item)
            return { changed = true, error = item.item_no == 5 and "x" or nil, known = { "k" .. item.item_no } }
        end, { complete_changed = function(_, list)
            tries = tries + 1
            note("changed", list)
            return tries == 1 and { { error = FULL }, { is_outdated = true }, {}, { through = false },
                { through = true }, { through = true, summary = { revised = {} } } } or { { through = true } }
        end })
        assert.same({ 6, 1 }, said.changed)
        assert.equal(1, said.back[1])
        assert.same({ looks = 6, failed = 1, throttled = 0, changed = 2, fenced = 1, expired = 0, unwritten = 0 },
            collector.totals)
        assert.same({ "failure", "changed", "changed" }, events)
    end)

    it("counts once what a full disk refused, and not as refused by a lease later", function()
        local answers, tries = {}, { complete = 0, complete_changed = 0 }
        function answers.complete(_, list)
            tries.complete = tries.complete + 1
            if tries.complete <= 2 then
                return nil, FULL
            end
            for i, entry in ipairs(list) do
                entry.is_fenced = i > 1
            end
            return note("complete", list, #list - 1)
        end
        function answers.complete_changed(_, list)
            tries.complete_changed = tries.complete_changed + 1
            if tries.complete_changed == 1 then
                return nil, FULL
            end
            return note("changed", list, { { through = false } })
        end
        local collector = collect(items_of(3), function(item)
            return { changed = item.item_no == 3 or nil }
        end, answers, { steps = 5 })
        assert.same({ { 2 }, { 1 } }, { said.complete, said.changed })
        assert.same({ 3, 0, 0 }, { collector.totals.unwritten, collector.totals.fenced, collector.totals.changed })
        assert.same({ "database", "database", "database", "database" }, events)
        local broken = errors.new { kind = "storage", message = "gone" }
        tries.complete, events = 0, {}
        collector = collect(items_of(2), function() return {} end, { complete = function(_, list)
            tries.complete = tries.complete + 1
            if tries.complete == 1 then
                return nil, broken
            end
            for _, entry in ipairs(list) do
                entry.is_fenced = true
            end
            return 2
        end })
        assert.same({ 0, 2 }, { collector.totals.unwritten, collector.totals.fenced })
        assert.same({ "database", "database" }, events)
    end)

    it("says again what a report could not, and gives back again what it could not", function()
        local reports, backs = {}, {}
        collect(items_of(2), function(item)
            return item.item_no == 1 and { given_up = true, failure = FULL } or {}
        end, { report = function(_, what)
            reports[#reports + 1] = what
            if #reports == 1 then
                return nil, FULL
            end
            return false, nil, #reports == 2
        end, give_back = function(_, list)
            backs[#backs + 1] = #list
            if #backs == 1 then
                return nil, FULL
            end
            return true
        end })
        assert.same({ 1, 1 }, { backs[1], backs[2] })
        local looks = 0
        for i, reported in ipairs(reports) do
            looks = looks + (i > 1 and reported.counts.looks or 0)
        end
        assert.equal(1, looks)
        assert.same({ 1 }, said.sync)
    end)

    it("ends when it is drained, without another claim, and says so", function()
        local claims = 0
        local _, good = collect({}, nil, { report = function(_, what)
            said.reports = said.reports or {}
            said.reports[#said.reports + 1] = what.state
            return true
        end, claim = function()
            claims = claims + 1
            return {}, nil, 5000000
        end })
        assert.is_true(good)
        assert.same({ { "running", "ended" }, 1 }, { said.reports, claims })
    end)

    it("raises what is wrong with itself, and closes its connections", function()
        local raised = { pcall(collect, {}, nil, { claim = function() error("a defect", 0) end }) }
        assert.same({ false, "a defect" }, raised)
    end)

    it("keeps tables for accounts only where an account is listed, and asks only local sources for keys", function()
        for _, case in ipairs { { "environment", 1, false }, { "environment", 1, true }, { "metadata", 0, false } } do
            local asked, extended = 0, 0
            local tables = require "dwsync.history.tables"
            local extend = tables.extend
            tables.extend = function(_, part)
                extended = extended + 1
                assert.equal(require("dwsync.history.accounts").part, part)
                return true
            end
            local good, err = pcall(function()
                local collector = collectors.new { history = store, schedule = { sync = function(_, _, given)
                    said.given = given
                    return true
                end }, name = "one", inventory = fleets.inventory { hq = { regions = NORTH,
                    credentials = { source = case[1] }, list_accounts = case[3] } }, new_client = function()
                    asked = asked + 1
                    return { credentials = function() return { ak = "A", sk = "S" } end }
                end }
                assert(collector:sync())
            end)
            tables.extend = extend
            assert(good, err)
            assert.same({ case[2], case[3] and 1 or 0 }, { asked, extended })
            assert.same({ collector = "one", keys = { hq = case[2] == 1
                and require("dwsync.core").sha256("A\0S") or nil } }, said.given)
        end
        local tables = require "dwsync.history.tables"
        local extend = tables.extend
        finally(function() tables.extend = extend end)
        tables.extend = function() return nil, FULL end
        assert.same({ nil, FULL }, { collectors.new({ history = store, name = "one", new_client = function() end,
            inventory = fleets.inventory { hq = { regions = NORTH, list_accounts = true } } }):sync() })
    end)
end)
