local worlds = require "spec.problems.world"

local with_world, count_of = worlds.with, worlds.count_of

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

    it("asks for no plan of what is over once its end was told", function()
        with_world(function(world)
            local asked = {}
            local more = { plan = function(row)
                asked[#asked + 1] = row.cluster_id
                return { to = world.to, levels = {} }
            end }
            local function swept()
                asked = {}
                assert(world:sender(more):sweep())
                table.sort(asked)
                return asked
            end
            world:look("critical", 1, 3)
            assert(world:sender(more):run(60))
            world:look("ok", 1)
            world.to = {}
            world:look("critical", 4)
            world:look("ok", 4) -- nobody was told of it
            world.to = { "hook" }
            assert.same({ "c0002", "c0003" }, swept())
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

describe("what problems owe", function()
    local entries, outbox = require "dwsync.problems.entries", require "dwsync.problems.outbox"

    -- What is said to a database that has some entries.
    local function said(rows, kept, plan)
        local names, cells, statements = {}, {}, {}
        for name in entries.COLUMNS:gmatch "o%.([%w_]+)" do
            names[#names + 1] = name
        end
        for i, entry in ipairs(kept) do
            cells[i] = {}
            for k, name in ipairs(names) do
                cells[i][k] = entry[name]
            end
        end
        outbox.add({ rows = function(_, sql)
            statements[#statements + 1] = sql
            return sql:find "^SELECT" and cells or {}
        end }, rows, plan, 20)
        return statements
    end

    local function row(more)
        local made = { cluster_id = "c", source = "s", rule = "r", state = "told", severity = "warning", episode = 1,
            fired_at = 5, since = 5, told = {} }
        for name, value in pairs(more or {}) do
            made[name] = value
        end
        return made
    end

    it("is looked for 200 problems at a time, by the plan for each and its time", function()
        for count, statements in pairs { [0] = 0, [1] = 1, [199] = 1, [200] = 1, [201] = 2, [400] = 2, [401] = 3 } do
            local rows, asked = {}, {}
            for i = 1, count do
                rows[i] = row { cluster_id = "c" .. i, state = "resolved" }
            end
            assert.equal(statements, #said(rows, {}, function(one, now)
                asked[#asked + 1] = one
                assert.equal(20, now)
            end))
            assert.same(rows, asked)
            assert.equal(statements, #said(rows, {}))
        end
    end)

    it("is held, or goes when nothing holds it any more", function()
        local function changed(state, next_at, plan, silenced_until)
            local sql = said({ row { silenced_until = silenced_until } }, { { cluster_id = "c", source = "s",
                rule = "r", step = "warning", channel = "a", state = state, episode = 1, fired_at = 5, since = 5,
                created_at = 10, next_at = next_at, attempts = 0, doubtful = 0 } }, function() return plan end)
            assert.equal(sql[2] and 2 or 1, #sql)
            return sql[2] and sql[2]:match "^UPDATE dwsync_outbox SET (next_at = %d+, due_at = %d+) WHERE"
        end
        for _, case in ipairs {
            { "next_at = 50, due_at = 50", "owed", 10, { to = {}, held_until = 50 } },
            { nil, "owed", 50, { to = {}, held_until = 50 } },
            { "next_at = 40, due_at = 40", "owed", 10, { to = {} }, 40 }, { nil, "owed", 20, { to = {} } },
            { "next_at = 20, due_at = 20", "owed", 21, { to = {} } }, { "next_at = 20, due_at = 20", "owed", 21 },
            { nil, "sent", 21, { to = {} } },
        } do
            assert.equal(case[1], changed(case[2], case[3], case[4], case[5]))
        end
    end)

    it("knows what programs told that knew no outbox, from then on", function()
        local sql = said({ row { told = { a = { step = "warning", episode = 1 } } } }, {},
            function() return { to = { "a", "b" } } end)
        assert.equal(4, #sql)
        assert.matches("^INSERT INTO dwsync_outbox .*'warning','a','sent'", sql[2])
        assert.equal("UPDATE dwsync_problems SET told = '{}' WHERE cluster_id = 'c' AND source = 's' AND rule = 'r'",
            sql[3])
        assert.matches("^INSERT INTO dwsync_outbox .*'warning','b','owed'", sql[4])
        assert.is_nil(sql[4]:find("'a'", 1, true))
    end)
end)
