local health = require "dwsync.health"
local runs = require "spec.health.runs"

local unpack = table.unpack or unpack -- luacheck: ignore 113

local HOUR, DAY = runs.HOUR, runs.DAY

-- Hourly runs of a source without any changes; one of them, so long ago, deleted accounts.
local function deleting(count, ago)
    local list = runs.hourly(30)
    table.insert(list, runs.run(ago or 60, { id = "the-one", delete_count = count }))
    return list
end

-- Daily runs of weeks with so many changes each, and of the newest so many deletions.
local function daily(changes, deleted, change)
    local list = {}
    for i = 1, 30 do
        list[i] = runs.run(600 + (i - 1) * DAY, { update_count = changes, delete_count = i == 1 and deleted or 0 })
        if change then
            change(list[i], i)
        end
    end
    return list
end

describe("the rule mass_delete", function()
    it("goes by the number of accounts where nothing is known of how many there are", function()
        for count, severity in pairs { [0] = "ok", [19] = "ok", [20] = "warning", [49] = "warning",
            [50] = "critical", [51] = "critical" } do
            assert.equal(severity, runs.severity({ runs.run(HOUR, { delete_count = count }) }, "mass_delete"))
        end
    end)

    it("adds up what is deleted within a day", function()
        local list = runs.hourly(40, 600, function(run, i) run.delete_count = i <= 20 and 10 or 0 end)
        assert.equal("critical", runs.severity(list, "mass_delete", { population = 1000 }))
        assert.equal(200, runs.verdict(list, "mass_delete", { population = 1000 }).value)
        assert.equal("ok", runs.severity(list, "mass_delete", { population = 1000, window = "2h" }))
    end)

    it("is a warning from a twentieth of the accounts, and critical from a fifth", function()
        local function severity(count, population, more)
            local options = more or {}
            options.population = population
            return runs.severity(deleting(count), "mass_delete", options)
        end
        assert.equal("ok", severity(49, 1000))
        assert.equal("warning", severity(50, 1000))
        assert.equal("warning", severity(199, 1000))
        assert.equal("critical", severity(200, 1000))
        assert.equal("ok", severity(55, 50000)) -- as on any day there
        assert.equal("critical", severity(9, 10))
        assert.equal("ok", severity(4, 10)) -- fewer than five wake nobody
        assert.equal("critical", severity(4, 10, { minimum = 3 }))
        assert.equal("warning", severity(5, { s1 = 100 }))
        assert.equal("ok", severity(9, 100, { warning_ratio = 0.1 }))
        assert.equal("ok", severity(90, 100, { warning_ratio = false, critical_ratio = false }))
        assert.equal("critical", severity(5, 1))
    end)

    it("says when it is not known how many accounts there are", function()
        assert.equal("20 accounts deleted within a day; how many accounts there are is not known",
            runs.verdict({ runs.run(HOUR, { delete_count = 20 }) }, "mass_delete").message)
        assert.equal("4 accounts deleted within a day",
            runs.verdict({ runs.run(HOUR, { delete_count = 4 }) }, "mass_delete").message)
    end)

    it("takes a number that was given for what it says, however many accounts there are", function()
        local function imported(deleted, options)
            return runs.verdict(runs.hourly(60, 600, function(run, i)
                run.add_count = i == 60 and 5000 or 0
                run.delete_count = i == 1 and deleted or 0
            end), "mass_delete", options)
        end
        assert.equal("ok", imported(30).severity)
        assert.equal("warning", imported(30, { warning = 30 }).severity)
        assert.equal("critical", imported(3, { warning = 3, critical = 3 }).severity)
        assert.equal("ok", imported(2, { warning = 3, critical = 3 }).severity)
        assert.equal("ok", imported(900, { warning = 1000, critical = 2000 }).severity)
        assert.equal("critical", imported(2000, { warning = 1000, critical = 2000 }).severity)
        assert.equal("ok", imported(4000, { warning = false, critical = false }).severity)
        local verdict = imported(60, { critical = 50 })
        assert.same({ "critical", 50, 50 }, { verdict.severity, verdict.warning, verdict.critical })
        -- Who gives the number of accounts as well means both.
        assert.equal("warning", imported(60, { warning = 100, population = 1000 }).severity)
        assert.equal("warning", imported(10, { warning = 10, population = 1000 }).severity)
    end)

    it("counts the accounts by the first import and what came after", function()
        local function imported(count, deleted)
            return runs.hourly(60, 600, function(run, i)
                run.add_count = i == 60 and count or 0
                run.delete_count = i == 1 and deleted or 0
            end)
        end
        assert.equal("ok", runs.severity(imported(5000, 200), "mass_delete"))
        assert.equal("warning", runs.severity(imported(5000, 260), "mass_delete"))
        local verdict = runs.verdict(imported(5000, 1000), "mass_delete")
        assert.equal("critical", verdict.severity)
        assert.equal("1000 of about 5000 accounts (20 %) deleted within a day; by the first import and what "
            .. "was added and deleted since", verdict.message)
    end)

    it("estimates the accounts from how many change, or from the greatest run", function()
        assert.equal("ok", runs.severity(daily(400, 55), "mass_delete"))
        assert.equal("warning", runs.severity(daily(8, 100), "mass_delete"))
        local verdict = runs.verdict(daily(8, 400), "mass_delete")
        assert.equal("critical", verdict.severity)
        assert.equal("400 of perhaps 1000 accounts (40 %) deleted within a day; estimated from how many "
            .. "change in a working day", verdict.message)
        local wave = daily(8, 400, function(run, i) run.update_count = i == 20 and 9000 or 8 end)
        assert.equal("ok", runs.severity(wave, "mass_delete"))
    end)

    it("compares an estimate with the source's own busiest days", function()
        local list = daily(8, 100, function(run, i)
            run.delete_count = (i == 1 or i == 15 or i == 29) and 100 or 0
        end)
        assert.equal("ok", runs.severity(list, "mass_delete"))
        assert.equal("warning", runs.severity(list, "mass_delete", { population = 1000 }))
    end)

    it("is told for three days, so that quiet runs do not hide it, or until the accounts are back", function()
        local options = { population = 100 }
        assert.equal("critical", runs.severity(deleting(60, 2 * HOUR), "mass_delete", options))
        assert.equal("critical", runs.severity(deleting(60, 3 * DAY), "mass_delete", options))
        assert.equal("ok", runs.severity(deleting(60, 3 * DAY + 60), "mass_delete", options))
        options.memory = "1h"
        assert.equal("ok", runs.severity(deleting(60, 2 * HOUR), "mass_delete", options))
        local list = deleting(60, 2 * HOUR)
        table.insert(list, runs.run(HOUR, { id = "back", add_count = 47 }))
        assert.equal("critical", runs.severity(list, "mass_delete", { population = 100 }))
        list[#list].add_count = 48
        assert.equal("ok", runs.severity(list, "mass_delete", { population = 100 }))
    end)

    it("counts what a failed run deleted, and what a RUNNING one has deleted so far", function()
        local options = { population = 100 }
        assert.equal("critical", runs.severity({ runs.failed(HOUR, { delete_count = 50 }) }, "mass_delete", options))
        local list = runs.hourly(5)
        table.insert(list, runs.running(60, { delete_count = 50, id = "the-one" }))
        local verdict = runs.verdict(list, "mass_delete", options)
        assert.equal("critical", verdict.severity)
        assert.equal("the-one", verdict.record_id)
    end)

    it("names those who went in the run's time, where their names may be shown", function()
        local list = deleting(483, 2 * HOUR)
        local run = list[#list]
        local function advice(...)
            list.ledger = { cluster_id = "c", counts = {}, gone = { ... } }
            return runs.verdict(list, "mass_delete", { population = 958 }).advice
        end
        local function went(from, till, accounts, ...)
            return { from = run.start_time + from, till = run.end_time + till, kind = "common", accounts = accounts,
                names = { ... } }
        end
        assert.matches('directory itself changed, and .* lists who went: "a", "b".$',
            advice(went(-1000, 1000, 2, "a", "b")))
        local many = {}
        for i = 1, 10 do
            many[i] = ("n%02d"):format(i)
        end
        assert.matches('"n09", "n10" and 474 more.$', advice(went(-1000, 1000, 483, unpack(many)),
            went(-1, 1, 1, "later")))
        local long = {}
        for i = 1, 10 do
            long[i] = ("语"):rep(21)
        end
        assert.matches('went: "[^"]+", "[^"]+" and 481 more.$', advice(went(-1, 1, 483, unpack(long))))
        assert.matches('went: "a .\\?quoted.\\?", "<b>".$', advice(went(-9, 9, 2, "a\n\"quoted\"", "<b>")))
        run.id = "a id"
        assert.matches('grants. Gone: "a".$', advice(went(-1, 1, 1, "a")))
        -- Before the run, after it, of another type, of nobody.
        local before, after = went(-1000, 0, 1, "a"), went(0, 1000, 1, "a")
        before.till, after.from = run.start_time, run.end_time
        local other = went(-1, 1, 1, "a")
        other.kind = "iam"
        assert.is_nil(advice(before, after, other):find("went:", 1, true))
    end)

    it("shows the run, when it ended, and what to do", function()
        local list = deleting(483, 2 * HOUR)
        local verdict = runs.verdict(list, "mass_delete", { population = 958 })
        assert.equal("the-one", verdict.record_id)
        assert.equal(list[#list].end_time, verdict.since)
        assert.equal(483, verdict.value)
        assert.equal("accounts", verdict.unit)
        assert.equal("483 of 958 accounts (50.4 %) deleted within a day", verdict.message)
        assert.matches("stop the synchronisation of the ldap source before its next run", verdict.advice)
    end)

    -- What runs deleted or added, the newest first.
    local MARKS = {
        i = { delete_count = 3 },
        z = { delete_count = 9 },
        x = { delete_count = 10 },
        d = { delete_count = 30 },
        e = { delete_count = 49 },
        D = { delete_count = 300 },
        b = { add_count = 23 },
        a = { add_count = 24 },
        I = { add_count = 1000 },
    }
    local DOTS = ("."):rep(30)

    it("is told from and till the run or the millisecond that makes it so", function()
        for _, case in ipairs {
            { "critical 600..", "d", HOUR, { population = 100 } },
            { "critical 83400..", ".......................d", HOUR, { population = 100 } },
            { "critical 600..", "d" .. DOTS, HOUR, { population = 150 } },
            { "warning 600..", "d" .. DOTS, HOUR, { population = 151 } },
            { "warning 600..", "d" .. DOTS, HOUR, { population = 600 } },
            { "", "d" .. DOTS, HOUR, { population = 601 } },
            { "critical 256200..", ("."):rep(71) .. "d", HOUR, { population = 100 } },
            { "critical 259800..600", ("."):rep(72) .. "d", HOUR, { population = 100 } },
            { "critical 191400..", ("."):rep(30) .. "d" .. ("."):rep(22) .. "d", HOUR, { population = 240 } },
            { "warning 195000..", ("."):rep(30) .. "d" .. ("."):rep(23) .. "d", HOUR, { population = 240 } },
            { "warning 198600..", ("."):rep(30) .. "d" .. ("."):rep(24) .. "d", HOUR, { population = 240 } },
            { "critical 18600..11400", "...a.d", HOUR, { population = 100 } },
            { "critical 18600..", "...b.d", HOUR, { population = 100 } },
            { "critical 25800..7800", "..b.b..d", HOUR, { population = 100 } },
            { "critical 29400..7800", "..a..b..d..b", HOUR, { population = 100 } },
            { "critical 29400..18600, critical 7800..", "..d..a..d", HOUR, { population = 100 } },
            { "critical 18600..11400", "...a.d.", HOUR, { population = 100, memory = "2h" } },
            { "critical 15000..4200", "....d..", HOUR, { population = 100, memory = "3h" } },
            { "critical 22200..7800", "...x..D", HOUR, { population = 1000, memory = "4h" } },
            { "critical 22200..", "...e..D", HOUR, { population = 1000, memory = "4h" } },
            { "warning 29400..4200", "..z..e..e", HOUR, { population = 800, memory = "4h" } },
            { "warning 29400..4200", "..x..e..e", HOUR, { population = 800, memory = "4h" } },
            { "critical 36600..", "...a..x.d.x", HOUR, { population = 100, memory = "9h" } },
            { "critical 33000..", "..b..x.d.x", HOUR, { population = 100, window = "3h" } },
            { "critical 25800..", "...i.iiii", HOUR, { population = 20 } },
            { "critical 18600..", "iiiiiii", HOUR, { population = 20, window = "3h" } },
            { "warning 18600..", "iiiiiii", HOUR, { warning = 4 } },
            { "warning 600..", "i", HOUR, { warning = 3, minimum = 9 } },
            { "critical 600..", "i", HOUR, { critical = 3, warning = 3 } },
            { "", "d" .. DOTS .. "I" },
            { "", "e" .. DOTS .. "I" },
            { "critical 600..", "D" .. DOTS .. "I" },
            { "warning 600..", "d" .. DOTS },
            { "warning 600..", "e" },
            { "critical 600..", "e", HOUR, { critical = 49 } },
            { "", "e", HOUR, { minimum = 50 } },
            { "critical 600..", "e", HOUR, { warning = false, critical = 49 } },
            { "warning 600..", "e" .. DOTS .. "I", HOUR, { warning = 48 } },
            { "", "e" .. DOTS .. "I", HOUR, { warning = false } },
            { "critical 600..", "e" .. DOTS .. "I", HOUR, { critical = 40 } },
            { "", "e" .. DOTS .. "I", HOUR, { warning = 60, warning_ratio = 0.04 } },
            { "warning 600..", "d", HOUR, { warning = 40, population = 500 } },
            { "warning 600..", "d", HOUR, { warning = 25, population = 5000 } },
            { "warning 600..", "d", HOUR, { warning = 25, population = 5000, warning_ratio = false } },
        } do
            assert.equal(case[1], runs.told(runs.course(case[2], case[3] or HOUR, MARKS), "mass_delete", case[4]),
                case[2])
        end
    end)

    it("adds what runs in progress have deleted to what the last deletion's day had when the first began", function()
        for _, case in ipairs {
            { "ok", 4, 4, 0 },
            { "warning", 5, 5, 0 },
            { "warning", 5, 4, 1 },
            { "critical", 20, 19, 1 },
            { "critical", 50, 20, 30 },
            { "critical", 25, 5, 20 },
            { "warning", 5, 4, 1, DAY + 59 },
            { "ok", 4, 4, 1, DAY + 60 },
            { "critical", 20, 4, 1, 2 * HOUR, runs.running(30, { delete_count = 15, id = "c" }) },
        } do
            local severity, value, deleted, before, ago, more = unpack(case, 1, 6)
            local list = { runs.running(60, { delete_count = deleted, id = "a" }),
                runs.run((ago or 2 * HOUR) + 60, { delete_count = before }), more }
            local verdict = runs.verdict(list, "mass_delete", { population = 100 })
            assert.same({ severity, value, "a", (runs.NOW - 60) * 1000 },
                { verdict.severity, verdict.value, verdict.record_id, verdict.since })
        end
        local verdict = runs.verdict({ runs.running(60, { id = "a" }), runs.run(2 * HOUR, { delete_count = 5 }) },
            "mass_delete", { population = 100 })
        assert.equal(runs.run(2 * HOUR).id, verdict.record_id)
        assert.equal("ok", runs.severity({ runs.running(60), runs.running(30, { id = "b", delete_count = false }),
            runs.run(2 * HOUR, { delete_count = 4 }) }, "mass_delete", { population = 100 }))
    end)

    it("explains how many accounts there are, what was deleted, and how many would be too many", function()
        local list = runs.course("..d" .. DOTS, HOUR, MARKS)
        assert.same({
            "population: 100 accounts, as the option population says = 100 accounts",
            "deleted: 30 accounts within 1 d = 30 accounts",
            "busiest_day: 0 accounts deleted on the second busiest day on record = 0 accounts",
            "warning_from: 5 accounts = 5 accounts",
            "critical_from: 20 accounts = 20 accounts",
            "until: 2025-10-28T08:39:52Z, or until the accounts are back = 1.761640792e+12 time",
        }, runs.facts(list, "mass_delete", { population = 100 }))
        assert.same({
            "population: not known: no first import on record, and too few days to estimate it",
            "deleted: 0 accounts within 2 h = 0 accounts",
            "busiest_day: 0 accounts deleted on the second busiest day on record = 0 accounts",
            "warning_from: off",
            "critical_from: off",
        }, runs.facts({ runs.running(60) }, "mass_delete", { warning = false, critical = false, window = "2h" }))
        local days = {}
        for i, deleted in ipairs { 9, 3, 20, 7, 1 } do
            days[i] = runs.run(660 + (i - 1) * DAY, { delete_count = deleted })
        end
        assert.same({
            "population: perhaps 1100 accounts, estimated from how many change in a working day = 1125 accounts",
            "deleted: 9 accounts within 1 d = 9 accounts",
            "busiest_day: 9 accounts deleted on the second busiest day on record = 9 accounts",
            "warning_from: 57 accounts = 57 accounts",
            "critical_from: 225 accounts = 225 accounts",
            "until: 2025-10-26T10:39:52Z, or until the accounts are back = 1.761475192e+12 time",
        }, runs.facts(days, "mass_delete"))
    end)

    it("shows a reason of the runs whose deletions are told alone", function()
        local function reason(text, with, options)
            local list = runs.course(text, HOUR, MARKS)
            list[with].fail_reason = "odd"
            local verdict = runs.verdict(list, "mass_delete", options or { population = 100 })
            return verdict.reason and verdict.reason.record_id
        end
        assert.equal("r003", reason("..d..i.i", 3))
        assert.equal("r006", reason("..d..i.i", 6))
        assert.equal("r008", reason("..d..i.i", 8))
        assert.is_nil(reason("..d..i.i", 7))
        assert.is_nil(reason("..d..i.i", 6, { population = 100, window = "2h" }))
        assert.equal("r006", reason("..d..i", 6, { population = 100, window = "3h" }))
        assert.is_nil(reason("..d...i", 7, { population = 100, window = "3h" }))
    end)

    it("is renewed by a tenth of its window's deletions, shows the greatest run and the greatest sum", function()
        local function told(options, ...)
            local list = {}
            for i, each in ipairs { ... } do -- { hours before the newest, deleted, added }, the newest first
                list[i] = runs.run(660 + each[1] * HOUR, { delete_count = each[2], add_count = each[3] })
            end
            options.population = options.population or 1000
            local verdict = runs.verdict(list, "mass_delete", options)
            return ("%s %s %s"):format(runs.told(list, "mass_delete", options), verdict.value, verdict.record_id)
        end
        local function id(hours)
            return runs.run(660 + hours * HOUR).id
        end
        local short = { window = "2h", memory = "4h" }
        for _, case in ipairs {
            { "critical 22200.. 300 " .. id(6), short, { 0, 0, 0 }, { 3, 60, 0 }, { 6, 300, 0 } },
            { "critical 22200..7800 0 " .. id(0), short, { 0, 0, 0 }, { 3, 49, 0 }, { 6, 300, 0 } },
            { "warning 22200.. 70 " .. id(3), short, { 0, 0, 0 }, { 3, 70, 0 }, { 6, 60, 0 } },
            { "warning 22200.. 70 " .. id(6), short, { 0, 0, 0 }, { 3, 60, 0 }, { 6, 70, 0 } },
            { "warning 33000.. 70 " .. id(9), short, { 0, 0, 0 }, { 3, 65, 0 }, { 6, 60, 0 }, { 9, 70, 0 } },
            { "warning 15000..600 110 " .. id(0), { memory = "4h" }, { 0, 0, 0 }, { 1, 10, 0 }, { 4, 100, 0 } },
            { "warning 15000.. 112 " .. id(4), { memory = "4h" }, { 0, 0, 0 }, { 1, 12, 0 }, { 4, 100, 0 } },
            -- What came between counts as back where it came after the greater part went.
            { "warning 4200..600 60 " .. id(0), {}, { 0, 0, 8 }, { 1, 11, 0 }, { 2, 0, 40 }, { 3, 49, 0 } },
            { "warning 4200.. 60 " .. id(1), {}, { 0, 0, 7 }, { 1, 11, 0 }, { 2, 0, 40 }, { 3, 49, 0 } },
            { "warning 4200.. 60 " .. id(1), {}, { 0, 0, 8 }, { 1, 49, 0 }, { 2, 0, 40 }, { 3, 11, 0 } },
            { "warning 4200.. 60 " .. id(1), {}, { 0, 0, 8 }, { 1, 30, 0 }, { 2, 0, 40 }, { 3, 30, 0 } },
            { "warning 4200..600 60 " .. id(0), {}, { 0, 0, 8 }, { 1, 25, 0 }, { 2, 0, 40 }, { 3, 35, 0 } },
            { "warning 22200.. 60 " .. id(6), short, { 0, 0, 0 }, { 3, 60, 0 }, { 6, 60, 0 } },
            -- A tenth of what is less grave renews it as well.
            { "critical 13200.. 300 " .. id(3.5), { window = "90m", memory = "2h" }, { 0, 0, 0 }, { 1, 7, 0 },
                { 2, 63, 0 }, { 3.5, 300, 0 } },
            { "critical 13200..600 6 " .. id(0), { window = "90m", memory = "2h" }, { 0, 0, 0 }, { 1, 6, 0 },
                { 2, 63, 0 }, { 3.5, 300, 0 } },
            -- One that is over, or whose accounts are back, is forgotten by the next.
            { "critical 36600..22200, warning 600.. 60 " .. id(0), short, { 0, 60, 0 }, { 10, 300, 0 } },
            { "critical 7800..4200, warning 600.. 60 " .. id(0), { window = "30m", memory = "4h" }, { 0, 60, 0 },
                { 1, 0, 250 }, { 2, 300, 0 } },
        } do
            assert.equal(case[1], told(case[2], unpack(case, 3)))
        end
    end)

    it("knows that there were at least as many accounts as went", function()
        local verdict = runs.verdict(runs.course("i.D", HOUR, MARKS), "mass_delete", { population = 100 })
        assert.equal("303 of 303 accounts (100 %) deleted within a day", verdict.message)
    end)

    it("adds up within the window to the millisecond", function()
        for seconds, severity in pairs { [DAY - 30] = "critical", [DAY - 0.001] = "critical", [DAY] = "warning" } do
            assert.equal(severity, runs.severity(runs.course("dd", seconds, MARKS), "mass_delete",
                { population = 240 }), seconds)
        end
    end)

    it("keeps the given number for another source's population, whatever is usual on the busiest days", function()
        local list = daily(8, 100, function(run, i)
            run.delete_count = (i == 1 or i == 15 or i == 29) and 100 or 0
        end)
        for warning, severity in pairs { [49] = "warning", [50] = "warning", [51] = "ok" } do
            assert.equal(severity, runs.severity(list, "mass_delete", { warning = warning, population = { s2 = 9 } }))
        end
    end)

    it("has thresholds that are never below the least number, nor a warning above critical", function()
        local function thresholds(adds, options)
            local verdict = runs.verdict({ runs.run(HOUR, { add_count = adds }), runs.run(60) }, "mass_delete", options)
            return { verdict.warning, verdict.critical }
        end
        assert.same({ 20, 50 }, thresholds(0))
        assert.same({ 30, 50 }, thresholds(0, { minimum = 30 }))
        assert.same({ 60, 60 }, thresholds(0, { minimum = 60 }))
        assert.same({ 5, 20 }, thresholds(100))
        assert.same({ 30, 30 }, thresholds(100, { minimum = 30 }))
        assert.same({ 30, 30 }, thresholds(100, { warning = 30 }))
        assert.same({ 3, 3 }, thresholds(100, { critical = 3 }))
        assert.same({ nil, 20 }, thresholds(100, { warning = false }))
        assert.same({ 30 }, thresholds(100, { warning = 30, critical = false }))
    end)

    it("compares what a list of accounts shows with no busy days", function()
        local list = daily(8, 100, function(run, i)
            run.delete_count = (i == 1 or i == 15 or i == 29) and 100 or 0
        end)
        local read = (runs.NOW - 2 * DAY) * 1000
        list.ledger = { cluster_id = "c", gone = {}, counts = { { from = read, till = read,
            by_type = { common = 1000 } } } }
        local verdict = runs.verdict(list, "mass_delete")
        assert.same({ "warning", "100 of 1000 accounts (10 %) deleted within a day; by the list of "
            .. "2025-10-23T10:49:52Z" }, { verdict.severity, verdict.message })
    end)

    it("compares what a run in progress has deleted with the accounts there are", function()
        local list = { runs.running(60, { id = "quiet", delete_count = 0 }),
            runs.running(30, { id = "busy", delete_count = 1500 }), runs.run(HOUR),
            runs.run(2 * HOUR, { add_count = 5000 }) }
        local verdict = runs.verdict(list, "mass_delete")
        assert.same({ "critical", 1500, 250, 1000, "busy", (runs.NOW - 30) * 1000,
            "1500 of about 5000 accounts (30 %) deleted within a day; by the first import and what was added and "
            .. "deleted since" }, { verdict.severity, verdict.value, verdict.warning, verdict.critical,
            verdict.record_id, verdict.since, verdict.message })
    end)

    it("changes by time alone where no run in progress is told instead", function()
        local rules = { disabled = false }
        for name in pairs(health.rules()) do
            rules[name] = false
        end
        rules.mass_delete = { population = 100 }
        local list = { runs.run(660, { delete_count = 5 }) }
        assert.equal((runs.NOW - 600 + 3 * DAY) * 1000, health.evaluate(list, rules, runs.NOW).next_at)
        list[2] = runs.running(60, { delete_count = 1 })
        assert.is_nil(health.evaluate(list, rules, runs.NOW).next_at)
        assert.is_nil(health.evaluate({ runs.run(660) }, rules, runs.NOW).next_at)
    end)

    it("says so where nothing was deleted", function()
        local verdict = runs.verdict({ runs.run(60) }, "mass_delete")
        assert.same({ "ok", 0, "no accounts deleted within a day" }, { verdict.severity, verdict.value,
            verdict.message })
        assert.is_nil(verdict.advice)
    end)

    it("shows a reason of the newest hundred runs behind it", function()
        local text = "D" .. ("i"):rep(110)
        for place, record in pairs { [101] = "r101", [102] = false } do
            local list = runs.course(text, 60, MARKS)
            list[place].fail_reason = "odd"
            local verdict = runs.verdict(list, "mass_delete", { population = 1000 })
            assert.equal(record, verdict.reason and verdict.reason.record_id or false)
        end
    end)

    it("is not hidden by a few that a run in progress has deleted days later", function()
        local verdict = runs.verdict({ runs.running(60, { delete_count = 1, id = "now" }),
            runs.run(2 * DAY, { delete_count = 10 }) }, "mass_delete", { population = 100 })
        assert.same({ "warning", 10, runs.run(2 * DAY).id },
            { verdict.severity, verdict.value, verdict.record_id })
    end)

    it("says ok below the least number, unless a smaller one was given", function()
        for _, case in ipairs { { "ok", 4, { minimum = 5 } }, { "critical", 4, { minimum = 5, critical = 4,
            warning = 4 } }, { "warning", 4, { minimum = 5, warning = 4 } }, { "critical", 4, { minimum = 9,
            warning = false, critical = 3 } }, { "ok", 2, { warning = false, critical = 3 } } } do
            assert.equal(case[1], runs.severity({ runs.run(60, { delete_count = case[2] }) }, "mass_delete", case[3]))
        end
    end)

    it("lists names as long as they fit into 150 bytes", function()
        local list = deleting(50, 2 * HOUR)
        local run = list[#list]
        local function advice(...)
            local names = {}
            for i, length in ipairs { ... } do
                names[i] = ("n"):rep(length)
            end
            list.ledger = { cluster_id = "c", counts = {}, gone = { { from = run.start_time - 1, kind = "common",
                till = run.end_time + 1, accounts = #names, names = names } } }
            return runs.verdict(list, "mass_delete", { population = 958 }).advice
        end
        local function shown(...)
            return select(2, advice(...):gsub('"n+"', ""))
        end
        assert.equal(3, shown(46, 46, 46))
        assert.equal(2, shown(46, 46, 47))
        assert.equal(2, shown(63, 63, 63))
        assert.equal(3, shown(46, 46, 46, 1))
        assert.matches(': "' .. ("n"):rep(63) .. '"%.$', advice(63))
        assert.matches(': "' .. ("n"):rep(60) .. 'nn…"%.$', advice(64))
    end)
end)
