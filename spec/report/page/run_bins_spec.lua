local overviews = require "spec.report.overviews"
local run_bins = require "dwsync.report.page.run_bins"

local NOW = overviews.NOW
local HOUR, DAY = 3600000, 86400000

local function sum(bins, field)
    local total = 0
    for _, bin in ipairs(bins) do
        total = total + bin[field]
    end
    return total
end

describe("the span of runs that is drawn", function()
    it("is from the oldest run to now", function()
        local from, till = run_bins.span(overviews.records(100), NOW)
        assert.equal(overviews.record(99.2).start_time, from)
        assert.equal(NOW * 1000, till)
    end)

    it("is 30 days at most, and not stretched by runs of the future or without a start", function()
        local list = { overviews.record(-24 * 365), overviews.record(24 * 40), overviews.record(24 * 29),
            { start_time = "x" }, { start_time = 0 / 0 }, { start_time = 1 / 0 }, { start_time = 0 }, {}, 7 }
        assert.equal(NOW * 1000 - 29 * DAY, (run_bins.span(list, NOW)))
    end)

    it("has a run of 30 days ago in it, and none that is older", function()
        local oldest = NOW * 1000 - 30 * DAY
        assert.equal(oldest, (run_bins.span({ { start_time = oldest } }, NOW)))
        assert.is_nil((run_bins.span({ { start_time = oldest - 1 } }, NOW)))
    end)

    it("is looked for, and counted, with a pause after every 32 runs", function()
        for runs, expected in pairs { [31] = 0, [32] = 1, [63] = 1, [64] = 2 } do
            local list, pauses = overviews.records(runs), 0
            local function pause() pauses = pauses + 1 end
            local from, till = run_bins.span(list, NOW, pause)
            assert.same({ runs, expected }, { runs, pauses })
            run_bins.count(list, from, till, 120, pause)
            assert.same({ runs, 2 * expected }, { runs, pauses })
        end
    end)

    it("is nothing without a run in it", function()
        assert.is_nil(run_bins.span({}, NOW))
        assert.is_nil(run_bins.span({ overviews.record(24 * 40), {} }, NOW))
    end)
end)

describe("runs in bins", function()
    local function count(list, limit)
        local from, till = run_bins.span(list, NOW)
        return run_bins.count(list, from, till, limit or 120)
    end

    it("are each counted once, in bins of hours people know, as many as asked for at most", function()
        local list = overviews.records(168)
        for limit, step in pairs { [200] = HOUR, [120] = 2 * HOUR, [36] = 6 * HOUR, [10] = DAY } do
            local bins = count(list, limit)
            assert.equal(step, bins.step)
            assert.is_true(#bins <= limit)
            assert.equal(0, bins.from % step)
            assert.same({ bins.from + #bins * step, nil }, { bins.till, bins[0] })
            assert.equal(168, sum(bins, "runs"))
            assert.equal(0, bins.left_out)
        end
    end)

    it("last as short as their number allows, from 5 minutes to 5 days", function()
        local minutes = { 5, 10, 15, 30, 60, 120, 180, 240, 360, 480, 720, 1440, 2880, 7200 }
        for i, each in ipairs(minutes) do
            local step = each * 60000
            assert.equal(step, run_bins.count({}, 0, 9 * step, 10).step)
            assert.equal((minutes[i + 1] or each) * 60000, run_bins.count({}, 0, 9 * step + 1, 10).step)
        end
    end)

    it("keep the sums of every count and outcome", function()
        local bins = count { overviews.record(1, { add_count = 3, delete_count = 480 }),
            overviews.record(1.1, { status = "FAILED", add_count = 0 }),
            overviews.record(50, { failed_count = 2, add_count = 1 }), overviews.record(2, { status = "RUNNING" }),
            overviews.record(3, { status = "NEW" }) }
        assert.same({ 1, 1, 1, 1, 1 }, { sum(bins, "ok"), sum(bins, "failed"), sum(bins, "partial"),
            sum(bins, "running"), sum(bins, "unknown") })
        assert.equal(5, bins.total.runs)
        assert.equal(480, bins.total.delete_count)
        assert.same({ 2, 7 }, { bins.total.failed_count, bins.total.add_count })
        assert.equal(1, count({ overviews.record(1, { add_count = 1 }) }).total.add_count)
        assert.equal(480, bins[#bins - 1].delete_count) -- of half an hour each
        assert.equal(480, sum(bins, "delete_count"))
    end)

    it("say how many were left out", function()
        assert.equal(3, count({ overviews.record(1), overviews.record(24 * 40), overviews.record(-5), {} }).left_out)
    end)

    it("take counts that are none for none", function()
        local bins = count { overviews.record(1, { add_count = "9", update_count = -4, delete_count = 0 / 0,
            failed_count = {} }) }
        assert.same({ 0, 0, 0, 0, 1 }, { bins.total.add_count, bins.total.update_count, bins.total.delete_count,
            bins.total.failed_count, bins.total.runs })
    end)

    it("are few for a single run of this moment", function()
        local bins = count { overviews.record(0) }
        assert.equal(1, #bins)
        assert.equal(1, bins[1].runs)
    end)
end)
