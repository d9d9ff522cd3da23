local Durations = require "dwsync.health.model.durations"

local DAY = 86400000

local function near(expected, actual)
    assert.is_true(math.abs(actual - expected) <= 0.05 * expected, ("%s is not about %s"):format(actual, expected))
end

-- A day's run after another.
local function filled(count, seconds)
    local durations = Durations.new()
    for day = 1, count do
        durations:add(day * DAY, type(seconds) == "function" and seconds(day) or seconds)
    end
    return durations
end

describe("usual durations", function()
    it("want ten runs", function()
        local usual, runs = filled(9, 60):usual()
        assert.same({ nil, 9 }, { usual, runs })
        near(60, (filled(10, 60):usual()))
    end)

    it("are the middle, whatever the longest run took", function()
        near(60, (filled(30, function(day) return day % 3 == 0 and 90000 or 60 end):usual()))
    end)

    it("leave out the newest week, once ten runs are older", function()
        local durations = filled(30, function(day) return day > 24 and 600 or 60 end)
        local usual, runs = durations:usual()
        near(60, usual)
        assert.equal(23, runs)
        near(600, (filled(8, 600):usual() or 600))
    end)

    it("take a run of no time at all", function()
        assert.equal(0.5, (filled(12, 0):usual()))
    end)
end)
