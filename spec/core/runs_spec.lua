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

local function source()
    return { runs = {}, starts = {}, step = 0 }
end

describe("core.take_runs", function()
    it("adds runs to those of their source, up to one that needs a closer look", function()
        local list = { run(1), run(2), run(3, { identity_source_id = "b" }), run(1), run(4, { status = "x" }) }
        local seen, sources = {}, { a = source() }
        local function take(first)
            return { core.take_runs(list, first, #list, LATEST, seen, sources) }
        end
        assert.same({ 3, true }, take(1))
        assert.same({ list[1], list[2] }, sources.a.runs)
        assert.same({ r1 = list[1], r2 = list[2] }, seen)
        assert.same({ 4, true }, take(4))
        assert.same({ 5, false }, take(5))
        assert.same({}, { core.take_runs(list, 1, 2, LATEST, {}, sources) })
    end)

    it("notes the starts of runs that ended in their order, either way, and goes on behind others", function()
        local list, sources = { run(1), run(3), run(5, { identity_source_id = "b" }), run(7), run(4,
            { identity_source_id = "b" }) }, { a = source(), b = source() }
        core.take_runs(list, 1, 1, LATEST, {}, sources)
        assert.equal(0, sources.a.step)
        core.take_runs(list, 2, 5, LATEST, {}, sources)
        assert.same({ LATEST - 999, LATEST - 997, LATEST - 993 }, sources.a.starts)
        assert.same({ 1, -1 }, { sources.a.step, sources.b.step })
        list[6] = run(6)
        core.take_runs(list, 6, 6, LATEST, {}, sources)
        assert.is_false(sources.a.step)
        assert.same({ list[1], list[2], list[4], list[6] }, sources.a.runs)
    end)

    it("goes through a list backwards", function()
        local list, sources = { run(3), run(2), run(1, { status = "x" }) }, { a = source() }
        local function take(first)
            return { core.take_runs(list, first, 1, LATEST, {}, sources, true) }
        end
        assert.same({ 3, false }, take(3))
        assert.same({}, take(2))
        assert.same({}, take(0))
        assert.same({ list[2], list[1] }, sources.a.runs)
        assert.same({ LATEST - 998, LATEST - 997 }, sources.a.starts)
    end)

    it("wants a closer look at a record with a metatable, and finds a status written anew", function()
        local sources = { a = source() }
        assert.same({ 1, false }, { core.take_runs({ setmetatable(run(1), {}) }, 1, 1, LATEST, {}, sources) })
        local status = ("FINISHED!"):sub(1, 8)
        assert.same({}, { core.take_runs({ run(1, { status = status }) }, 1, 1, LATEST, {}, sources) })
        assert.same({ 1, false }, { core.take_runs({ run(1, { status = 5 }) }, 1, 1, LATEST, {}, sources) })
    end)

    it("says that others are out of step", function()
        for _, more in ipairs { { start_time = LATEST - 999 }, { end_time = LATEST - 998 }, { status = "RUNNING" },
            { start_time = false } } do
            local list, sources = { run(1, { end_time = LATEST - 997 }), run(2, more) }, { a = source() }
            list[2].start_time = list[2].start_time or nil
            assert.same({}, { core.take_runs(list, 1, 2, LATEST, {}, sources) })
            assert.is_false(sources.a.step)
            assert.equal(2, #sources.a.runs)
        end
        local sources = { a = source() }
        core.take_runs({ run(1, { status = "RUNNING" }), run(2) }, 1, 2, LATEST, {}, sources)
        assert.same({ false, {} }, { sources.a.step, sources.a.starts })
    end)

    it("wants a closer look at what is beyond a limit, and at nothing else", function()
        local early, whole = 1e12, 2147483647
        for _, row in ipairs {
            { true, { start_time = early, end_time = early } }, { false, { start_time = early - 1 } },
            { true, { start_time = LATEST, end_time = LATEST } },
            { false, { start_time = LATEST + 1, end_time = LATEST + 1 } },
            { true, { start_time = LATEST - 1, end_time = LATEST } },
            { false, { start_time = LATEST - 1, end_time = LATEST + 1 } },
            { false, { start_time = early + 2, end_time = early + 1 } },
            { true, { start_time = false, end_time = early } }, { false, { start_time = false, end_time = early - 1 } },
            { true, { end_time = false } }, { true, { start_time = false, end_time = false } },
            { false, { start_time = early + 0.5 } }, { false, { end_time = "x" } }, { true, { status = "FAILED" } },
            { true, { status = "RUNNING" } }, { false, { status = false } }, { false, { status = "finished" } },
            { true, { id = false } }, { false, { id = 5 } }, { true, { identity_source_type = "LDAP" } },
            { false, { identity_source_type = 5 } }, { true, { fail_reason = "x" } }, { false, { fail_reason = 5 } },
            { true, { add_count = 0, update_count = 0, delete_count = 0, failed_count = 0 } },
            { true, { add_count = whole, update_count = whole, delete_count = whole, failed_count = whole } },
            { false, { add_count = -1 } }, { false, { update_count = -1 } }, { false, { delete_count = -1 } },
            { false, { failed_count = -1 } }, { false, { add_count = whole + 1 } },
            { false, { update_count = whole + 1 } }, { false, { delete_count = whole + 1 } },
            { false, { failed_count = whole + 1 } }, { false, { failed_count = 0.5 } }, { false, { add_count = "1" } },
        } do
            local record, sources = run(1, row[2]), { a = source() }
            for name, value in pairs(row[2]) do
                record[name] = value or nil
            end
            local place = core.take_runs({ record }, 1, 1, LATEST, {}, sources)
            assert.same(row, { place == nil, row[2] })
            assert.equal(place and 0 or 1, #sources.a.runs)
        end
    end)

    it("refuses places and tables that are not there", function()
        assert.error(function() core.take_runs({}, 0, 1, LATEST) end)
        assert.error(function() core.take_runs({}, 1, 2 ^ 31, LATEST) end)
        assert.error(function() core.take_runs({}, 1, 1, LATEST, {}, 5) end)
        assert.same({ 1, false }, { core.take_runs({}, 1, 1, LATEST) })
        for _, wrong in ipairs { 5, {}, { runs = {} }, { runs = {}, starts = 5 } } do
            assert.same({ 1, true }, { core.take_runs({ run(1) }, 1, 1, LATEST, {}, { a = wrong }) })
        end
    end)
end)

describe("core.room", function()
    it("is an empty table", function()
        assert.same({ {}, {} }, { core.room({ 1, 2, 3 }, 2), core.room({ 1 }, 200, true) })
        assert.same({ {}, {} }, { core.room({ 1 }, 0), core.room({}, 32767, true) })
        for _, most in ipairs { -1, 32768, 2 ^ 20 } do
            assert.error_matches(function() core.room({}, most) end, "#2 to .*from 0 to 32767")
        end
        assert.error(function() core.room(5, 1) end)
    end)
end)
