local channels = require "dwsync.problems.channels"
local claims = require "dwsync.problems.claims"
local worlds = require "spec.problems.world"

local with_world, count_of, NOW = worlds.with, worlds.count_of, worlds.NOW

describe("claims", function()
    it("are as large as a lease, from which a sender that died has them no longer", function()
        with_world(function(world)
            world:look("critical", 1, 7)
            local sender = world:sender()
            assert(sender:sweep())
            local function claimed()
                return #world:claim(sender).items
            end
            assert.same({ 5, 2, 0 }, { claimed(), claimed(), claimed() })
            world:pass(89.999)
            assert.equal(0, claimed())
            world:pass(0.001)
            assert.equal(5, claimed())
        end)
    end)

    it("are made by the plan of their time", function()
        with_world(function(world)
            local asked = {}
            world:look("critical", 1, 2)
            local sender = world:sender { plan = function(row, now)
                asked[#asked + 1] = now
                return { to = world.to, levels = {}, held_until = row.cluster_id == "c0001" and NOW + 60000 or nil }
            end }
            assert(world:sender():sweep())
            world:pass(1)
            local claim = world:claim(sender)
            assert.same({ 1, "c0002", true, { NOW + 1000, NOW + 1000 } },
                { #claim.items, claim.items[1].row.cluster_id, claim.more, asked })
            assert.same({ { NOW + 60000 } }, world:sql "SELECT next_at FROM dwsync_outbox WHERE cluster_id = 'c0001'")
        end)
    end)

    it("say until when there is nothing to do, and whether because the channel is in trouble", function()
        with_world(function(world)
            world:look("critical", 1)
            local sender, channel = world:sender()
            assert(sender:sweep())
            channel.rate = { messages = 4, seconds = 60 } -- one at once, and two a minute
            assert.equal(1, #world:claim(sender).items)
            world:look("critical", 2)
            local claim = world:claim(sender)
            assert.same({ 0, NOW + 30000 }, { #claim.items, claim.wait })
            assert.is_nil(claim.paused)
            world:sql(("INSERT INTO dwsync_channels (channel, paused_until, failures, named_at) VALUES ('hook/%s', %d, "
                .. "1, %d)"):format(channel.mark, NOW + 7000, NOW))
            claim = world:claim(sender)
            assert.same({ 0, NOW + 7000, true }, { #claim.items, claim.wait, claim.paused })
        end)
    end)

    it("take what is due, and not from a sender that has it unless its clock was wrong", function()
        with_world(function(world)
            world:look("critical", 1)
            local sender = world:sender()
            assert(sender:sweep())
            for _, case in ipairs { { NOW, "NULL", 1 }, { NOW + 1, "NULL", 0 }, { NOW, NOW, 1 }, { NOW, NOW + 1, 0 },
                { NOW, NOW + 600000, 0 }, { NOW, NOW + 600001, 1 } } do
                world:sql(("UPDATE dwsync_outbox SET next_at = %d, claimed_until = %s"):format(case[1],
                    type(case[2]) == "number" and ("%d"):format(case[2]) or case[2]))
                assert.equal(case[3], #world:claim(sender).items)
            end
            assert.same({ { NOW + 90000, "sender 1", 3, 1 } },
                world:sql "SELECT claimed_until, claimed_by, attempts, doubtful FROM dwsync_outbox")
        end)
    end)

    it("leave what comes later in a problem till its sender is done with what came before", function()
        with_world(function(world)
            world:look("warning", 1)
            world:pass(1)
            world:look("ok", 1)
            local sender = world:sender()
            assert(sender:sweep())
            for till, state in pairs { [0] = "dropped", [1] = "owed", [600000] = "owed", [600001] = "dropped" } do
                world:sql "UPDATE dwsync_outbox SET state = 'owed', claimed_until = NULL"
                world:sql(("UPDATE dwsync_outbox SET claimed_until = %d WHERE step = 'warning'"):format(
                    world.now + till))
                assert.equal(0, #world:claim(sender).items)
                assert.same({ { state } }, world:sql "SELECT state FROM dwsync_outbox WHERE step = 'resolved'")
            end
        end)
    end)

    it("leave an entry to its sender for as long as a lease can be", function()
        local function free_at(till, next_at)
            return claims.free_at({ claimed_until = till, next_at = next_at or 5 }, NOW)
        end
        assert.same({ 5, 5, NOW + 1, NOW + 600000, 5 }, { free_at(nil), free_at(NOW), free_at(NOW + 1),
            free_at(NOW + 600000), free_at(NOW + 600001) })
        assert.equal(NOW + 9, free_at(NOW + 1, NOW + 9))
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
            for status, requests in pairs { [401] = 1, [403] = 1, [404] = 1, [405] = 1, [410] = 1, [400] = 79 } do
                with_world(function(world)
                    assert.equal(requests, #storm(world, status, function() return true end), status)
                    assert.same({ { 40 } }, world:sql "SELECT count(*) FROM dwsync_outbox WHERE state = 'given_up'")
                end)
            end
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
end)

describe("what became of a claim", function()
    local tables = require "dwsync.history.tables"

    local COLUMNS = "state, claimed_until, doubtful, last_error, refused_by, attempts, sent_at"

    -- Of a claim of so many: what `settle` returns, and each entry afterwards.
    local function settled(count, result, changes, more, later)
        local back, rows
        with_world(function(world)
            world:look("critical", 1, count)
            local sender, channel = world:sender()
            sender.batch_key = more and more.batch_key or sender.batch_key
            assert(sender:sweep())
            local items = world:claim(sender).items
            assert.equal(count, #items)
            world:sql("UPDATE dwsync_outbox SET " .. (changes or "attempts = attempts"))
            result.sender = result.sender or sender.name
            back = assert(tables.run(world.store.history, "write", false, function(session)
                return claims.settle(session, sender.owing[1], items, result, sender, NOW + (later or 1000))
            end))
            rows = world:sql("SELECT " .. COLUMNS .. ", batch FROM dwsync_outbox ORDER BY cluster_id")
            for _, row in ipairs(rows) do
                row.mark = row[5] and row[5]:gsub(channel.mark:gsub("%p", "%%%0"), "MARK")
            end
            rows.states = world:sql "SELECT state FROM dwsync_problems"
        end)
        return back, rows
    end

    it("is written into its entry, while it is its sender's", function()
        local day = 86400000
        for _, case in ipairs {
            { { outcome = "sent" }, { "sent", nil, 1, nil, nil, 1, NOW + 1000 } },
            { { outcome = "later", reason = "no" }, { "owed", nil, 0, "no", nil, 1 } },
            { { outcome = "later", reason = "no", is_doubtful = true }, { "owed", nil, 1, "no", nil, 1 } },
            { { outcome = "later", reason = "no", is_untried = true }, { "owed", nil, 0, "no", nil, 0 } },
            { { outcome = "unknown", reason = "no" }, { "given_up", nil, 1, "no", nil, 1 } },
            { { outcome = "refused", reason = "no" }, { "given_up", nil, 0, "no", "MARK", 1 } },
            { { outcome = "refused", reason = "no" }, { "given_up", nil, 0, "no", "before MARK", 1 },
                "refused_by = 'before'" },
            { { outcome = "unknown", reason = "no" }, { "given_up", nil, 1, "no", nil, 1 }, "refused_by = 'before'" },
            { { outcome = "later", reason = "no" }, { "owed", nil, 0, "no", "before", 1 }, "refused_by = 'before'" },
            { { outcome = "later", reason = "no", sender = "another" }, { "owed", NOW + 90000, 1, nil, nil, 1 } },
            { { outcome = "later", reason = "no" }, { "dropped", NOW + 90000, 1, nil, nil, 1 }, "state = 'dropped'" },
            { { outcome = "later", reason = "no" }, { "owed", nil, 0, "no", nil, 1 }, nil, day - 1 },
            { { outcome = "later", reason = "no" }, { "given_up", nil, 0, "no", nil, 1 }, nil, day },
        } do
            local back, rows = settled(1, case[1], case[3], nil, case[4])
            local row = rows[1]
            assert.same(case[2], { row[1], row[2], row[3], row[4], row.mark, row[6], row[7] }, case[1].outcome)
            assert.equal(case[2][1] == "sent" or case[2][1] == "given_up", back.given_up)
            assert.is_nil(back.split or back.handed_on)
            assert.equal(case[1].outcome == "sent" and "told" or "firing", rows.states[1][1])
        end
    end)

    it("is written into each, or each half is sent again under a key of its own where it was refused", function()
        local keys = 0
        local how = { batch_key = function(items)
            keys = keys + 1
            return ("key %d of %d"):format(keys, #items)
        end }
        local back, rows = settled(5, { outcome = "refused", reason = "no" }, nil, how)
        assert.same({ split = true }, back)
        for i, row in ipairs(rows) do
            assert.same({ "owed", nil, 0, "no", nil, 1, nil, i < 4 and "key 1 of 3" or "key 2 of 2" },
                { row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8] })
        end
        rows = select(2, settled(2, { outcome = "refused", reason = "no", sender = "another" }, nil, how))
        assert.same({ "owed", NOW + 90000, 1 }, { rows[1][1], rows[1][2], rows[1][3] })
        for _, result in ipairs { { outcome = "refused", is_about_address = true }, { outcome = "refused", paused = 1 },
            { outcome = "unknown" } } do
            result.reason = "no"
            back, rows = settled(2, result, nil, how)
            assert.is_true(back.given_up)
            assert.same({ "given_up", "given_up" }, { rows[1][1], rows[2][1] })
        end
    end)

    it("is free once its sender is gone, or its clock was wrong", function()
        for till, at in pairs { [0] = 7, [100] = 7, [101] = 101, [600100] = 600100, [600101] = 7 } do
            assert.equal(at, claims.free_at({ next_at = 7, claimed_until = till }, 100), till)
        end
        assert.equal(7, claims.free_at({ next_at = 7 }, 100))
        assert.equal(200, claims.free_at({ next_at = 200, claimed_until = 150 }, 100))
    end)
end)

describe("a claim", function()
    it("is of so many messages, or of one that sums up, and as long as they may take", function()
        local function claimed(count, change, more)
            local words
            with_world(function(world)
                world:look("critical", 1, count)
                local sender, channel = world:sender()
                sender.batch_key = more.batch_key
                change(channel)
                assert(sender:sweep())
                local claim = world:claim(sender)
                local row = world:sql("SELECT claimed_until, claimed_by, attempts, doubtful, batch FROM dwsync_outbox "
                    .. "WHERE claimed_until IS NOT NULL")
                words = ("%d %s until %d"):format(#row, row[1][5] or "alone", row[1][1] - NOW)
                assert.same({ #claim.items, sender.name, 1, 1 }, { #row, row[1][2], row[1][3], row[1][4] })
                assert.equal(claim.batch, row[1][5])
            end)
            return words
        end
        local how = { batch_key = function() return "together" end }
        for _, case in ipairs {
            { "1 alone until 90000", 1, function() end }, { "5 alone until 90000", 6, function() end },
            { "1 alone until 90000", 6, function(channel) channel.is_not_idempotent = true end },
            { "5 alone until 100000", 6, function(channel) channel.longest = 10 end },
            { "5 alone until 600000", 6, function(channel) channel.longest = 511 end },
            { "3 alone until 90000", 3, function(channel) channel.rate = { messages = 8, seconds = 60 } end },
            { "4 together until 90000", 4, function(channel) channel.rate = { messages = 8, seconds = 60 } end },
            { "1 alone until 90000", 1, function(channel) channel.rate = { messages = 2, seconds = 60 } end },
            { "2 together until 90000", 2, function(channel) channel.rate = { messages = 2, seconds = 60 } end },
            { "50 together until 90000", 51, function(channel) channel.rate = { messages = 8, seconds = 60 } end },
        } do
            assert.equal(case[1], claimed(case[2], case[3], how))
        end
    end)
end)
