local errors = require "dwsync.errors"
local health = require "dwsync.health"
local history = require "dwsync.history"
local knowledge = require "dwsync.fleet.known"
local look = require "dwsync.fleet.look"
local tables = require "dwsync.history.tables"

local unpack = table.unpack or unpack -- luacheck: ignore

local NOW = 1747637723000
local MINUTE, HOUR, DAY = 60000, 3600000, 86400000
local RULES = assert(require("dwsync.health.rules").check({}))
local OFF = errors.new { kind = "permission", message = "off", code = "DWS.5045" }

local function run(id, ago, more)
    local record = { id = id, identity_source_id = "s1", identity_source_type = "ldap", start_time = NOW - ago,
        end_time = NOW - ago + MINUTE, add_count = 0, update_count = 1, delete_count = 0, failed_count = 0,
        status = "FINISHED" }
    for name, value in pairs(more or {}) do
        record[name] = value or nil
    end
    return record
end

-- The hourly runs of some days, newest first.
local function runs(count, first)
    local list = {}
    for i = 1, count do
        local number = (first or count) - i + 1
        list[i] = run("r" .. number, (i - 1) * HOUR + 10 * MINUTE)
    end
    return list
end

describe("a look", function()
    local store, asked
    before_each(function()
        store, asked = assert(history.open ":memory:"), {}
    end)
    after_each(function()
        store:close()
    end)

    -- A service that has these records; `service.page` is how it answers for the newest page.
    local function client_of(service)
        return {
            newest_page = function(_, parameters)
                asked[#asked + 1] = "page"
                assert.equal(look.PAGE, parameters.limit)
                if service.error then
                    return nil, service.error
                end
                local page = {}
                for i = 1, math.min(#service.records, look.PAGE) do
                    page[i] = service.records[i]
                end
                return { mark = service.mark or "mark", decode = function()
                    asked[#asked + 1] = "decode"
                    if service.damaged then
                        return nil, service.damaged
                    end
                    return { sync_records = page }
                end }
            end,
            all_sync_records = function(_, parameters)
                asked[#asked + 1] = "all"
                assert.equal("c", parameters.cluster_id)
                if service.error_of_all then
                    return nil, service.error_of_all
                end
                local list = { pages = 3 }
                for i, record in ipairs(service.records) do
                    list[i] = record
                end
                return list
            end,
        }
    end

    local function item_of(more)
        local item = { cluster_id = "c", name = "prod", state = "active", failures = 0, interval_ms = MINUTE }
        for name, value in pairs(more or {}) do
            item[name] = value
        end
        return item
    end

    local function at(service, item, more)
        local context = { client = client_of(service), history = store, rules = RULES, rules_mark = "", timeout = 5,
            now = function() return NOW end }
        for name, value in pairs(more or {}) do
            context[name] = value
        end
        asked = {}
        return look.at(context, item)
    end

    -- What is kept and known after the service's list was read.
    local function kept(list, more)
        assert(store:save("c", list))
        local item = item_of { page_mark = "mark", read_at = NOW - HOUR, looked_at = NOW - MINUTE, next_at = 0,
            severity = "ok", seen_at = NOW - HOUR }
        for name, value in pairs(more or {}) do
            item[name] = value
        end
        return item
    end

    it("reads the whole list at first, and judges it", function()
        local result = at({ records = runs(48) }, item_of())
        assert.same({ "page", "decode", "all" }, asked)
        assert.is_true(result.changed and result.read_whole)
        assert.same({ "mark", 4, NOW - 10 * MINUTE }, { result.mark, result.requests, result.seen_at })
        assert.equal(48, #result.page.names)
        assert.equal(result.evaluation.severity, result.severity)
        assert.same(health.evaluate(runs(48), RULES, NOW / 1000).severity, result.severity)
    end)

    it("does not even decode the page that it saw last time", function()
        local result = at({ records = runs(48) }, kept(runs(48)))
        assert.same({ "page" }, asked)
        assert.same({ mark = "mark", requests = 1 }, result)
    end)

    it("judges the same page again when time alone changes a verdict, and not before", function()
        local service = { records = runs(48) }
        assert.is_nil(at(service, kept(runs(48), { next_at = NOW + 1 })).changed)
        local result = at(service, kept(runs(48), { next_at = NOW }))
        assert.same({ "page" }, asked)
        assert.is_true(result.changed)
        assert.is_nil(result.page)
        assert.equal(48, result.evaluation.records)
    end)

    it("judges the same page again by other rules", function()
        local result = at({ records = runs(48) }, kept(runs(48)), { rules_mark = "other" })
        assert.is_true(result.changed)
        assert.equal("markother", result.mark)
        assert.same({ "page", "decode" }, asked)
    end)

    it("judges the same page again after failures, and when synchronisation was off", function()
        for _, more in ipairs { { failures = 1 }, { state = "disabled" } } do
            local result = at({ records = runs(48) }, kept(runs(48), more))
            assert.same({ "page", "decode" }, asked)
            assert.is_true(result.changed)
            assert.equal(48, result.evaluation.records)
        end
    end)

    it("reads no more than the page when that joins what is kept", function()
        local list = runs(49)
        local result = at({ records = list, mark = "new" }, kept({ unpack(list, 2) }))
        assert.same({ "page", "decode" }, asked)
        assert.is_nil(result.read_whole)
        assert.equal(1, result.requests)
        assert.same({ { "r49" }, 19 }, { result.page.names, result.page.unchanged })
        assert.equal(49, result.evaluation.records)
    end)

    it("judges a page that joins as if all had been read from the service", function()
        local list = runs(60)
        for i = 5, 60, 7 do
            list[i].status, list[i].fail_reason, list[i].identity_source_id = "FAILED", "LDAP error 49", "s2"
        end
        local before = runs(60)
        before[3].status, before[3].end_time = "RUNNING", nil -- has ended since
        for i = 5, 60, 7 do
            before[i] = list[i]
        end
        local page = at({ records = list, mark = "new" }, kept { unpack(before, 3) })
        assert.same({ "page", "decode" }, asked)
        assert.same({ "r60", "r59", "r58" }, page.page.names)
        assert.same(health.evaluate(list, RULES, NOW / 1000), page.evaluation)
    end)

    it("asks for the oldest of the page where it is older than what is read to be judged", function()
        local list = {}
        for i = 1, 25 do
            list[i] = run("r" .. i, i * 10 * DAY)
        end
        at({ records = list, mark = "new" }, kept { unpack(list, 2) })
        assert.same({ "page", "decode" }, asked)
    end)

    it("reads the whole list when the oldest of the page is unknown, or was something else", function()
        at({ records = runs(48, 100), mark = "new" }, kept(runs(48, 48)))
        assert.same({ "page", "decode", "all" }, asked)
        local list, earlier = runs(49), { unpack(runs(49), 2) }
        list[look.PAGE] = run(list[look.PAGE].id, 19 * HOUR + 10 * MINUTE, { failed_count = 7 })
        at({ records = list, mark = "new" }, kept(earlier))
        assert.same({ "page", "decode", "all" }, asked)
    end)

    it("reads the whole list when the page is not in descending order, or a record has no start", function()
        local list = runs(48)
        list[3], list[4] = list[4], list[3]
        at({ records = list, mark = "new" }, kept(runs(48)))
        assert.same({ "page", "decode", "all" }, asked)
        list = runs(48)
        list[5] = run("r44", 0, { start_time = false })
        at({ records = list, mark = "new" }, kept(runs(48)))
        assert.same({ "page", "decode", "all" }, asked)
    end)

    it("takes records of one moment for ordered", function()
        local list = runs(48)
        list[2].start_time = list[1].start_time
        at({ records = list, mark = "new" }, kept(runs(48)))
        assert.same({ "page", "decode" }, asked)
    end)

    it("reads the whole list every six hours, though the page is the same", function()
        local service = { records = runs(48) }
        at(service, kept(runs(48), { read_at = NOW - 6 * HOUR + 1 }))
        assert.same({ "page" }, asked)
        local list = runs(48)
        list[40] = run(list[40].id, 39 * HOUR + 10 * MINUTE, { failed_count = 3 })
        local result = at({ records = list }, kept(runs(48), { read_at = NOW - 6 * HOUR }))
        assert.same({ "page", "decode", "all" }, asked)
        assert.is_true(result.read_whole)
        local saved = require("dwsync.history.page").save(store.engine, store.context, "c", list)
        assert.same({ "r9" }, saved.revised)
    end)

    it("sees a run that ends", function()
        local list = runs(48)
        list[1] = run("r48", 10 * MINUTE, { status = "RUNNING", end_time = false })
        local item = kept(list)
        list = runs(48)
        list[1] = run("r48", 10 * MINUTE, { status = "FAILED", failed_count = 4, fail_reason = "LDAP: error code 49" })
        local result = at({ records = list, mark = "new" }, item)
        assert.same({ "page", "decode" }, asked)
        assert.equal(4, result.evaluation.statistics.failed)
        local summary = require("dwsync.history.page").save(store.engine, store.context, "c", list)
        assert.equal(1, summary.updated)
    end)

    it("takes an empty list for what it is", function()
        local result = at({ records = {} }, item_of())
        assert.same({ "page", "decode", "all" }, asked)
        assert.is_nil(result.page)
        assert.is_nil(result.seen_at)
        assert.equal(health.evaluate({}, RULES, NOW / 1000).severity, result.severity)
        at({ records = {} }, item_of { page_mark = "mark", read_at = NOW - HOUR })
        assert.same({ "page" }, asked)
    end)

    it("fails with what the service says, and begins or goes on to wait for a problem", function()
        local throttled = errors.new { kind = "throttled", message = "slow down", retry_after = 7 }
        local result = at({ error = throttled, records = {} }, kept(runs(3)))
        assert.same({ throttled, 7, true }, { result.failure, result.retry_after, result.changed })
        assert.is_nil(result.severity)
        assert.is_nil(result.evaluation)
        assert.is_false(at({ error = throttled, records = {} }, kept({}, { failures = 1, next_at = NOW + 1 })).changed)
        assert.is_true(at({ error = throttled, records = {} }, kept({}, { failures = 1, next_at = NOW })).changed)
    end)

    it("fails where the page or the rest of the list cannot be read", function()
        local wrong = errors.new { kind = "decode", message = "not JSON" }
        local result = at({ records = runs(3), damaged = wrong, mark = "new" }, kept(runs(3)))
        assert.equal(wrong, result.failure)
        assert.is_nil(result.mark)
        result = at({ records = runs(3), error_of_all = wrong }, item_of())
        assert.equal(wrong, result.failure)
        assert.is_nil(result.mark)
    end)

    it("calls a cluster disabled where no record was ever seen", function()
        local result = at({ error = OFF, records = {} }, item_of())
        assert.same({ true, true, "disabled" }, { result.disabled, result.changed, result.severity })
        assert.equal("disabled", result.verdicts[1].rule)
        assert.is_nil(result.seen_at)
    end)

    it("warns where records were seen: by the fleet, or by whatever filled the history", function()
        local result = at({ error = OFF, records = {} }, item_of { seen_at = NOW - DAY })
        assert.same({ true, "warning", NOW - DAY }, { result.disabled, result.severity, result.seen_at })
        assert(store:save("c", { run("a", 2 * DAY) }))
        result = at({ error = OFF, records = {} }, item_of())
        assert.same({ true, "warning", NOW - 2 * DAY }, { result.disabled, result.severity, result.seen_at })
        assert.equal(NOW - 2 * DAY, result.verdicts[1].since)
    end)

    it("grades what is switched off as the inventory says", function()
        local rules = assert(require("dwsync.health.rules").check({ disabled = "critical" }))
        assert.equal("critical", at({ error = OFF, records = {} }, item_of(), { rules = rules }).severity)
        rules = assert(require("dwsync.health.rules").check({ disabled = false }))
        local result = at({ error = OFF, records = {} }, item_of { seen_at = NOW }, { rules = rules })
        assert.same({ "disabled", {} }, { result.severity, result.verdicts })
    end)

    it("gives up, without a word on the cluster, where the database fails", function()
        local item = kept(runs(48))
        local due = kept(runs(48), { next_at = NOW })
        local function broken()
            return nil, errors.new { kind = "storage", message = "the disk is full" }
        end
        store.engine.rows = broken
        for name, case in pairs {
            joining = { { records = runs(49), mark = "new" }, item },
            judging = { { records = runs(48) }, due },
            first = { { records = runs(48) }, item_of() },
            disabled = { { error = OFF, records = {} }, item_of() } } do
            local result = at(case[1], case[2])
            assert.is_true(result.given_up, name)
            assert.equal("storage", result.failure.kind)
            assert.is_nil(result.changed)
            assert.is_nil(result.error)
        end
    end)

    it("says in words what failed, but not of which cluster, so that it is the same of many", function()
        for code, said in pairs { ["DWS.0001"] = "service: down (DWS.0001, HTTP 500).",
            ["DWS.5045"] = "service: down (DWS.5045, HTTP 500)." } do
            local result = at({ records = {}, error = errors.new { kind = "service", message = "down", code = code,
                status = 500, operation = "ListSyncRecords", cluster_id = "c" } }, item_of())
            assert.same({ said, code == "DWS.5045" or nil }, { result.error, result.disabled })
        end
    end)

    it("lets what is known hold on where it found nothing new, or nothing", function()
        for _, case in ipairs {
            { { records = runs(48) }, kept(runs(48)) },
            { { records = {}, error = OFF }, item_of() },
            { { records = {}, error = errors.new { kind = "network", message = "no" } }, item_of() } } do
            local passed = {}
            at(case[1], case[2], { known = { pass = function(_, item) passed[#passed + 1] = item end } })
            assert.same(1, #passed)
            assert.equal(case[2], passed[1])
        end
    end)

    it("gives up where only the question fails whether the page joins", function()
        local has = tables.has
        finally(function() tables.has = has end)
        tables.has = function() return nil, errors.new { kind = "storage", message = "full" } end
        local result = at({ records = runs(49), mark = "new" }, kept(runs(48)))
        assert.same({ true, "storage" }, { result.given_up, result.failure.kind })
        assert.same({ "page", "decode" }, asked)
    end)

    describe("after one by the same collector", function()
        local known, epoch, queries

        before_each(function()
            known, epoch, queries = knowledge.new(), 1, 0
            local rows = store.engine.rows
            store.engine.rows = function(...)
                queries = queries + 1
                return rows(...)
            end
        end)

        -- A look with its completion, but for the schedule; `more` of its context.
        local function looked(list, item, more)
            local context = { known = known, rules_mark = "" }
            for name, value in pairs(more or {}) do
                context[name] = value
            end
            item.epoch, epoch, queries = epoch, epoch + 1, 0
            local result = at({ records = list, mark = "mark" .. epoch }, item, context)
            local asked_of_history = queries
            local rests_on, is_outdated = result.rests_on, false
            if rests_on then
                local there = assert(tables.run(store, "read", nil, function(session)
                    return tables.traces(session, { { cluster_id = "c", since = rests_on.since } })[1]
                end))
                is_outdated = there.records ~= rests_on.records or there.versions ~= rests_on.versions
                    or there.has_ledger
            end
            local summary = result.page and not is_outdated and assert(tables.run(store, "write", "c", function(session)
                return require("dwsync.history.page").merge_into(session, "c", result.page, NOW)
            end))
            if not is_outdated then
                known:keep(item, result.known, summary or nil)
            end
            return result, asked_of_history, is_outdated
        end

        local function same_as_evaluated(list, result, now)
            local all, found = health.evaluate(list, RULES, (now or NOW) / 1000), result.evaluation
            if found.is_brief then -- all is ok
                found = result.known.following:judge(found.now)
            end
            assert.same({ all.severity, all.verdicts, all.records, all.next_at }, { result.severity, found.verdicts,
                found.records, result.evaluation.next_at })
        end

        local list, item
        before_each(function()
            list = runs(60)
            item = kept { unpack(list, 12) }
            looked({ unpack(list, 11) }, item)
        end)

        local function next_list(left)
            return { unpack(list, left) }
        end

        it("reads nothing back for new runs, and finds what an evaluation of all finds", function()
            for left = 10, 1, -1 do
                local result, asked_of_history = looked(next_list(left), item)
                assert.equal(0, asked_of_history)
                assert.same({ list[left].id }, result.page.names)
                same_as_evaluated(next_list(left), result)
            end
        end)

        it("is brief where all is ok, and knows the newest start", function()
            looked(next_list(2), item)
            local result = looked(next_list(1), item)
            assert.is_true(result.evaluation.is_brief)
            assert.equal(list[1].start_time, result.seen_at)
        end)

        it("reads nothing back until a quarter of a day has passed", function()
            for i, minutes in ipairs { 1, 60, 299 } do -- it is 06:55:23
                local later = NOW + minutes * MINUTE
                assert.same({ i, 0 }, { i, (select(2, looked(next_list(11 - i), item,
                    { now = function() return later end }))) })
            end
        end)

        it("goes on where records had earlier versions before it knew them", function()
            assert(store:save("c", { run("r30", 30 * HOUR + 10 * MINUTE, { failed_count = 2 }) }))
            assert(store:save("c", { list[31] }))
            known = knowledge.new()
            looked(next_list(10), item)
            assert.same({ 0, false }, { select(2, looked(next_list(9), item)) })
        end)

        it("judges the only run there is when it ends", function()
            store:close()
            store, known = assert(history.open ":memory:"), knowledge.new()
            local open = run("only", HOUR, { status = "RUNNING", end_time = false })
            item = kept { open }
            looked({ open }, item)
            local failed = run("only", HOUR, { status = "FAILED", fail_reason = "LDAP: error code 49" })
            local result = looked({ failed }, item)
            assert.same({ "only" }, result.page.names)
            same_as_evaluated({ failed }, result)
        end)

        it("goes on with several new runs, and a run that ends", function()
            local open = run(list[8].id, 7 * HOUR + 10 * MINUTE, { status = "RUNNING", end_time = false })
            local result, asked_of_history = looked({ open, unpack(list, 9) }, item)
            assert.equal(0, asked_of_history)
            same_as_evaluated({ open, unpack(list, 9) }, result)
            result, asked_of_history = looked(next_list(5), item)
            assert.equal(0, asked_of_history)
            assert.same({ list[5].id, list[6].id, list[7].id, list[8].id }, result.page.names)
            same_as_evaluated(next_list(5), result)
        end)

        it("judges again when time alone changes a verdict, reading nothing", function()
            item.epoch, item.page_mark, item.next_at = epoch, "same", NOW
            queries = 0
            local result = at({ records = next_list(11), mark = "same" }, item, { known = known })
            assert.same({ "page" }, asked)
            assert.equal(0, queries)
            same_as_evaluated(next_list(11), result)
        end)

        local function reads_back(left, more)
            local result, asked_of_history = looked(next_list(left), item, more)
            assert.is_true(asked_of_history > 0)
            assert.is_nil(result.rests_on)
            return result
        end

        it("reads back what it does not know: after a restart, after another collector, by other rules", function()
            known = knowledge.new()
            same_as_evaluated(next_list(10), reads_back(10))
            epoch = epoch + 1
            same_as_evaluated(next_list(9), reads_back(9))
            reads_back(8, { rules_mark = "other" })
            reads_back(7, { rules_mark = "" })
            assert.same({ 0, false }, { select(2, looked(next_list(6), item)) })
        end)

        it("reads back when a quarter of a day has passed, since what is judged begins later then", function()
            local later = NOW - NOW % (6 * HOUR) + 6 * HOUR
            item.read_at = later
            local result = reads_back(10, { now = function() return later end })
            same_as_evaluated(next_list(10), result, later)
        end)

        it("reads back where somebody looks at the accounts, too", function()
            reads_back(10, { list_accounts = true, client = setmetatable({ all_database_users = function()
                return { pages = 1, complete = true }
            end }, { __index = client_of { records = next_list(10), mark = "new" } }) })
        end)

        it("reads back when the past changes", function()
            list[14] = run(list[14].id, 13 * HOUR + 10 * MINUTE, { failed_count = 4 })
            local result = reads_back(10)
            assert.equal(2, #result.page.names)
            same_as_evaluated(next_list(10), result)
        end)

        it("reads back where a run that is RUNNING is not on the page", function()
            local open = run("long", 30 * HOUR + 5 * MINUTE, { status = "RUNNING", end_time = false })
            table.insert(list, 41, open)
            assert(store:save("c", { open }))
            known = knowledge.new()
            looked({ unpack(list, 10) }, item)
            for left = 9, 8, -1 do
                same_as_evaluated({ unpack(list, left) }, reads_back(left))
            end
        end)

        it("is outdated when another program removed, added or revised something meanwhile", function()
            local wrote = {
                function() assert(store.engine:rows "DELETE FROM dwsync_records WHERE record_id = 'r10'") end,
                function() assert(store:save("c", { run("older", 100 * HOUR) })) end,
                function() assert(store:save("c", { run("r11", 49 * HOUR + 10 * MINUTE, { failed_count = 9 }) })) end,
            }
            for i, write in ipairs(wrote) do
                assert.is_false(select(3, looked(next_list(10 - 2 * i), item)))
                write()
                assert.is_true(select(3, looked(next_list(9 - 2 * i), item)))
                local result = reads_back(9 - 2 * i)
                same_as_evaluated(store:together("c", {}, { now = NOW / 1000 }), result)
            end
        end)

        it("is outdated when lists of accounts have come", function()
            assert(tables.extend(store, require("dwsync.history.accounts").part))
            assert.is_false(select(3, looked(next_list(10), item)))
            assert(tables.run(store, "write", "c", function(session)
                return require("dwsync.history.accounts").merge_into(session, "c", require("dwsync.history.accounts")
                    .read({ { name = "a", user_type = "COMMON" }, pages = 1, complete = true }, NOW - HOUR, NOW - HOUR))
            end))
            assert.is_true(select(3, looked(next_list(9), item)))
        end)

        it("judges nothing without the list that came since, whoever listed the accounts", function()
            local history_accounts, users = require "dwsync.history.accounts", { pages = 1, complete = true }
            for i = 1, 500 do
                users[i] = { name = "u" .. i, user_type = "COMMON" }
            end
            for _, list_accounts in ipairs { false, true } do
                for i = 8, 9 do
                    list[i].delete_count = i == 9 and 400 or 0
                end
                looked(next_list(10), item, { list_accounts = false })
                assert(tables.extend(store, history_accounts.part))
                assert(tables.run(store, "write", "c", function(session)
                    return history_accounts.merge_into(session, "c", history_accounts.read(users, NOW - 9 * HOUR,
                        NOW - 9 * HOUR))
                end))
                local client = client_of { records = next_list(9), mark = "new" }
                client.all_database_users = function() return users end
                local more = { list_accounts = list_accounts, client = client }
                local result, _, is_outdated = looked(next_list(9), item, more)
                assert.equal(not list_accounts, is_outdated)
                result = is_outdated and reads_back(9, more) or result
                local found
                for _, verdict in ipairs(result.evaluation.verdicts) do
                    found = verdict.rule == "mass_delete" and verdict.message or found
                end
                assert.matches("^400 of 500 accounts .*; by the list of ", found)
                assert.is_nil(result.known)
                store:close()
                store, known = assert(history.open ":memory:"), knowledge.new()
                item = kept { unpack(list, 12) }
                looked({ unpack(list, 11) }, item)
            end
        end)

        it("does not keep what it cannot go on with: flaws, runs without a start, older ones of the service", function()
            for _, more in ipairs { { add_count = -1 }, { start_time = NOW - 60 * DAY, end_time = NOW - 60 * DAY } } do
                known = knowledge.new()
                local other = runs(48)
                other[48] = run("odd", 50 * HOUR, more)
                assert.is_nil(looked(other, item_of()).known)
            end
        end)
    end)

    describe("at who is in the database", function()
        local USERS = { { name = "a", user_type = "COMMON" }, pages = 2, complete = true }

        local function looked(records, item, more)
            more = more or {}
            local service = { records = records, mark = "new" }
            local client = client_of(service)
            client.all_database_users = function(_, parameters)
                asked[#asked + 1] = "users"
                assert.equal("c", parameters.cluster_id)
                return more.users == nil and USERS or nil, more.users == false and OFF or nil
            end
            return at(service, item, { client = client, list_accounts = more.list_accounts ~= false })
        end

        it("asks when the whole list is read, and counts the requests", function()
            local result = looked(runs(48), item_of())
            assert.same({ "page", "decode", "all", "users" }, asked)
            assert.equal(6, result.requests)
            assert.equal(USERS, result.accounts.list)
            assert.same({ NOW, NOW }, { result.accounts.began, result.accounts.ended })
        end)

        it("asks after a run that made or dropped accounts, not after another", function()
            local list = runs(48)
            local item = kept(list)
            local result = looked({ run("quiet", 0), unpack(list) }, item)
            assert.same({ "page", "decode" }, asked)
            assert.is_nil(result.accounts)
            looked({ run("deletes", 0, { delete_count = 3 }), unpack(list) }, item)
            assert.same({ "page", "decode", "users" }, asked)
            looked({ run("old", 10 * MINUTE, { add_count = 3 }), unpack(list) }, item)
            assert.same({ "page", "decode" }, asked)
        end)

        it("waits after a list that could not be had, and tries again by itself", function()
            local history_accounts = require "dwsync.history.accounts"
            local trial, asked_for = NOW + 60000, 0
            local trial_in = history_accounts.trial_in
            finally(function() history_accounts.trial_in = trial_in end)
            history_accounts.trial_in = function()
                asked_for = asked_for + 1
                return { failures = 1, next_at = trial }
            end
            local begin, transactions = store.engine.begin, 0
            store.engine.begin = function(...)
                transactions = transactions + 1
                return begin(...)
            end
            local without = looked(runs(48), item_of(), { list_accounts = false })
            assert.same({ nil, 0 }, { without.accounts_again, asked_for })
            local alone = transactions
            local result = looked(runs(48), item_of())
            assert.same({ "page", "decode", "all" }, asked)
            assert.equal(trial, result.accounts_again)
            assert.equal(1, asked_for)
            assert.equal(alone + 1, transactions - alone)
            store.engine.begin = nil
            trial = NOW
            looked(runs(48), kept(runs(48), { page_mark = "new", next_at = NOW }))
            assert.same({ "page", "users" }, asked)
        end)

        it("does not ask unless it is told to, nor when nothing changed", function()
            local result = looked(runs(48), item_of(), { list_accounts = false })
            assert.same({ "page", "decode", "all" }, asked)
            assert.is_nil(result.accounts)
            looked(runs(48), kept(runs(48), { page_mark = "new" }))
            assert.same({ "page" }, asked)
        end)

        it("is good where the accounts may not be listed, and says why", function()
            local result = looked(runs(48), item_of(), { users = false })
            assert.is_true(result.changed)
            assert.is_nil(result.error)
            assert.is_nil(result.accounts)
            assert.equal(OFF, result.accounts_failure)
        end)
    end)
end)
