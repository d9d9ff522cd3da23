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
end)
