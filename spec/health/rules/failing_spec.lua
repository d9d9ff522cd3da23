local runs = require "spec.health.runs"

local REFUSED = "[LDAP: error code 49 - 80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, "
    .. "data 52e]"

local function streak(count, reason)
    return runs.hourly(30, 600, function(run, i)
        if i <= count then
            run.status, run.fail_reason = "FAILED", reason
        end
    end)
end

describe("the rule failing", function()
    it("fires at the second failure in a row, and again when it has lasted for hours", function()
        for count, severity in pairs { [0] = "ok", [1] = "ok", [2] = "warning", [3] = "warning", [4] = "critical",
            [30] = "critical" } do
            local verdict = runs.verdict(streak(count), "failing")
            assert.equal(severity, verdict.severity, tostring(count))
            assert.equal(count, verdict.value)
        end
    end)

    -- Runs so many seconds apart of which the newest failed.
    local function every(seconds, failures)
        local list = {}
        for i = 1, 60 do
            list[i] = (i <= failures and runs.failed or runs.run)(120 + (i - 1) * seconds)
        end
        return runs.severity(list, "failing")
    end

    it("goes by time: half an hour of failing where runs are frequent, the first one where they are rare", function()
        assert.equal("ok", every(300, 6))
        assert.equal("warning", every(300, 7))
        assert.equal("ok", every(900, 2))
        assert.equal("warning", every(900, 3))
        assert.equal("ok", every(4 * 3600, 1))
        assert.equal("warning", every(4 * 3600, 2))
        assert.equal("warning", every(86400, 1))
        assert.equal("critical", every(86400, 2))
    end)

    it("takes several separate failures among a day's runs for one problem", function()
        local function every_nth(n)
            return runs.verdict(runs.hourly(72, 600, function(run, i)
                run.status = i % n == 0 and "FAILED" or "FINISHED"
            end), "failing")
        end
        local verdict = every_nth(3)
        assert.equal("warning", verdict.severity)
        assert.equal("8 of the last 24 runs failed: the service gave no reason", verdict.message)
        assert.equal("ok", every_nth(20).severity)
        local daily = {}
        for i = 1, 30 do
            daily[i] = (i % 2 == 0 and i < 12 and runs.failed or runs.run)(600 + i * 86400)
        end
        assert.equal("warning", runs.severity(daily, "failing"))
    end)

    it("goes on until as many runs have finished as it took failures to tell", function()
        local function healed(count)
            local list = runs.hourly(60, 600, function(run, i)
                run.status = i > count and i <= count + 4 and "FAILED" or "FINISHED"
            end)
            return runs.verdict(list, "failing")
        end
        assert.equal("warning", healed(1).severity)
        assert.equal("4 runs failed, then 1 finished: the service gave no reason", healed(1).message)
        assert.equal("ok", healed(2).severity)
    end)

    it("takes other numbers, and levels that are off", function()
        assert.equal("ok", runs.severity(streak(4), "failing", { warning = 5, critical = 6 }))
        assert.equal("warning", runs.severity(streak(9), "failing", { critical = false }))
        assert.equal("ok", runs.severity(streak(3), "failing", { warning = false }))
        assert.equal("ok", runs.severity(streak(3), "failing", { minimum = "4h" }))
        assert.equal("warning", runs.severity(streak(4), "failing", { critical_minimum = "4h" }))
    end)

    it("is neither broken nor fed by a run that is RUNNING", function()
        local list = streak(2)
        table.insert(list, runs.running(60))
        assert.equal(2, runs.verdict(list, "failing").value)
        table.insert(list, runs.running(2 * 3600, { id = "between" }))
        assert.equal(2, runs.verdict(list, "failing").value)
    end)

    it("goes by the order in which runs ended", function()
        local list = streak(1)
        table.insert(list, runs.run(5 * 3600, { id = "long", end_time = runs.NOW * 1000 - 1000 }))
        assert.equal(0, runs.verdict(list, "failing").value)
    end)

    it("says since when, which run, why, and what to do", function()
        local list = streak(3, REFUSED)
        local verdict = runs.verdict(list, "failing")
        assert.equal(list[1].id, verdict.record_id)
        assert.equal(list[3].start_time, verdict.since)
        assert.equal("runs", verdict.unit)
        assert.equal("the last 3 runs failed: the directory refused the bind user's name or password: invalid "
            .. "credentials (LDAP 49, data 52e)", verdict.message)
        assert.equal("Find out whether the bind user's password was changed, and enter the current one in the identity "
            .. "source. Then synchronise the ldap source again.", verdict.advice)
    end)

    it("shows a reason nobody knows, or that there is none", function()
        assert.equal('the last 2 runs failed: the reason given is "odd ?[31mthing"',
            runs.verdict(streak(2, "odd\n\27[31mthing"), "failing").message)
        assert.equal("the last 2 runs failed: the service gave no reason", runs.verdict(streak(2), "failing").message)
        assert.equal("the last run failed: the service gave no reason", runs.verdict(streak(1), "failing").message)
        assert.equal("no run has ended yet", runs.verdict({ runs.running(5) }, "failing").message)
    end)
end)
