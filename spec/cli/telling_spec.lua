local telling = require "dwsync.cli.telling"
local temporary = require "spec.support.temporary"

describe("telling of what a command looked at", function()
    it("is about the clusters that were looked at, and the sources that are meant", function()
        local items = { { cluster = { id = "c1" } }, { cluster = { id = "c2" } } }
        local function is_told(row, args)
            return telling.is_looked_at(items, args or {})(row)
        end
        for _, case in ipairs {
            { true, { cluster_id = "c1", source = "s1" } }, { true, { cluster_id = "c2", source = "" } },
            { false, { cluster_id = "c3", source = "s1" } },
            { true, { cluster_id = "c1", source = "s1" }, { "s1" } },
            { true, { cluster_id = "c1", source = "s1", source_type = "ldap" }, { "x", "ldap" } },
            { false, { cluster_id = "c1", source = "s1", source_type = "ldap" }, { "x" } },
            { true, { cluster_id = "c1", source = "" }, { "x" } }, -- of no source, so of each
            { false, { cluster_id = "c3", source = "s1" }, { "s1" } },
        } do
            assert.equal(case[1], is_told(case[2], { source = case[3] }))
        end
    end)

    it("begins with what is as bad as is meant, a warning if nothing is said", function()
        local function plan() end
        assert.same({ least = "warning", plan = plan }, telling.policy({}, plan))
        local policy = telling.policy({ min_severity = "critical", source = { "s1" } }, plan)
        assert.equal("critical", policy.least)
        assert.same({ true, true, false }, { policy.is_meant("s1", "ldap"), policy.is_meant("x", "s1"),
            policy.is_meant("x", "ldap") })
    end)

    it("has the time of the judgement in whole milliseconds", function()
        assert.equal(1500, telling.milliseconds { now = function() return 1.5009 end }())
    end)

    it("keeps what was found by its policy, and sends what is owed of it in so much time", function()
        local problems, delivery = require "dwsync.problems", require "dwsync.problems.delivery"
        local look, new = problems.look, delivery.new
        finally(function() problems.look, delivery.new = look, new end)
        local args, items, asked = { min_severity = "critical", source = { "s1" } }, { { cluster = { id = "c" } } }, {}
        local function plan() end
        problems.look = function(...)
            asked.look = { ... }
            return { "seen" }
        end
        delivery.new = function(given)
            asked.delivery = given
            return { run = function(_, till)
                asked.till = till
                return true
            end }
        end
        local runtime = { monotonic = function() return 5 end, now = os.time, sleep = function() end,
            perform = function() end }
        local judge = { now = function() return 7 end }
        local given = { store = "store", channels = {}, plan = plan, seconds = 3, every = 60, name = "watch",
            sent = function() end, failed = function() end }
        assert.is_true(telling.tell(args, { runtime = runtime, random = os.time }, judge, given, items))
        assert.same({ "store", items, "critical", plan, 7000 }, { asked.look[1], asked.look[2], asked.look[3].least,
            asked.look[3].plan, asked.look[4] })
        local made = asked.delivery
        assert.same({ "store", given.channels, plan, 60, { "seen" }, os.time, given.sent, given.failed, 7000 },
            { made.store, made.channels, made.plan, made.every, made.seen, made.random, made.sent, made.failed,
                made.now() })
        assert.matches("^watch:.+:%d+$", made.name)
        assert.is_true(made.is_meant { cluster_id = "c", source = "s1" })
        assert.equal(8, asked.till)
        problems.look = function() return nil, "full" end
        assert.same({ nil, "full" }, { telling.tell(args, {}, judge, given, items) })
    end)

    it("says once that it made a history", function()
        temporary.with_folder(function(folder)
            local notes = {}
            local context = { getenv = function() end, note = function(_, message) notes[#notes + 1] = message end }
            local args = { history = folder .. "/h.sqlite" }
            assert.is_true(telling.is_new(args, context, {}))
            assert.is_true(telling.is_new({}, context, { history = args.history }))
            assert.is_false(telling.is_new({ history = "postgres://h/d" }, context, {}))
            for _ = 1, 2 do
                local store, err, opened = telling.open_store(args, context, {})
                assert(store, err)
                opened:close()
            end
            assert.is_false(telling.is_new(args, context, {}))
            local _, _, opened = telling.open_store({}, context, { history = folder .. "/settings.sqlite" })
            opened:close()
            assert.equal("made " .. folder .. "/settings.sqlite, which keeps what was told; only its owner can read it",
                table.remove(notes))
            assert.same({ "made " .. folder .. "/h.sqlite, which keeps what was told; only its owner can read it" },
                notes)
            local store, err = telling.open_store({ history = folder .. "/no/h.sqlite" }, context, {})
            assert.is_nil(store)
            assert.is_truthy(err.kind)
        end)
    end)

    it("closes a history that cannot keep problems", function()
        temporary.with_folder(function(folder)
            local problems_store, opened = require "dwsync.problems.store", nil
            local open = problems_store.open
            finally(function() problems_store.open = open end)
            problems_store.open = function(store)
                opened = store
                return nil, "damaged"
            end
            local context = { getenv = function() end, note = function() end }
            local store, err = telling.open_store({ history = folder .. "/h.sqlite" }, context, {})
            assert.same({ nil, "damaged" }, { store, err })
            assert.has_error(function() opened:clusters() end, "the history is closed")
        end)
    end)
end)
