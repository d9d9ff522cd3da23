local Statistics = require "dwsync.health.statistics"
local health = require "dwsync.health"
local median = require "dwsync.health.median"
local runs = require "spec.health.runs"

local NOW, HOUR, DAY = runs.NOW, runs.HOUR, runs.DAY

local function statistics(list)
    local evaluation = health.evaluate(list, nil, NOW)
    return evaluation.sources[1].statistics, evaluation.statistics
end

describe("statistics", function()
    it("count runs by outcome over a day, a week and thirty days", function()
        local numbers = statistics {
            runs.running(60), runs.run(2 * HOUR), runs.run(DAY, { failed_count = 1 }), runs.failed(DAY + 1),
            runs.run(7 * DAY), runs.failed(7 * DAY + 1), runs.run(30 * DAY), runs.run(30 * DAY + 1),
        }
        assert.equal(8, numbers.runs)
        assert.same({ runs = 3, ok = 1, partial = 1, failed = 0, running = 1, success_ratio = 1 },
            numbers.windows["24h"])
        assert.same({ runs = 5, ok = 2, partial = 1, failed = 1, running = 1, success_ratio = 0.75 },
            numbers.windows["7d"])
        assert.same({ runs = 7, ok = 3, partial = 1, failed = 2, running = 1, success_ratio = 4 / 6 },
            numbers.windows["30d"])
    end)

    it("have no success ratio where nothing has ended", function()
        local numbers = statistics { runs.running(60) }
        assert.same({ runs = 1, ok = 0, partial = 0, failed = 0, running = 1 }, numbers.windows["24h"])
    end)

    it("sum accounts over thirty days", function()
        local counts = { add_count = 1, update_count = 2, delete_count = 3, failed_count = 4 }
        local numbers = statistics { runs.run(60, counts), runs.failed(30 * DAY, counts), runs.run(31 * DAY, counts) }
        assert.equal(2, numbers.added)
        assert.equal(4, numbers.updated)
        assert.equal(6, numbers.deleted)
        assert.equal(8, numbers.failed)
    end)

    it("know how long runs take", function()
        local numbers = statistics(runs.hourly(20, 600, function(run, i)
            run.end_time = run.start_time + i * 1000
        end))
        assert.equal(10.5, numbers.duration_p50)
        assert.equal(19, numbers.duration_p95)
    end)

    it("know the usual gap between starts, and when the next run is due", function()
        local list = runs.hourly(60)
        table.insert(list, runs.run(100 * HOUR))
        local numbers = statistics(list)
        assert.equal(HOUR, numbers.median_gap)
        assert.equal(NOW * 1000 - 600000 + HOUR * 1000, numbers.next_expected)
    end)

    it("know the last run and the last success", function()
        local list = { runs.failed(600, { id = "f" }), runs.run(HOUR, { id = "g" }) }
        local numbers = statistics(list)
        assert.equal(list[1].start_time, numbers.last_run)
        assert.equal("f", numbers.last_run_id)
        assert.equal("FAILED", numbers.last_status)
        assert.equal(list[2].end_time, numbers.last_success)
        assert.equal("g", numbers.last_success_id)
        list[2].end_time = nil
        assert.equal(list[2].start_time, statistics(list).last_success)
    end)

    it("leave out what nobody can tell", function()
        local numbers = statistics { runs.failed(0, { start_time = false, end_time = false, id = false }) }
        for _, name in ipairs { "duration_p50", "duration_p95", "median_gap", "next_expected", "last_run",
            "last_run_id", "last_success", "last_success_id" } do
            assert.is_nil(numbers[name], name)
        end
        assert.equal("FAILED", numbers.last_status)
        assert.equal(0, numbers.windows["30d"].runs)
    end)

    it("of all sources together add up, and take gaps within each source", function()
        local list = runs.hourly(10)
        for i = 1, 10 do
            table.insert(list, runs.run(300 + i * 2 * HOUR, { identity_source_id = "s2", id = "o" .. i, add_count = 5,
                end_time = NOW * 1000 - (300 + i * 2 * HOUR) * 1000 + 120000 }))
        end
        local one, all = statistics(list)
        assert.equal(10, one.runs)
        assert.equal(20, all.runs)
        assert.equal(one.windows["7d"].ok + 10, all.windows["7d"].ok)
        assert.equal(1, all.windows["24h"].success_ratio)
        assert.equal(50, all.added)
        assert.equal(1.5 * HOUR, all.median_gap)
        assert.equal(90, all.duration_p50)
        assert.equal(list[1].id, all.last_run_id)
        assert.equal(list[1].id, all.last_success_id)
        assert.equal(NOW * 1000 - 300000, all.next_expected) -- the second source's, which is overdue
    end)

    it("pause while they look for the middle of many", function()
        local ranked, paused = median.ranked, {}
        local function pause() end
        function median.ranked(values, first, last, ranks, given) -- luacheck: ignore 122
            paused[#paused + 1] = given == pause
            return ranked(values, first, last, ranks, given)
        end
        local calculated = Statistics.new(NOW * 1000, pause)
        local model = { run = {}, duration = { 1, 2, 3 }, count = 3, starts = { 1, 2, 3 }, begun = 3,
            rows = { gap = {} } }
        calculated:add({ runs = {} }, model)
        calculated:add({ runs = {} }, model)
        calculated:together()
        median.ranked = ranked -- luacheck: ignore 122
        assert.same({ true, true, true, true, true, true }, paused)
    end)

    it("are all zero for an empty list", function()
        local numbers = health.evaluate({}, nil, NOW).statistics
        assert.equal(0, numbers.runs + numbers.added + numbers.updated + numbers.deleted + numbers.failed)
        assert.same({ runs = 0, ok = 0, partial = 0, failed = 0, running = 0 }, numbers.windows["30d"])
        assert.is_nil(numbers.last_run)
    end)
end)
