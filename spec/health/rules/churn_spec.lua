local runs = require "spec.health.runs"

local HOUR, DAY = runs.HOUR, runs.DAY

-- A run that deleted accounts, and the next, which added some; so many hours ago.
local function churned(deleted, added, hours)
    return runs.hourly(60, 600, function(run, i)
        run.delete_count = i == hours + 2 and deleted or 0
        run.add_count = i == hours + 1 and added or 0
    end)
end

describe("the rule churn", function()
    it("fires when ten accounts were deleted and added back, not for fewer", function()
        assert.equal("ok", runs.severity(churned(9, 9, 0), "churn"))
        assert.equal("warning", runs.severity(churned(10, 10, 0), "churn"))
        assert.equal("warning", runs.severity(churned(11, 11, 0), "churn"))
        assert.equal("ok", runs.severity(churned(0, 100, 0), "churn"))
        assert.equal("ok", runs.severity(churned(100, 0, 0), "churn"))
    end)

    it("wants similar numbers: the smaller at least four fifths of the larger", function()
        assert.equal("ok", runs.severity(churned(100, 79, 0), "churn"))
        assert.equal("warning", runs.severity(churned(100, 80, 0), "churn"))
        assert.equal("warning", runs.severity(churned(80, 100, 0), "churn"))
        assert.equal("ok", runs.severity(churned(79, 100, 0), "churn"))
        assert.equal("ok", runs.severity(churned(100, 80, 0), "churn", { similarity = 0.9 }))
    end)

    it("knows how many leave on a usual day", function()
        local function daily(leavers, newest)
            local list = {}
            for i = 1, 30 do
                list[i] = runs.run(600 + (i - 1) * 86400, { add_count = i == 1 and newest or leavers,
                    delete_count = i == 2 and newest or leavers })
            end
            return runs.severity(list, "churn")
        end
        assert.equal("ok", daily(30, 33))
        assert.equal("ok", daily(30, 90))
        assert.equal("warning", daily(30, 120))
    end)

    it("does not compare weeks: others have come", function()
        local list = { runs.run(60, { add_count = 50 }), runs.run(7 * 86400, { delete_count = 50 }),
            runs.run(8 * 86400) }
        assert.equal("ok", runs.severity(list, "churn"))
    end)

    it("remembers for a day", function()
        assert.equal("warning", runs.severity(churned(50, 50, 20), "churn"))
        assert.equal("ok", runs.severity(churned(50, 50, 24), "churn"))
        assert.equal("ok", runs.severity(churned(50, 50, 20), "churn", { window = 2 * HOUR }))
    end)

    it("looks past failed runs and those that are RUNNING", function()
        local list = churned(50, 50, 0)
        table.insert(list, runs.failed(600 + 1800))
        table.insert(list, runs.running(600 + 1900))
        assert.equal("warning", runs.severity(list, "churn"))
        list[2].status = "FAILED"
        assert.equal("ok", runs.severity(list, "churn"))
    end)

    it("does not take a deletion that follows an addition for one", function()
        local list = churned(0, 0, 0)
        list[2].add_count, list[1].delete_count = 50, 50
        assert.equal("ok", runs.severity(list, "churn"))
    end)

    it("takes a critical number, which there is none by default", function()
        assert.is_nil(runs.verdict(churned(500, 500, 0), "churn").critical)
        assert.equal("critical", runs.severity(churned(500, 500, 0), "churn", { critical = 500 }))
        assert.equal("warning", runs.severity(churned(499, 499, 0), "churn", { critical = 500 }))
        assert.equal("ok", runs.severity(churned(499, 499, 0), "churn", { warning = 500 }))
    end)

    it("says how many, and needs two runs to tell", function()
        local list = churned(50, 48, 3)
        local verdict = runs.verdict(list, "churn")
        assert.equal(48, verdict.value)
        assert.equal("accounts", verdict.unit)
        assert.equal(list[4].id, verdict.record_id)
        assert.equal(list[4].end_time, verdict.since)
        assert.equal("one run deleted 50 accounts and the next added 48", verdict.message)
        assert.equal("no accounts deleted and added back", runs.verdict(churned(5, 0, 0), "churn").message)
        assert.equal(0, runs.verdict({ runs.run(60) }, "churn").value)
    end)

    -- A run that ended so long ago.
    local function at(ago, fields)
        return runs.run(ago + 60, fields)
    end

    it("is told from the addition on, for the window, and compares within one and a half of it", function()
        for _, case in ipairs {
            { "warning 104400..18000", 30 * HOUR, 29 * HOUR },
            { "warning 104400..97200", 30 * HOUR, 29 * HOUR, { window = "2h" } },
            { "warning 97200..90000", 30 * HOUR, 27 * HOUR, { window = "2h" } },
            { "", 30 * HOUR + 0.001, 27 * HOUR, { window = "2h" } },
        } do
            local list = { at(case[2], { delete_count = 50 }), at(case[3], { add_count = 50 }) }
            assert.equal(case[1], runs.told(list, "churn", case[4]))
        end
    end)

    it("goes on when it happens again within the window, and begins anew at its end", function()
        for late, since in pairs { [5 * HOUR] = 5 * HOUR, [5 * HOUR + 0.001] = 29 * HOUR } do
            local list = { at(30 * HOUR, { delete_count = 50 }), at(29 * HOUR, { add_count = 50 }),
                at(6 * HOUR, { delete_count = 60 }), at(late, { add_count = 60 }) }
            local verdict = runs.verdict(list, "churn")
            assert.equal(since, runs.NOW - verdict.since / 1000)
            assert.same({ 60, list[4].id }, { verdict.value, verdict.record_id })
            assert.equal("warning 104400..", runs.told(list, "churn"))
        end
    end)

    it("takes nothing added for no accounts added", function()
        local function one(added, options)
            return runs.told({ at(2 * HOUR, { delete_count = 1 }), at(HOUR, { add_count = added }) }, "churn", options)
        end
        assert.equal("", one(false, { warning = 1 }))
        assert.equal("warning 3600..", one(1, { warning = 1 }))
        assert.equal("", one(1, { warning = false, critical = 1 }))
    end)

    it("wants a hundredth of the accounts there are", function()
        local list = { at(2 * HOUR, { delete_count = 10 }), at(HOUR, { add_count = 10 }) }
        for population, told in pairs { [999] = "warning 3600..", [1000] = "warning 3600..", [1001] = "" } do
            assert.equal(told, runs.told(list, "churn", nil, { mass_delete = { population = population } }))
        end
    end)

    -- So many deleted and added back today, and what left on each of the days before.
    local function days(newest, count, leavers)
        local list = { at(600, { add_count = newest }), at(1200, { delete_count = newest }) }
        for i = 1, count do
            list[#list + 1] = at(600 + i * DAY, { delete_count = leavers(i) })
        end
        return list
    end

    local function each(number)
        return function() return number end
    end

    it("knows a busy day from three days on, by the last four weeks", function()
        for count, told in pairs { "warning 600..", "warning 600..", "", "" } do
            assert.equal(told, runs.told(days(30, count, each(10)), "churn"), count)
            assert.equal("warning 600..", runs.told(days(31, count, each(10)), "churn"), count)
        end
        local function between(first, last)
            return runs.told(days(50, 40, function(i) return i >= first and i <= last and 100 or 0 end), "churn")
        end
        assert.equal("", between(21, 28))
        assert.equal("warning 600..", between(22, 28))
        assert.equal("warning 600..", between(22, 29))
    end)

    it("explains what a busy day is, and from how many on it is told", function()
        local function facts(newest, leavers, ...)
            return runs.facts(days(newest, 5, each(leavers)), "churn", ...)
        end
        assert.same({
            "busy_day: 10 accounts deleted on three of four days at most = 10 accounts",
            "population: perhaps 1300 accounts, estimated from how many change in a working day = 1250 accounts",
            "warning_from: 31 accounts deleted and added back = 31 accounts",
        }, facts(31, 10))
        assert.same({
            "busy_day: 7 accounts deleted on three of four days at most = 7 accounts",
            "population: 2250 accounts, as the option population says = 2250 accounts",
            "warning_from: 23 accounts deleted and added back = 23 accounts",
        }, facts(31, 7, { warning = 22 }, { mass_delete = { population = 2250 } }))
        assert.same({
            "busy_day: 0 accounts deleted on three of four days at most = 0 accounts",
            "population: not known: no first import on record, and too few days to estimate it",
            "warning_from: off",
        }, runs.facts({ runs.run(60) }, "churn", { warning = false }))
    end)

    it("advises to compare the people, and names where they come from", function()
        assert.equal("If these are the same people, they lost their grants: check whether the ldap source returned "
            .. "only some of its entries to the first run (a paging limit, a lagging replica), then restore the "
            .. "missing grants.", runs.verdict(churned(50, 50, 3), "churn").advice)
    end)
end)
