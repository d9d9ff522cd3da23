local health = require "dwsync.health"
local runs = require "spec.health.runs"

local NOW, HOUR, DAY = runs.NOW, runs.HOUR, runs.DAY
local YEAR = 365 * DAY

-- Judges in every way there is; none of them may raise.
local function survive(list, rules)
    local evaluation = health.evaluate(list, rules, NOW)
    health.explain(list, rules, NOW)
    health.episodes(list, rules, { now = NOW })
    return evaluation
end

local function verdict(evaluation, rule, source)
    for _, one in ipairs(evaluation.verdicts) do
        if one.rule == rule and one.source == (source or "s1") then
            return one
        end
    end
end

local function severity(evaluation, rule, source)
    return verdict(evaluation, rule, source).severity
end

-- Verdicts as text, but for what an order of records may change.
local function words(evaluation)
    local list = {}
    for _, one in ipairs(evaluation.verdicts) do
        list[#list + 1] = table.concat({ one.rule, tostring(one.source), one.severity, tostring(one.value),
            tostring(one.since), one.message, tostring(one.follows) }, "|")
    end
    table.sort(list)
    return list
end

describe("bad input", function()
    it("of one record is no reason to guess a cadence, a volume or a population", function()
        local evaluation = survive { runs.run(3 * DAY) }
        assert.equal("ok", evaluation.severity)
        assert.matches("its cadence is not known yet from 1 run", verdict(evaluation, "stale").message, 1, true)
        assert.is_nil(verdict(evaluation, "volume").value)
        assert.is_nil(evaluation.statistics.next_expected)
    end)

    it("of runs that are all RUNNING: the newest may well be, and nothing has ever finished", function()
        local list = {}
        for i = 1, 50 do
            list[i] = runs.running(i * HOUR)
        end
        local evaluation = survive(list)
        assert.equal("critical", severity(evaluation, "stuck"))
        assert.equal("warning", severity(evaluation, "overlap"))
        assert.equal("stuck", verdict(evaluation, "overlap").follows)
        assert.matches("no run has ever finished", verdict(evaluation, "stale").message, 1, true)
        assert.equal("ok", severity(evaluation, "failing"))
    end)

    it("of times in seconds: they are judged as what they mean, and named", function()
        local right, list = runs.hourly(60, 5 * HOUR), runs.hourly(60, 5 * HOUR)
        for _, run in ipairs(list) do
            run.start_time, run.end_time = math.floor(run.start_time / 1000), math.floor(run.end_time / 1000)
        end
        local evaluation = survive(list)
        assert.matches("60 have times in seconds", verdict(evaluation, "data").message, 1, true)
        assert.equal(severity(survive(right), "stale"), severity(evaluation, "stale"))
    end)

    it("of times that cannot be: they are named, and the rest is judged", function()
        for _, time in ipairs { -5, 2 ^ 62, -2 ^ 62, 0 / 0, math.huge, -math.huge, 5, 1.5, "soon", {}, true } do
            local list = runs.hourly(30)
            list[31] = runs.run(5 * HOUR, { id = "x", start_time = time })
            list[32] = runs.run(6 * HOUR, { id = "y", end_time = time })
            local evaluation = survive(list)
            assert.equal("warning", severity(evaluation, "data"), tostring(time))
            assert.equal("ok", severity(evaluation, "stale"), tostring(time))
        end
        local evaluation = survive { runs.run(600), runs.run(4200, { start_time = 0, end_time = 0 }) }
        assert.equal("ok", severity(evaluation, "data")) -- the service writes zero where it has no time
    end)

    it("of ids that repeat: once each where they are the same run, named where they are not", function()
        local list = runs.hourly(30)
        for i = 1, 30 do
            list[30 + i] = list[i]
        end
        local evaluation = survive(list)
        assert.same({ 60, 30, "ok" }, { evaluation.records, evaluation.statistics.runs, severity(evaluation, "data") })
        list[61] = runs.run(50 * HOUR, { id = list[1].id, delete_count = 9 })
        evaluation = survive(list)
        assert.matches("shares its id with a different record", verdict(evaluation, "data").message, 1, true)
        assert.equal("warning", severity(evaluation, "data"))
    end)

    it("of 50,000 runs in a day", function()
        local list = {}
        for i = 1, 50000 do
            local start = NOW * 1000 - math.floor(i * 1728)
            list[i] = runs.run(0, { id = "r" .. i, start_time = start, end_time = start + 900, update_count = i % 3 })
        end
        local evaluation = health.evaluate(list, nil, NOW)
        assert.equal("ok", evaluation.severity)
        assert.equal(50000, evaluation.statistics.windows["24h"].runs)
        health.explain(list, nil, NOW, { "stale", "volume" })
    end)

    it("of gaps of years", function()
        local list = { runs.run(600), runs.run(3 * YEAR), runs.run(10 * YEAR), runs.run(11 * YEAR) }
        local evaluation = survive(list)
        assert.equal("ok", evaluation.severity)
        local hourly = runs.hourly(60)
        hourly[61] = runs.run(9 * YEAR)
        assert.equal("ok", survive(hourly).severity)
    end)

    it("of a clock set back: runs that end before they start, or begin twice", function()
        local list = runs.hourly(40)
        for i = 1, 3 do
            list[#list + 1] = runs.run(600 + (i + 0.5) * HOUR, { id = "back" .. i })
        end
        list[#list + 1] = runs.run(4 * HOUR, { id = "z", end_time = NOW * 1000 - 5 * HOUR * 1000 })
        local evaluation = survive(list)
        assert.matches("ends before it starts", verdict(evaluation, "data").message, 1, true)
        assert.equal("ok", severity(evaluation, "stale"))
    end)

    it("of a source that changes its type: it is one source, of the newest type", function()
        local list = runs.hourly(40, nil, function(run, i)
            run.identity_source_type = i <= 10 and "oneaccess" or "ldap"
        end)
        local evaluation = survive(list)
        assert.same({ 1, "oneaccess", "ok" }, { #evaluation.sources, evaluation.sources[1].type, evaluation.severity })
    end)

    it("of counts that are absent, below zero, huge or no numbers", function()
        for _, count in ipairs { -1, -2 ^ 40, 2 ^ 53, 1e300, 0 / 0, 1 / 0, 1.5, "many", {} } do
            local list = runs.hourly(40, nil, function(run, i)
                if i <= 3 then
                    run.add_count, run.update_count, run.delete_count, run.failed_count = count, count, count, count
                end
            end)
            local evaluation = survive(list)
            assert.equal("warning", severity(evaluation, "data"), tostring(count))
            assert.equal("ok", severity(evaluation, "mass_delete"), tostring(count))
            assert.equal("ok", severity(evaluation, "partial"), tostring(count))
        end
        local evaluation = survive(runs.hourly(40, nil, function(run)
            run.add_count, run.update_count, run.delete_count, run.failed_count = nil, nil, nil, nil
        end))
        assert.equal("ok", evaluation.severity)
    end)

    it("of the largest counts that a record may have", function()
        local most = 2147483647
        local function worst(count)
            local evaluation = survive(runs.hourly(40, nil, function(run, i)
                if i <= count then
                    run.add_count, run.update_count, run.delete_count, run.failed_count = most, most, most, most
                end
            end))
            assert.equal("ok", severity(evaluation, "data"))
            return severity(evaluation, "mass_delete"), severity(evaluation, "partial")
        end
        worst(40)
        assert.same({ "critical", "critical" }, { worst(1) })
    end)

    it("of a population of one or none", function()
        local list = runs.hourly(40, nil, function(run, i)
            run.delete_count = i == 2 and 1 or 0
        end)
        assert.equal("ok", severity(survive(list, { mass_delete = { population = 1 } }), "mass_delete"))
        list[2].delete_count = 400
        assert.equal("critical", severity(survive(list, { mass_delete = { population = 1 } }), "mass_delete"))
        assert.matches("population is 0, expected an integer above 0", runs.refusal(function()
            health.evaluate(list, { mass_delete = { population = 0 } }, NOW)
        end), 1, true)
        -- An import of a few, all of whom leave.
        local few = runs.hourly(40, nil, function(run, i)
            run.add_count, run.delete_count = i == 40 and 12 or 0, i == 2 and 12 or 0
        end)
        assert.equal("critical", severity(survive(few), "mass_delete"))
    end)

    it("of thresholds that contradict each other is refused, at the caller's line", function()
        for _, case in ipairs {
            { "stale", { warning = "2d", critical = "6h" }, "stale.warning (2 d) is above rules.stale.critical" },
            { "failing", { warning = 5, critical = 4 }, "failing.warning (5) is above rules.failing.critical (4)" },
            { "partial", { warning = 0.5 }, "rules.partial.warning (0.5) is above rules.partial.critical (0.1)" },
            { "mass_delete", { warning_ratio = 0.3 }, "rules.mass_delete.warning_ratio (0.3) is above" },
        } do
            local message = runs.refusal(function() health.evaluate(runs.hourly(3), { [case[1]] = case[2] }, NOW) end)
            assert.is_truthy(message:find(case[3], 1, true), message)
            assert.matches("bad_input_spec.lua:%d+: ", message)
        end
    end)

    it("in another order gives the same verdicts: newest first, oldest first, shuffled", function()
        local random = runs.random(77)
        local bad = { { start_time = 5 }, { end_time = 0 / 0 }, { add_count = -1 }, { status = "ASLEEP" },
            { delete_count = 400 }, { identity_source_type = "oneaccess" }, { start_time = false } }
        for _ = 1, 12 do
            local list = runs.history(random, 90)
            for i, change in ipairs(bad) do
                for name, value in pairs(change) do
                    list[i * 5][name] = value ~= false and value or nil
                end
            end
            local expected = words(health.evaluate(list, nil, NOW))
            local sorted = runs.shuffled(list, random)
            local function start(run) return type(run.start_time) == "number" and run.start_time or 0 end
            table.sort(sorted, function(a, b) return start(a) < start(b) end)
            assert.same(expected, words(health.evaluate(sorted, nil, NOW)))
            table.sort(sorted, function(a, b) return start(a) > start(b) end)
            assert.same(expected, words(health.evaluate(sorted, nil, NOW)))
            assert.same(expected, words(health.evaluate(runs.shuffled(list, random), nil, NOW)))
        end
    end)
end)
