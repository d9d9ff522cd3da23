local runs = require "spec.health.runs"

local unpack = table.unpack or unpack -- luacheck: ignore 113

local HOUR, DAY = runs.HOUR, runs.DAY

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

    it("is told from and till the run that makes it so", function()
        for _, case in ipairs {
            { "warning 3299.997..600", 899.999, "...FFF" },
            { "", 869.999, "...FFF" },
            { "warning 3210..600", 870, "...FFF" },
            { "warning 18499.995..4179.999", 3579.999, "...FFFF" },
            { "critical 18500..4180", 3580, "...FFFF" },
            { "warning 2040..", 240, ".....FFFFFFFFFF" },
            { "warning 2280..600", 240, "......FFFFFFFFFF" },
            { "warning 3300..600", 900, "...FFF" },
            { "critical 18599.995..4199.999", 3599.999, "...FFFF" },
            { "critical 18600..4200", HOUR, "...FFFF" },
            { "", 12 * HOUR - 1, "...F" },
            { "warning 130200..87000", 12 * HOUR, "...F" },
            { "warning 130197..43799", 12 * HOUR - 1, "...FF" },
            { "critical 173400..87000", 12 * HOUR, "...FF" },
            { "critical 130200..87000", 12 * HOUR, "...FF", { warning = 3 } },
            { "critical 130200..600", 12 * HOUR, "...FFF", { warning = 3, critical = 6 } },
            { "warning 216600..87000", 12 * HOUR, "...FFF", { warning = 1, critical = 7 } },
            { "warning 130200..87000", 12 * HOUR, "...F", { warning = 1, critical = 1 } },
            { "critical 51000..33000", HOUR, "...........FFFFF", { share = false } },
            { "critical 54600..33000", HOUR, "...........FFFFFF", { share = false } },
            { "critical 58200..33000", HOUR, "...........FFFFFFF", { share = false } },
            { "warning 11400..", HOUR, "F.FFF", { share = false } },
            { "warning 15000..4200", HOUR, "F..FFF", { share = false } },
            { "warning 18600..7800", HOUR, "F...FFF", { share = false } },
            { "warning 22200..11400, warning 600..", HOUR, "FF...FFF", { share = false } },
            { "warning 15000..", HOUR, "FF.FFF", { share = false } },
            { "warning 18600..", HOUR, "F.F.FFF", { share = false } },
            { "", HOUR, "F.F.F.F.F" },
            { "warning 29400..", 2 * HOUR, "F.F.F.F.F" },
            { "warning 691800..605400, warning 519000..", DAY, "F.F.F.F.F" },
            { "warning 691800..605400, warning 346200..", DAY, "F...F...F" },
            { "warning 864600..778200, warning 432600..", DAY, "F....F....F" },
            { "warning 951000..864600, warning 519000..", DAY, "F.....F....F" },
            { "", 3 * HOUR, "F..F" },
            { "warning 600..", 3 * HOUR, "F..F..F" },
            { "warning 600..", 3 * HOUR, "F...F..F" },
            { "warning 600..", 3 * HOUR, "F....F..F" },
            { "warning 76200..", 3 * HOUR, ".......F..F..F" },
            { "warning 87000..", 3 * HOUR, "........F..F..F" },
            { "warning 600..", 3 * HOUR, "F..F..F", { share = 0.3 } },
            { "", 3 * HOUR, "F..F..F", { share = 0.375 } },
            { "", 3 * HOUR, "F..F..F", { share = 0.376 } },
            { "warning 29400..22200, warning 15000..7800, warning 600..", HOUR, "FF..FF..FF" },
            { "warning 15000..7800, warning 600..", HOUR, "FF..FF..F" },
            { "", 2 * HOUR, "FF..FF..FF", { warning = false } },
            { "critical 1815000..1555800, critical 1383000..346200", DAY, "..............FFF..FFF" },
            { "critical 605400..346200, critical 173400..", DAY, "FFF..FFF" },
            { "warning 600..", 100 * HOUR, "F...F", { warning = 9, critical = 9 } },
            { "warning 4680600..4320600, warning 3240600..", 100 * HOUR, "......F..F...F", { warning = 2 } },
        } do
            local told, seconds, text, options = unpack(case, 1, 4)
            assert.equal(told, runs.told(runs.course(text .. ("."):rep(30), seconds), "failing", options),
                seconds .. " " .. text)
        end
    end)

    it("explains the streak, the share, the usual gap, and after how many runs it is over", function()
        local function facts(text, seconds)
            return runs.facts(runs.course(text, seconds), "failing")
        end
        assert.same({
            "in_a_row: 2 runs failed in a row, since 2025-10-24T10:38:52Z = 2 runs",
            "share: 4 of 10 runs failed within 10 d, in 3 separate failures = 0.4 ratio",
            "usual_gap: a run ends every 1 d: so rare that each one counts = 86400 seconds",
            "well_after: 1 run without a failure = 1 runs",
        }, facts("FF...F..F" .. ("."):rep(30), DAY))
        assert.same({
            "in_a_row: 1 run failed in a row, since 2025-10-25T10:38:52Z = 1 runs",
            "share: 1 of 1 run failed within 1 d, in 1 separate failure = 1 ratio",
            "usual_gap: not known",
            "well_after: nothing to recover from = 0 runs",
        }, facts("F", HOUR))
        assert.equal("usual_gap: a run ends every 12 h: so rare that each one counts = 43200 seconds",
            facts(("."):rep(30), 12 * HOUR)[3])
        for days, within in pairs { [2.9] = "29 d", [3.1] = "30 d" } do
            assert.equal("share: 0 of 10 runs failed within " .. within .. ", in 0 separate failures = 0 ratio",
                facts(("."):rep(40), days * DAY)[2])
        end
        assert.same({
            "in_a_row: the last run did not fail = 0 runs",
            "share: 0 of 0 runs failed within 1 d, in 0 separate failures",
            "usual_gap: not known",
            "well_after: nothing to recover from = 0 runs",
        }, runs.facts({ runs.running(60) }, "failing"))
    end)

    it("says how many of how many failed, since when, and which was the newest", function()
        local verdict = runs.verdict(runs.course(".FF..FF..FF" .. ("."):rep(30), HOUR), "failing")
        assert.equal("6 of the last 24 runs failed: the service gave no reason", verdict.message)
        assert.same({ 6, "r002" }, { verdict.value, verdict.record_id })
        assert.equal(2 * HOUR + 660, runs.NOW - verdict.since / 1000)
        assert.equal("Look for the run in the identity source's own log. Then synchronise the ldap source again.",
            verdict.advice)
    end)
end)
