local records = require "dwsync.records"
local runs = require "spec.health.runs"
local sources = require "dwsync.health.sources"

local function read(list)
    return sources.read(records.from(list):each(), runs.NOW * 1000)
end

local function variant(changes)
    local run = runs.run(600, { id = "same" })
    for name, value in pairs(changes or {}) do
        run[name] = value
    end
    return run
end

describe("records that share an id", function()
    it("are one run when they say the same", function()
        local list = read { variant(), variant(), variant() }
        assert.equal(1, #list[1].runs)
        assert.equal(1, #list[1].ended)
        assert.same({}, list[1].flaws)
    end)

    it("are one run even when they are one table", function()
        local run = variant { add_count = -1 }
        local list = read { run, run }
        assert.equal(1, #list[1].runs)
        assert.equal(1, #list[1].flaws)
    end)

    it("keep what ended over what ran, and the later over the earlier, in any order", function()
        local running = variant { status = "RUNNING" }
        running.end_time = nil
        local early, late = variant(), variant { status = "FAILED" }
        late.end_time = late.end_time + 5
        local random = runs.random(71)
        for _ = 1, 12 do
            local list = read(runs.shuffled({ running, early, late }, random))
            assert.equal(1, #list[1].runs)
            assert.equal(late, list[1].runs[1])
            assert.equal(1, #list[1].flaws)
            assert.equal(late, list[1].flaws[1].run)
        end
    end)

    it("keep the place of the first in the order of runs only as long as it is right", function()
        local list = read { variant(), runs.run(300, { id = "between" }), variant { start_time = runs.NOW * 1000 - 1,
            end_time = runs.NOW * 1000 } }
        assert.equal("between", list[1].runs[1].id)
        assert.equal("same", list[1].runs[2].id)
    end)

    it("are runs of their own in different sources", function()
        local list = read { variant(), variant { identity_source_id = "s2" }, variant { identity_source_id = "s2" },
            variant() }
        assert.equal(2, #list)
        for _, source in ipairs(list) do
            assert.equal(1, #source.runs)
            assert.equal(1, #source.flaws)
            assert.is_true(source.flaws[1].kinds.repeated)
        end
    end)

    it("lose the flaws of what was not kept", function()
        local bad = variant { add_count = -1 }
        bad.end_time = bad.end_time - 1
        local list = read { bad, variant() }
        assert.equal(1, #list[1].flaws)
        assert.same({ repeated = true }, list[1].flaws[1].kinds)
    end)

    it("have all the flaws of what was kept, beside their own", function()
        local early = variant()
        early.end_time = early.end_time - 1
        for _, list in ipairs { { early, variant { add_count = -1 } }, { variant { add_count = -1 }, early } } do
            local flaws = read(list)[1].flaws
            assert.equal(1, #flaws)
            assert.same({ count = true, repeated = true }, flaws[1].kinds)
        end
    end)

    it("take time that grows with their number, whatever their sources", function()
        local many = {}
        for i = 1, 4000 do
            many[i] = variant { identity_source_id = "s" .. i % 3000 }
        end
        local made = 0
        debug.sethook(function() made = made + 1 end, "", 10000)
        read(many)
        debug.sethook()
        assert.is_true(made < 500, tostring(made)) -- 2.6 million steps; the square would need ten times as many
    end)
end)
