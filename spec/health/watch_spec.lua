local Watch = require "dwsync.health.watch"
local health = require "dwsync.health"
local records = require "dwsync.records"
local rules = require "dwsync.health.rules"
local runs = require "spec.health.runs"
local sources = require "dwsync.health.sources"

local NOW = runs.NOW * 1000

-- What a finding says, without how it came to it.
local function said(finding)
    return { finding.value or "none", finding.warning or "off", finding.critical or "off", finding.since or "never",
        finding.run and finding.run.id or "none", finding.unknown and true or false }
end

describe("a watch", function()
    it("finds the same whether it is told all at once or one by one", function()
        local random = runs.random(91)
        local checked = health.rules()
        for _ = 1, 40 do
            for _, source in ipairs(sources.read(records.from(runs.history(random, 60)):each(), NOW)) do
                local at_once, one_by_one = Watch.new(source, checked), Watch.new(source, checked)
                at_once:catch_up(NOW)
                for _, run in ipairs(source.ended) do
                    one_by_one:ended(run)
                end
                for _, run in ipairs(source.runs) do
                    if run.status == "RUNNING" then
                        one_by_one:began(run)
                    end
                end
                for _, rule in ipairs(rules.names) do
                    assert.same(said(one_by_one:judge(rule, NOW)), said(at_once:judge(rule, NOW)), rule)
                end
            end
        end
    end)

    it("gives old runs to no rule that has forgotten them", function()
        local told = 0
        local volume = rules.by_name.volume
        local original = volume.track
        volume.track = function(options)
            local tracker = original(options)
            local ended = tracker.ended
            tracker.ended = function(...)
                told = told + 1
                return ended(...)
            end
            return tracker
        end
        health.evaluate(runs.hourly(2000), nil, runs.NOW)
        volume.track = original
        assert.is_true(told <= 7 * 24 + 1, tostring(told))
    end)

    it("knows nothing of rules that are off", function()
        local watch = Watch.new({ runs = {}, ended = {}, flaws = { { run = {}, kinds = {} } } },
            health.rules { data = false })
        watch:catch_up(NOW)
        assert.is_nil(watch:judge("data", NOW))
        assert.is_table(watch:judge("never", NOW))
    end)
end)

describe("a severity", function()
    it("is reached with the threshold itself", function()
        local function severity(value, more)
            local finding = { value = value, warning = 2, critical = 4 }
            for name, item in pairs(more or {}) do
                finding[name] = item
            end
            return Watch.severity(finding)
        end
        assert.equal("ok", severity(1.999))
        assert.equal("warning", severity(2))
        assert.equal("warning", severity(3.999))
        assert.equal("critical", severity(4))
        assert.equal("ok", severity(9, { warning = false, critical = false }))
        assert.equal("ok", severity(nil))
        assert.equal("unknown", severity(9, { unknown = true }))
    end)
end)
