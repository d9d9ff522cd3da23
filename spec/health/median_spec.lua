local median = require "dwsync.health.median"
local runs = require "spec.health.runs"

describe("the middle", function()
    it("is one value, or the two whose mean is the median", function()
        assert.same({ 2, 2 }, { median.middle(3) })
        assert.same({ 2, 3 }, { median.middle(4) })
        assert.same({ 1, 1 }, { median.middle(1) })
    end)
end)

describe("values by rank", function()
    -- Few and many, alike and far apart: each is found in another way.
    local function check(count, value_of)
        local values, sorted = {}, {}
        for i = 1, count do
            values[i] = value_of(i)
            sorted[i] = values[i]
        end
        table.sort(sorted)
        local low, high = median.middle(count)
        local ranks = { 1, low, high, median.rank(count, 0.95), count }
        local wanted = {}
        for i, rank in ipairs(ranks) do
            wanted[i] = sorted[rank]
        end
        assert.same(wanted, median.ranked(values, 1, count, ranks))
    end

    it("are those of the sorted list", function()
        local random = runs.random(31)
        for _, count in ipairs { 1, 2, 7, 299, 300, 301, 1000, 2503 } do
            check(count, function() return random(100000) end)
            check(count, function() return random(3) end)
            check(count, function() return 42 end)
            check(count, function(i) return i == 1 and 2 ^ 52 or random(900) end)
            check(count, function(i) return 2 ^ (i % 53) end)
        end
    end)

    it("are found with a pause after each ten thousand, twice, where there are many", function()
        for count, expected in pairs { [300] = 0, [301] = 2, [10000] = 2, [10001] = 4, [25000] = 6 } do
            local values, pauses = {}, 0
            for i = 1, count do
                values[i] = i * 7919 % 100003
            end
            local found = median.ranked(values, 1, count, { 1, count }, function() pauses = pauses + 1 end)
            assert.equal(2, #found)
            assert.equal(expected, pauses, count)
        end
    end)

    it("may be those of a part of a list, whose other values keep their places", function()
        local values = { 9, 7, 5, 1 }
        assert.same({ 5, 7 }, median.ranked(values, 2, 3, { 1, 2 }))
        assert.same({ 9, 1 }, { values[1], values[4] })
        table.sort(values)
        assert.same({ 1, 5, 7, 9 }, values)
    end)
end)

describe("a percentile", function()
    it("is the least value that a share of all does not exceed", function()
        local hundred = {}
        for i = 1, 100 do
            hundred[i] = i
        end
        assert.equal(95, median.percentile(hundred, 0.95))
        assert.equal(1, median.percentile(hundred, 0))
        assert.equal(100, median.percentile(hundred, 1))
        assert.equal(10, median.percentile({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, 0.95))
        assert.equal(9, median.percentile({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, 0.9))
        assert.equal(7, median.percentile({ 7 }, 0.95))
        assert.is_nil(median.percentile({}, 0.95))
    end)
end)
