local runs = require "spec.health.runs"

-- Hourly runs that take 280 to 320 seconds; the newest `count` take as given.
local function usual(seconds, count, all)
    return runs.hourly(all or 60, 3600, function(run, i)
        local length = i <= (count or 3) and seconds or ({ 280, 300, 320 })[i % 3 + 1]
        run.end_time = run.start_time + length * 1000
    end)
end

describe("the rule slow", function()
    it("fires for three runs in a row that take twice as long as usual, as a warning", function()
        assert.equal("ok", runs.severity(usual(700, 1), "slow"))
        assert.equal("ok", runs.severity(usual(700, 2), "slow"))
        assert.equal("warning", runs.severity(usual(700, 3), "slow"))
        assert.equal("ok", runs.severity(usual(540, 9), "slow"))
    end)

    it("fires for two that take so much longer that there is no doubt", function()
        assert.equal("ok", runs.severity(usual(1500, 1), "slow"))
        assert.equal("warning", runs.severity(usual(1500, 2), "slow"))
    end)

    it("calls five minutes above the usual so much longer", function()
        local function two(seconds)
            return runs.severity(runs.hourly(60, 600, function(run, i)
                run.end_time = run.start_time + math.floor((i <= 2 and seconds or 10) * 1000)
            end), "slow")
        end
        assert.equal("ok", two(309.6))
        assert.equal("warning", two(311)) -- the usual ten seconds are known to a few percent
    end)

    it("wants minutes of difference, not seconds", function()
        local function short(seconds, options)
            return runs.severity(runs.hourly(60, 600, function(run, i)
                run.end_time = run.start_time + (i <= 5 and seconds or 3) * 1000
            end), "slow", options)
        end
        assert.equal("ok", short(110))
        assert.equal("warning", short(130))
        assert.equal("warning", short(20, { minimum = 10 }))
    end)

    it("goes on until as many runs in a row were well", function()
        local function well(count)
            return runs.severity(runs.hourly(60, 3600, function(run, i)
                run.end_time = run.start_time + (i > count and i <= count + 4 and 900 or 300) * 1000
            end), "slow")
        end
        assert.equal("warning", well(0))
        assert.equal("warning", well(2))
        assert.equal("ok", well(3))
    end)

    it("does not learn this week's slowness", function()
        assert.equal("warning", runs.severity(usual(900, 6 * 24, 30 * 24), "slow"))
        assert.equal("warning", runs.severity(usual(900, 10 * 24, 25 * 24), "slow"))
    end)

    it("sees what gets slower from day to day", function()
        local list = runs.hourly(25 * 24, 3600, function(run, i)
            local days = math.max(0, 18 - i / 24)
            run.end_time = run.start_time + math.floor(300 * (1 + days / 8)) * 1000
        end)
        assert.equal("warning", runs.severity(list, "slow"))
    end)

    it("cannot tell before there are ten runs to compare with", function()
        local verdict = runs.verdict(usual(290, 0, 9), "slow")
        assert.equal("ok", verdict.severity)
        assert.equal("not enough history: 9 of 10 earlier runs", verdict.message)
    end)

    it("looks at runs that finished and tell their duration", function()
        local list = usual(900, 3)
        table.insert(list, runs.failed(0))
        assert.equal("warning", runs.severity(list, "slow"))
        for _, run in ipairs(list) do
            run.end_time = nil
        end
        assert.equal("no finished run has a duration", runs.verdict(list, "slow").message)
    end)

    it("takes other factors and numbers of runs", function()
        assert.equal("ok", runs.severity(usual(700, 3), "slow", { runs = 4 }))
        assert.equal("ok", runs.severity(usual(700, 3), "slow", { warning = 3 }))
        assert.equal("critical", runs.severity(usual(700, 3), "slow", { critical = 2.2 }))
        assert.equal("ok", runs.severity(usual(7000, 3), "slow", { warning = false }))
    end)

    it("says how long it took and how long is usual", function()
        local list = usual(900, 3)
        local verdict = runs.verdict(list, "slow")
        assert.is_true(verdict.value > 2.7 and verdict.value < 3.3)
        assert.equal("times", verdict.unit)
        assert.equal(list[1].id, verdict.record_id)
        assert.equal(list[3].start_time, verdict.since)
        assert.matches("^the last runs took 15 min; usual is [45] min", verdict.message)
    end)
end)
