-- The emulator tells stories; here is what health makes of them. Their records come straight from the module, nulls
-- and all, at several start times.
local health = require "dwsync.health"
local runs = require "spec.health.runs"
local stories = require "dwsync.emulator.stories"

local NOW = runs.NOW

local function evaluate(story, seed, records)
    for _, cluster in ipairs(stories.clusters { seed = seed, clusters = 0 }) do
        if cluster.story == story then
            local list = {}
            local options = { seed = seed, started = NOW * 1000, records = records or 500 }
            local count, record = stories.records(cluster, options)
            for i = 1, count do
                list[i] = record(i - 1)
            end
            return health.evaluate(list, nil, NOW)
        end
    end
end

local function verdict(evaluation, rule)
    for _, one in ipairs(evaluation.verdicts) do
        if one.rule == rule then
            return one
        end
    end
end

local SEEDS = { 1, 2, 3, 7, 42 }

describe("of the emulator's stories", function()
    it("the healthy one is ok", function()
        for _, seed in ipairs(SEEDS) do
            local evaluation = evaluate("healthy", seed)
            assert.equal("ok", evaluation.severity, evaluation.verdicts[1].message)
            assert.same({}, evaluation.reasons)
            assert.equal(1, evaluation.statistics.windows["7d"].success_ratio)
        end
    end)

    it("the failing one is critical, and its LDAP reason is explained", function()
        for _, seed in ipairs(SEEDS) do
            local evaluation = evaluate("failing", seed)
            assert.equal("critical", evaluation.severity)
            local failing = verdict(evaluation, "failing")
            assert.equal("critical", failing.severity)
            assert.equal(72, failing.value)
            assert.matches("invalid credentials %(LDAP 49, data 52e%)$", failing.message)
            assert.equal("critical", verdict(evaluation, "stale").severity)
            assert.equal(1, #evaluation.reasons)
            assert.equal("ldap_invalid_credentials", evaluation.reasons[1].class)
            assert.equal(72, evaluation.reasons[1].count)
        end
    end)

    it("the mass deletion is critical", function()
        for _, seed in ipairs(SEEDS) do
            local evaluation = evaluate("mass_delete", seed)
            assert.equal("critical", evaluation.severity)
            assert.equal("critical", verdict(evaluation, "mass_delete").severity)
            assert.is_true(verdict(evaluation, "mass_delete").value >= 470)
        end
    end)

    it("the stuck one is critical: its run is stuck and its source stale", function()
        for _, seed in ipairs(SEEDS) do
            local evaluation = evaluate("stuck", seed)
            assert.equal("critical", verdict(evaluation, "stuck").severity)
            assert.equal("critical", verdict(evaluation, "stale").severity)
            assert.equal("ok", verdict(evaluation, "overlap").severity)
        end
    end)

    it("the partial one fires by partial alone", function()
        for _, seed in ipairs(SEEDS) do
            local evaluation = evaluate("partial", seed)
            assert.equal("partial", evaluation.verdicts[1].rule)
            assert.is_true(evaluation.severity == "warning" or evaluation.severity == "critical")
            assert.equal("ok", evaluation.verdicts[2].severity)
            assert.equal(7, #evaluation.reasons)
        end
    end)

    it("the two sources of one cluster are ok, each by itself", function()
        for _, seed in ipairs(SEEDS) do
            local evaluation = evaluate("two_sources", seed)
            assert.equal("ok", evaluation.severity, evaluation.verdicts[1].message)
            assert.equal(2, #evaluation.sources)
            assert.not_equal(evaluation.sources[1].type, evaluation.sources[2].type)
        end
    end)

    it("the one that never synchronised, and the one with the feature off, are unknown", function()
        for _, story in ipairs { "never", "feature_off" } do
            local evaluation = evaluate(story, 1)
            assert.equal("unknown", evaluation.severity)
            assert.equal("never", evaluation.verdicts[1].rule)
        end
    end)

    it("the large one is ok, but for the timeouts among its reasons", function()
        for _, seed in ipairs(SEEDS) do
            local evaluation = evaluate("large", seed, 3000)
            assert.equal("ok", evaluation.severity, evaluation.verdicts[1].message)
            assert.equal("timeout", evaluation.reasons[1].class)
            assert.equal(30, evaluation.reasons[1].count)
        end
    end)
end)
