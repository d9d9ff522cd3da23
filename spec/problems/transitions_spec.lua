local severities = require "dwsync.severity"
local transitions = require "dwsync.problems.transitions"

local KEY = { cluster_id = "c", source = "s", rule = "failing" }
local MINUTE = 60000

local function seen(severity, more)
    local result = { severity = severity, raises = severity == "warning" or severity == "critical",
        message = "it is " .. severity }
    for name, value in pairs(more or {}) do
        result[name] = value
    end
    return result
end

local function look(row, severity, now, more)
    return transitions.look(row, KEY, seen(severity, more), now)
end

local function tell(row, channel, now)
    local step = assert(transitions.owed(row, channel, now))
    return transitions.sent(row, channel, step), step
end

describe("a problem", function()
    it("begins with a grave verdict, and with nothing less", function()
        assert.is_nil(look(nil, "ok", 1))
        assert.is_nil(look(nil, "unknown", 1))
        local row = look(nil, "warning", 5, { since = 3 })
        assert.same({ "firing", 1, 3, 5, "warning" }, { row.state, row.episode, row.since, row.fired_at,
            row.severity })
    end)

    it("is told once, and again when it gets worse, but not when it gets better", function()
        local row, step = tell(look(nil, "warning", 1), "chat", 2)
        assert.equal("firing", step.event)
        assert.equal("told", row.state)
        assert.is_nil(transitions.owed(row, "chat", 3))
        assert.is_nil(look(row, "warning", 4))
        row = look(row, "critical", 5)
        row, step = tell(row, "chat", 6)
        assert.same({ "escalated", "critical", "warning" }, { step.event, step.step, step.previous })
        assert.is_nil(look(row, "warning", 7))
        assert.is_nil(look(row, "critical", 8))
        assert.is_nil(transitions.owed(row, "chat", 9))
    end)

    it("tells its end to those who were told, and to no one else", function()
        local row = tell(look(nil, "critical", 1), "chat", 2)
        row = look(row, "ok", 10, { message = "it is well" })
        assert.same({ "resolved", "it is well", 10 }, { row.state, row.ending, row.resolved_at })
        assert.is_nil(transitions.owed(row, "webhook", 11))
        local after, step = tell(row, "chat", 11)
        assert.same({ "resolved", 1, 10, "critical" }, { step.event, step.episode, step.ended, step.previous })
        assert.is_nil(transitions.owed(after, "chat", 12))
        assert.is_nil(look(after, "ok", 13))
    end)

    it("counts its episodes, and tells each", function()
        local row = tell(look(tell(look(nil, "warning", 1), "chat", 2), "ok", 3), "chat", 4)
        row = look(row, "warning", 5)
        assert.same({ 2, 5 }, { row.episode, row.fired_at })
        assert.equal("firing", transitions.owed(row, "chat", 6).event)
    end)

    it("tells an end that could not be told before the next begins, and then the next", function()
        local row = look(look(tell(look(nil, "warning", 1), "chat", 2), "ok", 3), "critical", 4)
        local step
        row, step = tell(row, "chat", 5)
        assert.same({ "resolved", 1, 3 }, { step.event, step.episode, step.ended })
        row, step = tell(row, "chat", 6)
        assert.same({ "firing", 2, "critical" }, { step.event, step.episode, step.step })
        assert.is_nil(transitions.owed(row, "chat", 7))
    end)

    it("waits for what has patience, and forgets it when it passes", function()
        local slow = { raises = true, patience = 15 * MINUTE }
        local row = look(nil, "unknown", 0, slow)
        assert.equal("pending", row.state)
        assert.is_nil(transitions.owed(row, "chat", 1))
        assert.is_nil(look(row, "unknown", 15 * MINUTE - 1, slow))
        assert.equal("forgotten", look(row, "ok", MINUTE).state)
        local fired = look(row, "unknown", 15 * MINUTE, slow)
        assert.same({ "firing", 1 }, { fired.state, fired.episode })
        local again = look(look(fired, "ok", 16 * MINUTE), "unknown", 17 * MINUTE, slow)
        assert.same({ "resolved", 1 }, { look(again, "ok", 18 * MINUTE).state, again.episode })
    end)

    it("still owes the end of an episode while the next one is only pending", function()
        local row = tell(look(nil, "critical", 1), "chat", 2)
        row = look(look(row, "ok", 3), "unknown", 4, { raises = true, patience = MINUTE })
        assert.equal("pending", row.state)
        assert.equal("resolved", transitions.owed(row, "chat", 5).event)
    end)

    it("does not tell an end that is no longer news, but what began since", function()
        local row = look(tell(look(nil, "warning", 1), "chat", 2), "ok", 3)
        assert.is_nil(transitions.owed(row, "chat", 3 + transitions.END_IS_NEWS))
        row = look(row, "warning", 4)
        assert.equal("firing", transitions.owed(row, "chat", 3 + transitions.END_IS_NEWS).event)
    end)

    it("is not owed while somebody sends it, unless nothing was heard of that for too long", function()
        local row = transitions.claimed(look(nil, "warning", 1), "chat", 100)
        assert.is_nil(transitions.owed(row, "chat", 99))
        assert.equal("firing", transitions.owed(row, "chat", 100).event)
        assert.equal("firing", transitions.owed(row, "other", 99).event)
        assert.equal("firing", transitions.owed(transitions.unsent(row, "chat"), "chat", 2).event)
        local asked = transitions.unsent(row, "chat", { paused = { till = 500, mark = "m" } })
        assert.same({ 500 }, { transitions.paused(asked, "chat", "m", 499) })
        assert.is_nil(transitions.paused(asked, "chat", "m", 500))
        assert.is_nil(transitions.paused(asked, "chat", "another address", 499))
        assert.is_nil(transitions.paused(asked, "other", "m", 499))
        assert.is_nil(transitions.paused(asked, "chat", "m", 499 - 86400000)) -- the clock was wrong
        local in_a_wrong_future = transitions.claimed(row, "chat", 1e15)
        assert.equal("firing", transitions.owed(in_a_wrong_future, "chat", 2).event)
    end)

    it("is not changed by a look that a later one overtook, unless the clock was wrong", function()
        local row = look(nil, "warning", 20 * MINUTE)
        assert.is_nil(look(row, "ok", 19 * MINUTE))
        assert.equal("resolved", look(row, "ok", 5 * MINUTE).state)
    end)

    it("leaves the rows that it is given as they are", function()
        local row = look(nil, "warning", 1)
        look(row, "critical", 2)
        transitions.claimed(row, "chat", 3)
        assert.same({ "warning", {} }, { row.severity, row.told })
    end)
end)

-- ---- whatever happens -----------------------------------------------------------------------------

-- A generator of its own, so that each seed gives the same story under every Lua.
local function generator(seed)
    return function(below)
        seed = (seed * 16807) % 2147483647
        return seed % below
    end
end

local SEVERITIES = { "ok", "warning", "critical", "unknown" }

-- What every channel must have heard, whatever the order: per episode at most one beginning, then worse steps only,
-- then at most one end; no episode before the end of the one before.
local function assert_makes_sense(heard)
    local open, last = nil, 0
    for _, step in ipairs(heard) do
        if step.event == "firing" then
            assert.is_nil(open)
            assert.is_true(step.episode > last)
            open, last = step.step, step.episode
        elseif step.event == "escalated" then
            assert.same({ open, last }, { step.previous, step.episode })
            assert.is_true(severities.is_worse(step.step, open))
            open = step.step
        else
            assert.is_not_nil(open)
            assert.equal(last, step.episode)
            open = nil
        end
    end
    return open
end

describe("whatever the order of looks, failures and restarts, a problem", function()
    it("is told once per episode and channel, and its end to those who were told", function()
        for seed = 1, 400 do
            local random, row, now = generator(seed), nil, 0
            local heard = { a = {}, b = {} }
            local function try(channel)
                local step = row and transitions.owed(row, channel, now)
                if not step then
                    return
                end
                row = transitions.claimed(row, channel, now + MINUTE)
                assert.is_nil(transitions.owed(row, channel, now)) -- the other process
                local what = random(4)
                if what == 0 then
                    return -- it dies before the message leaves
                elseif what == 1 then
                    row = transitions.unsent(row, channel)
                else
                    local while_sending = random(3) == 0 and transitions.look(row, KEY, seen(SEVERITIES[1 + random(4)]),
                        now + 1)
                    row = transitions.sent(while_sending or row, channel, step)
                    table.insert(heard[channel], step)
                end
            end
            for _ = 1, 40 do
                now = now + (1 + random(5)) * MINUTE
                local severity = SEVERITIES[1 + random(4)]
                local patient = severity == "unknown" and { raises = true, patience = 3 * MINUTE } or nil
                local after = random(5) > 0 and transitions.look(row, KEY, seen(severity, patient), now)
                row = after or row
                if row and row.state == "forgotten" then
                    row = nil
                end
                try "a"
                try "b"
            end
            for _, channel in ipairs { "a", "b" } do
                assert_makes_sense(heard[channel])
                now = now + MINUTE
                row = row and (transitions.look(row, KEY, seen "ok", now) or row)
                row = row and row.state ~= "forgotten" and row or nil
                for _ = 1, 2 do -- all that is owed, and there it ends
                    now = now + MINUTE
                    local step = row and transitions.owed(row, channel, now)
                    if step then
                        row = transitions.sent(row, channel, step)
                        table.insert(heard[channel], step)
                    end
                end
                assert.is_nil(row and transitions.owed(row, channel, now))
                assert.is_nil(assert_makes_sense(heard[channel]))
            end
        end
    end)
end)
