local channels = require "dwsync.problems.channels"
local claims = require "dwsync.problems.claims"
local delivery = require "dwsync.problems.delivery"
local history = require "dwsync.history"
local outbox = require "dwsync.problems.outbox"
local problems_store = require "dwsync.problems.store"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"
local transitions = require "dwsync.problems.transitions"

local NOW = 1747637723000
local ONE_DAY = 86400000

local World = {}
World.__index = World

-- A history with a sender whose receiver answers what `answer` says. Time passes only where a spec lets it.
local function with_world(use)
    temporary.with_folder(function(folder)
        local opened = assert(history.open(folder .. "/h.db"))
        use(setmetatable({ store = assert(problems_store.open(opened)), now = NOW, monotonic = 0,
            answer = { status = 200 }, sent = {}, failed = {}, requests = 0, senders = 0, to = { "hook" } }, World))
        opened:close()
    end)
end

local function seen(severity)
    return { severity = severity, raises = severity ~= "ok", message = "it is " .. severity }
end

function World:look(severity, first, last)
    for i = first, last or first do
        local key = { cluster_id = ("c%04d"):format(i), source = "s", rule = "failing" }
        assert(tables.run(self.store.history, "write", key.cluster_id, function(session)
            problems_store.change_in(session, key.cluster_id, function(rows)
                local row = transitions.look(rows[1], key, seen(severity), self.now)
                outbox.add(session, { row or rows[1] }, function() return { to = self.to } end, self.now)
                return { row }
            end)
            return true
        end))
    end
end

function World:sql(statement)
    return assert(tables.run(self.store.history, "write", false, function(session)
        return session:rows(statement)
    end))
end

function World:sender(more)
    self.senders = self.senders + 1
    local opened = channels.open("hook", assert(channels.check { kind = "webhook", url = { env = "URL" } }),
        { getenv = function() return "https://x.example" end })
    local given = { store = self.store, channels = { opened }, name = "sender " .. self.senders,
        plan = function() return { to = self.to, levels = {} } end, random = function() return 1 end,
        now = function() return self.now end,
        runtime = { monotonic = function() return self.monotonic end,
            sleep = function(seconds) self:pass(seconds) end,
            perform = function()
                self.requests = self.requests + 1
                if type(self.answer) == "function" then
                    return self.answer(self)
                end
                return self.answer
            end },
        sent = function(message)
            for _, item in ipairs(message.items or { message }) do
                table.insert(self.sent, item.cluster_id .. " " .. item.event)
            end
        end,
        failed = function(message) table.insert(self.failed, message) end }
    for name, value in pairs(more or {}) do
        given[name] = value
    end
    return delivery.new(given), opened
end

-- What a sender claims, and does nothing with.
function World:claim(sender, place)
    return assert(tables.run(self.store.history, "write", false, function(session)
        return claims.claim(session, sender.owing[place or 1], sender, self.now)
    end))
end

function World:pass(seconds)
    self.now, self.monotonic = self.now + seconds * 1000, self.monotonic + seconds
end

local function count_of(list)
    local counts = {}
    for _, what in ipairs(list) do
        counts[what] = (counts[what] or 0) + 1
    end
    return counts
end

describe("an outbox", function()
    it("tells ends before what began again, however many there are of both", function()
        with_world(function(world)
            world:look("critical", 1, 120)
            assert(world:sender():run(60))
            world:pass(3600)
            world:look("ok", 1, 120)
            world.answer = { status = 500 }
            assert(world:sender():run(world.monotonic + 60))
            world:pass(3600)
            world:look("critical", 1, 120)
            world.answer, world.sent = { status = 200 }, {}
            assert(world:sender():run(world.monotonic + 60))
            assert.equal(240, #world.sent)
            local counts = count_of(world.sent)
            assert.same({ 1, 1 }, { counts["c0120 resolved"], counts["c0120 firing"] })
        end)
    end)

    it("goes on behind what is not true any more, in the same run", function()
        with_world(function(world)
            world:look("critical", 1, 120)
            world:look("warning", 121)
            world:look("ok", 1, 120)
            assert(world:sender():run(60))
            assert.same({ "c0121 firing" }, world.sent)
        end)
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

    describe("whose receiver refuses a message that sums up many", function()
        -- Sends 40 at once to one that takes few and refuses as `refuses(ids)` says. Returns the sizes of messages.
        local function storm(world, status, refuses)
            world:look("critical", 1, 40)
            local sender, channel = world:sender()
            local sizes, keys = {}, {}
            channel.rate = { messages = 20, seconds = 60 }
            local send = channel.send
            function channel.send(message, how)
                local ids = {}
                for i, item in ipairs(message.items or { message }) do
                    ids[i] = item.cluster_id
                end
                sizes[#sizes + 1] = #ids
                assert.is_nil(keys[message.key])
                keys[message.key] = true
                world.answer = { status = refuses(ids) and status or 200 }
                return send(message, how)
            end
            for _ = 1, 30 do
                assert(sender:sweep())
                while sender:tell(sender.owing[1]) do
                    assert.is_true(#sizes < 200)
                end
                world:pass(60)
            end
            return sizes
        end

        it("loses only the one that it is about", function()
            with_world(function(world)
                local sizes = storm(world, 400, function(ids)
                    return table.concat(ids, " "):find("c0023", 1, true)
                end)
                assert.equal(39, #world.sent)
                assert.is_nil(count_of(world.sent)["c0023 firing"])
                assert.same({ { "c0023", "given_up" } }, world:sql(
                    "SELECT cluster_id, state FROM dwsync_outbox WHERE state <> 'sent'"))
                assert.is_true(#sizes <= 16, #sizes)
                local parted = 0
                for _, message in ipairs(world.failed) do
                    parted = parted + (message:find("40 messages", 1, true) and 1 or 0)
                end
                assert.equal(1, parted)
            end)
        end)

        it("gives each up, though it refuses all of them", function()
            with_world(function(world)
                local sizes = storm(world, 422, function() return true end)
                assert.same({ 0, 79 }, { #world.sent, #sizes })
                assert.same({ { 40 } }, world:sql "SELECT count(*) FROM dwsync_outbox WHERE state = 'given_up'")
            end)
        end)

        it("does not ask again at an address that is wrong", function()
            with_world(function(world)
                assert.same({ 40 }, storm(world, 404, function() return true end))
                assert.same({ { 40 } }, world:sql "SELECT count(*) FROM dwsync_outbox WHERE state = 'given_up'")
            end)
        end)

        -- How many requests it takes until a robot has refused 40 that came at once, with status 200.
        local function requests_of(kind, body)
            local requests
            with_world(function(world)
                world.to, world.answer = { kind }, { status = 200, body = body, headers = {} }
                world:look("critical", 1, 40)
                local sender = world:sender { channels = { assert(channels.open(kind, assert(channels.check {
                    kind = kind, url = { env = "URL" } }), { getenv = function() return "https://x.example" end })) } }
                assert(sender:sweep())
                for _ = 1, 60 do
                    while sender:tell(sender.owing[1]) do
                        assert.is_true(world.requests < 200)
                    end
                    world:pass(20)
                end
                assert.same({ { "given_up", 40 } }, world:sql "SELECT state, count(*) FROM dwsync_outbox GROUP BY 1")
                requests = world.requests
            end)
            return requests
        end

        it("asks but once where an answer with status 200 says that the channel is wrong", function()
            for _, case in ipairs {
                { "dingtalk", '{"errcode":310000,"errmsg":"sign not match"}' },
                { "dingtalk", '{"errcode":300005,"errmsg":"token is not exist"}' },
                { "feishu", '{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}' },
                { "feishu", '{"code":19022,"msg":"Ip Not Allowed"}' },
                { "feishu", '{"StatusCode":19024,"StatusMessage":"Key Words Not Found"}' },
                { "wecom", '{"errcode":93000,"errmsg":"invalid webhook url"}' },
            } do
                assert.same({ case[2], 1 }, { case[2], requests_of(case[1], case[2]) })
            end
            assert.equal(79, requests_of("wecom", '{"errcode":40058,"errmsg":"content exceeds"}'))
        end)
    end)

    it("is not sent from by two when a receiver is slow", function()
        with_world(function(world)
            world:look("critical", 1, 5)
            local first, second = world:sender(), nil
            local keys = {}
            local function slow(channel)
                local send = channel.send
                function channel.send(message, how)
                    keys[message.key] = (keys[message.key] or 0) + 1
                    world:pass(40)
                    if second then
                        local other = second
                        second = nil
                        other:tell(other.owing[1])
                        second = other
                    end
                    return send(message, how)
                end
            end
            assert(first:sweep())
            second = world:sender()
            slow(first.owing[1])
            while first:tell(first.owing[1]) do
                assert.is_true(world.monotonic < 3600)
            end
            for _, sent in pairs(count_of(world.sent)) do
                assert.equal(1, sent)
            end
            assert.equal(5, #world.sent)
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

    it("tells once what the database did not take down at first", function()
        with_world(function(world)
            world:look("critical", 1, 3)
            local sender = world:sender()
            assert(sender:sweep())
            local engine, commit = world.store.history.engine, nil
            function world.answer()
                commit = commit or engine.commit
                function engine.commit()
                    return nil, { kind = "storage", message = "the disk is full" }
                end
                return { status = 200 }
            end
            assert.is_nil((sender:tell(sender.owing[1])))
            assert.is_nil((sender:tell(sender.owing[1])))
            engine.commit, world.answer = nil, { status = 200 }
            while sender:tell(sender.owing[1]) do
                assert.is_true(world.requests < 10)
            end
            assert.same({ 3, 3 }, { #world.sent, world.requests })
            assert.equal(3, tonumber(world:sql("SELECT count(*) FROM dwsync_outbox WHERE state = 'sent'")[1][1]))
        end)
    end)

    it("refuses a message that cannot be made, loudly, and tells the others", function()
        with_world(function(world)
            world:look("critical", 1, 2)
            local sender, channel = world:sender()
            local send = channel.send
            function channel.send(message, how)
                if message.cluster_id == "c0001" then
                    error "a defect"
                end
                return send(message, how)
            end
            assert(sender:run(60))
            assert.same({ "c0002 firing" }, world.sent)
            assert.equal(1, #world.failed)
            assert.matches("a defect", world.failed[1])
        end)
    end)

    it("does not tell again what may have reached a channel that must not be asked twice, and says so", function()
        with_world(function(world)
            local function sender()
                local made, channel = world:sender()
                channel.is_not_idempotent, channel.options = true, { fallback = "desk" }
                return made
            end
            world:look("critical", 1, 3)
            local dead = sender()
            assert(dead:sweep())
            assert.equal(1, #world:claim(dead).items) -- it dies with what it holds
            assert(sender():run(60))
            assert.same({ "c0002 firing", "c0003 firing" }, world.sent)
            world:pass(91)
            for _ = 1, 2 do
                assert(sender():run(world.monotonic + 60))
                assert.same({ { "not sent to channel hook (x.example): CRITICAL: c0001: failing: the program that was "
                    .. "sending it ended before there was an answer" }, 2 }, { world.failed, world.requests })
            end
            world:look("ok", 1, 3)
            assert(sender():run(world.monotonic + 60))
            assert.equal(1, count_of(world.sent)["c0001 resolved"])
        end)
    end)

    it("hands on what may have reached such a channel where it has a fallback", function()
        with_world(function(world)
            local desk
            local function sender()
                local made, channel = world:sender { plan = function()
                    return { to = { "hook" }, fallbacks = { hook = "desk" }, levels = {} }
                end }
                channel.is_not_idempotent, channel.options = true, { fallback = "desk" }
                desk = select(2, world:sender())
                desk.name = "desk"
                table.insert(made.owing, 1, desk)
                made.unsettled[desk] = {}
                return made
            end
            world:look("critical", 1)
            local dead = sender()
            assert(dead:sweep())
            world:claim(dead, 2)
            world:pass(91)
            assert(sender():run(world.monotonic + 60))
            assert.same({ { "c0001 firing" }, 1 }, { world.sent, #world.failed })
        end)
    end)

    it("keeps what a command could not send for its next run, whoever sends to other channels meanwhile", function()
        with_world(function(world)
            world:look("critical", 1)
            world.answer = { status = 500 }
            assert(world:sender():run(60))
            local other, channel = world:sender { plan = function() return { to = {}, levels = {} } end }
            channel.name = "another"
            for _ = 1, 60 do
                world:pass(60)
                assert(other:sweep())
            end
            world.answer = { status = 200 }
            assert(world:sender():run(world.monotonic + 60))
            assert.same({ "c0001 firing" }, world.sent)
        end)
    end)

    it("tells three messages at most of what changes twenty times in ten minutes", function()
        with_world(function(world)
            local sender = world:sender()
            assert(sender:sweep())
            for i = 1, 20 do
                world:look(i % 2 == 1 and "critical" or "ok", 1)
                while sender:tell(sender.owing[1]) do
                    assert.is_true(world.requests <= 3)
                end
                world:pass(30)
            end
            assert.same({ "c0001 firing", "c0001 resolved", "c0001 flapping" }, world.sent)
        end)
    end)

    it("does not grow with the years", function()
        with_world(function(world)
            local sender = world:sender()
            local function rows()
                return tonumber(world:sql "SELECT count(*) FROM dwsync_outbox"[1][1])
            end
            for _ = 1, 60 do
                for _, severity in ipairs { "critical", "ok" } do
                    world:look(severity, 1, 3)
                    assert(sender:sweep())
                    while sender:tell(sender.owing[1]) do
                        assert.is_true(world.requests < 1000)
                    end
                    world:pass(43200)
                end
            end
            assert.equal(360, #world.sent)
            assert.is_true(rows() <= 3 * 2 * 31, rows())
            world:look("critical", 1)
            assert.equal("firing", world.store:rows()[1].state)
        end)
    end)
end)
