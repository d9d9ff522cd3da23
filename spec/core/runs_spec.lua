local core = require "dwsync.core"

local LATEST = 1800000000000

local function run(start, more)
    local record = { id = "r" .. start, identity_source_id = "a", start_time = LATEST - 1000 + start,
        end_time = LATEST - 999 + start, status = "FINISHED" }
    for name, value in pairs(more or {}) do
        record[name] = value
    end
    return record
end

describe("core.take_runs", function()
    it("adds runs to those of their source, up to one that needs a closer look", function()
        local list = { run(1), run(2), run(3, { identity_source_id = "b" }), run(1), run(4, { status = "x" }) }
        local seen, runs = {}, { a = {} }
        local function take(first)
            return { core.take_runs(list, first, #list, LATEST, seen, runs) }
        end
        assert.same({ 3, true }, take(1))
        assert.same({ a = { list[1], list[2] } }, runs)
        assert.same({ r1 = list[1], r2 = list[2] }, seen)
        assert.same({ 4, true }, take(4))
        assert.same({ 5, false }, take(5))
        assert.same({}, { core.take_runs(list, 1, 2, LATEST, {}, runs) })
    end)

    it("refuses places and tables that are not there", function()
        assert.error(function() core.take_runs({}, 0, 1, LATEST) end)
        assert.error(function() core.take_runs({}, 1, 2 ^ 31, LATEST) end)
        assert.error(function() core.take_runs({}, 1, 1, LATEST, {}, 5) end)
        assert.same({ 1, false }, { core.take_runs({}, 1, 1, LATEST) })
    end)
end)

describe("core.in_step", function()
    it("adds the starts of runs that ended in their order, either way, and goes on behind others", function()
        local list, starts = { run(1), run(3), run(5) }, {}
        assert.is_true(core.in_step(list, 1, 1, 2, LATEST, starts))
        assert.is_true(core.in_step(list, 3, 1, 1, LATEST, starts))
        assert.same({ LATEST - 999, LATEST - 997, LATEST - 995 }, starts)
        assert.is_true(core.in_step({ run(5), run(3) }, 2, -1, 2, LATEST, {}))
    end)

    it("is false for any other list, whatever is in it", function()
        for _, other in ipairs { run(1), run(0), run(2, { end_time = 1 }), run(2, { status = "RUNNING" }),
            run(2, { start_time = 0 / 0 }), run(2, { start_time = 2 ^ 62 }), run(2, { start_time = "x" }), 5 } do
            assert.is_false(core.in_step({ run(1), other }, 2, 1, 1, LATEST, {}))
        end
        assert.error(function() core.in_step({}, 1, 2, 1, LATEST, {}) end)
        assert.error(function() core.in_step({}, 0, 1, 1, LATEST, {}) end)
    end)
end)
