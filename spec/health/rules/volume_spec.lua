local runs = require "spec.health.runs"

local HOUR, DAY = runs.HOUR, runs.DAY

-- Hourly runs that update 90 to 110 accounts: median 100, median absolute deviation 10 (a tenth of the median, too).
local function usual(newest, count)
    return runs.hourly(count or 31, 600, function(run, i)
        run.update_count = ({ 90, 100, 110 })[i % 3 + 1]
        if i == 1 then
            run.update_count, run.id = newest, "the-one"
        end
    end)
end

describe("the rule volume", function()
    it("fires at six deviations from the usual, and again at twelve, above and below", function()
        for count, severity in pairs { [100] = "ok", [159] = "ok", [160] = "warning", [161] = "warning",
            [219] = "warning", [220] = "critical", [221] = "critical", [41] = "ok", [40] = "warning",
            [0] = "warning" } do
            assert.equal(severity, runs.severity(usual(count), "volume"), tostring(count))
        end
    end)

    it("wants twenty accounts of difference at least", function()
        local function quiet(added)
            return runs.hourly(31, 600, function(run, i) run.add_count = i == 1 and added or 0 end)
        end
        assert.equal("ok", runs.severity(quiet(19), "volume"))
        assert.equal(0, runs.verdict(quiet(19), "volume").value)
        assert.equal("critical", runs.severity(quiet(20), "volume")) -- twenty deviations of one account
        assert.equal("warning", runs.severity(quiet(8), "volume", { minimum = 8 }))
    end)

    it("takes a tenth of the usual for a deviation when runs never vary", function()
        local function constant(updated)
            return runs.hourly(31, 600, function(run, i) run.update_count = i == 1 and updated or 1000 end)
        end
        assert.equal("ok", runs.severity(constant(1599), "volume"))
        assert.equal("warning", runs.severity(constant(1600), "volume"))
        assert.equal("critical", runs.severity(constant(2200), "volume"))
    end)

    it("cannot tell before there are ten runs to compare with", function()
        local verdict = runs.verdict(usual(5000, 10), "volume")
        assert.equal("ok", verdict.severity)
        assert.is_nil(verdict.value)
        assert.equal("not enough history: 9 of 10 earlier runs", verdict.message)
        assert.equal("critical", runs.severity(usual(5000, 11), "volume"))
        assert.equal("critical", runs.severity(usual(5000, 4), "volume", { least_history = 3 }))
    end)

    it("compares with the newest runs before it only", function()
        local list = usual(3000, 80)
        for i = 32, 80 do
            list[i].update_count = 3000 -- long ago
        end
        assert.equal("critical", runs.severity(list, "volume"))
        assert.equal("ok", runs.severity(list, "volume", { history = 79, window = HOUR }))
    end)

    it("remembers for a day, and does not count failed and RUNNING runs", function()
        local function ago(hours, status)
            return runs.hourly(60, 600, function(run, i)
                if i == hours + 1 then
                    run.add_count, run.status = 100, status or "FINISHED"
                end
            end)
        end
        assert.equal("critical", runs.severity(ago(20), "volume"))
        assert.equal("ok", runs.severity(ago(24), "volume"))
        assert.equal("ok", runs.severity(ago(20), "volume", { window = 10 * HOUR }))
        assert.equal("critical", runs.severity(ago(24), "volume", { window = 2 * DAY }))
        assert.equal("ok", runs.severity(ago(2, "FAILED"), "volume"))
        assert.equal("ok", runs.severity(ago(2, "RUNNING"), "volume"))
    end)

    it("takes other numbers of deviations", function()
        assert.equal("critical", runs.severity(usual(160), "volume", { critical = 6 }))
        assert.equal("ok", runs.severity(usual(160), "volume", { warning = 7 }))
    end)

    it("says what was unusual", function()
        local verdict = runs.verdict(usual(160), "volume")
        assert.equal("the-one", verdict.record_id)
        assert.equal("deviations", verdict.unit)
        assert.equal(6, verdict.value)
        assert.equal("one run updated 160 accounts; usual is 100", verdict.message)
        assert.equal("as many accounts added and updated as usual", runs.verdict(usual(100), "volume").message)
    end)
end)
