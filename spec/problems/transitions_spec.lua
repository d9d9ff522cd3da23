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

    it("that is late by up to ten minutes was overtaken", function()
        local row = look(nil, "warning", 20 * MINUTE)
        for lateness, is_seen in pairs { [-1] = true, [0] = true, [1] = false, [599999] = false, [600000] = true } do
            assert.equal(is_seen, look(row, "critical", 20 * MINUTE - lateness) ~= nil, lateness)
        end
    end)

    it("has the words of the look that began it or made it worse, and nobody takes care of it any more", function()
        local acknowledged = { acknowledged_at = 4, acknowledged_by = "li", acknowledged_note = "on it" }
        local row = look(nil, "warning", 5, { advice = "Look.", source_type = "ldap", cluster_name = "n",
            account = "hq" })
        assert.same({ cluster_id = "c", source = "s", rule = "failing", state = "firing", severity = "warning",
            episode = 1, since = 5, seen_at = 5, fired_at = 5, changed_at = 5, message = "it is warning",
            advice = "Look.", source_type = "ldap", cluster_name = "n", account = "hq", told = {}, flips = { 5 } }, row)
        for name, value in pairs(acknowledged) do
            row[name] = value
        end
        assert.is_nil(look(row, "warning", 6, { message = "other" }))
        assert.is_nil(look(row, "unknown", 6))
        local worse = look(row, "critical", 7)
        assert.same({ "critical", "it is critical", 7, 5, "hq" }, { worse.severity, worse.message, worse.changed_at,
            worse.since, worse.account })
        assert.is_nil(worse.advice or worse.source_type or worse.cluster_name or worse.acknowledged_at
            or worse.acknowledged_by or worse.acknowledged_note)
        assert.equal("eu", look(row, "critical", 7, { account = "eu" }).account)
        local over = look(row, "ok", 8)
        assert.same({ "resolved", 8, "it is ok", 8, 0, "warning" }, { over.state, over.resolved_at, over.ending,
            over.changed_at, over.flapping, over.severity })
        assert.is_nil(over.recovering_since or over.acknowledged_at or over.acknowledged_by or over.acknowledged_note)
        local again = look(over, "critical", 9)
        assert.same({ "firing", 2, 9, 9, { 5, 8, 9 } }, { again.state, again.episode, again.fired_at, again.seen_at,
            again.flips })
        assert.is_nil(again.resolved_at or again.ending)
    end)

    it("owes those who were told its end, once it begins again", function()
        local over = look(look(nil, "warning", 1), "ok", 2)
        over.told = { a = { step = "warning" }, b = { step = "warning", ended = 1 } }
        local again = look(over, "warning", 3)
        assert.same({ 2, 1 }, { again.told.a.ended, again.told.b.ended })
        assert.is_nil(over.told.a.ended)
    end)

    it("has been ok for as long as it must before it is over, without a break", function()
        local patient = { recover = 10 }
        local row = look(look(nil, "critical", 1), "ok", 2, patient)
        assert.same({ "firing", 2, 2, { 1, 2 } }, { row.state, row.recovering_since, row.changed_at, row.flips })
        assert.equal(12, transitions.next_look(row, 99, 10))
        assert.is_nil(look(row, "ok", 11, patient))
        local over = look(row, "ok", 12, patient)
        assert.same({ "resolved", 12 }, { over.state, over.resolved_at })
        assert.is_nil(look(row, "unknown", 5, patient)) -- says nothing
        local broken = look(row, "warning", 5, patient)
        assert.same({ "critical", 5, { 1, 2, 5 } }, { broken.severity, broken.changed_at, broken.flips })
        assert.is_nil(broken.recovering_since)
        local unknown = look(look(nil, "unknown", 1, { raises = true }), "ok", 2, patient)
        assert.is_nil(look(unknown, "unknown", 3, patient).recovering_since)
    end)

    it("that flaps is over, or flaps no more, after a quarter of an hour without a change", function()
        local row
        for i, severity in ipairs { "warning", "ok", "warning" } do
            row = look(row, severity, i, { recover = 5 * MINUTE })
        end
        assert.equal(1, row.flapping)
        assert.is_nil(look(row, "warning", 3 + 15 * MINUTE - 1))
        local quiet = look(row, "warning", 3 + 15 * MINUTE)
        assert.same({ 0, 3 + 15 * MINUTE }, { quiet.flapping, quiet.changed_at })
        for given, lasting in pairs { [0] = 15 * MINUTE, [5 * MINUTE] = 15 * MINUTE, [20 * MINUTE] = 20 * MINUTE } do
            local well = look(row, "ok", 10, { recover = given })
            assert.equal(10 + lasting, transitions.next_look(well, 0, given))
            assert.is_nil(look(well, "ok", 10 + lasting - 1, { recover = given }))
            assert.equal("resolved", look(well, "ok", 10 + lasting, { recover = given }).state)
        end
        row.recovering_since = 4
        assert.is_nil(look(row, "unknown", 4 + 15 * MINUTE))
    end)

    it("counts changes neither of the future nor of rows that have none", function()
        local row = look(look(nil, "warning", HOUR), "ok", HOUR, { recover = HOUR })
        row.flips = { HOUR + 700000, HOUR + 800000 }
        assert.same({ HOUR + 1 }, look(row, "warning", HOUR + 1).flips)
        row.flips = nil
        row.flapping = 1
        assert.same({ HOUR + 2 }, look(row, "warning", HOUR + 2).flips)
        row.recovering_since = nil
        assert.equal(0, look(row, "warning", HOUR + 3).flapping)
    end)

    it("is pending without any patience left, and then either fires, or is what it was before", function()
        local pending = look(nil, "warning", 5, { patience = 10, since = 2 })
        assert.same({ "pending", 0, 5, 2, 5, {} }, { pending.state, pending.episode, pending.seen_at, pending.since,
            pending.changed_at, pending.flips })
        assert.equal("firing", look(nil, "warning", 5, { patience = 0 }).state)
        assert.is_nil(look(pending, "warning", 14, { patience = 10 }))
        assert.is_nil(look(pending, "warning", 15, { patience = 10, raises = false }))
        local fired = look(pending, "critical", 15, { patience = 10 })
        assert.same({ "firing", "critical", 15, 2, 5 }, { fired.state, fired.severity, fired.fired_at, fired.since,
            fired.seen_at })
        assert.equal("firing", look(pending, "warning", 6).state)
        local gone = look(pending, "ok", 7)
        assert.same({ "forgotten", 7 }, { gone.state, gone.changed_at })
    end)

    it("is looked at next when time alone changes it", function()
        for _, case in ipairs {
            { { state = "pending", seen_at = 5 }, 12 }, { { state = "firing" }, nil }, { { state = "told" }, nil },
            { { state = "firing", recovering_since = 4 }, 15 }, { { state = "told", recovering_since = 4 }, 15 },
            { { state = "told", recovering_since = 4, flapping = 1 }, 4 + 15 * MINUTE },
            { { state = "resolved", recovering_since = 4 }, nil }, { { state = "told", recovering_since = 4 }, 4, 0 },
        } do
            assert.same({ case[2] }, { (transitions.next_look(case[1], 7, not case[3] and 11 or nil)) })
        end
    end)

    it("is open, firing, silenced or acknowledged", function()
        for state, expected in pairs { pending = { true, false }, firing = { true, true }, told = { true, true },
            resolved = { false, false }, forgotten = { false, false } } do
            local row = { state = state, silenced_until = 10, acknowledged_at = 1 }
            assert.same(expected, { transitions.is_open(row), transitions.is_firing(row) })
            local fires = expected[2]
            assert.equal(fires and "silenced" or state, transitions.state_of(row, 9))
            assert.equal(fires and "acknowledged" or state, transitions.state_of(row, 10))
            row.acknowledged_at = nil
            assert.equal(state, transitions.state_of(row, 10))
            local taken = transitions.acknowledge(row, "li", "on it", 3)
            assert.equal(fires, taken ~= nil)
            assert.same(fires and { 3, "li", "on it" } or {}, taken and { taken.acknowledged_at, taken.acknowledged_by,
                taken.acknowledged_note } or {})
        end
        assert.is_false(transitions.is_silenced({}, 0))
        local row = look(nil, "warning", 1)
        assert.is_nil(transitions.silence(row, 5, "bo", 5))
        local silenced = transitions.silence(row, 6, "bo", 5)
        assert.same({ 6, "bo", true, false }, { silenced.silenced_until, silenced.silenced_by,
            transitions.is_silenced(silenced, 5), transitions.is_silenced(silenced, 6) })
        assert.same(row, transitions.unsilence(silenced))
        assert.is_nil(row.silenced_until)
        assert.equal(6, silenced.silenced_until)
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
