local median = require "dwsync.health.median"
local runs = require "spec.health.runs"

describe("the median", function()
    it("is the middle value, or the mean of the two in the middle", function()
        assert.equal(2, median.of_sorted { 1, 2, 9 })
        assert.equal(2.5, median.of_sorted { 1, 2, 3, 9 })
        assert.equal(7, median.of_sorted { 7 })
        assert.is_nil(median.of_sorted {})
    end)

    it("comes with the median absolute deviation", function()
        local middle, deviation = median.spread { 9, 1, 2, 4, 6 }
        assert.equal(4, middle)
        assert.equal(2, deviation)
        middle, deviation = median.spread { 5, 5, 5, 100 }
        assert.equal(5, middle)
        assert.equal(0, deviation)
    end)
end)

describe("a window", function()
    it("holds the newest values of a stream, sorted", function()
        local random = runs.random(31)
        for _, size in ipairs { 1, 2, 3, 5, 21 } do
            local window, seen = median.window(size), {}
            for _ = 1, 200 do
                seen[#seen + 1] = random(5) > 1 and random(9) or false
                window:put(seen[#seen] or nil)
                local newest = {}
                for i = math.max(1, #seen - size + 1), #seen do
                    newest[#newest + 1] = seen[i] or nil
                end
                table.sort(newest)
                assert.same(newest, window.sorted)
            end
        end
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
