local core = require "dwsync.core"

describe("core.count_durations", function()
    it("adds all but some to their class of an eighth of an octave", function()
        local histogram, durations = { [0] = 2 }, { 500, 1000, 2000, 2000, false, 8000, 2 ^ 50 }
        assert.same({ 4, 24, 6 }, { core.count_durations(histogram, durations, 1, 6, { 4, 7 }, 1) })
        assert.same({ [0] = 4, [8] = 1, [24] = 1 }, histogram)
        assert.same({ 1, 320, 7 }, { core.count_durations(histogram, durations, 7, 7, { 4 }, 2) })
        assert.same({ [0] = 4, [8] = 1, [24] = 1, [320] = 1 }, histogram)
        assert.same({ 1, 8, 3 }, { core.count_durations({}, durations, 2, 4, { 1, 2, 4 }, 2) })
    end)

    it("counts nothing where there is nothing, whatever is there", function()
        local histogram = {}
        assert.same({ 0, 0 }, { core.count_durations(histogram, { 1, "2" }, 1, 9, { 1, "2" }, 1) })
        assert.same({ 0, 0 }, { core.count_durations(histogram, { 1 }, 2, 1, {}, 1) })
        assert.same({}, histogram)
        assert.error(function() core.count_durations({}, {}, 0, 1, {}, 1) end)
        assert.error(function() core.count_durations({}, {}, 1, 2 ^ 31, {}, 1) end)
        assert.error(function() core.count_durations({}, {}, 1, 2, nil, 1) end)
    end)
end)
