local Judgement = require "dwsync.health.judgement"
local rules = require "dwsync.health.rules"
local runs = require "spec.health.runs"
local sources = require "dwsync.health.sources"

local NOW = runs.NOW * 1000

local function no_pause() end

local function source_of(list)
    local i = 0
    return sources.read(function()
        i = i + 1
        return list[i]
    end, NOW)[1]
end

local function judge(source, checked, feed)
    local judgement = Judgement.new(source, checked)
    feed(judgement)
    local words = {}
    for rule, finding in pairs(judgement:judge(NOW)) do
        words[rule] = { finding.severity, finding.value, finding.since, finding.follows }
    end
    return words
end

describe("a judgement", function()
    it("finds the same at once and event by event", function()
        local random = runs.random(8)
        for _ = 1, 10 do
            local source = source_of(runs.history(random, 120))
            local checked = assert(rules.check())
            local at_once = judge(source, checked, function(judgement) judgement:take_all(no_pause) end)
            local by_event = judge(source, checked, function(judgement)
                for _, run in ipairs(source.runs) do
                    judgement:began(run)
                end
                for _, run in ipairs(source.ended) do
                    judgement:ended(run)
                end
                for _, flaw in ipairs(source.flaws) do
                    judgement:flawed(flaw)
                end
            end)
            assert.same(at_once, by_event)
        end
    end)

    it("asks the rules that are on, or some of them", function()
        local source = source_of(runs.hourly(5))
        local judgement = Judgement.new(source, assert(rules.check { stale = false }))
        judgement:take_all(no_pause)
        local findings = judgement:judge(NOW)
        assert.is_nil(findings.stale)
        assert.is_table(findings.failing)
        local some = judgement:judge(NOW, { "failing" })
        assert.equal("failing", next(some))
        assert.is_nil(next(some, "failing"))
    end)

    it("takes the population of each source from its option", function()
        local function population(id, given)
            local source = source_of { runs.run(600, { identity_source_id = id }) }
            return Judgement.new(source, assert(rules.check { mass_delete = { population = given } })).model.population
        end
        assert.equal(12, population("s1", 12))
        assert.equal(7, population("s1", { s1 = 7, s2 = 9 }))
        assert.is_nil(population("s3", { s1 = 7, s2 = 9 }))
    end)

    it("is as grave as the threshold that is reached, unless the rule says how grave", function()
        local judge_own = rules.by_name.failing.judge
        finally(function() rules.by_name.failing.judge = judge_own end)
        local judgement = Judgement.new(source_of(runs.hourly(5)), assert(rules.check()))
        for _, case in ipairs {
            { "ok", {} }, { "ok", { warning = 0, critical = 0 } }, { "ok", { value = 1 } },
            { "ok", { value = 1.9, warning = 2 } }, { "warning", { value = 2, warning = 2 } },
            { "warning", { value = 3.9, warning = 2, critical = 4 } },
            { "critical", { value = 4, warning = 2, critical = 4 } }, { "critical", { value = 5, critical = 4 } },
            { "ok", { value = 3, warning = false, critical = 4 } }, { "ok", { value = 3, warning = 9 } },
            { "warning", { severity = "warning", value = 9, critical = 4 } }, { "critical", { severity = "critical" } },
            { "unknown", { unknown = true, value = 9, critical = 4 } },
            { "unknown", { unknown = true, severity = "critical" } },
        } do
            rules.by_name.failing.judge = function() return case[2] end
            local findings = judgement:judge(NOW, { "failing" })
            assert.equal(case[2], findings.failing)
            assert.equal(case[1], case[2].severity)
        end
    end)

    it("says the same when it is asked twice", function()
        local judgement = Judgement.new(source_of(runs.history(runs.random(3), 100)), assert(rules.check()))
        judgement:take_all(no_pause)
        assert.same(judgement:judge(NOW).failing, judgement:judge(NOW).failing)
        assert.same(judgement:judge(NOW).volume, judgement:judge(NOW).volume)
    end)
end)
