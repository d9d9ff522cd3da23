local core = require "dwsync.core"

local function run(status)
    return { status = status or "FINISHED" }
end

describe("core.count_durations", function()
    it("adds those of runs that FINISHED to their class of an eighth of an octave", function()
        local histogram, durations = { [0] = 2 }, { 500, 1000, 2000, 2000, false, 8000, 2 ^ 50 }
        local runs = { run(), run(), run(), run "FAILED", run(), run(), run() }
        assert.same({ 4, 24, 6 }, { core.count_durations(histogram, durations, runs, 1, 6) })
        assert.same({ [0] = 4, [8] = 1, [24] = 1 }, histogram)
        assert.same({ 1, 320, 7 }, { core.count_durations(histogram, durations, runs, 7, 7) })
        assert.same({ [0] = 4, [8] = 1, [24] = 1, [320] = 1 }, histogram)
    end)

    it("counts nothing where there is nothing, whatever is there", function()
        local histogram = {}
        assert.same({ 0, 0 }, { core.count_durations(histogram, { 1, "2", 3 }, { 5, run() }, 1, 9) })
        assert.same({ 0, 0 }, { core.count_durations(histogram, { 1 }, { run() }, 2, 1) })
        assert.same({}, histogram)
        assert.error(function() core.count_durations({}, {}, {}, 0, 1) end)
        assert.error(function() core.count_durations({}, {}, {}, 1, 2 ^ 31) end)
        assert.error(function() core.count_durations({}, {}, nil, 1, 2) end)
    end)
end)
