local errors = require "dwsync.errors"
local history = require "dwsync.history"
local filled = require "spec.support.schedule"
local postgres = require "spec.support.postgres"
local schedules = require "dwsync.fleet.schedule"
local summaries = require "dwsync.fleet.summary"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"

local server
setup(function() server = postgres.start() end)
teardown(function() server:stop() end)

-- Calls use(fleet) with an empty database of each kind.
local function on_each(clusters, use)
    return function()
        temporary.with_folder(function(folder)
            for _, target in ipairs { folder .. "/h.sqlite", server:fresh_url() } do
                local fleet = filled.fill(target, clusters)
                local good, reason = pcall(use, fleet, target)
                fleet:close()
                assert(good, tostring(target):sub(1, 8) .. ": " .. tostring(reason))
            end
        end)
    end
end

local function account_of(sum, name)
    for _, account in ipairs(sum.accounts) do
        if account.account == name then
            return account
        end
    end
end

describe("the summary of a fleet", function()
    it("counts clusters by account, and those not looked at yet", on_each({ hq = 3, shop = 2 }, function(fleet)
        local sum = assert(summaries.read(fleet.schedule))
        assert.same({ 5, 5, 0, 0 }, { sum.clusters, sum.unseen, sum.late, sum.failing })
        assert.same({ 3, 60, 60 }, { account_of(sum, "hq").clusters, account_of(sum, "hq").interval,
            account_of(sum, "hq").paced })
        fleet:look()
        sum = assert(summaries.read(fleet.schedule))
        assert.same({ 0, 5 }, { sum.unseen, sum.by_severity.ok })
    end))

    it("names what is late, the latest first, whoever holds it", on_each({ hq = 9 }, function(fleet)
        fleet:look()
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 121000 - 1000 * item_no WHERE name IN ('hq-1', 'hq-2')"
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 119000 WHERE name = 'hq-3'"
        fleet:sql [[UPDATE dwsync_schedule SET planned_at = $now - 900000, due_at = $now + 60000, leased_by = 'b'
            WHERE name = 'hq-4']]
        local sum = assert(summaries.read(fleet.schedule))
        local names = {}
        for i, late in ipairs(sum.latest) do
            names[i] = late.name
        end
        assert.same({ "hq-4", "hq-2", "hq-1" }, names)
        assert.same({ 3, "b" }, { sum.late, sum.latest[1].leased_by })
        assert.is_true(sum.latest[1].overdue >= 900 and account_of(sum, "hq").overdue >= 900)
        assert.equal(0, account_of(sum, "shop").late)
    end))

    it("gives an account whose rate is too small its time", on_each({ shop = 240 }, function(fleet)
        fleet:look()
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 600000 WHERE name = 'shop-1'" -- of 11 min
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 720000 WHERE name = 'shop-2'"
        local sum = assert(summaries.read(fleet.schedule))
        assert.same({ 60, 240 }, { account_of(sum, "shop").interval,
            math.floor(account_of(sum, "shop").paced + 0.5) })
        assert.same({ 1, "shop-2" }, { sum.late, sum.latest[1].name })
    end))

    it("leaves out where synchronisation is off, and what is gone", on_each({ hq = 3 }, function(fleet)
        fleet:look()
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 900000 WHERE kind = 'cluster'"
        fleet:sql "UPDATE dwsync_schedule SET state = 'disabled', severity = 'disabled' WHERE name = 'hq-1'"
        fleet:sql "UPDATE dwsync_schedule SET state = 'gone' WHERE name = 'hq-2'"
        local sum = assert(summaries.read(fleet.schedule))
        assert.same({ 2, 1, 1, 1 }, { sum.clusters, sum.disabled, sum.late, sum.by_severity.disabled })
    end))

    it("puts failures of one kind together, without the ids of requests", on_each({ hq = 5 }, function(fleet)
        fleet:sql [[UPDATE dwsync_schedule SET failures = 2, error = 'service: down (HTTP 500, request id r' || item_no
            || ').' WHERE name IN ('hq-1', 'hq-2', 'hq-3')]]
        fleet:sql "UPDATE dwsync_schedule SET failures = 1, error = 'timeout: once.' WHERE name = 'hq-4'"
        fleet:sql [[UPDATE dwsync_schedule SET failures = 1, error = 'permission: no.'
            WHERE kind = 'place' AND account = 'hq']]
        local sum = assert(summaries.read(fleet.schedule))
        local list = {}
        for i, failure in ipairs(sum.failures) do
            list[i] = ("%s %d %s %s"):format(failure.kind, failure.items, failure.example, failure.error)
        end
        table.sort(list)
        assert.same({ "cluster 3 hq-1 service: down (HTTP 500).", "place 1 cn-north-4 permission: no." }, list)
        assert.equal(4, sum.failing)
    end))

    it("says of each account how it does, by itself and in the sum", on_each({ hq = 4, shop = 2 }, function(fleet)
        fleet:look()
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now + 60000 WHERE kind = 'cluster'"
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 200000 WHERE name = 'hq-2'"
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 100000 WHERE name = 'shop-2'" -- overdue, not late yet
        fleet:sql [[UPDATE dwsync_schedule SET state = 'disabled', severity = 'disabled', due_at = $now - 900000
            WHERE name = 'hq-1']]
        fleet:sql "UPDATE dwsync_schedule SET severity = 'warning', looked_at = NULL WHERE name IN ('hq-3', 'hq-4')"
        fleet:sql "UPDATE dwsync_schedule SET failures = 1 WHERE name IN ('shop-1', 'hq-3')"
        local function read()
            local sum = assert(summaries.read(fleet.schedule))
            local by_name = {}
            for i, account in ipairs(sum.accounts) do
                by_name[i] = account.account
                by_name[account.account] = account
                assert.is_true(account.overdue == math.max(0, account.overdue))
                account.seconds, account.overdue = math.floor(account.overdue / 10) * 10, nil
                account.account = nil
            end
            assert.same({ "hq", "shop" }, { by_name[1], by_name[2] })
            return by_name.hq, by_name.shop, sum
        end
        local hq, shop, sum = read()
        assert.same({ rate = 10, clusters = 4, late = 1, failing = 1, disabled = 1, unseen = 2, refusals = 0,
            state = "active", interval = 60, paced = 60, seconds = 200 }, hq)
        assert.same({ rate = 1, clusters = 2, late = 0, failing = 1, disabled = 0, unseen = 0, refusals = 0,
            state = "active", interval = 60, paced = 60, seconds = 100 }, shop)
        assert.same({ 6, 1, 2, 1, 2, { ok = 3, warning = 2, disabled = 1, critical = 0, unknown = 0 } }, { sum.clusters,
            sum.late, sum.failing, sum.disabled, sum.unseen, sum.by_severity })
        local late = sum.latest[1]
        assert.is_true(late.overdue >= 200 and late.overdue < 260)
        late.overdue = nil
        assert.same({ { account = "hq", region = "cn-north-4", cluster_id = "hq-2-id", name = "hq-2", failures = 0 } },
            sum.latest)
        for _, case in ipairs {
            { "refusals = 1, error = 'auth: no (HTTP 401, request id r1).'", "refused", "auth: no (HTTP 401)." },
            { "refusals = 1, paused_until = $now + 60000, blocked_until = $now - 1, error = NULL", "throttled" },
            { "blocked_until = $now + 60000, error = 'no (request id r1).'", "blocked", "no." },
            { "blocked_until = $now - 1, paused_until = $now - 1, refusals = 0, error = NULL", "active" } } do
            fleet:sql("UPDATE dwsync_accounts SET " .. case[1] .. " WHERE account = 'hq'")
            hq, shop = read()
            assert.same({ case[2], case[3], "active" }, { hq.state, hq.error, shop.state })
        end
        fleet:sql "UPDATE dwsync_accounts SET state = 'gone' WHERE account = 'hq'"
        sum = assert(summaries.read(fleet.schedule))
        assert.same({ 1, "shop", 60, 2, 0 }, { #sum.accounts, sum.accounts[1].account, sum.accounts[1].interval,
            sum.clusters, sum.disabled })
        fleet:sql "UPDATE dwsync_accounts SET state = 'gone' WHERE account = 'shop'"
        sum = assert(summaries.read(fleet.schedule))
        assert.same({ {}, 0, 0 }, { sum.accounts, sum.clusters, sum.by_severity.warning })
    end))

    it("puts failures together whose ids alone differ, and the nearest trial of those", on_each({ hq = 7, shop = 2 },
        function(fleet)
            local accounts = require "dwsync.history.accounts"
            fleet:look()
            assert(tables.extend(fleet.store, accounts.part))
            local now = tonumber(fleet:sql("SELECT $now")[1][1])
            local function unlisted(cluster, code, ahead)
                assert(tables.run(fleet.store, "write", cluster, function(session)
                    return accounts.note_failure_in(session, cluster, errors.new { kind = "permission", status = 403,
                        message = "no", code = code, request_id = cluster, hint = "Allow it." })
                end))
                fleet:sql(("UPDATE dwsync_account_trials SET next_at = %d WHERE cluster_no = (SELECT cluster_no "
                    .. "FROM dwsync_clusters WHERE cluster_id = '%s')"):format(now + ahead, cluster))
            end
            local function failures()
                local list = {}
                for i, failure in ipairs(assert(summaries.read(fleet.schedule)).failures) do
                    list[i] = ("%s %s %d %s %d %s"):format(failure.account, failure.kind, failure.items,
                        failure.example, failure.next_at and failure.next_at - now or 0, failure.error)
                end
                return list
            end
            unlisted("hq-3-id", "A", 700000)
            unlisted("hq-2-id", "A", 900000)
            unlisted("hq-4-id", "A", 800000)
            unlisted("hq-5-id", "B", 800000)
            unlisted("shop-1-id", "A", 600000)
            assert.same({ "hq users 3 hq-2 700000 permission: no (A, HTTP 403).",
                "hq users 1 hq-5 800000 permission: no (B, HTTP 403).",
                "shop users 1 shop-1 600000 permission: no (A, HTTP 403)." }, failures())
            assert.equal("Allow it.", assert(summaries.read(fleet.schedule)).failures[1].hint)
            fleet:sql "UPDATE dwsync_account_trials SET next_at = 1"
            fleet:sql [[UPDATE dwsync_schedule SET failures = item_no, error = 'x (request id r' || item_no || ')'
                WHERE name IN ('hq-7', 'hq-6', 'shop-2')]]
            fleet:sql "UPDATE dwsync_schedule SET failures = 2, error = NULL WHERE name = 'hq-1'"
            local list = failures()
            table.sort(list)
            assert.same({ "hq cluster 1 hq-1 0 ", "hq cluster 2 hq-6 0 x", "shop cluster 1 shop-2 0 x" }, list)
        end))

    it("lists at most five that are late, and how many there are", on_each({ hq = 7 }, function(fleet)
        fleet:look()
        fleet:sql "UPDATE dwsync_schedule SET due_at = $now - 300000 WHERE kind = 'cluster'"
        local sum = assert(summaries.read(fleet.schedule))
        local ids = {}
        for i, late in ipairs(sum.latest) do
            ids[i] = late.cluster_id
        end
        assert.equal(sum.latest[1].overdue, account_of(sum, "hq").overdue)
        assert.same({ 7, { "hq-1-id", "hq-2-id", "hq-3-id", "hq-4-id", "hq-5-id" } }, { sum.late, ids })
    end))

    it("knows a collector for a day", on_each({}, function(fleet)
        fleet:collector "young"
        fleet:collector "old"
        fleet:sql "UPDATE dwsync_collectors SET seen_at = $now - 86340000 WHERE name = 'young'"
        fleet:sql "UPDATE dwsync_collectors SET seen_at = $now - 86400000 WHERE name = 'old'"
        local sum = assert(summaries.read(fleet.schedule))
        assert.same({ 1, "young", false, 0 }, { #sum.collectors, sum.collectors[1].name, sum.collectors[1].alive,
            sum.alive })
        assert.equal(0, account_of(sum, "hq").overdue) -- which has no cluster
        fleet:sql "UPDATE dwsync_collectors SET state = 'ended', seen_at = $now"
        assert.equal(0, assert(summaries.read(fleet.schedule)).alive)
    end))

    it("knows which collectors are alive", on_each({ hq = 1 }, function(fleet)
        fleet:collector("a", { looks = 7, fenced = 1 })
        fleet:collector "b"
        fleet:collector "old"
        fleet:sql "UPDATE dwsync_collectors SET seen_at = $now - 30000 WHERE name = 'b'"
        fleet:sql "UPDATE dwsync_collectors SET seen_at = $now - 2 * 86400000 WHERE name = 'old'"
        local sum = assert(summaries.read(fleet.schedule))
        assert.same({ 1, 2, "a", true, 7, 1, false }, { sum.alive, #sum.collectors, sum.collectors[1].name,
            sum.collectors[1].alive, sum.collectors[1].looks, sum.collectors[1].fenced, sum.collectors[2].alive })
    end))

    it("needs to write nothing, and says where there is no fleet yet", on_each({ hq = 2 }, function(_, target)
        local store = assert(history.open(target, { readonly = true }))
        assert.equal(2, assert(summaries.read(assert(schedules.open(store)))).clusters)
        store:close()
        temporary.with_folder(function(folder)
            assert(history.open(folder .. "/empty.sqlite")):close()
            store = assert(history.open(folder .. "/empty.sqlite", { readonly = true }))
            local schedule = assert(schedules.open(store))
            assert.same({ nil, nil }, { summaries.read(schedule) })
            store.context.runtime = { now = function() return 7 end }
            assert.same({ now = 7000, items = {}, accounts = {}, collectors = {} }, schedule:status())
            assert.same({}, schedule:gone())
            store:close()
        end)
    end))
end)
