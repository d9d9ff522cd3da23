local place = require "dwsync.health.model.place"

local TIMES = { 10, 20, 20, 40 }

describe("a place in rising times", function()
    it("is the last that is not later, 0 when all are later", function()
        assert.equal(0, place.last(TIMES, 4, 9))
        assert.equal(1, place.last(TIMES, 4, 10))
        assert.equal(3, place.last(TIMES, 4, 39))
        assert.equal(4, place.last(TIMES, 4, 1000))
    end)

    it("is found however unevenly the times are spaced", function()
        for _, power in ipairs { 1, 3, 0.2, 9 } do
            local times, last = {}, 0
            for i = 1, 200 do
                times[i] = math.floor(i ^ power * 10)
            end
            for time = 0, times[200], math.max(1, math.floor(times[200] / 997)) do
                while last < 200 and times[last + 1] <= time do
                    last = last + 1
                end
                assert.equal(last, place.last(times, 200, time))
            end
            assert.equal(200, place.last(times, 200, times[200]))
        end
    end)

    it("looks no further than what counts", function()
        assert.equal(2, place.last(TIMES, 2, 1000))
        assert.equal(0, place.last({}, 0, 5))
        assert.is_nil(place.near(TIMES, 3, 40, 5))
    end)

    it("is near when nothing else is nearer, and it is near enough", function()
        assert.equal(1, place.near(TIMES, 4, 12, 5))
        assert.equal(4, place.near(TIMES, 4, 36, 5))
        assert.equal(4, place.near(TIMES, 4, 45, 5))
        assert.is_nil(place.near(TIMES, 4, 30, 5))
        assert.is_nil(place.near(TIMES, 4, 46, 5))
    end)

    it("before a time is the last that is less, also than a fraction", function()
        for time, expected in pairs { [10] = 0, [10.5] = 1, [20] = 1, [20.001] = 3, [40] = 3, [41] = 4, [9] = 0 } do
            assert.equal(expected, place.before(TIMES, 4, time), time)
        end
    end)
end)
