local Durations = require "dwsync.health.model.durations"

local DAY = 86400000

local function near(expected, actual)
    assert.is_true(math.abs(actual - expected) <= 0.05 * expected, ("%s is not about %s"):format(actual, expected))
end

-- A day's run after another.
local function model_of(count, seconds)
    local model = { failures = {}, time = {}, duration = {} }
    for day = 1, count do
        model.time[day] = day * DAY
        model.duration[day] = (type(seconds) == "function" and seconds(day) or seconds) * 1000
    end
    return model
end

local function filled(count, seconds)
    local durations = Durations.new()
    durations:take(model_of(count, seconds), count)
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
        near(90000, (filled(30, function(day) return day % 3 == 0 and 60 or 90000 end):usual()))
    end)

    it("leave out the newest week, once ten runs are older", function()
        local durations = filled(30, function(day) return day > 24 and 600 or 60 end)
        local usual, runs = durations:usual()
        near(60, usual)
        assert.equal(23, runs)
    end)

    it("are the same taken run by run, and twice makes no difference", function()
        local model, durations = model_of(30, function(day) return 60 + day * 20 end), Durations.new()
        for day = 1, 30 do
            durations:take(model, day)
            durations:take(model, day)
        end
        assert.same({ filled(30, function(day) return 60 + day * 20 end):usual() }, { durations:usual() })
    end)

    it("are those of runs that FINISHED and whose duration is known", function()
        local model, durations = model_of(15, 60), Durations.new()
        model.failures, model.duration[4] = { 3, 9, 13 }, false
        durations:take(model, 8)
        assert.equal(6, durations.count)
        durations:take(model, 15)
        assert.equal(11, durations.count)
    end)

    it("take a run of no time at all", function()
        assert.equal(0.5, (filled(12, 0):usual()))
    end)
end)
