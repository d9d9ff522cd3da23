local order = require "dwsync.health.order"
local runs = require "spec.health.runs"

describe("the order of runs", function()
    it("is by start, then by id, then by whatever else they hold", function()
        assert.is_true(order.starts_before({ start_time = 1, id = "b" }, { start_time = 2, id = "a" }))
        assert.is_true(order.starts_before({ start_time = 1, id = "a" }, { start_time = 1, id = "b" }))
        assert.is_true(order.starts_before({ start_time = 1, status = "FAILED" },
            { start_time = 1, status = "RUNNING" }))
        assert.is_true(order.starts_before({ start_time = 1 }, { start_time = 1, id = "a" }))
        assert.is_false(order.starts_before({ start_time = 1, id = "a" }, { start_time = 1, id = "a" }))
    end)

    it("is by end, then by start, for ended ones", function()
        assert.is_true(order.ends_before({ start_time = 5, end_time = 6 }, { start_time = 1, end_time = 9 }))
        assert.is_true(order.ends_before({ start_time = 1, end_time = 9 }, { start_time = 5, end_time = 9 }))
        assert.is_true(order.ends_before({ start_time = 5 }, { start_time = 1, end_time = 9 }))
        assert.equal(9, order.ended_at { start_time = 1, end_time = 9 })
        assert.equal(1, order.ended_at { start_time = 1 })
        assert.equal(0, order.ended_at {})
    end)

    it("puts what has no time first", function()
        assert.is_true(order.starts_before({ id = "z" }, { start_time = 1, id = "a" }))
        assert.is_true(order.starts_before({ end_time = 1 }, { start_time = 2 }))
    end)

    it("sorts lists that come forwards, backwards or anyhow", function()
        local random = runs.random(51)
        local sorted = {}
        for i = 1, 100 do
            sorted[i] = { start_time = math.ceil(i / 2), id = ("%03d"):format(i) }
        end
        local backwards = {}
        for i = 1, 100 do
            backwards[i] = sorted[101 - i]
        end
        local stretched = {} -- the newest, then older ones backwards, then the oldest
        for i = 1, 100 do
            stretched[i] = i <= 20 and sorted[80 + i] or i <= 60 and backwards[i] or sorted[i - 60]
        end
        for _, list in ipairs { runs.shuffled(sorted, random), backwards, runs.shuffled(backwards, random), stretched,
            { sorted[1] }, { sorted[2], sorted[1] }, { sorted[3], sorted[1], sorted[2] }, {} } do
            order.sort(list, order.starts_before)
            for i = 2, #list do
                assert.is_true(order.starts_before(list[i - 1], list[i]))
            end
        end
        assert.equal(100, #stretched)
    end)

    it("keeps every run, equal ones and those in their places, in all lists of six", function()
        local random = runs.random(53)
        for _ = 1, 500 do
            local list, seen = {}, {}
            for i = 1, random(6) do
                list[i] = { start_time = random(3), id = tostring(random(2)) }
                seen[list[i]] = true
            end
            local count = #list
            order.sort(list, order.starts_before)
            assert.equal(count, #list)
            for i, run in ipairs(list) do
                assert.is_true(seen[run])
                seen[run] = nil
                assert.is_true(i == 1 or not order.starts_before(run, list[i - 1]))
            end
        end
    end)

    it("pauses once in a while, not for each of the stretches that are merged", function()
        local list, pauses = {}, 0
        for i = 1, 4096 do
            list[i] = { start_time = i, id = tostring(i) }
        end
        order.sort(runs.shuffled(list, runs.random(52)), order.starts_before, function() pauses = pauses + 1 end)
        assert.is_true(pauses > 4 and pauses < 100, pauses)
    end)

    it("is by every field, the weightier first, absent before all", function()
        local FIELDS = { "start_time", "id", "status", "end_time", "delete_count", "failed_count",
            "identity_source_id", "identity_source_type", "add_count", "update_count", "fail_reason" }
        local function run(changes)
            local made = {}
            for _, name in ipairs(FIELDS) do
                made[name] = (name:find "_time" or name:find "_count") and 5 or "m"
            end
            for name, value in pairs(changes) do
                made[name] = value ~= 0 and value or nil
            end
            return made
        end
        local function low(name) return type(run({})[name]) == "number" and 1 or "a" end
        assert.is_false(order.starts_before(run {}, run {}))
        for _, name in ipairs(FIELDS) do
            local less = run { [name] = low(name) }
            assert.is_true(order.starts_before(less, run {}), name)
            assert.is_false(order.starts_before(run {}, less), name)
            if name ~= "start_time" then
                assert.is_true(order.starts_before(run { [name] = 0 }, less), name)
                assert.is_false(order.starts_before(less, run { [name] = 0 }), name)
            end
        end
        for i = 1, 5 do
            local first, second = FIELDS[i], FIELDS[i + 1]
            assert.is_true(order.starts_before(run { [first] = low(first) }, run { [second] = low(second) }), first)
        end
    end)
end)
