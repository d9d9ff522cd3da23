local history = require "dwsync.history"
local filled = require "spec.support.schedule"
local postgres = require "spec.support.postgres"
local schedules = require "dwsync.fleet.schedule"
local summaries = require "dwsync.fleet.summary"
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
            assert.same({ nil, nil }, { summaries.read(assert(schedules.open(store))) })
            store:close()
        end)
    end))
end)
