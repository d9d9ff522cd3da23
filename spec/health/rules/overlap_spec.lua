local runs = require "spec.health.runs"

describe("the rule overlap", function()
    it("fires for two runs that are RUNNING at once, not for one", function()
        local list = runs.hourly(5)
        table.insert(list, runs.running(60))
        assert.equal("ok", runs.severity(list, "overlap"))
        table.insert(list, runs.running(1799, { id = "older" }))
        assert.equal("ok", runs.severity(list, "overlap")) -- it is only a little late
        assert.equal("warning", runs.severity(list, "overlap", { minimum = 60 }))
        list[#list].start_time = list[#list].start_time - 1000
        local verdict = runs.verdict(list, "overlap")
        assert.equal("warning", verdict.severity)
        assert.equal(1, verdict.value)
        assert.equal("runs", verdict.unit)
        assert.equal("older", verdict.record_id)
        assert.equal("2 runs are running at once", verdict.message)
    end)

    it("fires for a RUNNING one that is older than one that ended", function()
        for _, newer in ipairs { runs.run(60), runs.failed(60) } do
            local verdict = runs.verdict({ runs.running(3600, { id = "older" }), newer }, "overlap")
            assert.equal("warning", verdict.severity)
            assert.equal("older", verdict.record_id)
            assert.equal(runs.NOW * 1000 - 3600000, verdict.since)
            assert.equal("a run is still RUNNING although a newer one has ended", verdict.message)
        end
    end)

    it("does not mix two sources of one cluster", function()
        assert.equal("ok", runs.severity({ runs.running(60), runs.running(61, { identity_source_id = "s2" }) },
            "overlap"))
    end)

    it("counts two that began in the same millisecond, and those without a start", function()
        assert.equal(1, runs.verdict({ runs.running(3600, { id = "a" }), runs.running(3600, { id = "b" }) },
            "overlap").value)
        assert.equal(1, runs.verdict({ runs.running(3600), runs.running(60, { id = "b", start_time = false }) },
            "overlap").value)
        assert.equal(0, runs.verdict({ runs.run(60), runs.running(60, { id = "b", start_time = false }) },
            "overlap").value)
    end)

    it("takes other numbers", function()
        local list = { runs.running(3601), runs.running(3602), runs.running(3603) }
        assert.equal("critical", runs.severity(list, "overlap", { critical = 2 }))
        assert.equal("warning", runs.severity(list, "overlap", { critical = 3 }))
        assert.equal("ok", runs.severity(list, "overlap", { warning = 3 }))
        assert.equal("ok", runs.severity(list, "overlap", { warning = false }))
    end)

    it("fires when three of the last ten runs began before the one before had ended, until none has", function()
        local function longer(count, since)
            return runs.hourly(30, 3600, function(run, i)
                if i > (since or 0) and i <= (since or 0) + count then
                    run.start_time = run.start_time - 3660 * 1000
                end
            end)
        end
        assert.equal("ok", runs.severity(longer(2), "overlap"))
        local verdict = runs.verdict(longer(3), "overlap")
        assert.equal("warning", verdict.severity)
        assert.equal("3 of the last 10 runs began before the one before had ended", verdict.message)
        assert.equal("warning", runs.severity(longer(3, 9), "overlap"))
        assert.equal("ok", runs.severity(longer(3, 10), "overlap"))
        assert.equal("ok", runs.severity(longer(3), "overlap", { ended = false }))
        assert.equal("ok", runs.severity(longer(3), "overlap", { ended = 4 }))
    end)

    it("is told from and till the run that makes it so", function()
        for _, case in ipairs {
            { "warning 6120..4200", "oo" },
            { "warning 16920..15000, warning 9720..7800, warning 2520..", "o.o.o" },
            { "warning 34920..33000, warning 16920..15000, warning 2520..", "o...o....o" },
            { "warning 38520..36600, warning 20520..18600, warning 2520..600", "o....o....o" },
            { "warning 45720..43800, warning 40320..40200, warning 36600..600", "..........ooo" },
            { "warning 38520..600", "..........o", { ended = 1 } },
            { "warning 34920..", ".........o", { ended = 1 } },
            { "warning 6120..4200, warning 600..", "oo", { ended = 2 } },
            { "", "ooo", { ended = 3, warning = false } },
            { "warning 38520..36600, warning 2520..600", "o.........o", { ended = 2 } },
            { "warning 34920..33000, warning 2520..", "o........o", { ended = 2 } },
        } do
            local list = runs.course(case[2] .. ("."):rep(30), runs.HOUR)
            for i, run in ipairs(list) do
                run.start_time = run.start_time - (case[2]:sub(i, i) == "o" and 3660000 or 0)
            end
            assert.equal(case[1], runs.told(list, "overlap", case[3]), case[2])
        end
        for minimum, told in pairs { [1800] = "warning 1800..", [1801] = "warning 1799..",
            [3599.5] = "warning 0.5.." } do
            assert.equal(told, runs.told({ runs.running(3600, { id = "a" }), runs.running(1801, { id = "b" }),
                runs.run(60) }, "overlap", { minimum = minimum }))
        end
    end)

    it("explains how many of how many overlapped, and how many are RUNNING", function()
        assert.same({ "ended: 0 of the last 1 run began before the one before had ended = 0 runs",
            "running: 2 runs = 2 runs" }, runs.facts({ runs.running(3600, { id = "a" }),
            runs.running(1801, { id = "b" }), runs.run(60) }, "overlap"))
        local list = runs.course("..o.......oo" .. ("."):rep(9), runs.HOUR)
        for _, i in ipairs { 3, 10, 11 } do
            list[i].start_time = list[i].start_time - 3660000
        end
        assert.same({ "ended: 2 of the last 10 runs began before the one before had ended = 2 runs",
            "running: 0 runs = 0 runs" }, runs.facts(list, "overlap"))
    end)

    it("says what is the matter, since when, and what to do", function()
        local older = { runs.running(3600, { id = "a" }), runs.running(1801, { id = "b" }) }
        local both = { older[1], older[2], runs.run(60) }
        assert.equal("2 runs are still RUNNING although newer ones have ended",
            runs.verdict(both, "overlap").message)
        assert.equal("3 runs are running at once", runs.verdict({ older[1], older[2], runs.running(60) },
            "overlap").message)
        assert.equal("no overlapping runs", runs.verdict({ runs.run(60) }, "overlap").message)
        assert.equal("Two runs can undo each other's work: check in the console whether the older run of the ldap "
            .. "source is really still working; if it is, stop it; if both ended, look for a second schedule.",
            runs.verdict(both, "overlap").advice)
        local list = runs.course("...oo.o" .. ("."):rep(30), runs.HOUR)
        for _, i in ipairs { 4, 5, 7 } do
            list[i].start_time = list[i].start_time - 3660000
        end
        local verdict = runs.verdict(list, "overlap")
        assert.same({ 3, "r004", list[7].start_time }, { verdict.value, verdict.record_id, verdict.since })
        for _, case in ipairs {
            { "ooo............ooo", 3, 3 }, { "oooo", 4, 4 }, { "oo.oo.o", 5, 7 }, { "o.........o", 1, 11, 1 },
            { "o..........o", 1, 1, 1 }, { "o........o", 2, 10, 1 },
        } do
            list = runs.course(case[1] .. ("."):rep(30), runs.HOUR)
            for i, run in ipairs(list) do
                run.start_time = run.start_time - (case[1]:sub(i, i) == "o" and 3660000 or 0)
            end
            verdict = runs.verdict(list, "overlap", { ended = case[4] or 3 })
            assert.same({ case[2], "r001", list[case[3]].start_time }, { verdict.value, verdict.record_id,
                verdict.since }, case[1])
        end
    end)
end)
