local fleets = require "spec.support.fleet"
local history_accounts = require "dwsync.history.accounts"
local history_tables = require "dwsync.history.tables"
local merge = require "dwsync.history.merge"
local postgres = require "spec.support.postgres"

local server
setup(function()
    server = postgres.start()
end)
teardown(function()
    server:stop()
end)

local complete_changed = fleets.complete_changed
local ONE = { name = "one", lease_ms = 5000 }
local TWO = { name = "two", lease_ms = 5000 }
local HQ = { hq = { regions = { "cn-north-4" }, rate = 100 } }
local CHANGED = { changed = true, mark = "m", requests = 1, severity = "warning", seen_at = 5, read_whole = true,
    evaluation = { severity = "warning", next_at = fleets.START + 500000, verdicts = {
        { rule = "stale", severity = "warning", source = "s", source_type = "ldap", message = "it's late",
            value = 1 / 0 },
        { rule = "failing", severity = "ok", source = "s", message = "fine" } } } }

local function counts(fleet, name)
    return fleet:rows("SELECT count(*) FROM " .. name)[1][1]
end

local function result(more)
    local copy = {}
    for name, value in pairs(CHANGED) do
        copy[name] = value
    end
    for name, value in pairs(more or {}) do
        copy[name] = value
    end
    return copy
end

for engine, with in pairs(fleets.engines(function() return server end)) do
    local function with_cluster(use)
        with(function(fleet)
            local schedule, store = fleet:open()
            local inventory = fleets.inventory(HQ)
            fleet:fill(schedule, inventory, { hq = { "c1" } })
            fleet:rows "UPDATE dwsync_schedule SET due_at = 9e12 WHERE kind = 'place'"
            use(fleet, schedule, inventory, store)
        end)
    end

    local function reach(fleet)
        return fleet:rows("SELECT state FROM dwsync_problems WHERE rule = 'unreachable'")[1][1]
    end

    local function of_cluster(fleet, columns)
        return fleet:rows(("SELECT %s FROM dwsync_schedule WHERE kind = 'cluster'"):format(columns))[1]
    end

    local function claim_one(schedule, claimer)
        local items = assert(schedule:claim(claimer or ONE, 10))
        assert.equal(1, #items)
        return items[1]
    end

    describe("who is in the database, in " .. engine, function()
        local function users(...)
            local list = { complete = true }
            for i, name in ipairs { ... } do
                list[i] = { name = name, login = true, user_type = "COMMON" }
            end
            return list
        end

        it("is kept in the transaction of the look, beside the fleet's own accounts", function()
            with_cluster(function(fleet, schedule, _, store)
                assert(history_tables.extend(store, history_accounts.part))
                local function complete(list, at)
                    local item = claim_one(schedule)
                    assert.is_true(complete_changed(schedule, item, result {
                        accounts = assert(history_accounts.read(list, at, at + 5)) }))
                    fleet:rows "UPDATE dwsync_schedule SET due_at = 0 WHERE kind = 'cluster'"
                end
                complete(users("a", "b"), fleets.START)
                complete(users("b", "c"), fleets.START + 1000)
                local gone = assert(store:accounts { cluster_id = "c1", gone = true })
                assert.same({ "a", 1 }, { gone[1].name, #gone })
                assert.equal(1, #assert(store:accounts { cluster_id = "c1", new = true }))
                assert.equal(1, counts(fleet, "dwsync_accounts"))
            end)
        end)

        it("is tried again later where it could not be had", function()
            with_cluster(function(fleet, schedule, _, store)
                assert(history_tables.extend(store, history_accounts.part))
                assert.is_true(complete_changed(schedule, claim_one(schedule), result {
                    accounts_failure = { kind = "permission", message = "no" } }))
                local trial = assert(history_tables.run(store, "read", nil, function(session)
                    return history_accounts.trial_in(session, "c1")
                end))
                assert.same({ 1, "permission: no." }, { trial.failures, trial.error })
                local next_at = fleet:rows("SELECT next_at FROM dwsync_schedule WHERE kind = 'cluster'")[1][1]
                assert.is_true(next_at <= trial.next_at)
                assert.is_nil(store:accounts({ cluster_id = "c1" }).look)
            end)
        end)

        it("is not kept of a look whose lease had run out", function()
            with_cluster(function(fleet, schedule, _, store)
                assert(history_tables.extend(store, history_accounts.part))
                local item = claim_one(schedule)
                fleet:pass(6000)
                assert.is_false(complete_changed(schedule, item, result {
                    accounts = assert(history_accounts.read(users("a"), fleets.START, fleets.START)) }))
                assert.same({}, store:accounts { cluster_id = "c1" })
            end)
        end)
    end)

    describe("a fleet's schedule in " .. engine, function()
        it("leases a look to one collector, and to another once the lease has run out", function()
            with_cluster(function(fleet, schedule)
                local other = fleet:open()
                local item = claim_one(schedule)
                assert.same({ "c1", 1, false }, { item.cluster_id, item.epoch, item.expired })
                assert.same({}, assert(other:claim(TWO, 10)))
                fleet:pass(4999)
                assert.same({}, assert(other:claim(TWO, 10)))
                fleet:pass(1)
                local again = claim_one(other, TWO)
                assert.same({ 2, true }, { again.epoch, again.expired })
            end)
        end)

        it("refuses a look that rests on what the database no longer has, and lets it be done again", function()
            with_cluster(function(fleet, schedule, _, store)
                local function record(id, start, more)
                    local given = { id = id, start_time = start, status = "FINISHED" }
                    for name, value in pairs(more or {}) do
                        given[name] = value
                    end
                    return given
                end
                assert(store:save("c1", { record("a", fleets.START - 10), record("b", fleets.START) }))
                local function outcome_of(rests_on)
                    local item = claim_one(schedule)
                    local outcome = assert(schedule:complete_changed { { item = item,
                        result = result { rests_on = rests_on } } })[1]
                    assert(schedule:give_back { item })
                    fleet:rows "UPDATE dwsync_schedule SET due_at = 0 WHERE kind = 'cluster'"
                    return outcome
                end
                local rests_on = { since = fleets.START, records = 1, versions = 0 }
                assert.is_true(outcome_of(rests_on).through)
                fleet:rows "DELETE FROM dwsync_verdicts"
                assert(store:save("c1", { record("b", fleets.START, { add_count = 3 }) }))
                assert.same({ is_outdated = true }, outcome_of(rests_on))
                rests_on.versions = 1
                assert.is_true(outcome_of(rests_on).through)
                assert(store:save("c1", { record("c", fleets.START + 5) }))
                fleet:rows "DELETE FROM dwsync_verdicts"
                assert.same({ is_outdated = true }, outcome_of(rests_on))
                assert.equal(0, counts(fleet, "dwsync_verdicts"))
                rests_on.records = 2
                assert.is_true(outcome_of(rests_on).through)
                assert(history_tables.extend(store, history_accounts.part))
                assert.is_true(outcome_of(rests_on).through)
                assert(history_tables.run(store, "write", "c1", function(session)
                    return history_accounts.merge_into(session, "c1", assert(history_accounts.read({ complete = true,
                        { name = "a", login = true, user_type = "COMMON" } }, fleets.START, fleets.START)))
                end))
                assert.same({ is_outdated = true }, outcome_of(rests_on))
            end)
        end)

        it("asks once what there is of all clusters of a transaction", function()
            with(function(fleet)
                local schedule, store = fleet:open()
                fleet:fill(schedule, fleets.inventory(HQ), { hq = { "c1", "c2", "c3" } })
                local done, asked, rows = {}, 0, store.engine.rows
                for i, item in ipairs(assert(schedule:claim(ONE, 10))) do
                    local id = item.cluster_id
                    assert(store:save(id, { { id = id, start_time = fleets.START, status = "FINISHED" } }))
                    done[i] = { item = item, result = result { page = merge.read { { id = "new", status = "FINISHED",
                        start_time = fleets.START + 1 }, { id = id .. " newer", status = "RUNNING",
                        start_time = fleets.START + 2 } }, rests_on = { since = fleets.START, records = 1,
                        versions = id == "c2" and 1 or 0 } } }
                end
                store.engine.rows = function(self, sql, ...)
                    asked = asked + (sql:find("FROM dwsync_versions", 1, true) and 1 or 0)
                    return rows(self, sql, ...)
                end
                local said = {}
                for i, outcome in ipairs(assert(schedule:complete_changed(done))) do
                    said[done[i].item.cluster_id] = outcome.summary and outcome.summary.inserted or outcome
                end
                assert.same({ c1 = 2, c2 = { is_outdated = true }, c3 = 2 }, said)
                assert.equal(1, asked)
            end)
        end)

        it("has a cluster that comes twice looked at again where it has just been written", function()
            with(function(fleet)
                local schedule, store = fleet:open()
                fleet:fill(schedule, fleets.inventory { hq = HQ.hq, branch = HQ.hq }, { hq = { "c1" },
                    branch = { "c1" } })
                local function record(id)
                    return { id = id, start_time = fleets.START, status = "FINISHED" }
                end
                assert(store:save("c1", { record "a" }))
                fleet:rows "UPDATE dwsync_schedule SET due_at = CASE kind WHEN 'place' THEN 9e12 ELSE 0 END"
                local done = {}
                for i, item in ipairs(assert(schedule:claim(ONE, 10))) do
                    done[i] = { item = item, result = result { page = merge.read { record "b" },
                        rests_on = { since = fleets.START, records = 1, versions = 0 } } }
                end
                local outcomes = assert(schedule:complete_changed(done))
                assert.equal(2, #outcomes)
                assert.same({ true, 1 }, { outcomes[1].through, outcomes[1].summary.inserted })
                assert.same({ is_outdated = true }, outcomes[2])
                assert.equal(2, counts(fleet, "dwsync_records"))
            end)
        end)

        it("lets a completion through once, with the epoch of its claim", function()
            with_cluster(function(fleet, schedule)
                local item = claim_one(schedule)
                fleet:pass(5000)
                local again = claim_one(schedule, TWO)
                assert.equal(1, schedule:complete { { item = item, result = {} } })
                assert.is_false(complete_changed(schedule, item, result()))
                assert.is_true(complete_changed(schedule, again, result()))
                assert.is_false(complete_changed(schedule, again, result()))
                assert.equal(1, schedule:complete { { item = again, result = {} } })
            end)
        end)

        it("refuses a look whose lease ran out, even while nobody else has begun", function()
            with_cluster(function(fleet, schedule)
                local item = claim_one(schedule)
                fleet:pass(5000)
                assert.equal(1, schedule:complete { { item = item, result = { mark = "m" } } })
                assert.is_false(complete_changed(schedule, item, result()))
            end)
        end)

        it("refuses a look of the same epoch that another one claimed", function()
            with_cluster(function(fleet, schedule)
                local item = claim_one(schedule)
                fleet:rows "UPDATE dwsync_schedule SET leased_by = 'a standby counted this claim anew'"
                assert.equal(1, schedule:complete { { item = item, result = { mark = "m" } } })
                assert(schedule:give_back { item })
                assert.same({ { "a standby counted this claim anew" } }, fleet:rows [[SELECT leased_by
                    FROM dwsync_schedule WHERE kind = 'cluster']])
            end)
        end)

        it("changes nothing with a look that is refused: no record, verdict, problem or date", function()
            with_cluster(function(fleet, schedule)
                local item = claim_one(schedule)
                fleet:pass(5000)
                claim_one(schedule, TWO)
                local before = fleet:rows "SELECT due_at, epoch, leased_by, severity FROM dwsync_schedule"
                local page = merge.read { { id = "r", start_time = 1, status = "FINISHED" } }
                assert.is_false(complete_changed(schedule, item, result { page = page }))
                assert.same({ 0, 0, 0 }, { counts(fleet, "dwsync_records"), counts(fleet, "dwsync_verdicts"),
                    counts(fleet, "dwsync_problems") })
                assert.same(before, fleet:rows "SELECT due_at, epoch, leased_by, severity FROM dwsync_schedule")
            end)
        end)

        it("completes records, verdicts, problems and the next date together", function()
            with_cluster(function(fleet, schedule, inventory)
                local page = merge.read { { id = "r", start_time = 1, status = "FINISHED" } }
                local through, err, summary = complete_changed(schedule, claim_one(schedule), result { page = page })
                assert.is_true(through, err)
                assert.equal(1, summary.inserted)
                assert.equal(1, counts(fleet, "dwsync_records"))
                assert.same({ { "hq", "c1", "active", "warning", "s", "stale", "it's late" } }, fleet:rows [[SELECT
                    account, cluster_id, state, severity, source, rule, message FROM dwsync_current]])
                assert.same({ { "firing", 1 } }, fleet:rows "SELECT state, episode FROM dwsync_problems")
                local row = fleet:rows [[SELECT due_at, page_mark, next_at, seen_at FROM dwsync_schedule
                    WHERE kind = 'cluster']][1]
                assert.same({ "m", fleets.START + 500000, 5 }, { row[2], row[3], row[4] })
                assert.is_true(row[1] > fleet.now and row[1] <= fleet.now + inventory.interval * 1000)
            end)
        end)

        it("completes a look at a source whose name no index holds", function()
            with_cluster(function(fleet, schedule)
                local name, state = {}, 1
                for i = 1, 12000 do -- nothing that compression makes shorter
                    state = state * 16807 % 2147483647
                    name[i] = string.char(97 + math.floor(state / 65536) % 26)
                end
                assert.is_true(fleets.complete_changed(schedule, claim_one(schedule), result { evaluation = {
                    severity = "warning", verdicts = { { rule = "stale", source = table.concat(name),
                        severity = "warning", message = "late" } } } }))
                assert.same({ { 400, "stale" } }, fleet:rows "SELECT length(source), rule FROM dwsync_verdicts")
            end)
        end)

        local function with_three(use)
            with(function(fleet)
                local schedule = fleet:open()
                fleet:fill(schedule, fleets.inventory(HQ), { hq = { "c1", "c2", "c3" } })
                fleet:rows "UPDATE dwsync_schedule SET due_at = 9e12 WHERE kind = 'place'"
                local looks = {}
                for i, item in ipairs(assert(schedule:claim(ONE, 3))) do
                    looks[i] = { item = item, result = result { page = merge.read {
                        { id = "r", start_time = 1, status = "FINISHED", identity_source_id = item.cluster_id } } } }
                end
                table.sort(looks, function(a, b) return a.item.cluster_id < b.item.cluster_id end)
                use(fleet, schedule, looks)
            end)
        end

        local RECORDS = "SELECT cluster_id FROM dwsync_runs ORDER BY cluster_id"

        local function through(outcomes)
            local list = {}
            for i, outcome in ipairs(outcomes) do
                list[i] = tostring(outcome.through)
            end
            return table.concat(list, " ")
        end

        it("completes looks together, each by its own epoch", function()
            with_three(function(fleet, schedule, looks)
                looks[2].item.epoch = looks[2].item.epoch - 1
                local outcomes = assert(schedule:complete_changed(looks))
                assert.equal("true false true", through(outcomes))
                assert.same({ { "c1" }, { "c3" } }, fleet:rows(RECORDS))
                assert.same({ 1, 1 }, { outcomes[1].summary.inserted, outcomes[3].summary.inserted })
                assert.equal("false false false", through(assert(schedule:complete_changed(looks))))
            end)
        end)

        it("keeps what others found when the database refuses what one did, which counts as failed", function()
            with_three(function(fleet, schedule, looks)
                local database = fleet.stores[1].engine
                local rows = database.rows
                function database:rows(sql, ...)
                    if sql:find("INSERT INTO dwsync_verdicts", 1, true) and sql:find("'c2'", 1, true) then
                        sql = "INSERT INTO dwsync_verdicts (cluster_id) VALUES (NULL)"
                    end
                    return rows(self, sql, ...)
                end
                local outcomes = assert(schedule:complete_changed(looks))
                database.rows = nil
                assert.equal("true true true", through(outcomes))
                assert.equal("storage", outcomes[2].error.kind)
                assert.same({ { "c1" }, { "c3" } }, fleet:rows(RECORDS))
                local row = fleet:rows("SELECT failures, page_mark, leased_by, error FROM dwsync_schedule "
                    .. "WHERE cluster_id = 'c2'")[1]
                assert.same({ 1 }, { row[1], row[2], row[3] })
                assert.matches("storage", row[4])
            end)
        end)

        it("owes messages with the look that found the problem, once, and none of a look that is refused", function()
            with_cluster(function(fleet, schedule)
                local function plan()
                    return { to = { "chat", "mail" } }
                end
                local function outbox()
                    local list = {}
                    for i, row in ipairs(fleet:rows "SELECT channel, step FROM dwsync_outbox ORDER BY step, channel") do
                        list[i] = row[1] .. " " .. row[2]
                    end
                    return list
                end
                local late = claim_one(schedule)
                fleet:pass(5000)
                local again = claim_one(schedule, TWO)
                assert.is_false(complete_changed(schedule, late, result(), plan))
                assert.same({}, outbox())
                assert.is_true(complete_changed(schedule, again, result(), plan))
                local owed = { "chat warning", "mail warning" }
                assert.same(owed, outbox())
                fleet:pass(60000)
                assert(complete_changed(schedule, claim_one(schedule), result(), plan))
                assert.same(owed, outbox())
                fleet:pass(60000)
                assert(complete_changed(schedule, claim_one(schedule), result { evaluation = { severity = "ok",
                    verdicts = {} } }, plan))
                assert.same({ "chat resolved", "mail resolved", owed[1], owed[2] }, outbox())
            end)
        end)

        it("resolves one problem, and several, with a look that went on with what was known", function()
            for _, rules in ipairs { { "stale" }, { "failing", "stale" } } do
                with_cluster(function(fleet, schedule, _, store)
                    assert(store:save("c1", { { id = "a", start_time = fleets.START, status = "FINISHED" } }))
                    local function look_as(severity)
                        local verdicts = {}
                        for i, rule in ipairs(rules) do
                            verdicts[i] = { rule = rule, source = "s", severity = severity, message = severity }
                        end
                        assert.is_true(complete_changed(schedule, claim_one(schedule), result { severity = severity,
                            evaluation = { severity = severity, verdicts = verdicts },
                            rests_on = { since = fleets.START, records = 1, versions = 0 } }))
                        fleet:pass(60000)
                        assert.equal(severity == "ok" and 0 or #rules, counts(fleet, "dwsync_verdicts"))
                        return fleet:rows "SELECT rule, state FROM dwsync_problems ORDER BY rule"
                    end
                    assert.same({}, look_as "ok")
                    for severity, state in pairs { warning = "firing", ok = "resolved" } do
                        look_as "warning"
                        local expected = {}
                        for i, rule in ipairs(rules) do
                            expected[i] = { rule, state }
                        end
                        assert.same(expected, look_as(severity))
                    end
                end)
            end
        end)

        it("resolves the problem with the look that finds it over", function()
            with_cluster(function(fleet, schedule)
                assert(complete_changed(schedule, claim_one(schedule), result()))
                fleet:pass(60000)
                assert(complete_changed(schedule, claim_one(schedule), result { severity = "ok", evaluation = {
                    severity = "ok", verdicts = { { rule = "stale", source = "s", severity = "ok",
                        message = "on time" } } } }))
                assert.same({ { "resolved", "on time" } }, fleet:rows "SELECT state, ending FROM dwsync_problems")
                assert.equal(0, counts(fleet, "dwsync_verdicts"))
            end)
        end)

        it("asks what is known for the words with which a problem ends, and not where there is none", function()
            with_cluster(function(fleet, schedule, _, store)
                assert(store:save("c1", { { id = "a", start_time = fleets.START, status = "FINISHED" } }))
                local asked = {}
                local function look(evaluation)
                    assert.is_true(complete_changed(schedule, claim_one(schedule), result { evaluation = evaluation,
                        severity = evaluation.severity, rests_on = { since = fleets.START, records = 1, versions = 0 },
                        known = { following = { judge = function(_, now)
                            asked[#asked + 1] = now
                            return { severity = "ok", verdicts = { { rule = "stale", source = "s", severity = "ok",
                                message = "on time" } } }
                        end } } }))
                    fleet:pass(60000)
                end
                look { now = 1, severity = "ok", verdicts = {}, is_brief = true }
                assert.same({}, asked)
                look { now = 2, severity = "warning", verdicts = { { rule = "stale", source = "s",
                    severity = "warning", message = "late" } } }
                assert.same({}, asked)
                look { now = 3, severity = "ok", verdicts = {}, is_brief = true }
                assert.same({ 3 }, asked)
                assert.same({ { "resolved", "on time" } }, fleet:rows "SELECT state, ending FROM dwsync_problems")
            end)
        end)

        it("keeps the last verdicts of a cluster that fails, and says in the end that it cannot be watched", function()
            with_cluster(function(fleet, schedule)
                local failure = { kind = "network", message = "refused" }
                assert(complete_changed(schedule, claim_one(schedule), result()))
                fleet:pass(60000)
                local failed = { changed = true, failure = failure, error = "network: refused" }
                assert.is_true(complete_changed(schedule, claim_one(schedule), failed))
                assert.equal(1, counts(fleet, "dwsync_verdicts"))
                local row = of_cluster(fleet, "severity, failures, next_at")
                assert.same({ "warning", 1, fleets.START + 500000 }, row)
                assert.equal("pending", reach(fleet))
                fleet:pass(15 * 60000)
                assert.is_true(complete_changed(schedule, claim_one(schedule), failed))
                assert.equal("firing", reach(fleet))
                fleet:pass(15 * 60000)
                assert.is_true(complete_changed(schedule, claim_one(schedule), result()))
                assert.equal("resolved", reach(fleet))
            end)
        end)

        it("judges again when the patience with a cluster that fails ends", function()
            with_cluster(function(fleet, schedule)
                assert(complete_changed(schedule, claim_one(schedule), { changed = true, error = "network: refused",
                    failure = { kind = "network", message = "refused" } }))
                assert.same({ fleet.now + 15 * 60000 }, of_cluster(fleet, "next_at"))
            end)
        end)

        it("backs off a cluster that fails, up to a quarter of an hour, and looks at a disabled one hourly", function()
            with_cluster(function(fleet, schedule)
                local failed = { failure = { kind = "network" }, error = "no" }
                local longest = 0
                for _ = 1, 8 do
                    assert.equal(0, schedule:complete { { item = claim_one(schedule), result = failed } })
                    assert.same({}, of_cluster(fleet, "looked_at")) -- it never was
                    local pause = of_cluster(fleet, "due_at")[1] - fleet.now
                    assert.is_true(pause >= 30000 and pause >= longest and pause <= 15 * 60000, pause)
                    longest = pause
                    fleet:pass(pause)
                end
                assert.is_true(longest >= 7.5 * 60000)
                assert.is_true(complete_changed(schedule, claim_one(schedule), { disabled = true, changed = true,
                    failure = { kind = "permission" }, error = "off", verdicts = {}, severity = "disabled" }))
                local row = of_cluster(fleet, "state, failures, due_at")
                assert.same({ "disabled", 0 }, { row[1], row[2] })
                assert.is_true(row[3] > fleet.now and row[3] <= fleet.now + 3600000)
            end)
        end)

        it("gives a look back, which others may have at once and nobody completes", function()
            with_cluster(function(_, schedule)
                local item = claim_one(schedule)
                assert.is_true(schedule:give_back { item })
                assert.equal(1, schedule:complete { { item = item, result = {} } })
                assert.equal(2, claim_one(schedule, TWO).epoch)
            end)
        end)

        it("hands out only looks of accounts that a collector can ask", function()
            with_cluster(function(_, schedule)
                assert.same({}, assert(schedule:claim({ name = "one", lease_ms = 1, accounts = { "shop" } }, 10)))
                assert.same({}, assert(schedule:claim({ name = "one", lease_ms = 1, accounts = {} }, 10)))
                assert.equal(1, #assert(schedule:claim({ name = "one", lease_ms = 1, accounts = { "hq" } }, 10)))
            end)
        end)

        it("says all that is known at one moment, in order", function()
            with(function(fleet)
                local schedule = fleet:open()
                fleet:fill(schedule, fleets.inventory { hq = { regions = { "cn-north-4" }, rate = 100 } },
                    { hq = { "c3", "c1", "c2" } })
                for _, name in ipairs { "b", "a" } do
                    for _ = 1, 2 do
                        assert.is_false(schedule:report { name = name, host = "h", pid = 7, version = "1",
                            lease_ms = 5, state = "running", counts = { looks = 1, changed = 2, failed = 3,
                                fenced = 4, expired = 5, throttled = 6 } })
                    end
                end
                fleet:rows [[UPDATE dwsync_schedule SET epoch = 9, leased_by = 'a', looked_at = 1, asked_at = 2,
                    longest_gap = 3, failures = 4, error = 'e', severity = 'warning', seen_at = 5, page_mark = 'm',
                    read_at = 6, next_at = 7, due_at = 8 WHERE cluster_id = 'c2']]
                fleet:rows "UPDATE dwsync_schedule SET due_at = 8 WHERE kind = 'place'"
                fleet:rows [[UPDATE dwsync_schedule SET state = 'gone', gone_at = 10, looked_at = 1, severity = 'ok'
                    WHERE cluster_id = 'c3']]
                fleet:rows "UPDATE dwsync_accounts SET paused_until = 1, refusals = 2, blocked_until = 3, error = 'e'"
                local collector = { host = "h", pid = 7, version = "1", lease_ms = 5, state = "running", looks = 2,
                    changed = 4, failed = 6, fenced = 8, expired = 10, throttled = 12, drain = 0, seen_at = fleet.now,
                    started_at = fleet.now }
                local function with_name(name)
                    local copy = { name = name }
                    for key, value in pairs(collector) do
                        copy[key] = value
                    end
                    return copy
                end
                local function item(more)
                    for key, value in pairs { account = "hq", region = "cn-north-4", state = "active", kind = "cluster",
                        failures = 0, due_at = fleets.START, epoch = 0, interval_ms = 60000, project_id = "p" } do
                        more[key] = more[key] == nil and value or more[key] or nil
                    end
                    return more
                end
                assert.same({ now = fleet.now, collectors = { with_name "a", with_name "b" }, accounts = { {
                    account = "hq", burst = 100, rate = 100, tokens = 99, proven = 1, state = "active",
                    used_at = fleets.START, paused_until = 1, refusals = 2, blocked_until = 3, error = "e" } },
                    items = { item { cluster_id = "c1", name = "name-c1" },
                    item { cluster_id = "c2", name = "name-c2", epoch = 9, leased_by = "a", looked_at = 1,
                        asked_at = 2, longest_gap = 3, failures = 4, error = "e", severity = "warning", seen_at = 5,
                        page_mark = "m", read_at = 6, next_at = 7, due_at = 8 },
                    item { cluster_id = "", kind = "place", project_id = false, interval_ms = 600000, epoch = 1,
                        due_at = 8, looked_at = fleets.START, asked_at = fleets.START },
                } }, schedule:status())
                assert.same({ { account = "hq", region = "cn-north-4", cluster_id = "c3", name = "name-c3",
                    looked_at = 1, severity = "ok", gone_at = 10 } }, schedule:gone())
            end)
        end)

        it("drains a collector, and counts what each did", function()
            with_cluster(function(fleet, schedule)
                local collector = { name = "one", lease_ms = 1, state = "running", counts = { looks = 2 } }
                assert.is_false(schedule:report(collector))
                assert.is_true(schedule:drain("one", true))
                assert.is_false(schedule:drain("nobody", true))
                assert.is_true(schedule:report(collector))
                assert.same({ { 4 } }, fleet:rows "SELECT looks FROM dwsync_collectors")
            end)
        end)
    end)

    -- What several collectors do at random, against a model of what may happen.
    local function play(fleet, seed, steps)
        local state = seed
        local function random(n)
            state = (state * 16807) % 2147483647
            return state % n + 1
        end
        local accounts = { big = { regions = { "cn-north-4" }, rate = 4, burst = 6 },
            small = { regions = { "cn-north-4" }, rate = 2 }, tiny = { regions = { "cn-north-4" }, rate = 0.5 } }
        local clusters = { big = {}, small = { "s1", "s2", "s3" }, tiny = { "t1" } }
        for i = 1, 30 do
            clusters.big[i] = "b" .. i
        end
        local first = fleet:open()
        local inventory = fleets.inventory(accounts, { interval = 10 })
        fleet:fill(first, inventory, clusters)
        local collectors = { { schedule = first }, { schedule = (fleet:open()) }, { schedule = (fleet:open()) } }
        for i, collector in ipairs(collectors) do
            collector.name, collector.held = "c" .. i, {}
        end
        local epochs, leases, buckets, done, filled, past = {}, {}, {}, {}, fleet.now, {}
        for name in pairs(accounts) do
            buckets[name], done[name] = { tokens = inventory.by_name[name].burst, at = filled }, 0
        end

        local function claimed(item)
            local id, account = item.item_no, inventory.by_name[item.account]
            assert.equal((epochs[id] or item.epoch - 1) + 1, item.epoch)
            assert.is_true((leases[id] or 0) <= fleet.now, "claimed before the lease ended")
            epochs[id], leases[id] = item.epoch, item.lease_ends
            local bucket = buckets[item.account]
            bucket.tokens = math.min(account.burst, bucket.tokens + (fleet.now - bucket.at) * account.rate / 1000) - 1
            bucket.at = fleet.now
            assert.is_true(bucket.tokens > -1e-6, item.account .. " is asked faster than its rate")
        end

        local function is_current(item)
            return epochs[item.item_no] == item.epoch and fleet.now < item.lease_ends
        end

        local function completed(item, through)
            local is_held = is_current(item) and not item.ended
            assert.equal(is_held, through)
            item.ended, past[#past + 1] = true, item
            if is_held then
                leases[item.item_no] = 0
                done[item.account] = done[item.account] + 1
            end
        end

        local acts = {
            function(collector)
                local claimer = { name = collector.name, lease_ms = 3000 }
                for _, item in ipairs(assert(collector.schedule:claim(claimer, 8))) do
                    claimed(item)
                    table.insert(collector.held, item)
                end
            end,
            function(collector)
                local item = table.remove(collector.held, random(math.max(1, #collector.held)))
                if item and item.kind == "cluster" and random(2) == 1 then
                    completed(item, (complete_changed(collector.schedule, item, result())))
                elseif item then
                    completed(item, collector.schedule:complete { { item = item, result = { mark = "m" } } } == 0)
                end
            end,
            function(collector) -- all clusters that it holds, in one transaction
                local looks, rest = {}, {}
                for _, item in ipairs(collector.held) do
                    if item.kind == "cluster" then
                        looks[#looks + 1] = { item = item, result = result() }
                    else
                        rest[#rest + 1] = item
                    end
                end
                for i, outcome in ipairs(assert(collector.schedule:complete_changed(looks))) do
                    completed(looks[i].item, outcome.through)
                end
                collector.held = rest
            end,
            function(collector) -- all that it holds, those of others' leases among them
                local looks, fenced = {}, 0
                for i, item in ipairs(collector.held) do
                    looks[i] = { item = item, result = { mark = "m" } }
                    fenced = fenced + (is_current(item) and 0 or 1)
                end
                assert.equal(fenced, assert(collector.schedule:complete(looks)))
                for _, item in ipairs(collector.held) do
                    completed(item, is_current(item))
                end
                collector.held = {}
            end,
            function(collector)
                local item = table.remove(collector.held)
                if item then
                    assert(collector.schedule:give_back { item })
                    if epochs[item.item_no] == item.epoch then
                        leases[item.item_no] = 0
                    end
                    item.ended, past[#past + 1] = true, item
                end
            end,
            function(collector) -- it dies, or hangs and comes back with what it held
                if random(8) == 1 then
                    collector.held = {}
                end
            end,
            function(collector) -- it says again what it said, or gave back
                local item = past[random(math.max(1, #past))]
                if item and random(4) == 1 then
                    assert.equal(1, collector.schedule:complete { { item = item, result = { mark = "m" } } })
                end
            end,
            function()
                fleet:pass(random(1500))
            end,
        }
        for _ = 1, steps do
            acts[math.min(random(11), 8)](collectors[random(3)])
        end
        return done
    end

    describe("random collectors on a schedule in " .. engine, function()
        it("look once per lease, count epochs by one, keep to the rates, and forget no account", function()
            for seed = 1, 3 do
                with(function(fleet)
                    for account, count in pairs(play(fleet, seed * 7919, 500)) do
                        assert.is_true(count >= 3, ("%s: %d looks with seed %d"):format(account, count, seed))
                    end
                end)
            end
        end)
    end)
end

describe("a fleet's schedule on a server that others write to", function()
    it("leaves a look whose cluster another program writes to as it is, and completes it later", function()
        fleets.with(server:fresh_url(), function(fleet)
            local schedule = fleet:open()
            fleet:fill(schedule, fleets.inventory(HQ), { hq = { "c1", "c2" } })
            fleet:rows "UPDATE dwsync_schedule SET due_at = 9e12 WHERE kind = 'place'"
            local looks = {}
            for i, item in ipairs(assert(schedule:claim(ONE, 2))) do
                looks[i] = { item = item, result = result() }
            end
            local _, other = fleet:open()
            local writes = "SELECT pg_advisory_lock(6584179, hashtext('c2'))"
            assert(other.engine:rows(writes))
            local left
            for i, outcome in ipairs(assert(schedule:complete_changed(looks))) do
                local is_left = looks[i].item.cluster_id == "c2"
                left = is_left and looks[i] or left
                assert.equal(not is_left and true or nil, outcome.through)
                assert.is_nil(outcome.error)
            end
            assert(other.engine:rows((writes:gsub("lock%(", "unlock("))))
            assert.is_true(complete_changed(schedule, left.item, left.result))
        end)
    end)
end)
