local runs = require "spec.health.runs"

local HOUR, DAY = runs.HOUR, runs.DAY

local function deleting(count, ago)
    local list = runs.hourly(30)
    table.insert(list, runs.run(ago or 60, { id = "the-one", delete_count = count }))
    return list
end

describe("the rule mass_delete", function()
    it("fires at 20 accounts of one run, and again at 50", function()
        for count, severity in pairs { [0] = "ok", [19] = "ok", [20] = "warning", [21] = "warning", [49] = "warning",
            [50] = "critical", [51] = "critical" } do
            assert.equal(severity, runs.severity(deleting(count), "mass_delete"), tostring(count))
        end
    end)

    it("does not add up several runs", function()
        assert.equal("ok", runs.severity(runs.hourly(10, 600, function(run) run.delete_count = 19 end), "mass_delete"))
    end)

    it("remembers for a day, so that the next quiet run does not hide it", function()
        local end_after = 60 -- a run takes a minute
        assert.equal("critical", runs.severity(deleting(60, 2 * HOUR), "mass_delete"))
        assert.equal("critical", runs.severity(deleting(60, DAY + end_after - 1), "mass_delete"))
        assert.equal("ok", runs.severity(deleting(60, DAY + end_after), "mass_delete"))
        assert.equal("critical", runs.severity(deleting(60, DAY + end_after), "mass_delete", { window = "2d" }))
        assert.equal("ok", runs.severity(deleting(60, 2 * HOUR), "mass_delete", { window = "1h" }))
    end)

    it("remembers the newest run at any age", function()
        assert.equal("critical", runs.severity({ runs.run(9 * DAY, { delete_count = 60 }) }, "mass_delete"))
        assert.equal("ok", runs.severity({ runs.run(9 * DAY, { delete_count = 60 }), runs.run(8 * DAY) },
            "mass_delete"))
    end)

    it("counts what a failed run deleted, and what a RUNNING one has deleted so far", function()
        assert.equal("critical", runs.severity({ runs.failed(HOUR, { delete_count = 50 }) }, "mass_delete"))
        assert.equal("critical", runs.severity({ runs.running(60, { delete_count = 50 }) }, "mass_delete"))
    end)

    it("knows shares when it knows the population", function()
        local function severity(count, population, more)
            local options = more or {}
            options.population = population
            return runs.severity(deleting(count), "mass_delete", options)
        end
        assert.equal("ok", severity(4, 100))
        assert.equal("warning", severity(5, 100))
        assert.equal("warning", severity(19, 100))
        assert.equal("critical", severity(20, 100))
        assert.equal("warning", severity(20, 100000)) -- the count alone is enough
        assert.equal("ok", severity(20, 100000, { warning = false, critical = false }))
        assert.equal("warning", severity(5000, 100000, { warning = false, critical = false }))
        assert.equal("critical", severity(20000, 100000, { warning = false, critical = false }))
        assert.equal("warning", severity(5, { s1 = 100 }))
        assert.equal("ok", severity(5, { s2 = 100 }))
        assert.equal("ok", severity(9, 100, { warning_ratio = 0.1 }))
        assert.equal("ok", severity(19, 100, { warning_ratio = false, critical_ratio = false }))
    end)

    it("shows the run, when it ended, and what to do", function()
        local list = deleting(483, 2 * HOUR)
        local verdict = runs.verdict(list, "mass_delete", { population = 958 })
        assert.equal("the-one", verdict.record_id)
        assert.equal(list[#list].end_time, verdict.since)
        assert.equal(483, verdict.value)
        assert.equal("accounts", verdict.unit)
        assert.equal("one run deleted 483 accounts of 958 (50.4 %)", verdict.message)
        assert.matches("stop the synchronisation of the ldap source before its next run", verdict.advice)
    end)
end)
