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
    it("fires at the second failure in a row, and again at the fourth", function()
        for count, severity in pairs { [0] = "ok", [1] = "ok", [2] = "warning", [3] = "warning", [4] = "critical",
            [5] = "critical", [30] = "critical" } do
            local verdict = runs.verdict(streak(count), "failing")
            assert.equal(severity, verdict.severity)
            assert.equal(count, verdict.value)
        end
    end)

    it("takes other numbers, and levels that are off", function()
        assert.equal("ok", runs.severity(streak(4), "failing", { warning = 5, critical = 6 }))
        assert.equal("warning", runs.severity(streak(9), "failing", { critical = false }))
        assert.equal("ok", runs.severity(streak(3), "failing", { warning = false }))
    end)

    it("is neither broken nor fed by a run that is RUNNING", function()
        local list = streak(2)
        table.insert(list, runs.running(60))
        assert.equal(2, runs.verdict(list, "failing").value)
        table.insert(list, runs.running(2 * 3600, { id = "between" }))
        assert.equal(2, runs.verdict(list, "failing").value)
    end)

    it("ends with a success, partial or not", function()
        local list = streak(8)
        table.insert(list, runs.run(120, { failed_count = 3 }))
        assert.equal(0, runs.verdict(list, "failing").value)
    end)

    it("goes by the order in which runs ended", function()
        local long = runs.run(5 * 3600, { end_time = runs.NOW * 1000 - 1000 })
        local list = streak(4)
        table.insert(list, long)
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
