local channel_state = require "dwsync.problems.channel_state"
local tables = require "dwsync.history.tables"
local worlds = require "spec.problems.world"

local with_world, NOW = worlds.with, worlds.NOW
local ONE_DAY = 86400000
local HOOK = { name = "hook", mark = "m1", rate = { messages = 20, seconds = 60 } }

-- What channel_state[name](session, ...) returns, in a transaction of its own.
local function ask(world, name, ...)
    local arguments, found = { ... }, nil
    assert(tables.run(world.store.history, "write", false, function(session)
        found = channel_state[name](session, arguments[1], arguments[2], arguments[3], arguments[4])
        return true
    end))
    return found
end

describe("an address of a channel", function()
    local function note(world, result, random, till)
        return ask(world, "note", HOOK, result, { till = till, random = function() return random or 1 end }, NOW)
    end

    it("is left alone for longer each time, up to five minutes, half of which are chance", function()
        with_world(function(world)
            for i, seconds in ipairs { 5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300, 300 } do
                assert.equal(NOW + seconds * 1000, note(world, { outcome = "later" }), i)
            end
            assert.equal(NOW + 150000, note(world, { outcome = "later" }, 0))
            assert.equal(NOW + 150000, ask(world, "pause_of", HOOK, NOW))
            assert.is_nil(note(world, { outcome = "sent" }))
            assert.is_nil(ask(world, "pause_of", HOOK, NOW))
            assert.equal(NOW + 3750, note(world, { outcome = "later" }, 0.5))
        end)
    end)

    it("is left alone for as long as it asks, a day at most", function()
        with_world(function(world)
            for asked, given in pairs { [1] = 1, [7000] = 7000, [ONE_DAY] = ONE_DAY, [ONE_DAY + 1] = ONE_DAY } do
                for _, outcome in ipairs { "later", "refused" } do
                    assert.equal(NOW + given, note(world, { outcome = outcome, paused = NOW + asked }))
                    assert.equal(NOW + given, ask(world, "pause_of", HOOK, NOW))
                end
            end
            assert.is_nil(note(world, { outcome = "sent" }))
            assert.equal(NOW + 5000, note(world, { outcome = "later", paused = NOW }))
        end)
    end)

    it("is not judged by what was not tried, nor by a command that ends, unless it asks for a pause", function()
        with_world(function(world)
            assert.is_nil(note(world, { outcome = "later", is_untried = true, paused = NOW + 9 }))
            assert.is_nil(note(world, { outcome = "later" }, 1, 60))
            assert.is_nil(ask(world, "pause_of", HOOK, NOW))
            assert.equal(NOW + 9, note(world, { outcome = "later", paused = NOW + 9 }, 1, 60))
        end)
    end)

    it("is left alone till the moment, and not at all where a clock was wrong", function()
        with_world(function(world)
            note(world, { outcome = "later", paused = NOW + ONE_DAY })
            local function pause(now)
                return ask(world, "pause_of", HOOK, now)
            end
            assert.same({ NOW + ONE_DAY, NOW + ONE_DAY, nil, nil }, { pause(NOW), pause(NOW + ONE_DAY - 1),
                pause(NOW + ONE_DAY), pause(NOW - 1) })
            assert.is_nil(pause(NOW - 1))
            assert.is_nil(ask(world, "pause_of", { name = "hook", mark = "m2" }, NOW))
        end)
    end)
end)

describe("the bucket of a channel", function()
    it("keeps what is left in it, where the channel has a rate", function()
        with_world(function(world)
            ask(world, "name", HOOK, {}, NOW)
            assert.same({}, ask(world, "lock", HOOK))
            ask(world, "spend", HOOK, 4.5, NOW + 7)
            assert.same({ tokens = 4.5, refilled_at = NOW + 7 }, ask(world, "lock", HOOK))
            ask(world, "spend", { name = "hook" }, 1, NOW + 9)
            assert.same({ tokens = 4.5, refilled_at = NOW + 7 }, ask(world, "lock", HOOK))
            assert.is_nil(ask(world, "lock", { name = "other" }))
        end)
    end)
end)

describe("a sender that has a channel", function()
    local function named(world, how, now)
        ask(world, "name", HOOK, how, now)
        return world:sql("SELECT named_at FROM dwsync_channels WHERE channel = 'hook'")[1][1] - NOW
    end

    it("is known to have it now, one of a command for a day", function()
        with_world(function(world)
            assert.equal(0, named(world, {}, NOW))
            assert.equal(5, named(world, {}, NOW + 5))
            assert.equal(5, named(world, {}, NOW + 4)) -- by another sender's clock
            local for_a_day = ONE_DAY - channel_state.UNNAMED
            assert.equal(for_a_day + 6, named(world, { till = 1 }, NOW + 6))
            assert.equal(for_a_day + 6, named(world, {}, NOW + 7))
            assert.equal(for_a_day + 6, named(world, {}, NOW - 600000 + 6))
            assert.equal(5 - 600000, named(world, {}, NOW - 600000 + 5)) -- a clock was wrong
            assert.equal(600000, channel_state.UNNAMED)
        end)
    end)
end)

describe("what senders know of a channel", function()
    it("is a bucket with half of what its receiver takes at once, filled by the other half over time", function()
        local rate = { messages = 20, seconds = 60 }
        local function tokens(left, ago)
            return (channel_state.tokens_of({ tokens = left, refilled_at = ago and NOW - ago }, rate, NOW))
        end
        assert.same({ 9, 9, 0, 1, 4, 9, 9 }, { tokens(), tokens(nil, 0), tokens(0, 0), tokens(0, 6000),
            tokens(3, 6000), tokens(3, 36000), tokens(3, 99000) })
        assert.same({ 0, 0, 1 }, { tokens(0, -1), tokens(0, -60000), tokens(0, -60001) })
        assert.equal(1 / 6000, select(2, channel_state.tokens_of({}, rate, NOW)))
        assert.equal(math.huge, (channel_state.tokens_of({ tokens = 1 }, nil, NOW)))
        for messages, most in pairs { [1] = 1, [2] = 1, [5] = 1, [6] = 2 } do
            assert.equal(most, (channel_state.tokens_of({}, { messages = messages, seconds = 1 }, NOW)), messages)
        end
    end)

    it("has a message to spend soon after a clock was wrong that filled the bucket", function()
        with_world(function(world)
            world:look("critical", 1)
            local sender, channel = world:sender()
            channel.rate = { messages = 20, seconds = 60 }
            assert(sender:sweep())
            world:sql(("UPDATE dwsync_channels SET tokens = 0, refilled_at = %d"):format(NOW + 365 * ONE_DAY))
            assert(sender:run(60))
            assert.equal(1, #world.sent)
        end)
    end)

    it("asks a channel that locks who is wrong but once, and again with another key", function()
        with_world(function(world)
            world:look("critical", 1, 7)
            local tries = 0
            local function sending(channel)
                function channel.send()
                    tries = tries + 1
                    return "refused", "535 wrong password", world.now + ONE_DAY
                end
            end
            for _ = 1, 3 do
                local sender, channel = world:sender()
                sending(channel)
                assert(sender:run(world.monotonic + 60))
                world:pass(60)
            end
            assert.equal(1, tries)
            local sender, channel = world:sender()
            channel.mark = "another"
            assert(sender:run(world.monotonic + 60))
            assert.equal(7, #world.sent)
        end)
    end)

    -- Two collectors that were given the same channel with different addresses, for an hour. Each answers as `answers`
    -- says, by its mark. Returns the marks of those that were asked, in order.
    local function asked_by_turns(world, answers)
        local asked, senders = {}, {}
        for i, mark in ipairs { "m1", "m2" } do
            local sender, channel = world:sender()
            channel.mark, senders[i] = mark, sender
            function channel.send()
                asked[#asked + 1] = mark
                return answers[mark](world)
            end
        end
        for _ = 1, 60 do
            for _, sender in ipairs(senders) do
                assert(sender:sweep())
                while sender:tell(sender.owing[1]) do
                    assert.is_true(#asked < 50)
                end
            end
            world:pass(60)
        end
        return asked
    end

    it("asks each of two addresses of a channel but once, by turns of collectors that know one each", function()
        local function refuses() return "refused", "answered HTTP 404" end
        local function locks(world) return "refused", "535 wrong password", world.now + ONE_DAY end
        local function sent() return "sent" end
        for _, case in ipairs {
            { refuses, refuses, { "m1", "m2" } },
            { locks, locks, { "m1", "m2" } },
            { refuses, sent, { "m1", "m2" } },
            { sent, refuses, { "m1" } },
        } do
            with_world(function(world)
                world:look("critical", 1)
                assert.same(case[3], asked_by_turns(world, { m1 = case[1], m2 = case[2] }))
            end)
        end
    end)

    it("leaves an address alone for as long as it asked, whatever another collector has", function()
        with_world(function(world)
            world:look("critical", 1)
            local till, asked = world.now + 30 * 60000, {}
            local function busy(mark)
                return function()
                    table.insert(asked, mark .. (world.now < till and " before" or " after"))
                    if world.now >= till then
                        return "sent"
                    end
                    return "later", "answered HTTP 429", till
                end
            end
            asked_by_turns(world, { m1 = busy "m1", m2 = busy "m2" })
            assert.same({ "m1 before", "m2 before", "m1 after" }, asked)
        end)
    end)

    it("leaves a receiver alone for as long as it asks, from its answer on", function()
        with_world(function(world)
            world:look("critical", 1)
            function world.answer()
                world:pass(8)
                return { status = 429, headers = { ["retry-after"] = "7" } }
            end
            local sender = world:sender()
            assert(sender:sweep())
            sender:tell(sender.owing[1])
            world.answer = { status = 200 }
            world:pass(6)
            sender:tell(sender.owing[1])
            assert.same({}, world.sent)
            world:pass(1)
            sender:tell(sender.owing[1])
            assert.same({ "c0001 firing" }, world.sent)
        end)
    end)
end)
