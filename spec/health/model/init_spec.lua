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
end)
