local one = require "spec.problems.one"
local transitions = require "dwsync.problems.transitions"

local MINUTE, HOUR = 60000, 3600000

local look = one.look

describe("a problem", function()
    it("begins with a grave verdict, and with nothing less", function()
        assert.is_nil(look(nil, "ok", 1))
        assert.is_nil(look(nil, "unknown", 1))
        local row = look(nil, "warning", 5, { since = 3 })
        assert.same({ "firing", 1, 3, 5, "warning" }, { row.state, row.episode, row.since, row.fired_at,
            row.severity })
    end)

    it("waits for what has patience, and forgets it when it passes", function()
        local slow = { raises = true, patience = 15 * MINUTE }
        local row = look(nil, "unknown", 0, slow)
        assert.equal("pending", row.state)
        assert.is_false(transitions.is_firing(row))
        assert.equal(15 * MINUTE, transitions.next_look(row, 15 * MINUTE, 0))
        assert.is_nil(look(row, "unknown", 15 * MINUTE - 1, slow))
        assert.equal("forgotten", look(row, "ok", MINUTE).state)
        local fired = look(row, "unknown", 15 * MINUTE, slow)
        assert.same({ "firing", 1 }, { fired.state, fired.episode })
        local again = look(look(fired, "ok", 16 * MINUTE), "unknown", 17 * MINUTE, slow)
        assert.same({ "resolved", 1 }, { look(again, "ok", 18 * MINUTE).state, again.episode })
    end)

    it("that nobody looks at any more ends at once", function()
        local row = look(look(nil, "warning", 0), "ok", 1, { recover = HOUR, is_final = true })
        assert.equal("resolved", row.state)
    end)

    it("is not changed by a look that a later one overtook, unless the clock was wrong", function()
        local row = look(nil, "warning", 20 * MINUTE)
        assert.is_nil(look(row, "ok", 19 * MINUTE))
        assert.equal("resolved", look(row, "ok", 5 * MINUTE).state)
    end)

    it("flaps with the third change within a quarter of an hour, and with the sixth within an hour", function()
        -- Changes at these minutes; the last of them makes it flap, or not.
        for _, case in ipairs {
            { { 0, 7 }, false }, { { 0, 7, 14 }, true }, { { 0, 7, 15 }, false }, { { 0, 7, 15, 21 }, true },
            { { 0, 11, 22, 33, 44 }, false }, { { 0, 11, 22, 33, 44, 59 }, true },
            { { 0, 11, 22, 33, 44, 60 }, false }, { { 0, 11, 22, 33, 44, 60, 70 }, true },
        } do
            local row
            for i, minute in ipairs(case[1]) do
                row = look(row, i % 2 == 1 and "warning" or "ok", minute * MINUTE)
                assert.equal(case[2] and i == #case[1], row.flapping == 1, table.concat(case[1], ", ", 1, i))
            end
        end
    end)

    it("keeps the last twelve of its changes, of the last hour", function()
        local row
        for i = 1, 30 do
            row = look(row, i % 2 == 1 and "warning" or "ok", i * 1000, { recover = 0, is_final = true })
        end
        assert.same({ 12, 19000, 30000 }, { #row.flips, row.flips[1], row.flips[12] })
        row = look(row, "warning", HOUR + 20000)
        assert.same({ 11, 21000, HOUR + 20000 }, { #row.flips, row.flips[1], row.flips[11] })
    end)

    it("leaves the rows that it is given as they are", function()
        local row = look(nil, "warning", 1)
        look(row, "critical", 2)
        look(row, "ok", 2)
        transitions.acknowledge(row, "li", nil, 3)
        assert.same({ "warning", { 1 }, {} }, { row.severity, row.flips, row.told })
        assert.is_nil(row.acknowledged_at)
    end)
end)
