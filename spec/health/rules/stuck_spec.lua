local runs = require "spec.health.runs"

local MINUTE, HOUR = runs.MINUTE, runs.HOUR

-- Ended runs that took so long, and one that has been running for so long since.
local function running(seconds, length, count)
    local list = runs.hourly(count or 30, 12 * HOUR, function(run)
        run.end_time = run.start_time + (length or 60) * 1000
    end)
    table.insert(list, runs.running(seconds, { id = "the-one" }))
    return list
end

describe("the rule stuck", function()
    it("waits half an hour and two hours at least, however short runs are", function()
        assert.equal("ok", runs.severity(running(30 * MINUTE - 0.001), "stuck"))
        assert.equal("warning", runs.severity(running(30 * MINUTE), "stuck"))
        assert.equal("warning", runs.severity(running(2 * HOUR - 0.001), "stuck"))
        assert.equal("critical", runs.severity(running(2 * HOUR), "stuck"))
    end)

    it("fires at three and six times the 95th percentile of longer runs", function()
        local half_hour = 30 * MINUTE
        assert.equal("ok", runs.severity(running(3 * half_hour - 1, half_hour), "stuck"))
        assert.equal("warning", runs.severity(running(3 * half_hour, half_hour), "stuck"))
        assert.equal("warning", runs.severity(running(6 * half_hour - 1, half_hour), "stuck"))
        assert.equal("critical", runs.severity(running(6 * half_hour, half_hour), "stuck"))
    end)

    it("is not misled by one run in twenty that took very long", function()
        local list = running(HOUR, 60, 20)
        list[7].end_time = list[7].start_time + 5 * HOUR * 1000
        assert.equal(30 * MINUTE, runs.verdict(list, "stuck").warning)
        list[8].end_time = list[8].start_time + 5 * HOUR * 1000
        assert.equal(15 * HOUR, runs.verdict(list, "stuck").warning)
    end)

    it("goes by the newest hundred runs", function()
        local list = running(HOUR, 60, 100)
        for i = 1, 50 do
            table.insert(list, runs.run(300 * HOUR + i * HOUR, { end_time = runs.NOW * 1000 - 12 * HOUR * 1000 }))
        end
        for i = #list - 49, #list do
            list[i].end_time = list[i].start_time + 50 * MINUTE * 1000
        end
        assert.equal(30 * MINUTE, runs.verdict(list, "stuck").warning)
    end)

    it("takes absolute times, other factors and other minimums", function()
        assert.equal("warning", runs.severity(running(600), "stuck", { warning = "10m" }))
        assert.equal("ok", runs.severity(running(599), "stuck", { warning = "10m" }))
        assert.equal("critical", runs.severity(running(600), "stuck", { critical = "10m" }))
        assert.equal("ok", runs.severity(running(599), "stuck", { critical = "10m" }))
        assert.equal("warning", runs.severity(running(600), "stuck", { minimum = 600 }))
        assert.equal("critical", runs.severity(running(600), "stuck", { critical_minimum = 600 }))
        assert.equal("warning", runs.severity(running(HOUR, HOUR), "stuck", { factor = 1 }))
        assert.equal("critical", runs.severity(running(2 * HOUR, HOUR), "stuck", { critical_factor = 2 }))
        assert.equal("ok", runs.severity(running(9 * HOUR), "stuck", { warning = false, critical = false }))
    end)

    it("knows no usual duration without ended runs, so that the minimums apply", function()
        assert.equal("ok", runs.severity({ runs.running(30 * MINUTE - 1) }, "stuck"))
        assert.equal("warning", runs.severity({ runs.running(30 * MINUTE) }, "stuck"))
    end)

    it("judges the run that has been running longest", function()
        local list = running(40 * MINUTE)
        table.insert(list, runs.running(5 * MINUTE))
        assert.equal("the-one", runs.verdict(list, "stuck").record_id)
    end)

    it("leaves a run alone that a newer one has finished after", function()
        local list = running(5 * HOUR)
        table.insert(list, runs.failed(HOUR))
        assert.equal("critical", runs.severity(list, "stuck"))
        table.insert(list, runs.run(HOUR))
        assert.equal("ok", runs.severity(list, "stuck"))
        assert.equal("the runs in progress have no start time or were overtaken", runs.verdict(list, "stuck").message)
    end)

    it("says how long, how long it usually takes, and since when", function()
        local verdict = runs.verdict(running(9 * HOUR, 129), "stuck")
        assert.equal("the-one", verdict.record_id)
        assert.equal(runs.NOW * 1000 - 9 * HOUR * 1000, verdict.since)
        assert.equal(9 * HOUR, verdict.value)
        assert.equal("seconds", verdict.unit)
        assert.equal("a run has been running for 9 h; 95 % of runs end within 2 min 9 s", verdict.message)
        assert.matches("stop the run of the ldap source in the console", verdict.advice)
        local verdict_of_none = runs.verdict({ runs.run(5) }, "stuck", { warning = 1 })
        assert.same({ "no run is in progress", 0, "ok" },
            { verdict_of_none.message, verdict_of_none.value, verdict_of_none.severity })
        assert.equal("ok", runs.severity({ runs.running(0, { start_time = false }) }, "stuck"))
    end)
end)
