local health = require "dwsync.health"
local runs = require "spec.health.runs"

describe("the rule never", function()
    it("takes an empty list for unknown, which belongs to the cluster", function()
        local verdict = health.evaluate({}, nil, runs.NOW).verdicts[1]
        assert.equal("unknown", verdict.severity)
        assert.equal(0, verdict.value)
        assert.equal("runs", verdict.unit)
        assert.is_nil(verdict.source)
        assert.equal("no runs on record: nothing was ever synchronised, or the feature is off", verdict.message)
        assert.matches("ask the service to enable the feature", verdict.advice)
    end)

    it("is ok for a source with any run", function()
        local verdict = runs.verdict({ runs.running(60) }, "never")
        assert.equal("ok", verdict.severity)
        assert.equal(1, verdict.value)
        assert.equal("1 run on record", verdict.message)
        assert.equal("2 runs on record", runs.verdict({ runs.run(5), runs.failed(9) }, "never").message)
    end)

    it("does not take runs of tomorrow for any", function()
        local verdict = runs.verdict({ runs.run(-86400) }, "never")
        assert.equal("unknown", verdict.severity)
        assert.equal("no run can be judged", verdict.message)
    end)
end)
