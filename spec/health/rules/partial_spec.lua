local health = require "dwsync.health"
local runs = require "spec.health.runs"

local unpack = table.unpack or unpack -- luacheck: ignore 113

local HOUR, DAY = runs.HOUR, runs.DAY

-- Hourly runs; `bad` tells by its age in runs which had failing accounts.
local function with(failed, updated, bad, more)
    return runs.hourly(40, 600, function(run, i)
        run.update_count = updated
        if bad(i) then
            run.failed_count = failed
            for name, value in pairs(more or {}) do
                run[name] = value
            end
        end
    end)
end

local function newest(count)
    return function(i) return i <= count end
end

-- Daily runs of which the newest had failing accounts.
local function last(failed, updated, more)
    local list = {}
    for i = 1, 10 do
        list[i] = runs.run(600 + (i - 1) * 86400, { update_count = updated })
    end
    list[1].failed_count = failed
    for name, value in pairs(more or {}) do
        list[1][name] = value
    end
    return list
end

describe("the rule partial", function()
    it("fires from one account in a hundred, but not for fewer than five", function()
        assert.equal("ok", runs.severity(last(0, 100), "partial"))
        assert.equal("ok", runs.severity(last(4, 10), "partial"))
        assert.equal("warning", runs.severity(last(5, 10), "partial"))
        assert.equal("warning", runs.severity(last(10, 990), "partial"))
        assert.equal("ok", runs.severity(last(9, 991), "partial"))
        assert.equal("ok", runs.severity(last(2, 0), "partial")) -- 2 of 2 in a quiet run
    end)

    it("is critical when a tenth of the accounts there are fails", function()
        assert.equal("warning", runs.severity(last(100, 50), "partial")) -- of thousands
        assert.equal("critical", runs.severity(last(900, 50), "partial"))
        local function share(population)
            return health.evaluate(last(100, 50), { mass_delete = { population = population } }, runs.NOW)
        end
        assert.equal("critical", share(1000).severity)
        assert.equal("warning", share(1001).severity)
    end)

    it("wants two bad runs among five where runs are frequent, and goes on until five were well", function()
        assert.equal("ok", runs.severity(with(8, 92, newest(1)), "partial"))
        assert.equal("warning", runs.severity(with(8, 92, newest(2)), "partial"))
        assert.equal("warning", runs.severity(with(8, 92, function(i) return i <= 9 and i % 2 == 0 end), "partial"))
        local function well(count)
            return runs.severity(with(8, 92, function(i) return i > count and i <= count + 3 end), "partial")
        end
        assert.equal("warning", well(5))
        assert.equal("ok", well(6))
    end)

    it("takes what has always failed for known", function()
        local list = runs.hourly(10 * 24, 600, function(run)
            run.update_count, run.failed_count = 20, 20
        end)
        assert.equal("ok", runs.severity(list, "partial"))
        local new = runs.hourly(10 * 24, 600, function(run, i)
            run.update_count, run.failed_count = 20, i <= 9 * 24 and 20 or 0
        end)
        assert.equal("warning", runs.severity(new, "partial"))
    end)

    it("counts added and deleted accounts, too", function()
        assert.equal(1 / 11, runs.verdict(last(1, 10), "partial").value)
        local verdict = runs.verdict(last(5, 10, { add_count = 20, delete_count = 15 }), "partial")
        assert.equal(0.1, verdict.value)
        assert.equal("ratio", verdict.unit)
        assert.equal("5 of 50 accounts failed in the last finished run, 10 %", verdict.message)
    end)

    it("looks at runs that finished", function()
        local list = last(50, 50)
        table.insert(list, runs.failed(120, { failed_count = 9 }))
        table.insert(list, runs.running(60))
        assert.equal(0.5, runs.verdict(list, "partial").value)
    end)

    it("takes other shares and another least number", function()
        assert.equal("ok", runs.severity(last(20, 80), "partial", { warning = 0.3, critical = 0.5 }))
        assert.equal("warning", runs.severity(last(900, 50), "partial", { critical = false }))
        assert.equal("warning", runs.severity(last(1, 0), "partial", { minimum = 1 }))
        assert.equal("warning", runs.severity({ runs.run(600, { failed_count = 1 }) }, "partial", { minimum = 1 }))
    end)

    it("adds the reason", function()
        assert.matches('10 %% %("name <b> too long"%)$',
            runs.verdict(last(10, 90, { fail_reason = "name <b> too long" }), "partial").message)
        assert.matches("10 %% %(the identity source did not answer in time%)$",
            runs.verdict(last(10, 90, { fail_reason = "Read timed out" }), "partial").message)
    end)

    it("has nothing to say before a run has finished", function()
        local verdict = runs.verdict({ runs.failed(60, { failed_count = 7 }) }, "partial")
        assert.equal("ok", verdict.severity)
        assert.is_nil(verdict.value)
        assert.equal("no run has finished yet", verdict.message)
    end)

    -- How runs looked, the newest first: p, n, t and others have failing accounts.
    local MARKS = {
        ["."] = { update_count = 92 },
        p = { update_count = 92, failed_count = 8 },
        s = { update_count = 92, failed_count = 3 },
        n = { update_count = 0, failed_count = 4 },
        e = { update_count = 495, failed_count = 5 },
        E = { update_count = 496, failed_count = 5 },
        c = { update_count = 50, failed_count = 50 },
        t = { update_count = 45, failed_count = 5 },
        T = { update_count = 46, failed_count = 5 },
    }
    local WELL = ("."):rep(30)

    it("is told from and till the run that makes it so", function()
        for _, case in ipairs {
            { "", "p" },
            { "warning 600..", "pp" },
            { "warning 600..", "p...p" },
            { "", "p....p" },
            { "warning 22200..600", "......pp" },
            { "warning 40200..18600", ".....p.....pp" },
            { "warning 47400..25800", "......p......pp" },
            { "critical 15000..", "....c" },
            { "critical 18600..", ".....c" },
            { "critical 22200..600", "......c" },
            { "critical 18600..", "p....c" },
            { "critical 22200..600", "p.....c" },
            { "critical 22200..", "pp....c" },
            { "critical 25800..4200, warning 600..", "pp.....c" },
            { "critical 36600..", "p....p....c" },
            { "critical 600..", "cp" },
            { "warning 87000..600", ".p", DAY },
            { "warning 87000..", "pp", DAY },
            { "", ".p.", 12 * HOUR - 1 },
            { "", ".p.", 12 * HOUR - 0.001 },
            { "warning 43800..600", ".p", 12 * HOUR },
            { "warning 600..", "ee" },
            { "", "EE" },
            { "", "nn" },
            { "warning 600..", "nn", HOUR, { minimum = 4 } },
            { "critical 600..", "t" },
            { "", "T" },
            { "", "n", HOUR, { minimum = 4 } },
            { "", "t", HOUR, { critical = false } },
            { "", "tt", HOUR, { warning = false } },
            { "warning 600..", "pp", HOUR, nil, 80 },
            { "critical 600..", "c", HOUR, nil, 500 },
            { "", "c", HOUR, nil, 501 },
            { "warning 600..", "pp" .. ("s"):rep(20) },
            { "warning 600..", "pp" .. ("sssn"):rep(5) },
        } do
            local told, text, every, options, population = unpack(case, 1, 5)
            assert.equal(told, runs.told(runs.course(text .. WELL, every or HOUR, MARKS), "partial", options,
                { mass_delete = population and { population = population } }), text)
        end
    end)

    it("is known after a week where one of the first three runs began it", function()
        for _, case in ipairs {
            { "warning 717000..112200", "" },
            { "warning 724200..720600, warning 717000..119400", ".p" },
            { "warning 727800..724200, warning 717000..123000", "..p" },
            { "warning 731400..727800, warning 717000..126600", "...p" },
            { "warning 713400..119400", ".." },
            { "warning 713400..", "..." },
            { "warning 713400..", "...." },
        } do
            assert.equal(case[1], runs.told(runs.course(("p"):rep(200) .. case[2], HOUR, MARKS), "partial"))
        end
    end)

    it("explains what is usual, and from how many on it is told", function()
        local function facts(text, every)
            return runs.facts(runs.course(text, every or HOUR, MARKS), "partial", nil,
                { mass_delete = { population = 5000 } })
        end
        local population = "population: 5000 accounts, as the option population says = 5000 accounts"
        assert.same({
            "usual: 0 accounts fail in a run, in the mean = 0 accounts",
            "told_from: 5 accounts, 3 times the usual = 5 accounts",
            "patience: runs are rare: one bad run is enough, and one good one ends it = 1 runs",
            population,
        }, facts("p"))
        assert.same({
            "usual: 3 accounts fail in a run, in the mean = 3 accounts",
            "told_from: 9 accounts, 3 times the usual = 9 accounts",
            "patience: two bad runs of 5 are enough, and 5 good ones end it = 5 runs",
            population,
        }, facts(("s"):rep(20)))
        assert.equal("usual: 3 accounts fail in a run, in the mean = 3 accounts", facts("s")[1])
        assert.matches("^patience: two bad runs", facts(("."):rep(20), 12 * HOUR - 1)[3])
        assert.matches("^patience: runs are rare", facts(("."):rep(20), 12 * HOUR)[3])
        assert.equal("usual: 0 accounts fail in a run, in the mean = 0 accounts",
            runs.facts({ runs.running(60) }, "partial")[1])
    end)

    it("says when it is not the newest run, since when, what to do, and shows the reason of one of them", function()
        local verdict = runs.verdict(runs.course(".....pp" .. WELL, HOUR, MARKS), "partial")
        assert.equal("8 of 100 accounts failed in one of the last runs, 8 %", verdict.message)
        assert.equal("These accounts of the ldap source are out of date: fix what the reason names, in the identity "
            .. "source or in the database's roles, then synchronise again.", verdict.advice)
        assert.same({ "r006", 22200 }, { verdict.record_id, runs.NOW - verdict.since / 1000 })
        local list = runs.course("pp.p" .. WELL, HOUR, MARKS)
        list[4].fail_reason = "odd"
        assert.equal("r004", runs.verdict(list, "partial").reason.record_id)
        list = runs.course("pppppp" .. WELL, HOUR, MARKS)
        list[6].fail_reason = "odd"
        assert.is_nil(runs.verdict(list, "partial").reason) -- five runs back, it is no news
        list[5].fail_reason = "odder"
        assert.equal("r005", runs.verdict(list, "partial").reason.record_id)
        assert.same({ "ok", 3 / 95 }, { runs.severity(runs.course("s", HOUR, MARKS), "partial"),
            runs.verdict(runs.course("s", HOUR, MARKS), "partial").value })
    end)

    it("compares with what was usual before, of the second run on", function()
        for text, severity in pairs { ps = "ok", rs = "warning", rss = "warning", pss = "ok" } do
            local list = runs.course(text, DAY, { p = MARKS.p, s = MARKS.s,
                r = { update_count = 91, failed_count = 9 } })
            assert.equal(severity, runs.severity(list, "partial"), text)
        end
    end)

    it("is known after a week, to the millisecond", function()
        assert.equal("ok", runs.severity(runs.course("pppppppp", DAY, MARKS), "partial"))
        assert.equal("warning", runs.severity(runs.course("pppppppp", DAY - 0.001, MARKS), "partial"))
    end)

    it("is critical as long as the critical run is one of the last five before", function()
        for text, severity in pairs { ["p....c"] = "critical", ["p.p..c"] = "critical", ["pp....c"] = "warning",
            [".....c"] = "critical", [".p....c"] = "warning" } do
            assert.equal(severity, runs.severity(runs.course(text .. WELL, HOUR, MARKS), "partial"), text)
        end
    end)

    it("takes absent numbers for none, and says when the newest that finished ended", function()
        local list = { runs.run(60, { add_count = false, update_count = false, delete_count = false,
            failed_count = 8 }) }
        local verdict = runs.verdict(list, "partial")
        assert.same({ 1, list[1].end_time }, { verdict.value, verdict.since })
        list[1].failed_count = nil
        verdict = runs.verdict(list, "partial")
        assert.same({ 0, list[1].end_time }, { verdict.value, verdict.since })
        list[1].end_time = nil
        assert.equal(list[1].start_time, runs.verdict(list, "partial").since)
        list = last(10, 90, { fail_reason = ("x"):rep(200) })
        assert.is_true(#runs.verdict(list, "partial").message < 200)
    end)
end)
