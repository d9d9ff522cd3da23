local runs = require "spec.health.runs"

-- Hourly runs that take 280 to 320 seconds: median 300, a tenth of which is the deviation; the newest takes as given.
local function usual(seconds, count)
    return runs.hourly(count or 31, 600, function(run, i)
        local length = i == 1 and seconds or ({ 280, 300, 320 })[i % 3 + 1]
        run.end_time = run.start_time + length * 1000
    end)
end

describe("the rule slow", function()
    it("fires at six deviations above the usual, and again at twelve", function()
        for seconds, severity in pairs { [300] = "ok", [479] = "ok", [480] = "warning", [481] = "warning",
            [659] = "warning", [660] = "critical", [661] = "critical", [1] = "ok" } do
            local list = usual(seconds)
            list[1].start_time = list[1].start_time - 1000 * 1000 -- so that it has ended by now
            list[1].end_time = list[1].end_time - 1000 * 1000
            assert.equal(severity, runs.severity(list, "slow"), tostring(seconds))
        end
    end)

    it("goes by the spread when runs vary", function()
        local list = runs.hourly(31, 3600, function(run, i)
            run.end_time = run.start_time + ({ 200, 300, 400 })[i % 3 + 1] * 1000
        end)
        list[1].end_time = list[1].start_time + 899 * 1000
        assert.equal("ok", runs.severity(list, "slow"))
        list[1].end_time = list[1].start_time + 900 * 1000
        assert.equal("warning", runs.severity(list, "slow"))
    end)

    it("wants a minute of difference at least", function()
        local function short(seconds)
            return runs.hourly(31, 600, function(run, i)
                run.end_time = run.start_time + (i == 1 and seconds or 3) * 1000
            end)
        end
        assert.equal("ok", runs.severity(short(62), "slow"))
        assert.equal(0, runs.verdict(short(62), "slow").value)
        assert.equal("critical", runs.severity(short(63), "slow"))
        assert.equal("warning", runs.severity(short(10), "slow", { minimum = 5 }))
    end)

    it("cannot tell before there are ten runs to compare with", function()
        local verdict = runs.verdict(usual(590, 10), "slow")
        assert.equal("ok", verdict.severity)
        assert.equal("not enough history: 9 of 10 earlier runs", verdict.message)
        assert.equal("warning", runs.severity(usual(590, 11), "slow"))
        assert.equal("warning", runs.severity(usual(590, 4), "slow", { least_history = 3 }))
    end)

    it("looks at the last run that finished only, and compares with those that tell their duration", function()
        local list = usual(590)
        table.insert(list, runs.failed(0))
        assert.equal("warning", runs.severity(list, "slow"))
        for i = 2, 22 do
            list[i].end_time = nil
        end
        assert.equal("not enough history: 9 of 10 earlier runs", runs.verdict(list, "slow").message)
        list[1].end_time = nil
        assert.equal("no finished run has a duration", runs.verdict(list, "slow").message)
    end)

    it("compares with as many as it is told", function()
        local list = usual(590, 80)
        for i = 32, 80 do
            list[i].end_time = list[i].start_time + 590 * 1000
        end
        assert.equal("warning", runs.severity(list, "slow"))
        assert.equal("ok", runs.severity(list, "slow", { history = 79 }))
    end)

    it("says how long it took and how long is usual", function()
        local list = usual(540)
        local verdict = runs.verdict(list, "slow")
        assert.equal(8, verdict.value)
        assert.equal("deviations", verdict.unit)
        assert.equal(list[1].id, verdict.record_id)
        assert.equal("the last finished run took 9 min; usual is 5 min", verdict.message)
    end)
end)
