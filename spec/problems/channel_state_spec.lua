local channel_state = require "dwsync.problems.channel_state"
local worlds = require "spec.problems.world"

local with_world, NOW = worlds.with, worlds.NOW
local ONE_DAY = 86400000

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
