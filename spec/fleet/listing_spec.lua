local fleets = require "spec.support.fleet"
local postgres = require "spec.support.postgres"

local server
setup(function()
    server = postgres.start()
end)
teardown(function()
    server:stop()
end)

local NORTH, SOUTH = { "cn-north-4" }, { "cn-south-1" }

for engine, with in pairs(fleets.engines(function() return server end)) do
    local function claim(schedule, most)
        return assert(schedule:claim({ name = "one", lease_ms = 5000 }, most or 100))
    end

    -- What is looked at, as kind/account/region/cluster=name.
    local function items(fleet)
        local list = {}
        for i, row in ipairs(fleet:rows [[SELECT kind, account, region, cluster_id, coalesce(name, '') FROM
            dwsync_schedule WHERE state <> 'gone' ORDER BY account, region, cluster_id, kind]]) do
            list[i] = (("%s/%s/%s/%s=%s"):format(row[1], row[2], row[3], row[4], row[5]):gsub("/*=$", ""))
        end
        return list
    end

    local function place(schedule, list)
        local item
        for _, one in ipairs(claim(schedule)) do
            item = one.kind == "place" and one or item
        end
        local found = {}
        for i, cluster in ipairs(list) do
            found[i] = { kind = "cluster", account = item.account, region = item.region, cluster_id = cluster[1],
                name = cluster[2], interval = cluster[3] or 60 }
        end
        return schedule:complete_discovery(item, found, { requests = 1 })
    end

    describe("the listing of a fleet in " .. engine, function()
        it("names the places of an account, or asks which projects it has", function()
            with(function(fleet)
                local schedule = fleet:open()
                assert(schedule:sync(fleets.inventory { hq = { regions = { "cn-south-1", "cn-north-4" } }, shop = {} }))
                assert.same({ "place/hq/cn-north-4", "place/hq/cn-south-1", "account/shop" }, items(fleet))
                local kinds = {}
                for _, item in ipairs(claim(schedule)) do
                    kinds[#kinds + 1] = item.kind
                    if item.kind == "account" then
                        assert.is_true(schedule:complete_discovery(item, { { kind = "place", account = "shop",
                            region = "eu-de", project_id = "p", interval = 600 } }, { requests = 1 }))
                    end
                end
                assert.same({ "place", "account" }, kinds)
                assert.same({ "place/hq/cn-north-4", "place/hq/cn-south-1", "account/shop", "place/shop/eu-de" },
                    items(fleet))
                assert.same({ { "p" } }, fleet:rows "SELECT project_id FROM dwsync_schedule WHERE region = 'eu-de'")
            end)
        end)

        it("follows names, finds what is new, and keeps what it knows of what is gone", function()
            with(function(fleet)
                local schedule = fleet:open()
                assert(schedule:sync(fleets.inventory { hq = { regions = NORTH, rate = 100 } }))
                assert.is_true(place(schedule, { { "1", "old" }, { "2", "two" } }))
                fleet:rows "UPDATE dwsync_schedule SET seen_at = 7 WHERE kind = 'cluster'"
                fleet:pass(600000)
                assert.is_true(place(schedule, { { "1", "new" }, { "3", "three" } }))
                assert.same({ "place/hq/cn-north-4", "cluster/hq/cn-north-4/1=new", "cluster/hq/cn-north-4/3=three" },
                    items(fleet))
                assert.same({ { 7 } }, fleet:rows "SELECT seen_at FROM dwsync_schedule WHERE cluster_id = '1'")
                fleet:pass(600000)
                assert.is_true(place(schedule, { { "2", "two" } }))
                assert.same({ { 7, "active" } },
                    fleet:rows "SELECT seen_at, state FROM dwsync_schedule WHERE cluster_id = '2'")
            end)
        end)

        it("ends the problems of what is gone, unless it is elsewhere, and judges it anew when it is back", function()
            with(function(fleet)
                local schedule = fleet:open()
                local both = fleets.inventory { a = { regions = NORTH, rate = 100 },
                    b = { regions = NORTH, rate = 100 } }
                fleet:fill(schedule, both, { a = { "1", "2" }, b = { "2" } })
                local verdicts = { { rule = "stale", source = "s", severity = "critical", message = "late" } }
                for _, item in ipairs(claim(schedule)) do
                    assert.is_true(fleets.complete_changed(schedule, item, { changed = true, mark = "m",
                        severity = "critical",
                        evaluation = { severity = "critical", verdicts = verdicts } }, function()
                            return { to = { "chat" } }
                        end))
                end
                assert(schedule:sync(fleets.inventory { b = { regions = NORTH, rate = 100 } }))
                local function states()
                    local list = {}
                    for _, row in ipairs(fleet:rows [[SELECT cluster_id, state, coalesce(ending, '') FROM
                        dwsync_problems ORDER BY cluster_id]]) do
                        list[row[1]] = row[2] .. " " .. row[3]
                    end
                    return list
                end
                assert.same({ ["1"] = "resolved no longer monitored", ["2"] = "firing " }, states())
                assert.same({ { "1", "critical" }, { "1", "resolved" }, { "2", "critical" } },
                    fleet:rows "SELECT cluster_id, step FROM dwsync_outbox ORDER BY cluster_id, step")
                fleet:pass(1)
                fleet:fill(schedule, both, { a = { "1", "2" }, b = { "2" } })
                assert.same({ { 1 } }, fleet:rows [[SELECT count(*) FROM dwsync_schedule WHERE page_mark IS NOT NULL
                    AND kind = 'cluster']])
            end)
        end)

        it("removes nothing where a listing failed, and all where there is nothing left", function()
            with(function(fleet)
                local schedule = fleet:open()
                assert(schedule:sync(fleets.inventory { hq = { regions = NORTH, rate = 100 } }))
                assert.is_true(place(schedule, { { "1", "one" } }))
                fleet:pass(600000)
                local looks = {}
                for i, item in ipairs(claim(schedule)) do
                    looks[i] = { item = item, result = { failure = { kind = "incomplete", message = "cut short" },
                        error = "cut short" } }
                end
                assert.equal(0, schedule:complete(looks))
                assert.equal(2, #items(fleet))
                fleet:pass(1200000)
                assert.is_true(place(schedule, {}))
                assert.same({ "place/hq/cn-north-4" }, items(fleet))
            end)
        end)

        -- The states of what is known of listings.
        local function told(fleet)
            local list = {}
            for i, row in ipairs(fleet:rows [[SELECT cluster_id, state, coalesce(ending, '') FROM dwsync_problems
                ORDER BY cluster_id]]) do
                list[i] = table.concat(row, " ")
            end
            return list
        end

        -- Completes what is due for half an hour: `of(item)` is a failure, or nil for a list of one cluster.
        local function half_an_hour(fleet, schedule, of)
            for _ = 1, 4 do
                for _, item in ipairs(claim(schedule)) do
                    local failure = item.kind ~= "cluster" and of(item)
                    if failure then
                        assert.equal(0, schedule:complete { { item = item, result = { failure = failure,
                            error = failure.message } } })
                    elseif item.kind == "place" then
                        assert.is_true(schedule:complete_discovery(item, {}, { requests = 1 }))
                    end
                end
                fleet:pass(600000)
            end
        end

        it("that fails for a while is a problem, of each account and place, until it succeeds or is gone", function()
            with(function(fleet)
                local schedule = fleet:open()
                local function sync(regions)
                    assert(schedule:sync(fleets.inventory { hq = { regions = regions, rate = 100 },
                        shop = { regions = NORTH, rate = 100 }, all = { rate = 100 } }))
                end
                sync { NORTH[1], SOUTH[1] }
                half_an_hour(fleet, schedule, function(item)
                    return item.account ~= "shop" and { kind = "network", message = "no way" }
                end)
                assert.same({ "list:all/ firing ", "list:hq/cn-north-4 firing ", "list:hq/cn-south-1 firing " },
                    told(fleet))
                assert.same({ { "the clusters of account all" }, { "the clusters of cn-north-4 of account hq" } },
                    fleet:rows "SELECT cluster_name FROM dwsync_problems ORDER BY cluster_id LIMIT 2")
                half_an_hour(fleet, schedule, function(item)
                    return item.region ~= NORTH[1] and { kind = "network", message = "no way" }
                end)
                assert.same({ "list:all/ firing ", "list:hq/cn-north-4 resolved they are listed again",
                    "list:hq/cn-south-1 firing " }, told(fleet))
                sync(NORTH)
                assert.equal("list:hq/cn-south-1 resolved no longer monitored", told(fleet)[3])
            end)
        end)

        it("whose key is refused is not one beside that of its account", function()
            with(function(fleet)
                local schedule = fleet:open()
                assert(schedule:sync(fleets.inventory { hq = { regions = NORTH, rate = 100 } }))
                half_an_hour(fleet, schedule, function()
                    return { kind = "auth", message = "wrong", status = 401 }
                end)
                assert.same({ "account:hq firing " }, told(fleet))
            end)
        end)

        it("refuses a listing that comes late, and a look at a cluster that is gone meanwhile", function()
            with(function(fleet)
                local schedule = fleet:open()
                local inventory = fleets.inventory { hq = { regions = NORTH, rate = 100 } }
                fleet:fill(schedule, inventory, { hq = { "1" } })
                fleet:pass(600000)
                local by_kind = {}
                for _, item in ipairs(claim(schedule)) do
                    by_kind[item.kind] = item
                end
                assert.is_true(schedule:complete_discovery(by_kind.place, {}, { requests = 1 }))
                assert.equal(1, schedule:complete { { item = by_kind.cluster, result = { mark = "m" } } })
                assert.same({ "place/hq/cn-north-4" }, items(fleet))
                assert.is_false(schedule:complete_discovery(by_kind.place, {}, { requests = 1 }))
            end)
        end)

        it("forgets regions and accounts that the inventory no longer names, and looks again at those that remain",
            function()
                with(function(fleet)
                    local schedule = fleet:open()
                    fleet:fill(schedule, fleets.inventory { hq = { regions = NORTH, rate = 100 },
                        shop = { regions = NORTH } }, { hq = { "1" }, shop = { "2" } })
                    assert(schedule:sync(fleets.inventory { hq = { regions = SOUTH, rate = 100 } }))
                    assert.same({ "place/hq/cn-south-1" }, items(fleet))
                    assert.same({ { "gone" } }, fleet:rows "SELECT state FROM dwsync_accounts WHERE account = 'shop'")
                    fleet:pass(1)
                    assert(schedule:sync(fleets.inventory { hq = { regions = NORTH, rate = 100 } }))
                    assert.same({ "place/hq/cn-north-4" }, items(fleet))
                    assert.is_true(place(schedule, { { "1", "one" } }))
                    assert(schedule:sync(fleets.inventory { hq = { regions = NORTH, rate = 100 } }))
                    assert.same({ { fleet.now } }, fleet:rows [[SELECT due_at FROM dwsync_schedule
                        WHERE kind = 'place' AND state <> 'gone']])
                end)
            end)

        it("keeps the accounts of a collector that is there, and forgets them some time after it was", function()
            with(function(fleet)
                local schedule = fleet:open()
                local mine, theirs = fleets.inventory { hq = { regions = NORTH } }, fleets.inventory { shop = {
                    regions = NORTH } }
                local function report(name, state, ...)
                    local _, _, forgotten = schedule:report { name = name, lease_ms = 5000, state = state, counts = {},
                        accounts = { ... } }
                    return forgotten
                end
                assert(schedule:sync(mine, { collector = "one" }))
                report("one", "running", "hq")
                assert(schedule:sync(theirs, { collector = "two" }))
                assert.same({ "place/hq/cn-north-4", "place/shop/cn-north-4" }, items(fleet))
                report("two", "running", "shop")
                for _ = 1, 20 do
                    fleet:pass(61000)
                    assert.is_false(report("one", "running", "hq"))
                    assert.is_false(report("two", "running", "shop"))
                end
                assert.equal(2, #items(fleet))
                report("one", "ended", "hq")
                fleet:pass(15 * 60000 + 1)
                assert.is_false(report("two", "running", "shop"))
                assert.same({ "place/shop/cn-north-4" }, items(fleet))
                assert.is_true(report("one", "running", "hq"), "it was away, and has to say again what it has")
            end)
        end)

        it("writes who names an account when that is more than a minute old, and forgets it after a quarter of an hour",
            function()
                with(function(fleet)
                    local schedule = fleet:open()
                    assert(schedule:sync(fleets.inventory { hq = { regions = NORTH }, shop = { regions = NORTH } }))
                    local function named_after(ms, account)
                        fleet:pass(ms)
                        assert(schedule:report { name = "one", lease_ms = 5000, state = "running", counts = {},
                            accounts = { account } } ~= nil)
                        local ages = {}
                        for i, row in ipairs(fleet:rows
                            "SELECT named_at, state FROM dwsync_accounts ORDER BY account") do
                            ages[i] = row[2] == "active" and fleet.now - row[1] or row[2]
                        end
                        return ages
                    end
                    assert.same({ 60000, 60000 }, named_after(60000, "hq"))
                    assert.same({ 0, 60001 }, named_after(1, "hq"))
                    assert.same({ 0, 900000 }, named_after(900000 - 60001, "hq"))
                    assert.same({ 60000, 960000 }, named_after(60000, "hq"))
                    assert.same({ 0, "gone" }, named_after(1, "hq"))
                end)
            end)

        it("keeps the accounts of a collector whose lease is shorter than the time between its reports", function()
            with(function(fleet)
                local schedule = fleet:open()
                assert(schedule:sync(fleets.inventory { hq = { regions = NORTH } }, { collector = "one" }))
                schedule:report { name = "one", lease_ms = 2000, state = "running", counts = {}, accounts = { "hq" } }
                fleet:pass(5000)
                assert(schedule:sync(fleets.inventory { shop = { regions = NORTH } }, { collector = "two" }))
                assert.same({ "place/hq/cn-north-4", "place/shop/cn-north-4" }, items(fleet))
            end)
        end)

        it("is the same, whoever of two collectors begins first", function()
            local function after(...)
                local order, found = { ... }, nil
                with(function(fleet)
                    local inventories = { fleets.inventory { a = { regions = NORTH }, b = { regions = SOUTH } },
                        fleets.inventory { b = { regions = SOUTH }, a = { regions = NORTH } } }
                    for _, number in ipairs(order) do
                        local schedule = fleet:open()
                        assert(schedule:sync(inventories[number], { collector = tostring(number) }))
                        schedule:report { name = tostring(number), lease_ms = 5000, state = "running", counts = {},
                            accounts = { "a", "b" } }
                    end
                    found = items(fleet)
                end)
                return found
            end
            assert.same(after(1, 2), after(2, 1))
            assert.equal(2, #after(1, 2))
        end)
    end)
end
