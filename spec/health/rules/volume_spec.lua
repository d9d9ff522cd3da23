local runs = require "spec.health.runs"

local unpack = table.unpack or unpack -- luacheck: ignore 113

local HOUR, DAY = runs.HOUR, runs.DAY

-- Hourly runs for weeks that update `usual` accounts each; `change` is called with each run and its age in hours.
local function weeks(usual, change)
    return runs.hourly(5 * 7 * 24, 600, function(run, i)
        run.update_count = usual
        if change then
            change(run, i - 1)
        end
    end)
end

local function severity(usual, change, options)
    return runs.severity(weeks(usual, change), "volume", options)
end

-- The newest hours have so many updates.
local function lately(hours, count)
    return function(run, ago)
        run.update_count = ago < hours and count or run.update_count
    end
end

describe("the rule volume", function()
    it("fires when several times as many change again and again, not for one wave", function()
        assert.equal("ok", severity(10, lately(1, 3000)))
        assert.equal("ok", severity(10, lately(20, 25)))
        assert.equal("warning", severity(10, lately(20, 100)))
    end)

    it("fires when few or none change on two days where more were to be expected", function()
        assert.equal("ok", severity(10, lately(12, 0)))
        assert.equal("warning", severity(10, lately(40, 0)))
        assert.equal("warning", severity(10, lately(40, 1)))
        assert.equal("ok", severity(10, lately(40, 6)))
        assert.equal("ok", severity(0, lately(40, 0)))
        assert.equal("warning", severity(8, lately(40, 2))) -- just a quarter
        assert.equal("ok", severity(8, lately(40, 3)))
    end)

    it("knows the hours of the week: nights and weekends are quiet", function()
        assert.equal("ok", severity(0, function(run, ago)
            local hour = math.floor((run.start_time / 1000) / HOUR)
            run.update_count = hour % 24 >= 8 and hour % 24 < 18 and math.floor(hour / 24) % 7 < 5 and 12 or ago % 2
        end))
    end)

    it("does not take a fault for usual once it has lasted", function()
        assert.equal("warning", severity(10, lately(10 * 24, 100)))
        assert.equal("warning", severity(10, lately(9 * 24, 0)))
    end)

    it("is over when two stretches in a row were well", function()
        local function recovered(hours)
            return severity(10, function(run, ago)
                run.update_count = ago >= hours and ago < hours + 40 and 0 or 10
            end)
        end
        assert.equal("warning", recovered(1))
        assert.equal("ok", recovered(12))
    end)

    it("sees a part that is missing from full imports", function()
        local function import(count, days)
            local list = {}
            for i = 1, 40 do
                list[i] = runs.run(600 + (i - 1) * DAY, { update_count = i <= days and count or 5000 + i % 3 })
            end
            return runs.severity(list, "volume")
        end
        assert.equal("ok", import(4900, 5))
        assert.equal("ok", import(4300, 1))
        assert.equal("warning", import(4300, 3))
    end)

    it("fires for one run that adds many accounts, and for three days", function()
        local function added(days, count)
            local list = {}
            for i = 1, 40 do
                list[i] = runs.run(600 + (i - 1) * DAY, { add_count = i - 1 == days and count or 2, update_count = 30 })
            end
            return runs.severity(list, "volume")
        end
        assert.equal("warning", added(0, 900))
        assert.equal("warning", added(2, 900))
        assert.equal("ok", added(3, 900))
        assert.equal("ok", added(0, 19))
    end)

    it("wants five times as many added as ever before at once", function()
        local function added(count)
            local list = {}
            for i = 1, 40 do
                list[i] = runs.run(600 + (i - 1) * DAY, { update_count = 30,
                    add_count = i == 1 and count or i == 10 and 100 or 0 })
            end
            return runs.severity(list, "volume")
        end
        assert.equal("ok", added(499))
        assert.equal("warning", added(500))
    end)

    it("knows what comes with the first of a month, and after a pause", function()
        local function monthly(also)
            return severity(10, function(run, ago)
                local day = ago / 24
                run.update_count = (day < 0.6 or also and day > 30 and day < 30.6) and 100 or 10
            end)
        end
        assert.equal("warning", monthly(false))
        assert.equal("ok", monthly(true))
        local list = {}
        for i = 1, 60 do
            local missing = i > 2 and i < 9
            list[#list + 1] = not missing
                and runs.run(600 + (i - 1) * DAY, { update_count = i == 2 and 200 or 30 }) or nil
        end
        assert.equal("ok", runs.severity(list, "volume"))
    end)

    it("counts what failed runs missed with the next that finished", function()
        assert.equal("ok", severity(10, function(run, ago)
            if ago < 40 then
                run.status, run.update_count = "FAILED", 0
            end
        end))
    end)

    it("cannot tell before there is a week to compare with", function()
        local verdict = runs.verdict(runs.hourly(3, 600, function(run) run.update_count = 500 end), "volume")
        assert.equal("ok", verdict.severity)
        assert.is_nil(verdict.value)
        assert.equal("not enough history: there is no week to compare with", verdict.message)
        assert.equal("ok", runs.severity(runs.hourly(100, 600, function(run, i)
            run.update_count = i < 30 and 500 or 5
        end), "volume"))
    end)

    it("takes another factor and least difference, and can be critical", function()
        assert.equal("ok", severity(10, lately(20, 100), { warning = 12 }))
        assert.equal("warning", severity(1, lately(20, 8), { minimum = 4 }))
        assert.equal("critical", severity(10, lately(20, 100), { critical = 5 }))
        assert.equal("ok", severity(10, lately(20, 100), { warning = false }))
    end)

    it("says what was unusual", function()
        local verdict = runs.verdict(weeks(10, lately(20, 100)), "volume")
        assert.equal("times", verdict.unit)
        assert.equal(10, verdict.value)
        assert.equal("400 accounts added or updated where 40 are usual, again and again", verdict.message)
        verdict = runs.verdict(weeks(10, lately(40, 0)), "volume")
        assert.equal("no accounts added or updated where 40 were to be expected", verdict.message)
        verdict = runs.verdict(runs.hourly(9 * 24, 600, function(run, i)
            run.update_count = i <= 20 and 100 or 10
        end), "volume")
        assert.equal("400 accounts added or updated where 40 are usual (by the only earlier week on record), again and "
            .. "again", verdict.message)
        assert.equal("as many accounts added and updated as usual", runs.verdict(weeks(10), "volume").message)
    end)

    -- What runs four hours apart brought, the newest first: digits are tens of updates, letters what is said here.
    local MARKS = {
        H = { update_count = 301 }, h = { update_count = 300 }, T = { update_count = 400 },
        w = { update_count = 25 }, v = { update_count = 24 }, u = { update_count = 12 },
        s = { update_count = 46 }, S = { update_count = 45 },
        f = { update_count = 5 }, c = { update_count = 4 }, o = { update_count = 1 },
        A = { add_count = 1000 }, e = { add_count = 500 }, g = { add_count = 499 }, a = { add_count = 201 },
        b = { add_count = 200 }, i = { add_count = 150 }, j = { add_count = 149 },
        d = { delete_count = 600 }, D = { delete_count = 599 },
    }
    for digit = 0, 9 do
        MARKS[tostring(digit)] = { update_count = 10 * digit }
    end

    -- The newest as said, weeks of what is usual before.
    local function course(text, usual, count)
        return runs.course(text .. (usual or "5"):rep(42 * (count or 5)), 4 * HOUR, MARKS)
    end

    it("is told from and till the stretch that makes it so", function()
        for _, case in ipairs {
            { "warning 101400..", ("0"):rep(14) },
            { "warning 101400..", ("0"):rep(14) .. ("5"):rep(3) },
            { "warning 101400..", "5" .. ("0"):rep(14) },
            { "warning 202200..600", "55" .. ("0"):rep(14) },
            { "warning 202200..15000", "555" .. ("0"):rep(14) },
            { "warning 202200..", "5v5" .. ("0"):rep(14) },
            { "warning 101400..", "w" .. ("0"):rep(14) },
            { "warning 202200..", "ww" .. ("0"):rep(14) },
            { "warning 202200..", "vw" .. ("0"):rep(14) },
            { "warning 101400..", ("u"):rep(14) },
            { "warning 101400..", ("u"):rep(6) .. "w" .. ("u"):rep(6) },
            { "warning 87000..", ("0"):rep(14), nil, nil, { minimum = 351 } },
            { "warning 101400..", ("0"):rep(14), nil, nil, { minimum = 350 } },
            { "", ("0"):rep(14), "o" },
            { "warning 101400..", ("0"):rep(14), "c" },
            { "warning 346200..", ("0"):rep(30), "c" },
            { "warning 600..", "TT" },
            { "", "T" },
            { "warning 600..", "HH" },
            { "warning 600..", "hh" },
            { "warning 600..", "T5T" },
            { "", "T55T" },
            { "warning 29400..600", "55TT" },
            { "warning 15000..", "5TT" },
            { "warning 43800..15000", "555TT" },
            { "warning 15000..", "TTFT" },
            { "warning 600..", "HH", nil, nil, { warning = 5.02, minimum = 50 } },
            { "", "HH", nil, nil, { warning = 5.021, minimum = 50 } },
            { "critical 600..", "TT", nil, nil, { critical = 3 } },
            { "critical 600..", "TT", nil, nil, { critical = 4 } },
            { "", "TT", nil, 1 },
            { "", "TT", nil, 0.5 },
            { "warning 101400..", ("0"):rep(14), nil, 1 },
            { "warning 600..", "A", "c" },
            { "warning 600..", "a", "c" },
            { "warning 15000..", "aA", "c" },
            { "warning 15000..", "Aa", "c" },
            { "warning 29400..", "a.a", "c" },
            { "warning 245400..", ("c"):rep(17) .. "A", "c" },
            { "warning 259800..600", ("c"):rep(18) .. "A", "c" },
            { "warning 274200..15000", ("c"):rep(19) .. "A", "c" },
            { "", "cAcd", "c" },
            { "warning 15000..", "cAcD", "c" },
            { "warning 15000..", "cA" .. ("c"):rep(17) .. "d", "c" },
            { "warning 15000..", "cA" .. ("c"):rep(18) .. "d", "c" },
            { "warning 2621400..2362200", "cA" .. ("c"):rep(180) .. "a", "c" },
            { "warning 2621400..2362200, warning 15000..", "cA" .. ("c"):rep(180) .. "b", "c" },
            { "warning 2909400..2650200", "cA" .. ("c"):rep(200) .. "e", "c" },
            { "warning 2535000..2275800", "cA" .. ("c"):rep(174) .. "e", "c" },
            { "warning 2535000..2275800", "cA" .. ("c"):rep(174) .. "g", "c" },
            { "critical 600..", "A", "c", nil, { critical = 1000 } },
            { "warning 600..", "A", "c", nil, { critical = 1001 } },
            { "", "Acccc", "", 0 },
            { "warning 600..", "Accccc", "", 0 },
            { "warning 600..", "A", "c", nil, { minimum = 1000 } },
            { "", "A", "c", nil, { minimum = 1001 } },
            { "warning 600..", "i", "c" },
            { "", "j", "c" },
            { "", ("s"):rep(14) },
            { "warning 101400..", ("S"):rep(14) },
            { "", ("s"):rep(14), "4" },
        } do
            local told, text, usual, count, options = unpack(case, 1, 5)
            assert.equal(told, runs.told(course(text, usual, count), "volume", options), text)
        end
    end)

    it("explains what is usual at this hour, what came, what would be much or few", function()
        local function facts(...)
            return runs.facts(course(...), "volume")
        end
        local few = "few: 12 accounts where 50 are usual, on more than one day, and 20 missing = 12 accounts"
        assert.same({
            "usual_now: 50 accounts within the last 4 h, by the same hours of 4 earlier weeks: 50, 50, 50, 50 "
                .. "= 50 accounts",
            "now: 400 accounts added or updated within the last 4 h = 400 accounts",
            "much: 170 accounts, more than once = 170 accounts",
            few,
            "compared: 169 stretches of 4 h or more with earlier weeks = 169 times",
            "since: 2025-10-25T02:39:52Z = 1.761359992e+12 time",
        }, facts "TT")
        assert.same({
            "usual_now: 50 accounts within the last 4 h, by the same hours of 1 earlier week: 50 = 50 accounts",
            "now: 400 accounts added or updated within the last 4 h = 400 accounts",
            "much: 170 accounts, more than once = 170 accounts",
            few,
            "compared: 1 stretch of 4 h or more with earlier weeks = 1 times",
        }, facts("TT", nil, 1))
        assert.same({ "usual_now: not known: no run has ended" }, runs.facts({ runs.running(60) }, "volume"))
        assert.same({ "usual_now: not known: no earlier week on record",
            "now: 50 accounts added or updated within the last 4 h = 50 accounts",
            "compared: 0 stretches of 4 h or more with earlier weeks = 0 times" }, facts("5", "", 0))
        assert.equal("few: nothing is few at this hour, where less than 5 are usual", facts("", "c")[4])
        assert.equal("few: 1 account where 5 are usual, on more than one day, and 20 missing = 1 accounts",
            facts("", "f")[4])
        assert.equal(3, #runs.facts(course "", "volume", { warning = false }))
        local weeks_apart = {}
        for week, mark in ipairs { "5", "3", "1", "4", "2" } do
            weeks_apart[week] = mark:rep(42)
        end
        assert.same({
            "usual_now: 20 accounts within the last 4 h, by the same hours of 4 earlier weeks: 10, 20, 30, 40 "
                .. "= 20 accounts",
            "now: 50 accounts added or updated within the last 4 h = 50 accounts",
            "much: 140 accounts, more than once = 140 accounts",
            "few: 5 accounts where 20 are usual, on more than one day, and 20 missing = 5 accounts",
        }, { unpack(facts(table.concat(weeks_apart), "", 0), 1, 4) })
    end)

    it("says how many where how many were to be expected, since when, and what to do", function()
        local function verdict(text, options, usual, count)
            local found = runs.verdict(course(text, usual, count), "volume", options)
            return { found.severity, found.value, runs.NOW - found.since / 1000, found.record_id, found.message },
                found.advice
        end
        for critical, grade in pairs { [8] = "critical", [8.01] = "warning" } do
            local found, advice = verdict("TT", { critical = critical })
            assert.same({ grade, 8, 29400, "r001",
                "400 accounts added or updated where 50 are usual, again and again" }, found)
            assert.equal("Find out what changed in the ldap source: a new group or base DN, or an attribute that is "
                .. "now written differently in every run; if this was not expected, stop the synchronisation.", advice)
        end
        local found, advice = verdict("5" .. ("0"):rep(14))
        assert.same({ "warning", 50, 216600, "r001",
            "no accounts added or updated where 50 were to be expected" }, found)
        assert.equal("Runs finish, but hardly anything arrives: check whether the base DN, the filter or the bind "
            .. "user's rights of the ldap source still reach everybody, and whether a part of the directory is "
            .. "missing.", advice)
        found, advice = verdict("cA", nil, "c")
        assert.same({ "warning", 1000, 29400, "r002", "1000 accounts added at once; usual are a few" }, found)
        assert.equal("Find out what changed in the ldap source: a new group or base DN, a bulk import; if this was not "
            .. "expected, stop the synchronisation.", advice)
    end)

    it("shows a reason of the runs since it began alone", function()
        local function reason(with)
            local list = course("TTT")
            list[with].fail_reason = "odd"
            local verdict = runs.verdict(list, "volume")
            return verdict.reason and verdict.reason.record_id
        end
        assert.same({ "r001", "r002", "r003", "r004" }, { reason(1), reason(2), reason(3), reason(4) })
        assert.is_nil(reason(5))
    end)
end)
