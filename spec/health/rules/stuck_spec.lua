local runs = require "spec.health.runs"

local unpack = table.unpack or unpack -- luacheck: ignore 113

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

    it("is told from the millisecond on at which it has been RUNNING for too long", function()
        for _, case in ipairs {
            { "warning 34200..", 10 * HOUR, 60, 30, { critical = false } },
            { "warning 30600..", 9 * HOUR, 1800, 1, { critical = false, factor = 1 } },
            { "critical 30600..", 9 * HOUR, 60, 30 },
            { "critical 27000..", 9 * HOUR, 1800, 30 },
            { "critical 21600..", 9 * HOUR, 1800, 120, { warning = "3h" } },
            { "critical 27000..", 9 * HOUR, 1800, 120, { critical = "3h" } },
            { "", 9 * HOUR, 1800, 120, { warning = "10h", critical = "11h" } },
            { "", 1800 - 0.001, 0, 0 },
            { "warning 0..", 1800, 0, 0 },
        } do
            assert.equal(case[1], runs.told(running(case[2], case[3], case[4]), "stuck", case[5]))
        end
    end)

    it("explains how long runs take, and from when on one would be stuck", function()
        assert.same({
            "usual: 95 % of the last 30 runs ended within 30 min = 1800 seconds",
            "running: 1 run = 1 runs",
            "warning_from: 1 h 30 min of RUNNING = 5400 seconds",
            "critical_from: 3 h of RUNNING = 10800 seconds",
        }, runs.facts(running(9 * HOUR, 1800), "stuck"))
        assert.same({
            "usual: 95 % of the last 100 runs ended within 1 min = 60 seconds",
            "running: 1 run = 1 runs",
            "warning_from: 1 h of RUNNING = 3600 seconds", -- never above critical
            "critical_from: 1 h of RUNNING = 3600 seconds",
        }, runs.facts(running(9 * HOUR, 60, 120), "stuck", { minimum = "2h", critical = "1h" }))
        assert.same({
            "usual: 95 % of the last 1 run ended within 1 min = 60 seconds",
            "running: 0 runs = 0 runs",
            "warning_from: 2 min of RUNNING = 120 seconds",
            "critical_from: 1 h 40 min of RUNNING = 6000 seconds",
        }, runs.facts({ runs.run(60) }, "stuck", { minimum = 0, factor = 2, critical_factor = 100,
            critical_minimum = 9 }))
        assert.same({
            "usual: no run has ended yet",
            "running: 1 run = 1 runs",
            "warning_from: off",
            "critical_from: 9 s of RUNNING = 9 seconds",
        }, runs.facts({ runs.running(5) }, "stuck", { warning = false, critical_minimum = 9 }))
        assert.same({ "warning_from: 3 h of RUNNING = 10800 seconds", "critical_from: off" },
            { unpack(runs.facts({ runs.run(60) }, "stuck", { warning = "3h", critical = false }), 3) })
    end)

    it("goes by a hundred runs, not by the one before", function()
        local list = running(HOUR, 60, 105)
        for i = 96, 105 do
            list[i].end_time = list[i].start_time + 50 * MINUTE * 1000
        end
        assert.equal(30 * MINUTE, runs.verdict(list, "stuck").warning) -- five of the hundred
        list[95].end_time = list[95].start_time + 50 * MINUTE * 1000
        assert.equal(150 * MINUTE, runs.verdict(list, "stuck").warning)
    end)

    it("goes by the least time alone where nothing is known of how long runs take", function()
        for ago, severity in pairs { [1] = "ok", [2] = "warning", [3] = "critical" } do
            assert.equal(severity, runs.severity({ runs.running(ago) }, "stuck", { minimum = 2, critical_minimum = 3 }))
        end
    end)
end)
