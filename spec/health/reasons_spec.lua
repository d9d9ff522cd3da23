local Reasons = require "dwsync.health.reasons"
local health = require "dwsync.health"
local runs = require "spec.health.runs"

local function grouped(list)
    return health.evaluate(list, nil, runs.NOW).reasons
end

describe("reasons", function()
    it("are grouped by what they have in common, the most frequent first", function()
        local list = runs.hourly(9, 600, function(run, i)
            run.status = i <= 8 and "FAILED" or "FINISHED"
            run.fail_reason = i <= 5 and ("Read timed out after %d ms"):format(i) or i <= 8 and "odd" or nil
        end)
        local reasons = grouped(list)
        assert.equal(2, #reasons)
        assert.same({
            template = "Read timed out after # ms",
            class = "timeout",
            speaker = "network",
            count = 5,
            first_seen = list[5].end_time,
            last_seen = list[1].end_time,
            sample = "Read timed out after 1 ms",
            record_id = list[1].id,
            cause = "the identity source did not answer in time",
            next_step = "Check the identity source's load and the network between it and the cluster (firewall, "
                .. "route).",
        }, reasons[1])
        assert.equal("odd", reasons[2].template)
        assert.equal("other", reasons[2].class)
        assert.is_nil(reasons[2].cause)
    end)

    it("are given per source and for all sources together", function()
        local list = { runs.failed(60, { fail_reason = "odd 1" }), runs.failed(70, { fail_reason = "odd 2" }),
            runs.failed(65, { fail_reason = "odd 3", identity_source_id = "s2" }),
            runs.failed(65, { fail_reason = "even", identity_source_id = "s2", id = "e" }) }
        local evaluation = health.evaluate(list, nil, runs.NOW)
        assert.equal(2, #evaluation.reasons)
        assert.equal(3, evaluation.reasons[1].count)
        assert.equal(list[1].id, evaluation.reasons[1].record_id)
        assert.equal(list[2].end_time, evaluation.reasons[1].first_seen)
        local by_id = {}
        for _, source in ipairs(evaluation.sources) do
            by_id[source.id] = source.reasons
        end
        assert.equal(1, #by_id.s1)
        assert.equal(2, by_id.s1[1].count)
        assert.equal(2, #by_id.s2)
    end)

    it("count partial runs, and failed ones without a reason, but no others", function()
        local reasons = grouped { runs.failed(60), runs.failed(61, { fail_reason = " " }),
            runs.run(62, { failed_count = 2, fail_reason = "name too long" }), runs.run(63, { fail_reason = "fine" }),
            runs.running(64, { fail_reason = "not yet" }) }
        assert.equal(2, #reasons)
        assert.equal("(no reason given)", reasons[1].template)
        assert.equal("no_reason", reasons[1].class)
        assert.equal(2, reasons[1].count)
        assert.equal("name too long", reasons[2].template)
    end)

    it("have no times when their runs have none", function()
        local reason = grouped({ runs.failed(60, { start_time = false, end_time = false, fail_reason = "x" }) })[1]
        assert.is_nil(reason.first_seen)
        assert.is_nil(reason.last_seen)
        assert.equal(1, reason.count)
    end)

    it("keep two classes apart that look the same", function()
        local reasons = grouped { runs.failed(60, { fail_reason = ("x "):rep(400) .. "timed out" }),
            runs.failed(61, { fail_reason = ("x "):rep(400) .. "unknown host" }) }
        assert.equal(2, #reasons)
        assert.equal(reasons[1].template, reasons[2].template)
        assert.not_equal(reasons[1].class, reasons[2].class)
    end)

    it("show a sample of bounded length", function()
        local reason = grouped({ runs.failed(60, { fail_reason = ("ü"):rep(5000000) }) })[1]
        assert.equal(500, #reason.sample)
        for length, shown in pairs { [499] = 499, [500] = 500, [501] = 500 } do
            assert.equal(shown, #grouped({ runs.failed(60, { fail_reason = ("x"):rep(length) }) })[1].sample)
        end
        assert.equal(200, #reason.template)
    end)

    it("keep the text of a reason in another language", function()
        local list = { runs.failed(60, { fail_reason = "目录 ou=研发 不存在" }) }
        assert.equal("目录 ou=研发 不存在", grouped(list)[1].sample)
        assert.is_truthy(runs.verdict(list, "failing").message:find("目录 ou=研发 不存在", 1, true))
    end)

    it("keep two causes apart that look the same", function()
        local head = ("x "):rep(400)
        local reasons = grouped { runs.failed(60, { fail_reason = head .. "certificate has expired" }),
            runs.failed(61, { fail_reason = head .. "certificate from an unknown authority" }) }
        assert.equal(2, #reasons)
        assert.equal("certificate", reasons[1].class)
        assert.equal("certificate", reasons[2].class)
        assert.not_equal(reasons[1].cause, reasons[2].cause)
    end)

    it("keep a bounded number of groups, and count the rest in one", function()
        local words = {}
        for i = 1, 4000 do
            words[i] = runs.failed(i, { id = "r" .. i, end_time = false,
                fail_reason = ("w"):rep(i % 150 + 1) .. (i % 3 == 0 and "x" or "y") .. " " .. i })
        end
        local reasons = grouped(words)
        assert.equal(101, #reasons)
        local count = 0
        for _, reason in ipairs(reasons) do
            count = count + reason.count
        end
        assert.equal(4000, count)
        assert.equal("(other reasons)", reasons[1].template)
    end)

    it("show what the run says that was added first of those that ended together", function()
        local reasons = Reasons.new()
        for i, ended in ipairs { 5, 5, 4, 5 } do
            reasons:add { id = "r" .. i, end_time = ended, fail_reason = "number " .. i }
        end
        local list = reasons:list()
        assert.same({ 1, "number 1", "r1", 4, 4, 5 }, { #list, list[1].sample, list[1].record_id, list[1].count,
            list[1].first_seen, list[1].last_seen })
    end)

    it("look at the first two thousand bytes", function()
        local causes = require "dwsync.health.causes"
        local original, explained = causes.explain, 0
        finally(function() causes.explain = original end)
        causes.explain = function(...)
            explained = explained + 1
            return original(...)
        end
        for at, count in pairs { [2000] = 2, [2001] = 1 } do
            local reasons = Reasons.new()
            explained = 0
            for _, letter in ipairs { "a", "b" } do
                reasons:add { id = letter, end_time = 5, fail_reason = ("x"):rep(at - 1) .. letter .. ("y"):rep(9) }
            end
            assert.equal(count, explained)
        end
    end)

    it("look closely at a bounded number of texts only", function()
        local causes = require "dwsync.health.causes"
        local reasons, explained, original = Reasons.new(), 0, causes.explain
        causes.explain = function(...)
            explained = explained + 1
            return original(...)
        end
        for i = 1, 5000 do
            reasons:add(runs.failed(i, { fail_reason = "number " .. i }))
        end
        causes.explain = original
        assert.equal(2000, explained)
        assert.equal(2000, reasons:list()[2].count + reasons:list()[1].count - 3000)
    end)
end)

describe("the reason that explains a verdict", function()
    local LIMIT = "Time Limit Exceeded, LDAP error code 3"

    it("is that of a run that FINISHED, too", function()
        local run = runs.run(60, { delete_count = 500, fail_reason = LIMIT })
        local reason = Reasons.explaining { run, runs.run(120) }
        assert.same({ LIMIT, "ldap_time_limit", "directory", run.id, 1 },
            { reason.sample, reason.class, reason.speaker, reason.record_id, reason.count })
        assert.matches("time limit", reason.cause)
        assert.is_truthy(reason.next_step)
    end)

    it("is nil when no run says anything", function()
        assert.is_nil(Reasons.explaining {})
        for _, text in ipairs { "", " ", "-", "OK", "none", "Success", "Completed successfully.",
            "sync succeeded: success", "同步成功", "成功。" } do
            local reason = Reasons.explaining { runs.run(60), runs.run(120, { fail_reason = text }) }
            assert.equal(text == "sync succeeded: success" and text or nil, reason and reason.sample)
        end
        assert.is_truthy(Reasons.explaining { runs.run(60, { fail_reason = "not successful" }) })
    end)

    it("is one whose cause is known, even if others are more frequent", function()
        local list = { runs.run(60, { fail_reason = "odd 1" }), runs.failed(120, { fail_reason = "odd 2" }),
            runs.run(180, { fail_reason = LIMIT }) }
        assert.equal(LIMIT, Reasons.explaining(list).sample)
        list[3] = nil
        assert.equal("odd 1", Reasons.explaining(list).sample)
        assert.equal(2, Reasons.explaining(list).count)
    end)

    it("does not depend on the order of the runs", function()
        local random, list = runs.random(5), {}
        for i = 1, 40 do
            local text = ({ LIMIT, "odd " .. i, "server is down: timed out" })[random(3)]
            list[i] = runs.run(i * 60, { fail_reason = text })
        end
        local expected = Reasons.explaining(list)
        for _ = 1, 20 do
            assert.same(expected, Reasons.explaining(runs.shuffled(list, random)))
        end
    end)
end)
