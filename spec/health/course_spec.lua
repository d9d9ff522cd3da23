local Course = require "dwsync.health.course"
local runs = require "spec.health.runs"

local function course_of(list)
    local course = Course.new {}
    for _, run in ipairs(list) do
        course:finish(run)
    end
    return course
end

describe("the course of a source", function()
    it("counts failures in a row, and knows the first of them", function()
        local first = runs.failed(300)
        local course = course_of { runs.failed(500), runs.run(400), first, runs.failed(200) }
        assert.equal(2, course.failures)
        assert.equal(first, course.first_failure)
        course:finish(runs.run(100))
        assert.equal(0, course.failures)
        assert.is_nil(course.first_failure)
        assert.equal(100, (runs.NOW * 1000 - course.last.start_time) / 1000)
        assert.equal(2, #course.finished)
    end)

    it("knows what is RUNNING from its beginning to its end", function()
        local course, run = Course.new {}, runs.run(300)
        course:begin(run)
        assert.equal(1, course.open)
        assert.equal(run, course:longest())
        assert.equal(run, course:oldest_open())
        course:finish(run)
        assert.equal(0, course.open)
        assert.is_nil(course:longest())
        assert.is_nil(course:oldest_open())
    end)

    it("is the same when it is resumed at once as when it was gone through", function()
        local random = runs.random(81)
        for _ = 1, 40 do
            local ended = {}
            for i = 1, random(12) do
                ended[i] = (random(2) == 1 and runs.failed or runs.run)(1000 - 10 * i, { id = "r" .. random(9),
                    start_time = random(5) == 1 and false or runs.NOW * 1000 - random(9) })
            end
            local resumed = Course.new {}
            resumed:resume(ended, #ended)
            local gone_through = course_of(ended)
            resumed.source, gone_through.source = nil, nil
            assert.same(gone_through, resumed)
        end
    end)

    it("forgets what it passed, so that asking costs little", function()
        local course = Course.new {}
        for i = 1, 1000 do
            course:begin(runs.running(2000 - i))
        end
        course:finish(runs.run(1))
        assert.is_nil(course:longest())
        assert.equal(1001, course.head)
        assert.equal(1000, course:overtaken())
    end)
end)
