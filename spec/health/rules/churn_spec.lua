local runs = require "spec.health.runs"

local HOUR = runs.HOUR

-- A run that deleted accounts, and the next, which added some; so many hours ago.
local function churned(deleted, added, hours)
    return runs.hourly(60, 600, function(run, i)
        run.delete_count = i == hours + 2 and deleted or 0
        run.add_count = i == hours + 1 and added or 0
    end)
end

describe("the rule churn", function()
    it("fires when ten accounts were deleted and added back, not for fewer", function()
        assert.equal("ok", runs.severity(churned(9, 9, 0), "churn"))
        assert.equal("warning", runs.severity(churned(10, 10, 0), "churn"))
        assert.equal("warning", runs.severity(churned(11, 11, 0), "churn"))
        assert.equal("ok", runs.severity(churned(0, 100, 0), "churn"))
        assert.equal("ok", runs.severity(churned(100, 0, 0), "churn"))
    end)

    it("wants similar numbers: the smaller at least four fifths of the larger", function()
        assert.equal("ok", runs.severity(churned(100, 79, 0), "churn"))
        assert.equal("warning", runs.severity(churned(100, 80, 0), "churn"))
        assert.equal("warning", runs.severity(churned(80, 100, 0), "churn"))
        assert.equal("ok", runs.severity(churned(79, 100, 0), "churn"))
        assert.equal("ok", runs.severity(churned(100, 80, 0), "churn", { similarity = 0.9 }))
    end)

    it("knows how many leave on a usual day", function()
        local function daily(leavers, newest)
            local list = {}
            for i = 1, 30 do
                list[i] = runs.run(600 + (i - 1) * 86400, { add_count = i == 1 and newest or leavers,
                    delete_count = i == 2 and newest or leavers })
            end
            return runs.severity(list, "churn")
        end
        assert.equal("ok", daily(30, 33))
        assert.equal("ok", daily(30, 90))
        assert.equal("warning", daily(30, 120))
    end)

    it("does not compare weeks: others have come", function()
        local list = { runs.run(60, { add_count = 50 }), runs.run(7 * 86400, { delete_count = 50 }),
            runs.run(8 * 86400) }
        assert.equal("ok", runs.severity(list, "churn"))
    end)

    it("remembers for a day", function()
        assert.equal("warning", runs.severity(churned(50, 50, 20), "churn"))
        assert.equal("ok", runs.severity(churned(50, 50, 24), "churn"))
        assert.equal("ok", runs.severity(churned(50, 50, 20), "churn", { window = 2 * HOUR }))
    end)

    it("looks past failed runs and those that are RUNNING", function()
        local list = churned(50, 50, 0)
        table.insert(list, runs.failed(600 + 1800))
        table.insert(list, runs.running(600 + 1900))
        assert.equal("warning", runs.severity(list, "churn"))
    end)

    it("does not take a deletion that follows an addition for one", function()
        local list = churned(0, 0, 0)
        list[2].add_count, list[1].delete_count = 50, 50
        assert.equal("ok", runs.severity(list, "churn"))
    end)

    it("takes a critical number, which there is none by default", function()
        assert.is_nil(runs.verdict(churned(500, 500, 0), "churn").critical)
        assert.equal("critical", runs.severity(churned(500, 500, 0), "churn", { critical = 500 }))
        assert.equal("warning", runs.severity(churned(499, 499, 0), "churn", { critical = 500 }))
        assert.equal("ok", runs.severity(churned(499, 499, 0), "churn", { warning = 500 }))
    end)

    it("says how many, and needs two runs to tell", function()
        local list = churned(50, 48, 3)
        local verdict = runs.verdict(list, "churn")
        assert.equal(48, verdict.value)
        assert.equal("accounts", verdict.unit)
        assert.equal(list[4].id, verdict.record_id)
        assert.equal(list[4].end_time, verdict.since)
        assert.equal("one run deleted 50 accounts and the next added 48", verdict.message)
        assert.equal("no accounts deleted and added back", runs.verdict(churned(5, 0, 0), "churn").message)
        assert.equal(0, runs.verdict({ runs.run(60) }, "churn").value)
    end)
end)
