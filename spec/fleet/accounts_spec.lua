local fleets = require "spec.support.fleet"
local postgres = require "spec.support.postgres"

local server
setup(function()
    server = postgres.start()
end)
teardown(function()
    server:stop()
end)

local REFUSED = { failure = { kind = "auth", message = "wrong", status = 401 }, error = "auth: wrong" }

local function names(count)
    local list = {}
    for i = 1, count do
        list[i] = ("c%03d"):format(i)
    end
    return list
end

for engine, with in pairs(fleets.engines(function() return server end)) do
    -- 20 clusters, due, of an account whose key nobody has seen at work yet.
    local function with_account(account, use)
        with(function(fleet)
            local one, two = (fleet:open()), (fleet:open())
            account.regions = { "cn-north-4" }
            local inventory = fleets.inventory { hq = account }
            fleet:fill(one, inventory, { hq = names(20) })
            fleet:rows "UPDATE dwsync_schedule SET due_at = 9e12 WHERE kind = 'place'"
            fleet:rows "UPDATE dwsync_accounts SET proven = 0"
            use(fleet, { one, two }, inventory)
        end)
    end

    local function claim(schedule, most)
        return assert(schedule:claim({ name = tostring(schedule), lease_ms = 5000 }, most or 100))
    end

    local function complete(schedule, items, result)
        local looks = {}
        for i, item in ipairs(items) do
            looks[i] = { item = item, result = result }
        end
        return assert(schedule:complete(looks))
    end

    local function state(fleet)
        return fleet:rows "SELECT refusals, proven, blocked_until FROM dwsync_accounts"[1]
    end

    describe("the guard of a key in " .. engine, function()
        it("lets three requests out for all collectors, until one is accepted", function()
            with_account({ rate = 100 }, function(_, schedules)
                local items = claim(schedules[1], 2)
                local more = claim(schedules[2])
                assert.same({ 2, 1 }, { #items, #more })
                assert.same({}, claim(schedules[1]))
                complete(schedules[2], more, { requests = 1 })
                assert.equal(17, #claim(schedules[1]))
            end)
        end)

        it("blocks the account for five minutes after three refusals, then finds out with one request", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                assert.equal(0, complete(schedules[1], claim(schedules[1]), REFUSED))
                assert.same({ 3, 0, fleet.now + 300000 }, state(fleet))
                fleet:pass(299999)
                assert.same({}, claim(schedules[2]))
                fleet:pass(1)
                local probe = claim(schedules[2])
                assert.equal(1, #probe)
                assert.same({}, claim(schedules[1]))
                complete(schedules[2], probe, REFUSED)
                assert.same({}, claim(schedules[1]))
                fleet:pass(300000)
                complete(schedules[1], claim(schedules[1]), { requests = 1 })
                assert.same({ 0, 1 }, state(fleet))
                assert.equal(19, #claim(schedules[1])) -- those that were refused are due again, too
            end)
        end)

        it("counts looks of collectors that are gone, for as long as the service counts", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                claim(schedules[1], 2)
                fleet:pass(5000)
                assert.equal(1, #claim(schedules[2]))
                fleet:pass(5000)
                assert.equal(0, #claim(schedules[2]))
                fleet:pass(300000)
                assert.equal(3, #claim(schedules[2]))
            end)
        end)

        -- What is owed of which problem, and the states of problems.
        local function told(fleet)
            local list = {}
            for i, row in ipairs(fleet:rows [[SELECT o.cluster_id, o.step, p.account FROM dwsync_outbox o
                JOIN dwsync_problems p USING (cluster_id, source, rule) ORDER BY o.cluster_id, o.step]]) do
                list[i] = table.concat(row, " ")
            end
            return list
        end

        local function to_chat()
            return { to = { "chat" }, after = 0, recover = 0 }
        end

        local WELL = { requests = 1, severity = "ok", evaluation = { severity = "ok", verdicts = {} } }

        local function complete_as_collectors_do(schedule, items, result)
            for _, item in ipairs(items) do
                assert(fleets.complete_changed(schedule, item, result, to_chat))
            end
        end

        it("tells once that an account is refused, not each of its clusters, and its end", function()
            with_account({ rate = 100 }, function(fleet, schedules, inventory)
                complete_as_collectors_do(schedules[1], claim(schedules[1], 1), WELL)
                for minute = 0, 600, 5 do
                    local items = claim(schedules[1])
                    assert.is_true(#items > 0)
                    if minute <= 15 then
                        assert.same({ minute, {} }, { minute, told(fleet) })
                    end
                    complete_as_collectors_do(schedules[1], items, REFUSED)
                    fleet:pass(301000)
                end
                assert.same({ "account:hq unknown hq" }, told(fleet))
                assert.same({ { "its key is refused, so none of its clusters can be watched: auth: wrong (HTTP 401)."
                    } }, fleet:rows "SELECT message FROM dwsync_problems WHERE cluster_id = 'account:hq'")
                assert(schedules[2]:sync(inventory)) -- a collector begins again
                complete_as_collectors_do(schedules[2], claim(schedules[2]), REFUSED)
                fleet:pass(301000)
                assert.same({ "account:hq unknown hq" }, told(fleet))
                complete(schedules[2], claim(schedules[2]), { requests = 1 })
                assert.same({ "account:hq resolved hq", "account:hq unknown hq" }, told(fleet))
                assert.same({ { "resolved", "its key is accepted again" } }, fleet:rows
                    "SELECT state, ending FROM dwsync_problems WHERE cluster_id = 'account:hq'")
            end)
        end)

        it("tells of a cluster that alone is refused, as others of its account are not", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                for _ = 0, 60, 10 do
                    for _ = 1, 7 do -- a key that is not proven lets few out at a time
                        for _, item in ipairs(claim(schedules[1])) do
                            complete_as_collectors_do(schedules[1], { item }, item.cluster_id == "c001" and REFUSED
                                or WELL)
                        end
                    end
                    fleet:pass(600000)
                end
                assert.same({ "c001 unknown hq" }, told(fleet))
            end)
        end)

        it("is not told any more of an account that is gone", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                for _ = 1, 5 do
                    complete_as_collectors_do(schedules[1], claim(schedules[1]), REFUSED)
                    fleet:pass(301000)
                end
                assert.same({ "account:hq unknown hq" }, told(fleet))
                assert(schedules[1]:sync(fleets.inventory { shop = { regions = { "cn-north-4" } } }))
                assert.same({ "account:hq resolved hq", "account:hq unknown hq" }, told(fleet))
            end)
        end)

        it("believes a look that came too late what it says of the key", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                local items = claim(schedules[1])
                fleet:pass(5000)
                assert.equal(1, complete(schedules[1], { items[1] }, REFUSED))
                assert.equal(1, state(fleet)[1])
                assert.is_false(fleets.complete_changed(schedules[1], items[2], { requests = 1 }))
                assert.same({ 0, 1 }, { state(fleet)[1], state(fleet)[2] })
            end)
        end)

        it("does not count looks that are given back, nor those that a proven key leaves behind", function()
            with_account({ rate = 100 }, function(fleet, schedules, inventory)
                assert(schedules[1]:give_back(claim(schedules[1])))
                complete(schedules[1], claim(schedules[1], 1), { requests = 1 })
                assert.equal(10, #claim(schedules[1], 10))
                fleet:pass(5000)
                assert(schedules[2]:sync(inventory)) -- who comes anew may have another key
                assert.equal(3, #claim(schedules[2]))
            end)
        end)

        it("counts no look as back that did not try the key", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                fleet:rows "UPDATE dwsync_accounts SET proven = 1"
                local before = claim(schedules[1], 1)
                fleet:rows "UPDATE dwsync_accounts SET proven = 0"
                local items = claim(schedules[1])
                complete(schedules[1], before, { error = "no", failure = { kind = "network" } })
                assert.same({ { 3 } }, fleet:rows "SELECT under_way FROM dwsync_accounts")
                complete(schedules[1], { items[1] }, { error = "no", failure = { kind = "network" } })
                assert.same({ { 2 } }, fleet:rows "SELECT under_way FROM dwsync_accounts")
                assert(schedules[1]:give_back { items[2] })
                assert.same({ { 1 } }, fleet:rows "SELECT under_way FROM dwsync_accounts")
            end)
        end)

        it("says so in the status, with the reason", function()
            with_account({ rate = 100 }, function(_, schedules)
                complete(schedules[1], claim(schedules[1]), REFUSED)
                local sum = assert(require("dwsync.fleet.summary").read(schedules[2]))
                assert.same({ "blocked", "auth: wrong" }, { sum.accounts[1].state, sum.accounts[1].error })
            end)
        end)

        it("counts the refusals of a clock and of credentials that cannot be had, not those of the network", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                for kind, refusals in pairs { network = 0, service = 0, clock = 1, credentials = 1 } do
                    fleet:rows "UPDATE dwsync_accounts SET refusals = 0, proven = 0"
                    complete(schedules[1], claim(schedules[1], 1), { error = kind,
                        failure = { kind = kind, status = 401, message = kind } })
                    assert.same({ kind, refusals }, { kind, state(fleet)[1] })
                end
            end)
        end)

        it("does not count what was never sent", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                for _, kind in ipairs { "auth", "clock", "credentials" } do
                    complete(schedules[1], claim(schedules[1], 1), { failure = { kind = kind }, error = kind })
                end
                assert.equal(0, state(fleet)[1])
            end)
        end)

        it("takes a disabled cluster's answer for what it is: the key was accepted", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                complete(schedules[1], claim(schedules[1], 1), { failure = { kind = "permission" }, error = "off",
                    disabled = true })
                assert.equal(1, state(fleet)[2])
            end)
        end)

        it("begins anew with a key that was not seen before, and only with such a one", function()
            with_account({ rate = 100 }, function(fleet, schedules, inventory)
                assert(schedules[1]:sync(inventory, { keys = { hq = "first" } }))
                complete(schedules[1], claim(schedules[1]), REFUSED)
                assert(schedules[2]:sync(inventory, { keys = { hq = "first" } }))
                assert(schedules[2]:sync(inventory))
                assert.equal(3, state(fleet)[1])
                assert.same({}, claim(schedules[2]))
                assert(schedules[2]:sync(inventory, { keys = { hq = "second" } }))
                assert.same({ 0, 0 }, state(fleet))
                assert.equal(3, #claim(schedules[2]))
            end)
        end)
    end)

    describe("the patience of the service in " .. engine, function()
        it("pauses an account that is throttled, by its own word or a few seconds, and no other one", function()
            with(function(fleet)
                local schedule = fleet:open()
                fleet:fill(schedule, fleets.inventory { a = { regions = { "cn-north-4" }, rate = 100 },
                    b = { regions = { "cn-north-4" }, rate = 100 } }, { a = names(3), b = names(3) })
                local items = claim(schedule, 2)
                assert.same({ "a", "b" }, { items[1].account, items[2].account })
                complete(schedule, { items[1] }, { failure = { kind = "throttled", retry_after = 30 }, error = "429" })
                fleet:pass(29999)
                for _, item in ipairs(claim(schedule)) do
                    assert.equal("b", item.account)
                end
                fleet:pass(1)
                assert.equal("a", claim(schedule)[1].account)
            end)
        end)

        it("keeps the longest of several pauses", function()
            with_account({ rate = 100 }, function(fleet, schedules)
                local items = claim(schedules[1])
                local function throttled(retry_after)
                    return { error = "429", failure = { kind = "throttled", retry_after = retry_after } }
                end
                assert(schedules[1]:complete { { item = items[1], result = throttled(60) },
                    { item = items[2], result = throttled(5) } })
                complete(schedules[1], { items[3] }, throttled())
                assert.same({ { fleet.now + 60000 } }, fleet:rows "SELECT paused_until FROM dwsync_accounts")
            end)
        end)

        it("asks as often as the rate allows, bursts included, and pays for further pages", function()
            with_account({ rate = 2, burst = 4 }, function(fleet, schedules)
                fleet:rows "UPDATE dwsync_accounts SET proven = 1"
                assert.equal(4, #claim(schedules[1]))
                assert.equal(0, #claim(schedules[2]))
                fleet:pass(1000)
                local items = claim(schedules[2])
                assert.equal(2, #items)
                complete(schedules[2], { items[1] }, { requests = 5 })
                fleet:pass(2000)
                assert.equal(0, #claim(schedules[1]))
                fleet:pass(500)
                assert.equal(1, #claim(schedules[1]))
            end)
        end)

        it("asks on when the database's clock is set back", function()
            with_account({ rate = 2, burst = 4 }, function(fleet, schedules)
                fleet:rows "UPDATE dwsync_accounts SET proven = 1, tokens = 3"
                fleet:rows "UPDATE dwsync_schedule SET due_at = 0 WHERE kind = 'cluster'"
                fleet:pass(-3600000)
                assert.equal(3, #claim(schedules[1]))
            end)
        end)
    end)
end

describe("accounts on a server where several claim", function()
    it("are left to others by a claim that needs only some of them", function()
        fleets.with(server:fresh_url(), function(fleet)
            local one, two, accounts, clusters = (fleet:open()), (fleet:open()), {}, {}
            for _, account in ipairs { "a", "b", "c", "d", "e", "f", "g", "h" } do
                accounts[account], clusters[account] = { regions = { "cn-north-4" }, rate = 100 }, {}
                for i = 1, 4 do
                    clusters[account][i] = account .. i
                end
            end
            fleet:fill(one, fleets.inventory(accounts), clusters)
            fleet:rows "UPDATE dwsync_schedule SET due_at = 9e12 WHERE kind = 'place'"
            local database, others = fleet.stores[1].engine, nil
            local commit = database.commit
            function database:commit()
                others = assert(two:claim({ name = "two", lease_ms = 5000 }, 4))
                return commit(self)
            end
            local items = assert(one:claim({ name = "one", lease_ms = 5000 }, 4))
            database.commit = nil
            assert.same({ 4, 4 }, { #items, #others })
            local asked = {}
            for _, list in ipairs { items, others } do
                for _, item in ipairs(list) do
                    asked[item.account] = (asked[item.account] or 0) + 1
                end
            end
            assert.same({ a = 1, b = 1, c = 1, d = 1, e = 1, f = 1, g = 1, h = 1 }, asked)
        end)
    end)
end)
