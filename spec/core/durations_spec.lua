local core = require "dwsync.core"

local unpack = table.unpack or unpack

describe("core.count_durations", function()
    it("adds all but some to their class of an eighth of an octave", function()
        local histogram, durations = { [0] = 2 }, { 500, 1000, 2000, 2000, false, 8000, 2 ^ 50 }
        assert.same({ 4, 24, 6 }, { core.count_durations(histogram, durations, 1, 6, { 4, 7 }, 1) })
        assert.same({ [0] = 4, [8] = 1, [24] = 1 }, histogram)
        assert.same({ 1, 320, 7 }, { core.count_durations(histogram, durations, 7, 7, { 4 }, 2) })
        assert.same({ [0] = 4, [8] = 1, [24] = 1, [320] = 1 }, histogram)
        assert.same({ 1, 8, 3 }, { core.count_durations({}, durations, 2, 4, { 1, 2, 4 }, 2) })
    end)

    it("counts any number of them, and skips any number", function()
        local durations, skipped = {}, {}
        for i = 1, 100000 do
            durations[i], skipped[i] = 1000 * i, i <= 50000 and 50000 + i or nil
        end
        local histogram = {}
        assert.same({ 50000, 125, 50000 }, { core.count_durations(histogram, durations, 1, 100000, skipped, 1) })
        local sum = 0
        for _, count in pairs(histogram) do
            sum = sum + count
        end
        assert.equal(50000, sum)
        for i = 1, 100000 do
            durations[i] = 2 ^ 60 -- beyond the classes that are counted by themselves
        end
        assert.same({ 100000, 400, 100000 }, { core.count_durations({}, durations, 1, 100000, {}, 1) })
    end)

    it("names the argument that is wrong", function()
        for _, case in ipairs {
            { "1", "table expected, got nil", nil, {}, 1, 2, {}, 1 },
            { "2", "table expected, got number", {}, 1, 1, 2, {}, 1 },
            { "5", "table expected, got nil", {}, {}, 1, 2, nil, 1 },
            { "3", "number expected, got nil", {}, {}, nil, 2, {}, 1 },
            { "4", "number expected, got boolean", {}, {}, 1, false, {}, 1 },
            { "6", "number expected, got nil", {}, {}, 1, 2, {}, nil },
            { "3", "there are no such places", {}, {}, 0, 1, {}, 1 },
            { "3", "there are no such places", {}, {}, 1, 2 ^ 31 - 1, {}, 1 },
        } do
            local _, message = pcall(core.count_durations, unpack(case, 3, 8))
            assert.same({ case[1], case[2] }, { message:match "^bad argument #(%d) to '[^']+' %((.*)%)$" })
        end
    end)

    it("counts nothing where there is nothing, whatever is there", function()
        local histogram = {}
        assert.same({ 0, 0 }, { core.count_durations(histogram, { 1, "2" }, 1, 9, { 1, "2" }, 1) })
        assert.same({ 0, 0 }, { core.count_durations(histogram, { 1 }, 2, 1, {}, 1) })
        assert.same({ 0, 0 }, { core.count_durations(histogram, { false, 1000 }, 1, 2, { 1, 2 }, 1) })
        assert.same({}, histogram)
        assert.error(function() core.count_durations({}, {}, 0, 1, {}, 1) end)
        assert.error(function() core.count_durations({}, {}, 1, 2 ^ 31, {}, 1) end)
        assert.error(function() core.count_durations({}, {}, 1, 2, nil, 1) end)
    end)
end)
