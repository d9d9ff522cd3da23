local Model = require "dwsync.health.model"
local runs = require "spec.health.runs"
local weeks = require "dwsync.health.model.weeks"

local HOUR, DAY = 3600000, 86400000

-- A run a day at noon that changes as many accounts as its day's number, for some days.
local function model_of(days)
    local list = {}
    for day = 1, days do
        list[day] = runs.run(0, { id = "d" .. day, start_time = day * DAY - 60000, end_time = day * DAY,
            update_count = day })
    end
    local model = Model.new({ id = "s1", runs = list, ended = list })
    model.run = list
    model:take(days)
    return model
end

local function sums(days, day, skip)
    local model = model_of(days)
    return (weeks.sums(model, model.count, model.changed, day * DAY - HOUR, day * DAY, 0, skip or 1))
end

describe("the same stretch of earlier weeks", function()
    it("is there as often as there are weeks, four at most, rising", function()
        assert.same({ 2, 9, 16, 23 }, sums(30, 30))
        assert.same({ 3, 10 }, sums(17, 17))
        assert.same({}, sums(7, 7))
    end)

    it("can leave out the newest weeks, which are those of the fault", function()
        assert.same({ 2, 9, 16 }, sums(30, 30, 2))
    end)

    it("is a little later where runs are a little late", function()
        local model = model_of(30)
        local late = weeks.sums(model, 30, model.changed, 30 * DAY - 3 * HOUR, 30 * DAY - 2 * HOUR, 2 * HOUR, 1)
        assert.same({ 2, 9, 16, 23 }, late)
    end)

    it("counts nothing that ended later than it may know", function()
        local model = model_of(30)
        assert.same({ 0, 2, 9 }, (weeks.sums(model, 12, model.changed, 23 * DAY - HOUR, 23 * DAY, 0, 1)))
    end)

    it("is compared with the days about a month before", function()
        local model = model_of(60)
        assert.equal(33, weeks.month_before(model, 60, model.changed, 60 * DAY - HOUR, 60 * DAY))
    end)

    it("is on record from its first run on, moved by the lag", function()
        local model = model_of(30)
        assert.is_true(weeks.reaches(model, 8 * DAY, 0, 1))
        assert.is_false(weeks.reaches(model, 8 * DAY - 1, 0, 1))
        assert.is_true(weeks.reaches(model, 15 * DAY - 2, 2, 2))
        assert.is_false(weeks.reaches(model, 15 * DAY - 3, 2, 2))
        assert.same({ 0, 0, 0 }, (weeks.sums(model, 30, model.changed, 30 * DAY - HOUR, 30 * DAY, 2 * HOUR, 2)))
    end)

    it("is looked for three hours earlier and later a month before, and is nothing before the first run", function()
        local model = model_of(60)
        for hours, most in pairs { [2.99] = 33, [3] = 0, [-3] = 33, [-3.01] = 0 } do
            local time = 60 * DAY + hours * HOUR
            assert.equal(most, weeks.month_before(model, 60, model.changed, time, time), hours)
        end
        assert.equal(0, weeks.month_before(model_of(5), 5, { 5, 9, 9, 9, 9 }, 5 * DAY, 5 * DAY))
    end)
end)
