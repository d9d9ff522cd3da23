local health = require "dwsync.health"
local runs = require "spec.health.runs"

local NOW = runs.NOW
local RANK = { ok = 1, unknown = 2, warning = 3, critical = 4 }

-- Fields with every kind of value that a careless or hostile writer may put there.
local function hostile(random, count)
    local values = { 0, -1, 1.5, 1e300, -1e300, 0 / 0, 1 / 0, -1 / 0, "", "x", "12", true, false, {}, "RUNNING",
        "FAILED", ("long "):rep(300), "\0\27[31m\255", NOW * 1000, NOW * 1000 + 1e9, 9007199254740993 }
    local names = { "id", "identity_source_id", "identity_source_type", "start_time", "end_time", "add_count",
        "update_count", "delete_count", "failed_count", "status", "fail_reason", "more" }
    local list = runs.history(random, count)
    for _, run in ipairs(list) do
        for _ = 1, random(4) do
            run[names[random(#names)]] = values[random(#values)]
        end
    end
    list[#list + 1] = "no record"
    list[#list + 1] = 7
    list[#list + 1] = false
    list[#list + 1] = {}
    return list
end

describe("an evaluation", function()
    it("judges a source as if there were no other, whatever the sizes of those before and after it", function()
        local sizes, all = { 200, 3, 90, 1 }, {}
        for number, size in ipairs(sizes) do
            for i = 1, size do
                all[#all + 1] = runs.run(600 + (i - 1) * runs.HOUR, { id = ("%d-%d"):format(number, i),
                    identity_source_id = "s" .. number, add_count = i * number % 7, delete_count = i % 5,
                    failed_count = i % 11 == 0 and 40 or 0, status = i % 13 == 0 and "FAILED" or "FINISHED",
                    fail_reason = i % 13 == 0 and "Read timed out" or false })
            end
        end
        local together = {}
        for _, source in ipairs(health.explain(all, nil, NOW).sources) do
            together[source.id] = source
        end
        for number in ipairs(sizes) do
            local own = {}
            for _, run in ipairs(all) do
                own[#own + 1] = run.identity_source_id == "s" .. number and run or nil
            end
            assert.same(health.explain(own, nil, NOW).sources[1], together["s" .. number])
        end
    end)

    it("has a verdict of every rule for every source, the worst first", function()
        local list = runs.hourly(30)
        list[#list + 1] = runs.failed(60, { identity_source_id = "s2" })
        list[#list + 1] = runs.failed(3660, { identity_source_id = "s2" })
        local evaluation = health.evaluate(list, nil, NOW)
        assert.equal("warning", evaluation.severity)
        assert.equal(NOW, evaluation.now)
        assert.equal(32, evaluation.records)
        assert.equal(22, #evaluation.verdicts)
        assert.equal("failing", evaluation.verdicts[1].rule)
        assert.equal("s2", evaluation.verdicts[1].source)
        assert.equal("s2", evaluation.sources[1].id)
        assert.equal("warning", evaluation.sources[1].severity)
        assert.equal("s1", evaluation.sources[2].id)
        assert.equal("ok", evaluation.sources[2].severity)
        for i = 2, #evaluation.verdicts do
            local above, below = evaluation.verdicts[i - 1], evaluation.verdicts[i]
            assert.is_true(RANK[above.severity] >= RANK[below.severity])
            if above.severity == below.severity then
                assert.is_true(above.source .. above.rule < below.source .. below.rule)
            end
        end
    end)

    it("gives advice for what is not ok, and none for what is", function()
        local random = runs.random(3)
        for _ = 1, 20 do
            for _, verdict in ipairs(health.evaluate(runs.history(random, 30), nil, NOW).verdicts) do
                assert.equal("string", type(verdict.message))
                assert.equal(verdict.severity == "ok", verdict.advice == nil, verdict.rule .. " " .. verdict.severity)
                assert.is_nil(verdict.message:find "%.$")
            end
        end
    end)

    it("shows a value for all that fires, and never names a cause that does not fire", function()
        local random, followed = runs.random(4), 0
        for _ = 1, 60 do
            local by_rule = {}
            local list = random(2) == 1 and hostile(random, 40) or runs.history(random, 60)
            local verdicts = health.evaluate(list, nil, NOW).verdicts
            for _, verdict in ipairs(verdicts) do
                by_rule[tostring(verdict.source) .. verdict.rule] = verdict
                if RANK[verdict.severity] > 2 then
                    assert.equal("number", type(verdict.value), verdict.rule)
                end
            end
            for _, verdict in ipairs(verdicts) do
                if verdict.follows then
                    local cause = by_rule[tostring(verdict.source) .. verdict.follows]
                    assert.is_nil(cause.follows)
                    assert.is_true(RANK[cause.severity] >= RANK[verdict.severity] and RANK[verdict.severity] > 2)
                    followed = followed + 1
                end
            end
        end
        assert.is_true(followed > 5)
    end)

    it("puts what explains the others first", function()
        local list = runs.hourly(60, 9 * 3600)
        table.insert(list, runs.running(8 * 3600))
        local evaluation = health.evaluate(list, nil, NOW)
        assert.equal("stuck", evaluation.verdicts[1].rule)
        assert.is_nil(evaluation.verdicts[1].follows)
        assert.equal("critical", evaluation.verdicts[1].severity)
        assert.equal("stale", evaluation.verdicts[2].rule)
        assert.equal("stuck", evaluation.verdicts[2].follows)
    end)

    it("says when time alone would change it", function()
        local list = runs.hourly(60, 600)
        local evaluation = health.evaluate(list, nil, NOW)
        assert.equal(list[1].end_time + 2.5 * 3600 * 1000, evaluation.next_at)
        assert.equal("ok", health.evaluate(list, nil, evaluation.next_at / 1000 - 0.001).severity)
        local later = health.evaluate(list, nil, evaluation.next_at / 1000)
        assert.equal("warning", later.severity)
        assert.equal(list[1].end_time + 5 * 3600 * 1000, later.next_at)
        assert.is_nil(health.evaluate(list, nil, NOW + 86400).next_at)
        assert.is_nil(health.evaluate({}, nil, NOW).next_at)
    end)

    -- Records that count how often a field of them is read.
    local function counted(list, count)
        local watched = {}
        for i, run in ipairs(list) do
            watched[i] = setmetatable({}, { __index = function(_, name)
                count.reads = count.reads + 1
                return run[name]
            end })
        end
        return watched
    end

    it("comes in steps, too, each of which looks at about a thousand records", function()
        local random = runs.random(77)
        local function change(run, i)
            if i % 50 < 3 then
                run.status, run.fail_reason = "FAILED", "failure " .. i
            end
            run.end_time = run.start_time + (i % 70 == 0 and 5 * 3600 or 90) * 1000
        end
        local many = runs.hourly(12000, nil, change)
        for _, run in ipairs(runs.hourly(500, 1200)) do
            run.id, run.identity_source_id = run.id .. "b", "s2"
            many[#many + 1] = run
        end
        for _, list in ipairs { many, runs.shuffled(many, random) } do
            local count, steps, most = { reads = 0 }, 0, 0
            local evaluation
            local stepper = health.stepper(counted(list, count), nil, NOW)
            repeat
                local before = count.reads
                evaluation, steps = stepper:step(), steps + 1
                most = math.max(most, count.reads - before)
            until evaluation
            assert.is_true(steps >= 3 * #list / 1000, steps)
            assert.is_true(most <= 20 * 1000, most)
            assert.same(health.evaluate(list, nil, NOW), evaluation)
        end
    end)

    it("in steps raises what is wrong, and has an empty list, too", function()
        local stepper = health.stepper({}, nil, NOW)
        local evaluation
        repeat
            evaluation = stepper:step()
        until evaluation
        assert.same(health.evaluate({}, nil, NOW), evaluation)
        assert.is_false(pcall(health.stepper, {}, { stail = {} }, NOW))
    end)

    it("is the same in whatever order the records come", function()
        local random = runs.random(5)
        for round = 1, 40 do
            local list = round % 2 == 0 and runs.history(random, 60) or hostile(random, 60)
            for _ = 1, 10 do -- the same, and different content, under ids that are there already
                local run = list[random(60)]
                local copy = {}
                for name, value in pairs(run) do
                    copy[name] = value
                end
                copy.delete_count = random(3) == 1 and 99 or copy.delete_count
                copy.identity_source_id = random(5) == 1 and "s9" or copy.identity_source_id
                list[#list + 1] = copy
            end
            local expected = health.evaluate(list, nil, NOW)
            for _ = 1, 3 do
                assert.same(expected, health.evaluate(runs.shuffled(list, random), nil, NOW))
            end
        end
    end)

    it("is the same for records without ids in whatever order they come", function()
        local random = runs.random(6)
        for _ = 1, 20 do
            local list = runs.history(random, 40)
            for _, run in ipairs(list) do
                run.id = nil
                run.start_time = run.start_time - run.start_time % 3600000 -- many begin at the same time
                run.end_time = random(2) == 1 and run.start_time or nil
            end
            local expected = health.evaluate(list, nil, NOW)
            assert.same(expected, health.evaluate(runs.shuffled(list, random), nil, NOW))
        end
    end)

    it("neither raises nor changes a record, whatever the records hold", function()
        local random = runs.random(7)
        for _ = 1, 60 do
            local list = hostile(random, 30)
            local before = {}
            for i, run in ipairs(list) do
                before[i] = type(run) == "table" and tostring(run.status) .. tostring(run.end_time) or run
            end
            local evaluation = health.evaluate(list, nil, NOW)
            assert.equal(#list, evaluation.records)
            for i, run in ipairs(list) do
                assert.equal(before[i], type(run) == "table" and tostring(run.status) .. tostring(run.end_time) or run)
            end
        end
    end)

    it("has only plain text in its own sentences", function()
        local list = runs.hourly(3, 600, function(run)
            run.status, run.fail_reason, run.identity_source_type = "FAILED", "\27]0;x\7\255\226\128\174", "ld\27ap"
        end)
        for _, verdict in ipairs(health.evaluate(list, nil, NOW).verdicts) do
            assert.is_nil(verdict.message:find "[^\32-\126]")
            assert.is_nil((verdict.advice or ""):find "[^\32-\126]")
        end
    end)

    it("takes a list, an iterator, or a sequence", function()
        local records = require "dwsync.records"
        local list = runs.hourly(30)
        local expected = health.evaluate(list, nil, NOW)
        local i = 0
        assert.same(expected, health.evaluate(function()
            i = i + 1
            return list[i]
        end, nil, NOW))
        assert.same(expected, health.evaluate(records.from(list), nil, NOW))
        assert.equal(30, health.evaluate(records.from(list):where { status = "FINISHED" }, nil, NOW).records)
    end)

    it("is unknown when the list is empty", function()
        local evaluation = health.evaluate({}, nil, NOW)
        assert.equal("unknown", evaluation.severity)
        assert.equal(1, #evaluation.verdicts)
        assert.equal("never", evaluation.verdicts[1].rule)
        assert.equal("unknown", evaluation.verdicts[1].severity)
        assert.is_nil(evaluation.verdicts[1].source)
        assert.same({}, evaluation.sources)
        assert.same({}, evaluation.reasons)
        assert.equal(0, evaluation.statistics.runs)
    end)

    it("is unknown when no rule was left to judge", function()
        local off = {}
        for _, name in ipairs { "churn", "data", "failing", "mass_delete", "never", "overlap", "partial", "slow",
            "stale", "stuck", "volume" } do
            off[name] = false
        end
        assert.equal("unknown", health.evaluate({}, off, NOW).severity)
        assert.equal("unknown", health.evaluate(runs.hourly(3), off, NOW).severity)
        assert.same({}, health.evaluate(runs.hourly(3), off, NOW).verdicts)
    end)

    it("has nothing to say of an empty list when only the rule never would", function()
        local evaluation = health.evaluate({}, { never = false }, NOW)
        assert.equal("ok", evaluation.severity)
        assert.same({}, evaluation.verdicts)
        assert.equal("warning", health.evaluate({ false }, { never = false }, NOW).severity)
    end)

    it("leaves out the rules that are off", function()
        local evaluation = health.evaluate(runs.hourly(3), { slow = false, data = false }, NOW)
        assert.equal(9, #evaluation.verdicts)
    end)

    it("keeps sources without id apart from the cluster", function()
        local evaluation = health.evaluate({ runs.run(60, { identity_source_id = false }) }, nil, NOW)
        assert.equal("", evaluation.sources[1].id)
        assert.equal("", evaluation.verdicts[1].source)
    end)

    it("says what in the list is no record, for the cluster", function()
        local list = runs.hourly(3)
        list[4], list[5] = "text", 5
        local evaluation = health.evaluate(list, nil, NOW)
        local verdict = evaluation.verdicts[1]
        assert.equal("data", verdict.rule)
        assert.equal("warning", verdict.severity)
        assert.is_nil(verdict.source)
        assert.equal(2, verdict.value)
        assert.equal("2 records cannot be true: 2 are not records at all", verdict.message)
    end)
end)

describe("every rule", function()
    local RULES = { "churn", "data", "failing", "mass_delete", "overlap", "partial", "slow", "stale", "stuck",
        "volume" }

    it("is ok for one quiet run, and for one that has just begun", function()
        for _, rule in ipairs(RULES) do
            assert.equal("ok", runs.severity({ runs.run(120) }, rule), rule)
            assert.equal("ok", runs.severity({ runs.running(120) }, rule), rule)
        end
    end)

    it("can tell nothing bad of runs that have just begun, all at once", function()
        local list = { runs.running(60), runs.running(120), runs.running(180) }
        for _, rule in ipairs(RULES) do
            assert.equal("ok", runs.severity(list, rule), rule)
        end
    end)

    it("judges a record that has nothing but an id", function()
        for _, rule in ipairs(RULES) do
            local verdict = runs.verdict({ { id = "a" } }, rule, nil, "")
            local expected = rule == "stale" and "unknown" or rule == "data" and "warning" or "ok"
            assert.equal(expected, verdict.severity, rule)
        end
    end)
end)
