local runs = require "spec.health.runs"

local function last(failed, updated, more)
    local list = runs.hourly(5)
    list[1].failed_count, list[1].update_count = failed, updated
    for name, value in pairs(more or {}) do
        list[1][name] = value
    end
    return list
end

describe("the rule partial", function()
    it("fires when one account in a hundred failed, and again at one in ten", function()
        assert.equal("ok", runs.severity(last(0, 100), "partial"))
        assert.equal("ok", runs.severity(last(1, 100), "partial")) -- 1 of 101
        assert.equal("warning", runs.severity(last(1, 99), "partial"))
        assert.equal("warning", runs.severity(last(1, 98), "partial"))
        assert.equal("warning", runs.severity(last(99, 901), "partial"))
        assert.equal("critical", runs.severity(last(100, 900), "partial"))
        assert.equal("critical", runs.severity(last(3, 0), "partial"))
    end)

    it("counts added and deleted accounts, too", function()
        local verdict = runs.verdict(last(5, 10, { add_count = 20, delete_count = 15 }), "partial")
        assert.equal(0.1, verdict.value)
        assert.equal("ratio", verdict.unit)
        assert.equal("5 of 50 accounts failed in the last finished run, 10 %", verdict.message)
    end)

    it("looks at the last run that finished only", function()
        local list = last(50, 50)
        table.insert(list, runs.failed(120, { failed_count = 9 }))
        table.insert(list, runs.running(60))
        assert.equal(0.5, runs.verdict(list, "partial").value)
        table.insert(list, runs.run(90))
        assert.equal("ok", runs.severity(list, "partial"))
    end)

    it("takes other shares", function()
        assert.equal("ok", runs.severity(last(20, 80), "partial", { warning = 0.3, critical = 0.5 }))
        assert.equal("warning", runs.severity(last(1, 0), "partial", { critical = false }))
    end)

    it("adds the reason", function()
        assert.matches('10 %% %("name <b> too long"%)$',
            runs.verdict(last(10, 90, { fail_reason = "name <b> too long" }), "partial").message)
        assert.matches("10 %% %(the identity source did not answer in time%)$",
            runs.verdict(last(10, 90, { fail_reason = "Read timed out" }), "partial").message)
    end)

    it("has nothing to say before a run has finished", function()
        local verdict = runs.verdict({ runs.failed(60, { failed_count = 7 }) }, "partial")
        assert.equal("ok", verdict.severity)
        assert.is_nil(verdict.value)
        assert.equal("no run has finished yet", verdict.message)
    end)
end)
