local health = require "dwsync.health"
local quantities = require "dwsync.quantities"
local runs = require "spec.health.runs"
local world = require "spec.health.world"

local NOW, HOUR = runs.NOW, runs.HOUR

-- The facts of a rule about s1, by name.
local function facts(list, rule, given, now)
    for _, verdict in ipairs(health.explain(list, given, now or NOW, { rule }).verdicts) do
        if verdict.rule == rule and verdict.source == "s1" then
            local by_name = {}
            for _, fact in ipairs(verdict.explanation) do
                assert.is_nil(by_name[fact.name], fact.name)
                by_name[fact.name] = fact
            end
            return by_name, verdict
        end
    end
end

local function texts(...)
    local by_name = {}
    for name, fact in pairs((facts(...))) do
        by_name[name] = fact.text
    end
    return by_name
end

-- Six weeks of a schedule of the made world, and a time some hours after its end.
local function made(schedule, hours)
    local till = world.MONDAY + 42 * world.DAY
    return world.runs({ schedule = world.SCHEDULES[schedule], size = 5000, activity = 0.02, seconds = 40, jitter = 20,
        from = world.MONDAY, till = till, source = "s1" }, world.random(4)), till + hours * HOUR
end

describe("an explanation", function()
    it("says so when accounts are given by source", function()
        assert.matches("population given by source %(set%)", texts(runs.hourly(40), "mass_delete",
            { mass_delete = { population = { s1 = 100 } } }).options)
    end)

    it("is made of the rules asked for, and changes no verdict", function()
        local list = runs.history(runs.random(5), 150)
        local plain, explained = health.evaluate(list, nil, NOW), health.explain(list, nil, NOW, { "stale", "slow" })
        for _, verdict in ipairs(explained.verdicts) do
            assert.equal(verdict.rule == "stale" or verdict.rule == "slow", verdict.explanation ~= nil)
            verdict.explanation = nil
        end
        for _, source in ipairs(explained.sources) do
            for _, verdict in ipairs(source.verdicts) do
                verdict.explanation = nil
            end
        end
        assert.same(plain, explained)
    end)

    it("is there for every rule, whatever is on record, with names that fit their column", function()
        local random = runs.random(6)
        for _, list in ipairs { {}, runs.hourly(1), { runs.running(600) }, { runs.failed(600) },
            runs.history(random, 90), runs.hourly(400) } do
            for _, verdict in ipairs(health.explain(list, nil, NOW).verdicts) do
                assert.is_true(#verdict.explanation > 0, verdict.rule)
                for _, fact in ipairs(verdict.explanation) do
                    assert.is_true(#fact.name <= 13 and #fact.text > 0, fact.name)
                    assert.is_true(fact.value ~= false and fact.value == fact.value, fact.name)
                end
            end
        end
    end)

    it("refuses unknown rules, and leaves out those that are off", function()
        assert.matches("explanation_spec.lua:%d+: explain: unknown rule 'stail'", runs.refusal(function()
            health.explain({}, nil, NOW, { "stail" })
        end))
        assert.matches("explanation_spec.lua:%d+: explain: expected a list of rules, got string",
            runs.refusal(function() health.explain({}, nil, NOW, "stale") end))
        for _, verdict in ipairs(health.explain(runs.hourly(5), { stale = false }, NOW).verdicts) do
            assert.not_equal("stale", verdict.rule)
        end
    end)

    it("of stale has the cadence by weekday and hour, pauses, and what is due", function()
        local list, now = made("hourly-office", 3)
        local known, verdict = facts(list, "stale", nil, now)
        assert.same({ "a run about every 1 h", "seconds" }, { known.cadence.text, known.cadence.unit })
        assert.equal("Mon to Fri every 1 h from 07 to 17 h; Sat, Sun none (UTC)", known.by_weekday.text)
        assert.equal(1, known.by_weekday.value.Fri[8])
        assert.equal("14 h (16 times), 2 d 14 h (3 times) in four weeks", known.pauses.text)
        assert.equal("2 d 14 h after the last success, by the same hour of the last weeks", known.usual_silence.text)
        assert.equal("time", known.next_run.unit)
        assert.equal(verdict.since + verdict.warning * 1000, known.warning_at.value)
        assert.equal(verdict.since + verdict.critical * 1000, known.critical_at.value)
        assert.matches("^330 runs over 39 d 10 h, since 2026%-01%-05T07:07", known.rests_on.text)
        assert.equal(330, known.rests_on.value.runs)
        assert.is_true(math.abs(known.rests_on.value.weeks - 5.63) < 0.02)
    end)

    it("of stale gives the next run that the statistics expect", function()
        local list, now = made("8-and-12", 3)
        local expected = health.evaluate(list, nil, now).statistics.next_expected
        assert.equal(expected, facts(list, "stale", nil, now).next_run.value)
    end)

    it("of stale says that a cadence is not known, instead of a guess", function()
        local known = texts({ runs.run(600) }, "stale")
        assert.matches("^not known: 1 run ", known.cadence)
        assert.same({ "never", "never" }, { known.warning_at, known.critical_at })
        assert.is_nil(known.next_run)
        assert.equal("off", texts(runs.hourly(50), "stale", { stale = { critical = false } }).critical_at)
    end)

    it("of mass_delete has the population with its source, and thresholds in accounts", function()
        local list = runs.hourly(200, nil, function(run, i)
            run.add_count, run.delete_count = i == 200 and 1000 or 0, i == 3 and 30 or 0
        end)
        local known, verdict = facts(list, "mass_delete")
        assert.same({ 970, "import" }, { known.population.value, known.population.by })
        assert.same({ 30, 49, 194 }, { known.deleted.value, known.warning_from.value, known.critical_from.value })
        assert.same({ 49, 194 }, { verdict.warning, verdict.critical })
        known = texts(list, "mass_delete", { mass_delete = { population = 12, critical_ratio = false } })
        assert.same({ "12 accounts, as the option population says", "5 accounts", "off" },
            { known.population, known.warning_from, known.critical_from })
    end)

    it("of volume has what is usual at this hour of the week, and what came", function()
        local list = runs.hourly(24 * 7 * 5, nil, function(run, i)
            run.update_count = i <= 4 and 3 or 10
        end)
        local known = facts(list, "volume")
        assert.same({ 40, 12 }, { known.usual_now.value, known.now.value })
        assert.matches("^40 accounts within the last 4 h, by the same hours of 4 earlier weeks: 40, 40, 40, 40$",
            known.usual_now.text)
        assert.equal("10 accounts where 40 are usual, on more than one day, and 20 missing", known.few.text)
        assert.equal("not known: no earlier week on record", texts(runs.hourly(48), "volume").usual_now)
    end)

    it("of slow and stuck has what runs usually take", function()
        local known = facts(runs.hourly(40), "slow")
        assert.is_true(math.abs(known.usual.value - 60) < 3)
        assert.equal("not known: 3 finished runs, 10 are needed", texts(runs.hourly(3), "slow").usual)
        known = facts(runs.hourly(40), "stuck")
        assert.same({ 60, 1800, 7200 }, { known.usual.value, known.warning_from.value, known.critical_from.value })
    end)

    it("of failing has the streak, and the share of the last day", function()
        local list = runs.hourly(48)
        list[1], list[2], list[9] = runs.failed(600), runs.failed(600 + HOUR), runs.failed(600 + 8 * HOUR)
        local known = facts(list, "failing")
        assert.same({ 2, 3 / 24 }, { known.in_a_row.value, known.share.value })
        assert.equal("3 of 24 runs failed within 1 d, in 2 separate failures", known.share.text)
        assert.equal("the last run did not fail", texts(runs.hourly(5), "failing").in_a_row)
    end)

    it("has the options in force, and says which are set", function()
        local known = facts(runs.hourly(5), "stale", { stale = { factor = 2, critical = false } })
        assert.equal("critical off (set), factor 2 (set), maximum 2 h, minimum 30 min, warning learned",
            known.options.text)
        assert.equal(2, known.options.value.factor)
        assert.is_nil(facts(runs.hourly(5), "never").options)
    end)

    it("has all options of every rule, each as what it is", function()
        local told = {}
        for _, rule in ipairs(require("dwsync.health.rules").names) do
            told[rule] = texts(runs.hourly(5), rule).options
        end
        assert.same({
            churn = "critical off, similarity 80 %, warning 10, window 1 d",
            data = "critical off, tolerance 5 min, warning 1, window 7 d",
            failing = "critical 4, critical_minimum 3 h, minimum 30 min, share 25 %, warning 2",
            mass_delete = "critical learned, critical_ratio 20 %, memory 3 d, minimum 5, warning learned, "
                .. "warning_ratio 5 %, window 1 d",
            overlap = "critical off, ended 3, minimum 30 min, warning 1",
            partial = "critical 10 %, minimum 5, warning 1 %",
            slow = "critical off, minimum 2 min, runs 3, warning 2",
            stale = "critical learned, factor 1.5, maximum 2 h, minimum 30 min, warning learned",
            stuck = "critical learned, critical_factor 6, critical_minimum 2 h, factor 3, minimum 30 min, "
                .. "warning learned",
            volume = "critical off, minimum 20, warning 3",
        }, told)
    end)

    it("rests on what lies between the first time and the newest, be that a start or an end", function()
        local WEEK = 7 * 24 * HOUR
        local function rests_on(...)
            return facts({ ... }, "failing").rests_on
        end
        local first = runs.run(600 + WEEK)
        local since = ", since " .. quantities.instant(first.start_time)
        local no_week = "; there is no week to compare with yet"
        for _, case in ipairs {
            { "1 run over 1 min" .. since .. no_week, 0 },
            { "2 runs over 7 d" .. since, 1, runs.run(600, { end_time = false }) },
            { "2 runs over 6 d 23 h" .. since .. no_week, 1, runs.run(601, { end_time = false }) },
            { "2 runs over 7 d" .. since, 1, runs.running(600) },
            { "2 runs over 7 d" .. since, 1, runs.run(540, { start_time = false, end_time = (NOW - 600) * 1000 }) },
        } do
            local fact = rests_on(first, case[3])
            assert.equal(case[1], fact.text)
            assert.same({ case[3] and 2 or 1, case[2], first.start_time }, { fact.value.runs, fact.value.weeks,
                fact.value.since })
        end
    end)

    it("says so when there is no week yet", function()
        assert.matches("there is no week to compare with yet$", texts(runs.hourly(48), "volume").rests_on)
        assert.is_nil(texts(runs.hourly(200), "volume").rests_on:find "no week")
        assert.equal("1 run, none with a time", texts({ runs.run(600, { start_time = false, end_time = false }) },
            "never").rests_on)
    end)
end)

describe("the reason beside a verdict", function()
    local function reason(list, rule)
        local verdict = runs.verdict(list, rule)
        return verdict.reason, verdict
    end

    local function deleted(text)
        return runs.hourly(200, nil, function(run, i)
            run.add_count, run.delete_count = i == 200 and 1000 or 0, i == 3 and 500 or 0
            run.fail_reason = i == 3 and text or nil
        end)
    end

    it("is what a FINISHED run says that deleted many", function()
        local known = reason(deleted "LDAP: error code 3 - Time Limit Exceeded", "mass_delete")
        assert.same({ "LDAP: error code 3 - Time Limit Exceeded", "directory" }, { known.text, known.speaker })
        assert.matches("time limit", known.cause, 1, true)
        assert.is_string(known.next_step)
        assert.equal(runs.run(600 + 2 * HOUR).id, known.record_id)
    end)

    it("is none where the runs have nothing to say, or the verdict is ok", function()
        assert.is_nil((reason(deleted "success", "mass_delete")))
        assert.is_nil((reason(deleted(nil), "mass_delete")))
        local list = runs.hourly(50, nil, function(run, i)
            run.fail_reason = i == 3 and "Time Limit Exceeded" or nil
        end)
        local known, verdict = reason(list, "mass_delete")
        assert.same({ nil, "ok" }, { known, verdict.severity })
    end)

    it("is of the runs behind the verdict alone", function()
        local list = deleted(nil)
        list[150].fail_reason = "Read timed out"
        assert.is_nil((reason(list, "mass_delete")))
    end)

    it("is beside partial, churn and volume, too", function()
        local list = runs.hourly(60, nil, function(run, i)
            run.add_count, run.failed_count = 10, i <= 6 and 8 or 0
            run.fail_reason = i <= 6 and "role \"anna\" already exists" or nil
        end)
        assert.equal("warehouse", reason(list, "partial").speaker)
        list = runs.hourly(60, nil, function(run, i)
            run.delete_count, run.add_count = i == 4 and 300 or 0, i == 3 and 300 or 0
            run.fail_reason = i == 4 and "Size Limit Exceeded (LDAP: error code 4)" or nil
        end)
        assert.equal("directory", reason(list, "churn").speaker)
        list = runs.hourly(24 * 7 * 5, nil, function(run, i)
            run.update_count = i <= 60 and 0 or 10
            run.fail_reason = i <= 60 and "LDAP: error code 32 - No Such Object" or nil
        end)
        local known, verdict = reason(list, "volume")
        assert.equal("warning", verdict.severity)
        assert.equal("directory", known.speaker)
    end)
end)
