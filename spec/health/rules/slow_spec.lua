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

    -- How long runs took, the newest first.
    local MARKS = {
        ["."] = { seconds = 300 },
        s = { seconds = 630 },
        S = { seconds = 1300 },
        t = { seconds = 608 },
        u = { seconds = 609 },
        T = { seconds = 1217 },
        U = { seconds = 1218 },
        F = { status = "FAILED", seconds = 900 },
        q = { seconds = 20 },
        y = { seconds = 150 },
        h = { seconds = 400 },
        z = { seconds = 305 },
    }
    local USUAL = ("."):rep(30)

    it("is told from and till the run that makes it so", function()
        for _, case in ipairs {
            { "warning 30..", "sss" },
            { "", "ss" },
            { "warning 2960..", ".SS" },
            { "", ".S" },
            { "warning 7230..", "..sss" },
            { "warning 10830..360", "...sss" },
            { "", "s.ss" },
            { "", ".S.S" },
            { "warning 30..", "sFss" },
            { "warning 2960..", ".SsS" },
            { "warning 3630..", ".ssS" },
            { "warning 6560..", ".sSS" },
            { "warning 18030..", "..s..sss" },
            { "warning 14430..", "ss..sss" },
            { "", "sss", { runs = 4 } },
            { "warning 30..", "ss", { runs = 2 } },
            { "warning 30..", "s", { runs = 1 } },
            { "warning 2960..", ".S", { runs = 2 } },
            { "", "ttt" },
            { "warning 51..", "uuu" },
            { "", "uuu", { minimum = 305 } },
            { "critical 30..", "sss", { critical = 2 } },
            { "warning 30..", "sss", { critical = 2.1 } },
            { "", "sss", { warning = false } },
            { "", ".TT" },
            { "warning 3042..", ".UU" },
        } do
            assert.equal(case[1], runs.told(runs.course(case[2] .. USUAL, runs.HOUR, MARKS), "slow", case[3]), case[2])
        end
    end)

    it("is broken and ended by runs of any length", function()
        for _, case in ipairs {
            { "warning 510..", "yyy" },
            { "", "yyqy" },
            { "warning 7710..", "qqyyy" },
            { "warning 11310..640", "qqqyyy" },
            { "", "S" },
            { "warning 2960..", "qSS" },
        } do
            assert.equal(case[1], runs.told(runs.course(case[2] .. ("q"):rep(30), runs.HOUR, MARKS), "slow"), case[2])
        end
    end)

    it("asks for the usual again when there are a fiftieth more runs", function()
        -- Half of the runs before were quick, so the slow ones themselves change what is usual.
        local function severity(slow, before, count)
            return runs.severity(runs.course(("z"):rep(slow) .. ("q"):rep(before) .. ("h"):rep(before), 600, MARKS),
                "slow", { runs = count })
        end
        assert.equal("warning", severity(3, 50, 3))
        assert.equal("warning", severity(3, 49, 3))
        assert.equal("warning", severity(4, 74, 4))
        assert.equal("ok", severity(4, 73, 4))
    end)

    it("explains what is usual, and from what on a run is slow", function()
        local function facts(text, options)
            return runs.facts(runs.course(text, runs.HOUR, MARKS), "slow", options)
        end
        assert.same({
            "usual: 5 min 4 s, the median of 34 finished runs = 304.4370214 seconds",
            "slow_from: 10 min 8 s, in 3 runs in a row = 608.8740429 seconds",
            "last: 5 min = 300 seconds",
            "slow_runs: 0 slow runs in a row now = 0 runs",
        }, facts(".sss" .. USUAL))
        assert.same({
            "usual: 5 min 4 s, the median of 32 finished runs = 304.4370214 seconds",
            "slow_from: 7 min 4 s, in 4 runs in a row = 424.4370214 seconds",
            "last: 10 min 30 s = 630 seconds",
            "slow_runs: 2 slow runs in a row now = 2 runs",
        }, facts("ss" .. USUAL, { runs = 4, warning = 1.1 }))
        assert.same({ "usual: not known: 1 finished run, 10 are needed", "last: 10 min 30 s = 630 seconds",
            "slow_runs: 0 slow runs in a row now = 0 runs" }, facts("s"))
        assert.same({ "usual: not known: 0 finished runs, 10 are needed",
            "slow_runs: 0 slow runs in a row now = 0 runs" }, facts("F"))
        assert.same({ "usual: 5 min 4 s, the median of 30 finished runs = 304.4370214 seconds",
            "last: 5 min = 300 seconds", "slow_runs: 0 slow runs in a row now = 0 runs" },
            facts(USUAL, { warning = false }))
    end)

    it("goes by the newest slow run and the usual of before, until it is well", function()
        for options, severity in pairs { [{}] = "warning", [{ critical = 2 }] = "critical",
            [{ critical = 2.1 }] = "warning" } do
            local verdict = runs.verdict(runs.course(".sSs" .. USUAL, runs.HOUR, MARKS), "slow", options)
            assert.same({ severity, "r002" }, { verdict.severity, verdict.record_id })
            assert.equal("the last runs took 10 min 30 s; usual is 5 min 4 s", verdict.message)
            assert.equal("2.069", ("%.3f"):format(verdict.value))
            assert.equal(3 * runs.HOUR + 660, runs.NOW - verdict.since / 1000)
            assert.equal("Find out what slowed the ldap source down: many changes at once, load on the directory, or "
                .. "the network; runs that get slower every day end up stuck.", verdict.advice)
        end
        local verdict = runs.verdict(runs.course("ss" .. USUAL, runs.HOUR, MARKS), "slow", { critical = 2 })
        assert.equal("the last finished run took 10 min 30 s; usual is 5 min 4 s", verdict.message)
        assert.equal("2.069", ("%.3f"):format(verdict.value))
        assert.equal("ok", verdict.severity)
    end)

    it("needs ten runs before, and is broken by a quick one", function()
        local list = runs.course("s" .. ("."):rep(9), runs.HOUR, MARKS)
        assert.equal("ok", runs.severity(list, "slow", { runs = 1 }))
        list = runs.course("s" .. ("."):rep(10), runs.HOUR, MARKS)
        assert.equal("warning", runs.severity(list, "slow", { runs = 1 }))
        local quick = { y = { seconds = 150 }, q = { seconds = 20 } }
        assert.equal("warning", runs.severity(runs.course("yyy" .. ("q"):rep(30), runs.HOUR, quick), "slow"))
        assert.equal("ok", runs.severity(runs.course("yyqy" .. ("q"):rep(30), runs.HOUR, quick), "slow"))
    end)
end)
