local runs = require "spec.health.runs"
local world = require "spec.health.world"

local HOUR, DAY = runs.HOUR, runs.DAY
local health = require "dwsync.health"

-- Runs an hour apart of which the newest ended so long ago.
local function ended(seconds, count)
    return runs.hourly(count or 60, seconds + 60)
end

-- Runs at a wall clock's hours on some weekdays, for some weeks, up to and with the one at `last`.
local function planned(hours, days, last, weeks)
    local list = {}
    for day = last - 7 * (weeks or 5), last do
        if not days or days[day % 7] then
            for _, hour in ipairs(hours) do
                local start = world.at(day, hour) * 1000
                list[#list + 1] = { id = day .. ":" .. hour, identity_source_id = "s1", start_time = start,
                    end_time = start + 60000, status = "FINISHED" }
            end
        end
    end
    return list
end

-- The verdict at a wall clock's time.
local function verdict_at(list, day, hour)
    for _, verdict in ipairs(health.evaluate(list, nil, world.at(day, hour)).verdicts) do
        if verdict.rule == "stale" then
            return verdict
        end
    end
end

local function severity_at(...)
    return verdict_at(...).severity
end

local WEEKDAYS = { [0] = true, true, true, true, true }
local OFFICE = { 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 }

describe("the rule stale", function()
    it("waits for the next run and one and a half times the silence that is usual, critical hours later", function()
        assert.equal("ok", runs.severity(ended(2.5 * HOUR - 0.001), "stale"))
        assert.equal("warning", runs.severity(ended(2.5 * HOUR), "stale"))
        assert.equal("warning", runs.severity(ended(5 * HOUR - 0.001), "stale"))
        assert.equal("critical", runs.severity(ended(5 * HOUR), "stale"))
    end)

    it("waits half an hour at least, and two hours at most", function()
        local often = {}
        for i = 1, 100 do
            often[i] = runs.run(1800 + 60 + i * 300)
        end
        local verdict = runs.verdict(often, "stale")
        assert.equal(2100, verdict.warning) -- five minutes and half an hour
        local daily = planned({ 2 }, nil, 60)
        assert.equal("ok", severity_at(daily, 61, 4))
        assert.equal("warning", severity_at(daily, 61, 4.05))
        assert.equal("warning", severity_at(daily, 62, 4))
        assert.equal("critical", severity_at(daily, 62, 4.05))
    end)

    it("knows nights and weekends once it has seen them", function()
        local office = planned(OFFICE, WEEKDAYS, 60) -- a Friday
        assert.equal(4, 60 % 7)
        for hours = 0, 61 do
            assert.equal("ok", severity_at(office, 60, 18 + hours), tostring(hours))
        end
        assert.equal("warning", severity_at(office, 63, 10.1))
        local tuesday = planned(OFFICE, WEEKDAYS, 57)
        assert.equal("ok", severity_at(tuesday, 58, 9.5))
        assert.equal("warning", severity_at(tuesday, 58, 10.1))
    end)

    it("knows unequal hours, twice a day on weekdays", function()
        local list = planned({ 8, 12 }, WEEKDAYS, 60)
        assert.equal("ok", severity_at(list, 63, 9))
        assert.equal("warning", severity_at(list, 63, 10.1))
        table.remove(list) -- Friday's at noon
        assert.equal("ok", severity_at(list, 60, 13.9))
        assert.equal("warning", severity_at(list, 60, 14.1))
    end)

    it("knows weekly and monthly runs", function()
        local weekly = planned({ 3 }, { [6] = true }, 62)
        assert.equal("ok", severity_at(weekly, 69, 4.9))
        assert.equal("warning", severity_at(weekly, 69, 5.1))
        local monthly = {}
        for _, day in ipairs { 27, 55, 86, 116 } do
            monthly[#monthly + 1] = planned({ 3 }, nil, day, 0)[1]
        end
        assert.equal("ok", severity_at(monthly, 146, 12))
        assert.equal("warning", severity_at(monthly, 149, 12))
    end)

    it("alarms nobody when the clocks change", function()
        local spring = 83 -- the last Sunday of March
        for _, case in ipairs { { { 2 }, nil, 7 }, { OFFICE, WEEKDAYS, 9 }, { { 8, 12 }, WEEKDAYS, 9 } } do
            for day = spring - 2, spring + case[3] do
                local list = planned(case[1], case[2], day)
                for hour = 0, 23.5, 0.5 do
                    local known = {}
                    for _, run in ipairs(list) do
                        known[#known + 1] = run.end_time <= world.at(day, hour) * 1000 and run or nil
                    end
                    assert.equal("ok", severity_at(known, day, hour), ("day %d, %.1f h"):format(day, hour))
                end
            end
        end
    end)

    it("guesses nothing from few runs, or from those that somebody starts by hand, and says so", function()
        for count = 1, 2 do
            local verdict = runs.verdict(ended(30 * DAY, count), "stale")
            assert.equal("ok", verdict.severity)
            assert.is_nil(verdict.warning)
            assert.matches("its cadence is not known yet from %d run", verdict.message)
        end
        local random = runs.random(3)
        local list, ago = {}, 20 * DAY
        for i = 1, 12 do
            list[i] = runs.run(ago)
            ago = ago - 3600 - random(2 * DAY)
        end
        assert.equal("ok", runs.severity({ list[1], list[2], list[3], list[4] }, "stale"))
    end)

    it("is critical about even gaps once they have covered a night, a day and an hour", function()
        local function severity(hours)
            local list = { runs.run(20 * DAY + hours * HOUR) }
            for i = 0, 20 do
                list[i + 2] = runs.run(20 * DAY + i * HOUR / 2)
            end
            return runs.severity(list, "stale")
        end
        assert.equal("warning", severity(24.99))
        assert.equal("critical", severity(25))
    end)

    it("takes absolute times in the place of computed ones", function()
        local options = { warning = "6h", critical = "8h" }
        assert.equal("ok", runs.severity(ended(6 * HOUR - 0.001), "stale", options))
        assert.equal("warning", runs.severity(ended(6 * HOUR), "stale", options))
        assert.equal("critical", runs.severity(ended(8 * HOUR), "stale", options))
        assert.equal("critical", runs.severity(ended(DAY), "stale", { warning = "12h" }))
        assert.equal("warning", runs.severity(ended(DAY - 1), "stale", { warning = "12h" }))
        assert.equal("critical", runs.severity(ended(HOUR), "stale", { critical = "1h" }))
        assert.equal("warning", runs.severity(ended(DAY), "stale", { critical = false }))
        assert.equal("critical", runs.severity(ended(DAY), "stale", { warning = false }))
        assert.equal("ok", runs.severity(ended(4 * HOUR), "stale", { warning = false }))
        assert.equal("warning", runs.severity(ended(7 * HOUR, 1), "stale", options)) -- whatever the cadence
    end)

    it("takes another factor, least and greatest lateness", function()
        assert.equal(4 * HOUR, runs.verdict(ended(HOUR), "stale", { factor = 3, maximum = "1d" }).warning)
        assert.equal(4 * HOUR, runs.verdict(ended(HOUR), "stale", { minimum = "3h" }).warning)
        assert.equal(2 * HOUR, runs.verdict(ended(HOUR), "stale", { maximum = "1h" }).warning)
    end)

    it("shows the age, the thresholds, the last success, since when, and when the next was due", function()
        local list = ended(4 * HOUR)
        local verdict = runs.verdict(list, "stale")
        assert.equal(4 * HOUR, verdict.value)
        assert.equal(2.5 * HOUR, verdict.warning)
        assert.equal(5 * HOUR, verdict.critical)
        assert.equal("seconds", verdict.unit)
        assert.equal(list[1].id, verdict.record_id)
        assert.equal(list[1].end_time, verdict.since)
        assert.equal("the last successful run ended 4 h ago; the next was due 3 h 1 min ago, going by the last days",
            verdict.message)
        assert.matches("^Accounts are not kept up to date, so leavers keep their access: find out why the ldap source",
            verdict.advice)
    end)

    it("says what it rests on when that is less than weeks, and only when it is not ok", function()
        local weeks = runs.hourly(5 * 7 * 24, 4 * HOUR + 60)
        assert.equal("the last successful run ended 4 h ago; the next was due 3 h 1 min ago",
            runs.verdict(weeks, "stale").message)
        assert.matches("is due in %S+ %S+$", runs.verdict(ended(600), "stale").message)
    end)

    it("allows for how long runs take", function()
        local list = ended(2.5 * HOUR)
        list[5].end_time = list[5].start_time + 1800000
        assert.equal("ok", runs.severity(list, "stale"))
    end)

    it("leaves failures that come as they should to the rule failing until one more is due", function()
        local list = ended(2.6 * HOUR)
        for i = 1, 2 do
            table.insert(list, 1, runs.failed(list[1].id and 2.6 * HOUR + 60 - i * HOUR))
        end
        assert.equal("ok", runs.severity(list, "stale"))
        local late = ended(5.1 * HOUR)
        for i = 1, 5 do
            table.insert(late, 1, runs.failed(5.1 * HOUR + 60 - i * HOUR))
        end
        assert.equal("critical", runs.severity(late, "stale"))
    end)

    it("says how long nothing has ever finished, and leaves the alarm to the rules that know why", function()
        local verdict = runs.verdict({ runs.failed(HOUR), runs.failed(4 * HOUR) }, "stale")
        assert.equal("ok", verdict.severity)
        assert.equal(4 * HOUR, verdict.value)
        assert.equal("no run has ever finished in the 4 h on record", verdict.message)
    end)

    it("is unknown when no run has a time", function()
        local verdict = runs.verdict({ runs.run(0, { start_time = false, end_time = false }) }, "stale")
        assert.equal("unknown", verdict.severity)
        assert.is_nil(verdict.value)
        assert.equal("no finished run has a time", verdict.message)
    end)

    it("is not fooled by a success of tomorrow", function()
        local list = ended(7 * HOUR)
        table.insert(list, runs.run(-DAY))
        assert.equal("critical", runs.severity(list, "stale"))
        table.insert(list, runs.run(5 * HOUR, { end_time = runs.NOW * 1000 + DAY * 1000 }))
        assert.equal(5 * HOUR, runs.verdict(list, "stale").value)
    end)

    it("believes a new, shorter schedule in time", function()
        local list = {}
        for i = 1, 10 do
            list[i] = runs.run(10 * DAY + i * DAY)
        end
        for i = 1, 100 do
            list[#list + 1] = runs.run(4 * HOUR + i * HOUR)
        end
        assert.equal("warning", runs.severity(list, "stale"))
    end)

    it("is well after any success that ends now", function()
        local random = runs.random(11)
        for round = 1, 200 do
            local list, last = {}, 40 * DAY
            local pace = ({ 60, HOUR, DAY })[random(3)]
            for i = 1, random(40) do
                last = math.max(1, last - random(random(10) == 1 and 20 * pace or pace))
                list[i] = random(4) == 1 and runs.failed(last) or runs.run(last, { end_time = random(3) ~= 1 and nil })
            end
            list[#list + 1] = runs.run(0, { id = "now", end_time = runs.NOW * 1000 })
            assert.equal("ok", runs.severity(list, "stale"), tostring(round))
        end
    end)

    local WEEK = ("."):rep(200)

    -- Runs as a text draws them, "F" failed and "L" took long, of which the newest ended so long and ten minutes ago.
    local function quiet(text, gap, ago)
        local list = runs.course(text, gap, { L = { seconds = 1200 } })
        for _, run in ipairs(list) do
            run.start_time, run.end_time = run.start_time - ago * 1000, run.end_time - ago * 1000
        end
        return list
    end

    it("is told from the millisecond on at which the next run is late, and critical when another is", function()
        for _, case in ipairs { -- with a critical level, and without
            { "critical 34800.. / warning 34800..", WEEK, HOUR, 12 * HOUR },
            { "critical 33000.. / warning 33000..", WEEK, HOUR, 12 * HOUR, { factor = 3 } },
            { "critical 38400.. / warning 38400..", WEEK, HOUR, 12 * HOUR, { factor = 0.1 } },
            { "critical 29400.. / warning 29400..", WEEK, HOUR, 12 * HOUR, { minimum = "3h" } },
            { "critical 37800.. / warning 37800..", WEEK, HOUR, 12 * HOUR, { maximum = "40m" } },
            { "critical 41400.. / warning 41400..", WEEK, 600, 12 * HOUR },
            { "warning 41820.. / warning 41820..", WEEK, 60 * 3, 12 * HOUR },
            { "critical 65400.. / warning 65400..", WEEK, 4 * HOUR, DAY },
            { "critical 51000.. / warning 51000..", WEEK, 4 * HOUR, DAY, { maximum = "9h" } },
            { "warning 34800.. / warning 34800..", ("."):rep(12), HOUR, 12 * HOUR },
            { "critical 34800.. / warning 34800..", ("."):rep(26), HOUR, 12 * HOUR },
            { "warning 34800.. / warning 34800..", "....", HOUR, 12 * HOUR },
            { " / ", "..", HOUR, 12 * HOUR },
            { "critical 33660.. / warning 33660..", "L" .. WEEK, HOUR, 12 * HOUR },
            { "critical 33660.. / warning 33660..", "........." .. "L" .. WEEK, HOUR, 12 * HOUR },
            { "critical 34800.. / warning 34800..", ".........." .. "L" .. WEEK, HOUR, 12 * HOUR },
            { "critical 34800.. / warning 34800..", "FF" .. WEEK, HOUR, 12 * HOUR },
            { "critical 18600.. / warning 18600..", "FFFFFFFFFF" .. WEEK, HOUR, 0 },
            { "critical 33000.. / warning 33000..", "FFFFFFFFFF" .. WEEK, HOUR, 4 * HOUR },
            { " / ", "F", HOUR, 12 * HOUR },
            { "critical 36600.. / warning 36600..", WEEK, HOUR, 12 * HOUR, { warning = "2h" } },
            { "critical 36600.. / warning 34800..", WEEK, HOUR, 12 * HOUR, { critical = "2h" } },
            { "critical 25800.. / ", WEEK, HOUR, 12 * HOUR, { warning = false } },
            { "critical 33000.. / warning 33000..", ".", HOUR, 12 * HOUR, { warning = "3h" } },
            { "critical 33060.. / warning 33060..", "F", HOUR, 12 * HOUR, { warning = "3h" } },
        } do
            local options = case[5] or {}
            local list = quiet(case[2], case[3], case[4])
            local told = runs.told(list, "stale", options)
            options.critical = false
            assert.equal(case[1], told .. " / " .. runs.told(list, "stale", options))
        end
    end)

    it("explains the cadence, what is due, and from when on it is told", function()
        assert.same({
            "cadence: a run about every 1 h = 3600 seconds",
            "by_weekday: Mon to Sun every 1 h, all day (UTC)",
            "pauses: none",
            "next_run: 2025-10-25T11:38:52Z (in 49 min) = 1.761392332e+12 time",
            "usual_silence: 1 h after the last success, by the same hour of the last weeks = 3600 seconds",
            "warning_at: 2025-10-25T13:09:52Z (in 2 h 20 min) = 1.761397792e+12 time",
            "critical_at: 2025-10-25T13:39:52Z (in 2 h 50 min) = 1.761399592e+12 time",
        }, runs.facts(quiet("FF" .. WEEK, HOUR, 0), "stale"))
        assert.same({
            "cadence: a run about every 1 h = 3600 seconds",
            "by_weekday: Mon to Fri not on record; Sat 02:38, 03:38, 04:38, 05:38; Sun not on record (UTC)",
            "pauses: none",
            "next_run: 2025-10-25T06:38:52Z (4 h 11 min overdue) = 1.761374332e+12 time",
            "usual_silence: 1 h after the last success, by the last few gaps, since no earlier day compares "
                .. "= 3600 seconds",
            "warning_at: 2025-10-25T08:09:52Z (2 h 40 min overdue) = 1.761379792e+12 time",
            "critical_at: never",
        }, runs.facts(quiet("....", HOUR, 5 * HOUR), "stale"))
        assert.same({
            "cadence: not known: 1 run so far, too few or without a plan",
            "by_weekday: Mon to Fri not on record; Sat 07:38; Sun not on record (UTC)",
            "warning_at: 2025-10-25T10:38:52Z (11 min overdue) = 1.761388732e+12 time",
            "critical_at: off",
        }, runs.facts(quiet("F", HOUR, 3 * HOUR), "stale", { warning = "3h", critical = false }))
        local list = quiet(WEEK, HOUR, 0)
        for i = 101, 103 do
            list[i] = nil
        end
        for i = 104, 200 do
            list[i - 3], list[i] = list[i], nil
        end
        assert.equal("pauses: 4 h (1 time) in four weeks", runs.facts(list, "stale")[3])
    end)

    it("waits 75 minutes at least after a pause, unless less is the most", function()
        local list = {}
        for day = 0, 20 do -- a run every quarter of an hour for ten hours, then none for fourteen
            for i = 0, 40 do
                list[#list + 1] = runs.run(600 + day * runs.DAY + i * 900)
            end
        end
        assert.equal(14 * HOUR + 4500, runs.verdict(list, "stale").warning)
        assert.equal(14 * HOUR + 3000, runs.verdict(list, "stale", { maximum = 3000 }).warning)
    end)

    it("says how old the last success is, and what was due when", function()
        local function verdict(...)
            local found = runs.verdict(quiet(...), "stale", { warning = "3h" })
            return found.message, found.advice
        end
        assert.equal("the last successful run ended 2 h 10 min ago; the next was due 1 h 11 min ago",
            (verdict(WEEK, HOUR, 2 * HOUR)))
        assert.equal("the last successful run ended 10 min ago; the next is due in 49 min", (verdict(WEEK, HOUR, 0)))
        assert.equal("the last successful run ended 5 h 10 min ago; the next was due 4 h 11 min ago, going by the last "
            .. "few runs", (verdict("....", HOUR, 5 * HOUR)))
        assert.equal("the last successful run ended 5 h 10 min ago; its cadence is not known yet from 2 runs",
            (verdict("..", HOUR, 5 * HOUR)))
        local message, advice = verdict("F", HOUR, 3 * HOUR)
        assert.equal("no run has ever finished in the 3 h 11 min on record", message)
        assert.equal("Accounts are not kept up to date, so leavers keep their access: find out why the ldap source no "
            .. "longer finishes a run (its schedule, its recent failures), then synchronise it by hand.", advice)
    end)
end)
