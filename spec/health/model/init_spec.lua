local Model = require "dwsync.health.model"
local runs = require "spec.health.runs"

local HOUR = runs.HOUR

local function model_of(list)
    local model = Model.new { id = "s1", runs = list, ended = list }
    model.run = list
    model:take(#list)
    return model
end

-- The oldest first, as a model takes them.
local function hourly(count, change)
    local list = {}
    for i = 1, count do
        list[i] = runs.run((count - i) * HOUR + 600, change and change(i))
    end
    return list
end

describe("the model of a source", function()
    it("is the same taken at once or run by run", function()
        local list = hourly(40, function(i)
            return { status = i % 7 == 0 and "FAILED" or "FINISHED", add_count = i % 5,
                delete_count = i % 9 == 0 and i or 0, failed_count = i % 11 == 0 and 2 or 0 }
        end)
        local at_once, step_by_step = model_of(list), Model.new { id = "s1", runs = list, ended = list }
        step_by_step.run = list
        for i = 1, #list do
            step_by_step:take(i)
        end
        step_by_step.source = at_once.source
        assert.same(at_once, step_by_step)
    end)

    it("adds up what was added, changed and deleted", function()
        local model = model_of(hourly(3, function(i) return { add_count = i, update_count = 10, delete_count = 2 } end))
        assert.same({ 1, 3, 6 }, model.added)
        assert.same({ 11, 23, 36 }, model.changed)
        assert.same({ 2, 4, 6 }, model.deleted)
    end)

    it("knows the places of what rules look for", function()
        local list = hourly(4)
        list[1].status, list[2].delete_count, list[3].failed_count = "FAILED", 5, 1
        list[4].start_time = list[3].start_time + 30000
        local model = model_of(list)
        assert.same({ { 1 }, { 2 }, { 3 }, { 4 } }, { model.failures, model.deletions, model.partials, model.overlaps })
        assert.equal(4, model.success)
        assert.same({ 2 }, model.greatest)
    end)

    it("counts absent numbers as none", function()
        local model = model_of { runs.run(600, { add_count = false, update_count = false, delete_count = false,
            failed_count = false }) }
        assert.same({ { 0 }, { 0 }, {}, {} }, { model.added, model.deleted, model.deletions, model.partials })
    end)

    it("keeps what is RUNNING until it has ended, and forgets what a newer run has overtaken", function()
        local model, run = Model.new { id = "s1" }, runs.running(600)
        model:began(run.start_time)
        model:opened(run)
        assert.equal(run, model:longest())
        local newer = runs.run(300)
        model:began(newer.start_time)
        model.run = { newer }
        model:take(1)
        assert.is_nil(model:longest())
        assert.equal(run, model:oldest_open())
        assert.equal(1, (model:overtaken(runs.NOW * 1000)))
        model:closed(run)
        assert.is_nil(model:oldest_open())
        assert.equal(0, (model:overtaken(runs.NOW * 1000)))
    end)

    it("knows the usual time between ends by the last few, without twins", function()
        local list = hourly(9)
        list[9].end_time = list[8].end_time + 30000
        assert.equal(HOUR * 1000, model_of(list):gap(9))
        assert.is_nil(model_of(hourly(1)):gap(1))
    end)

    it("takes the middle of seven gaps of a minute and more for usual", function()
        for _, case in ipairs { -- minutes between ends, the oldest first
            { "nil" },
            { "5", 5 },
            { "nil", 0.99 },
            { "1", 1 },
            { "5", 5, 0.5 },
            { "5", 5, 7 },
            { "5", 7, 5 },
            { "2", 3, 1, 2 },
            { "2", 4, 1, 2, 3 },
            { "1", 9, 9, 9, 9, 9, 9, 9, 1, 1, 1, 1 },
            { "9", 9, 9, 9, 9, 9, 9, 9, 9, 1, 1, 1 },
            { "9", 9, 9, 9, 9, 1, 1, 1 },
            { "9", 9, 9, 9, 9, 9, 1, 1 },
            { "4", 7, 6, 5, 4, 3, 2, 1 },
            { "4", 1, 7, 2, 6, 3, 5, 4 },
        } do
            local ago = 100 * runs.DAY
            local list = { runs.run(ago) }
            for i = 2, #case do
                ago = ago - 60 * case[i]
                list[i] = runs.run(ago)
            end
            local gap = model_of(list):gap(#list)
            assert.equal(case[1], gap and ("%.7g"):format(gap / 60000) or "nil")
        end
    end)

    it("counts which runs in progress are not the newest, when the next will be, and the first start", function()
        for _, case in ipairs { -- until when; the starts of all runs; of those in progress, or false
            { "0 -, first -", 9, {} },
            { "0 -, first 1", 9, { 1 }, 1 },
            { "1 -, first 1", 9, { 1, 2 }, 1 },
            { "1 -, first 1", 9, { 1, 2 }, 1, 2 },
            { "1 -, first 1", 1, { 1, 2 }, 1, 2 },
            { "0 1, first 1", 0, { 1, 2 }, 1, 2 },
            { "0 1, first 1", 0, { 1, 2, 3 }, 1, 2, 3 },
            { "2 -, first 1", 9, { 1, 2, 3 }, 1, 2, 3 },
            { "1 2, first 1", 1, { 1, 2, 3 }, 1, 2, 3 },
            { "1 -, first 1", 9, { 1, 1 }, 1, 1 },
            { "0 -, first -", 9, {}, false },
            { "1 -, first 1", 9, { 1 }, 1, false },
            { "0 -, first -", 9, { 1 }, false },
            { "1 -, first -", 9, {}, false, false },
            { "2 -, first -", 9, {}, false, false, false },
            { "2 -, first 1", 9, { 1, 2 }, false, false, 1 },
            { "3 -, first 2", 9, { 1, 2, 3, 4 }, false, false, 2 },
            { "1 -, first 2", 9, { 3 }, 3, 2 },
            { "0 -, first 2", 9, { 1, 2 }, 2 },
        } do
            local model = Model.new { id = "s1" }
            for _, start in ipairs(case[3]) do
                model:began(start)
            end
            for i = 4, #case do
                model:opened { start_time = case[i] or nil }
            end
            local count, later = model:overtaken(case[2])
            assert.equal(case[1], ("%d %s, first %s"):format(count, later or "-", model.first_time or "-"))
        end
    end)

    it("keeps the rows of runs and days", function()
        local function run(ago, seconds, fields)
            local made = runs.run(ago, fields)
            made.end_time = seconds and made.start_time + seconds * 1000 or nil
            return made
        end
        local DAY = runs.DAY
        local model = model_of {
            run(3 * DAY, 60, { update_count = 5 }),
            run(3 * DAY - 100, nil, { delete_count = 2, status = "FAILED" }),
            run(2 * DAY, 90, { add_count = 3, update_count = 3 }),
            run(2 * DAY - 89, 30, { failed_count = 1, delete_count = 1 }),
            run(2 * DAY - 60, 100, { update_count = 4 }),
            run(DAY, 200, { update_count = 2, delete_count = 1 }),
            run(DAY - 195, 10), -- overlaps by five seconds
            run(DAY - 200.001, 10), -- by less
            run(60, 10, { delete_count = 9 }),
        }
        assert.same({ 5, 7 }, model.overlaps)
        assert.same({ { 1, 3, 9 }, { 2, 4, 6, 9 }, { 4 }, { 2 } },
            { model.greatest, model.deletions, model.partials, model.failures })
        assert.same({ 60000, false, 90000, 30000, 100000, 200000, 10000, 10000, 10000 }, model.duration)
        assert.same({ 0, 0, 3, 3, 3, 3, 3, 3, 3 }, model.added)
        assert.same({ 5, 5, 11, 11, 15, 17, 17, 17, 17 }, model.changed)
        assert.same({ 0, 2, 2, 3, 3, 4, 4, 4, 13 }, model.deleted)
        assert.equal(4, model.days.count)
        for i, day in ipairs { { 20383, 7, 2 }, { 20384, 11, 1 }, { 20385, 3, 1 }, { 20386, 9, 9 } } do
            assert.same(day, { model.days.day[i], model.days.changes[i], model.days.deletes[i] })
        end
        assert.same({ 9, 200000, 1, 9 }, { model.most, model.longest_taken, model.undated, model.success })
        assert.same({ 3 * DAY, 60 }, { runs.NOW - model.first_time / 1000, runs.NOW - model.newest_success / 1000 })
        assert.equal(2, model_of { run(60, nil), run(50, nil) }.undated)
        assert.equal(60, runs.NOW - model_of { run(60, nil), run(50, nil) }.first_time / 1000)
        assert.is_nil(model_of { runs.run(60, { start_time = false, end_time = false }) }.first_time)
    end)

    it("asks for a cadence once for each run that begins, and knows the longest run that nothing overtook", function()
        local model = Model.new { id = "s1" }
        for i = 1, 3 do
            model:began(i * HOUR * 1000)
        end
        local cadence = model:cadence()
        assert.equal(cadence, model:cadence())
        model:began(4 * HOUR * 1000)
        assert.not_equal(cadence, model:cadence())
        local success, later = runs.run(600), runs.running(600, { id = "later" })
        model = model_of { success }
        model:opened(later) -- began with it
        assert.equal(later, model:longest())
        assert.equal(0, model_of({}).longest_taken)
        local short = runs.run(600)
        short.end_time = short.start_time
        assert.equal(0, model_of({ short }).longest_taken)
    end)
end)
