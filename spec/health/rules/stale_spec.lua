local health = require "dwsync.health"
local runs = require "spec.health.runs"

local HOUR, DAY = runs.HOUR, runs.DAY
local RANK = { ok = 1, unknown = 2, warning = 3, critical = 4 }

-- Runs an hour apart of which the newest ended so long ago.
local function ended(seconds, count)
    return runs.hourly(count or 30, seconds + 60)
end

describe("the rule stale", function()
    it("fires when three usual gaps have passed without a finished run, and again after six", function()
        assert.equal("ok", runs.severity(ended(3 * HOUR - 0.001), "stale"))
        assert.equal("warning", runs.severity(ended(3 * HOUR), "stale"))
        assert.equal("warning", runs.severity(ended(6 * HOUR - 0.001), "stale"))
        assert.equal("critical", runs.severity(ended(6 * HOUR), "stale"))
    end)

    it("waits two hours at least, however often runs come", function()
        local function list(ago)
            local every_minute = {}
            for i = 1, 30 do
                every_minute[i] = runs.run(ago + 60 + i * 60)
            end
            return every_minute
        end
        assert.equal("ok", runs.severity(list(2 * HOUR - 61), "stale"))
        assert.equal("warning", runs.severity(list(2 * HOUR - 60), "stale"))
        assert.equal("critical", runs.severity(list(4 * HOUR - 60), "stale"))
    end)

    it("knows no gap from one success, so that the minimum applies", function()
        assert.equal("ok", runs.severity(ended(2 * HOUR - 0.001, 1), "stale"))
        assert.equal("warning", runs.severity(ended(2 * HOUR, 1), "stale"))
        assert.equal("critical", runs.severity(ended(4 * HOUR, 1), "stale"))
    end)

    it("takes absolute times in the place of computed ones", function()
        local options = { warning = "6h", critical = "8h" }
        assert.equal("ok", runs.severity(ended(6 * HOUR - 0.001), "stale", options))
        assert.equal("warning", runs.severity(ended(6 * HOUR), "stale", options))
        assert.equal("critical", runs.severity(ended(8 * HOUR), "stale", options))
        assert.equal("critical", runs.severity(ended(DAY), "stale", { warning = "12h" }))
        assert.equal("warning", runs.severity(ended(DAY - 1), "stale", { warning = "12h" }))
        assert.equal("critical", runs.severity(ended(HOUR), "stale", { critical = "1h" }))
        assert.equal("warning", runs.severity(ended(DAY), "stale", { critical = false }))
        assert.equal("critical", runs.severity(ended(DAY), "stale", { warning = false }))
        assert.equal("ok", runs.severity(ended(5 * HOUR), "stale", { warning = false }))
    end)

    it("takes another factor and another minimum", function()
        assert.equal("warning", runs.severity(ended(5 * HOUR), "stale", { factor = 5 }))
        assert.equal("ok", runs.severity(ended(5 * HOUR - 1), "stale", { factor = 5 }))
        assert.equal("warning", runs.severity(ended(4 * HOUR), "stale", { minimum = "4h" }))
        assert.equal("ok", runs.severity(ended(4 * HOUR - 1), "stale", { minimum = "4h" }))
    end)

    it("shows the age, the thresholds, the last success and since when", function()
        local list = ended(4 * HOUR)
        local verdict = runs.verdict(list, "stale")
        assert.equal(4 * HOUR, verdict.value)
        assert.equal(3 * HOUR, verdict.warning)
        assert.equal(6 * HOUR, verdict.critical)
        assert.equal("seconds", verdict.unit)
        assert.equal(list[1].id, verdict.record_id)
        assert.equal(list[1].end_time, verdict.since)
        assert.equal("the last successful run ended 4 h ago", verdict.message)
        assert.matches("^Accounts are not kept up to date, so leavers keep their access: find out why the ldap source",
            verdict.advice)
    end)

    it("counts from the start of a run whose end is unknown", function()
        assert.equal(HOUR, runs.verdict({ runs.run(HOUR, { end_time = false }) }, "stale").value)
    end)

    it("is not calmed by failures and running runs", function()
        local list = ended(4 * HOUR)
        table.insert(list, 1, runs.failed(600))
        table.insert(list, 1, runs.running(60))
        assert.equal("warning", runs.severity(list, "stale"))
    end)

    it("counts from the oldest record when no run has ever finished", function()
        local list = { runs.failed(HOUR), runs.failed(4 * HOUR) }
        local verdict = runs.verdict(list, "stale")
        assert.equal("critical", verdict.severity)
        assert.equal(4 * HOUR, verdict.value)
        assert.equal("no run has ever finished in the 4 h on record", verdict.message)
        assert.equal("ok", runs.severity({ runs.running(600) }, "stale"))
        assert.equal("warning", runs.severity({ runs.running(2 * HOUR) }, "stale"))
    end)

    it("is unknown when no run has a time", function()
        local verdict = runs.verdict({ runs.run(0, { start_time = false, end_time = false }) }, "stale")
        assert.equal("unknown", verdict.severity)
        assert.is_nil(verdict.value)
        assert.equal("no finished run has a time", verdict.message)
    end)

    it("is not fooled by a success of tomorrow", function()
        local list = ended(7 * HOUR)
        table.insert(list, runs.run(-DAY))
        assert.equal("critical", runs.severity(list, "stale"))
        table.insert(list, runs.run(5 * HOUR, { end_time = runs.NOW * 1000 + DAY * 1000 }))
        assert.equal(5 * HOUR, runs.verdict(list, "stale").value)
    end)

    it("believes a new, shorter schedule in time", function()
        local list = {}
        for i = 1, 10 do
            list[i] = runs.run(10 * DAY + i * DAY)
        end
        for i = 1, 100 do
            list[#list + 1] = runs.run(4 * HOUR + i * HOUR)
        end
        assert.equal(3 * HOUR, runs.verdict(list, "stale").warning)
        assert.equal("warning", runs.severity(list, "stale"))
    end)

    it("never gets worse by a later success", function()
        local random = runs.random(11)
        for round = 1, 400 do
            local list, last = {}, 40 * DAY
            local pace = ({ 60, HOUR, DAY })[random(3)]
            for i = 1, random(40) do
                last = math.max(1, last - random(random(10) == 1 and 20 * pace or pace))
                list[i] = random(4) == 1 and runs.failed(last) or runs.run(last, { end_time = random(3) ~= 1 and nil })
            end
            local before = runs.severity(list, "stale")
            local newest = runs.verdict(list, "stale")
            local room = math.floor(runs.NOW - (newest.since or 0) / 1000)
            for _ = 1, 5 do
                local ago = room > 1 and random(math.min(room, 2147483646)) - 1 or 0
                list[#list + 1] = runs.run(ago, { id = "later" .. #list, end_time = false })
                local after = runs.severity(list, "stale")
                assert.is_true(RANK[after] <= RANK[before], ("round %d: %s became %s"):format(round, before, after))
                before, room = after, ago
            end
        end
    end)

    it("gives old successes no part in what they cannot change, and the same verdict", function()
        -- The evaluation looks only at the end of a long history; replay goes through all of it.
        local random = runs.random(12)
        for _ = 1, 30 do
            local list, ago = {}, 300 * DAY
            while ago > 0 do
                list[#list + 1] = runs.run(ago, { end_time = false })
                ago = ago - random(random(20) == 1 and 12 * DAY or DAY)
            end
            local open = false
            for _, alert in ipairs(health.replay(list, nil, { now = runs.NOW })) do
                open = open or alert.rule == "stale" and not alert.till
            end
            assert.equal(open, runs.severity(list, "stale") ~= "ok")
        end
    end)
end)
