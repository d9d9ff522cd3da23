local errors = require "dwsync.errors"
local health = require "dwsync.health"
local history = require "dwsync.history"
local look = require "dwsync.fleet.look"

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
    local function known(list, more)
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
        local result = at({ records = runs(48) }, known(runs(48)))
        assert.same({ "page" }, asked)
        assert.same({ mark = "mark", requests = 1 }, result)
    end)

    it("judges the same page again when time alone changes a verdict, and not before", function()
        local service = { records = runs(48) }
        assert.is_nil(at(service, known(runs(48), { next_at = NOW + 1 })).changed)
        local result = at(service, known(runs(48), { next_at = NOW }))
        assert.same({ "page" }, asked)
        assert.is_true(result.changed)
        assert.is_nil(result.page)
        assert.equal(48, result.evaluation.records)
    end)

    it("judges the same page again by other rules", function()
        local result = at({ records = runs(48) }, known(runs(48)), { rules_mark = "other" })
        assert.is_true(result.changed)
        assert.equal("markother", result.mark)
        assert.same({ "page", "decode" }, asked)
    end)

    it("judges the same page again after failures, and when synchronisation was off", function()
        for _, more in ipairs { { failures = 1 }, { state = "disabled" } } do
            local result = at({ records = runs(48) }, known(runs(48), more))
            assert.same({ "page", "decode" }, asked)
            assert.is_true(result.changed)
            assert.equal(48, result.evaluation.records)
        end
    end)

    it("reads no more than the page when that joins what is kept", function()
        local list = runs(49)
        local result = at({ records = list, mark = "new" }, known({ unpack(list, 2) }))
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
        local page = at({ records = list, mark = "new" }, known { unpack(before, 3) })
        assert.same({ "page", "decode" }, asked)
        assert.same({ "r60", "r59", "r58" }, page.page.names)
        assert.same(health.evaluate(list, RULES, NOW / 1000), page.evaluation)
    end)

    it("asks for the oldest of the page where it is older than what is read to be judged", function()
        local list = {}
        for i = 1, 25 do
            list[i] = run("r" .. i, i * 10 * DAY)
        end
        at({ records = list, mark = "new" }, known { unpack(list, 2) })
        assert.same({ "page", "decode" }, asked)
    end)

    it("reads the whole list when the oldest of the page is unknown, or was something else", function()
        at({ records = runs(48, 100), mark = "new" }, known(runs(48, 48)))
        assert.same({ "page", "decode", "all" }, asked)
        local list, kept = runs(49), { unpack(runs(49), 2) }
        list[look.PAGE] = run(list[look.PAGE].id, 19 * HOUR + 10 * MINUTE, { failed_count = 7 })
        at({ records = list, mark = "new" }, known(kept))
        assert.same({ "page", "decode", "all" }, asked)
    end)

    it("reads the whole list when the page is not in descending order, or a record has no start", function()
        local list = runs(48)
        list[3], list[4] = list[4], list[3]
        at({ records = list, mark = "new" }, known(runs(48)))
        assert.same({ "page", "decode", "all" }, asked)
        list = runs(48)
        list[5] = run("r44", 0, { start_time = false })
        at({ records = list, mark = "new" }, known(runs(48)))
        assert.same({ "page", "decode", "all" }, asked)
    end)

    it("takes records of one moment for ordered", function()
        local list = runs(48)
        list[2].start_time = list[1].start_time
        at({ records = list, mark = "new" }, known(runs(48)))
        assert.same({ "page", "decode" }, asked)
    end)

    it("reads the whole list every six hours, though the page is the same", function()
        local service = { records = runs(48) }
        at(service, known(runs(48), { read_at = NOW - 6 * HOUR + 1 }))
        assert.same({ "page" }, asked)
        local list = runs(48)
        list[40] = run(list[40].id, 39 * HOUR + 10 * MINUTE, { failed_count = 3 })
        local result = at({ records = list }, known(runs(48), { read_at = NOW - 6 * HOUR }))
        assert.same({ "page", "decode", "all" }, asked)
        assert.is_true(result.read_whole)
        local saved = require("dwsync.history.page").save(store.engine, store.context, "c", list)
        assert.same({ "r9" }, saved.revised)
    end)

    it("sees a run that ends", function()
        local list = runs(48)
        list[1] = run("r48", 10 * MINUTE, { status = "RUNNING", end_time = false })
        local item = known(list)
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
        local result = at({ error = throttled, records = {} }, known(runs(3)))
        assert.same({ throttled, 7, true }, { result.failure, result.retry_after, result.changed })
        assert.is_nil(result.severity)
        assert.is_nil(result.evaluation)
        assert.is_false(at({ error = throttled, records = {} }, known({}, { failures = 1, next_at = NOW + 1 })).changed)
        assert.is_true(at({ error = throttled, records = {} }, known({}, { failures = 1, next_at = NOW })).changed)
    end)

    it("fails where the page or the rest of the list cannot be read", function()
        local wrong = errors.new { kind = "decode", message = "not JSON" }
        local result = at({ records = runs(3), damaged = wrong, mark = "new" }, known(runs(3)))
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
        local item = known(runs(48))
        local due = known(runs(48), { next_at = NOW })
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
            local item = known(list)
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
            local trial = NOW + 60000
            local next_trial = history_accounts.next_trial
            finally(function() history_accounts.next_trial = next_trial end)
            history_accounts.next_trial = function() return trial end
            local result = looked(runs(48), item_of())
            assert.same({ "page", "decode", "all" }, asked)
            assert.equal(trial, result.accounts_again)
            trial = NOW
            looked(runs(48), known(runs(48), { page_mark = "new", next_at = NOW }))
            assert.same({ "page", "users" }, asked)
        end)

        it("does not ask unless it is told to, nor when nothing changed", function()
            local result = looked(runs(48), item_of(), { list_accounts = false })
            assert.same({ "page", "decode", "all" }, asked)
            assert.is_nil(result.accounts)
            looked(runs(48), known(runs(48), { page_mark = "new" }))
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
