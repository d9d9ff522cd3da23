local history = require "dwsync.history"
local problems = require "dwsync.problems"
local stores = require "dwsync.problems.store"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"

local NOW, MINUTE = 1747637723000, 60000

local function verdict(rule, more)
    local made = { rule = rule, severity = "critical", source = "s", source_type = "ldap", message = rule .. "." }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return made
end

local function item(...)
    return { cluster = { id = "c", name = "One" }, severity = "critical",
        evaluation = { severity = "critical", verdicts = { ... }, sources = {} } }
end

describe("problems", function()
    local store, kept_history

    -- Patience in minutes, by rule.
    local function policy(after, recover)
        return { least = "warning", plan = function(problem)
            return { to = {}, levels = {}, after = (after[problem.rule] or 0) * MINUTE,
                recover = (recover or {})[problem.rule] and recover[problem.rule] * MINUTE or 0 }
        end }
    end

    local function look_in(looked_at, with, minutes, has_none)
        local again
        assert(tables.run(kept_history, "write", "c", function(session)
            again = problems.look_in(session, looked_at, with, NOW + minutes * MINUTE, has_none)
            return true
        end))
        return again and (again - NOW) / MINUTE
    end

    local function states(rows)
        local list = {}
        for _, row in ipairs(rows or assert(store:rows())) do
            list[row.rule] = row.state
        end
        return list
    end

    local function with_store(use)
        return function()
            temporary.with_folder(function(folder)
                kept_history = assert(history.open(folder .. "/h.db"))
                store = assert(stores.open(kept_history))
                local good, reason = pcall(use)
                kept_history:close()
                assert(good, reason)
            end)
        end
    end

    it("are looked at again when the first of them would begin or end", with_store(function()
        local patience = policy({ stale = 10, failing = 5, slow = 20 }, { failing = 30, stale = 25 })
        assert.equal(5, look_in(item(verdict "stale", verdict "failing", verdict "slow"), patience, 0))
        assert.same({ stale = "pending", failing = "pending", slow = "pending" }, states())
        assert.equal(10, look_in(item(verdict "stale", verdict "failing", verdict "slow"), patience, 5))
        assert.equal(20, look_in(item(verdict "stale", verdict "failing", verdict "slow"), patience, 10))
        assert.equal(36, look_in(item(verdict("stale", { severity = "ok" }), verdict("failing", { severity = "ok" })),
            patience, 11))
        assert.equal(41, look_in(item(verdict("stale", { severity = "ok" }), verdict("failing", { severity = "ok" })),
            patience, 36))
        assert.is_nil(look_in(item(verdict("stale", { severity = "ok" }), verdict("failing", { severity = "ok" })),
            patience, 41))
    end))

    it("are not looked for in the database where all is well and none is kept", with_store(function()
        local well = item(verdict("stale", { severity = "ok" }))
        well.severity, well.evaluation.severity = "ok", "ok"
        assert.is_nil(problems.look_in(nil, well, policy {}, NOW, true))
        assert.is_nil(look_in(item(verdict "stale"), policy {}, 0, true))
        assert.same({ stale = "firing" }, states())
    end))

    it("are seen by a look as grave as it saw them, and no other way", with_store(function()
        local seen = assert(problems.look(store, { item(verdict "stale") }, policy {}, NOW))
        local row = assert(store:rows())[1]
        assert.equal("stale.", seen(row).message)
        row.severity = "warning"
        assert.is_nil(seen(row))
        row.severity, row.cluster_id = "critical", "d"
        assert.is_nil(seen(row))
    end))

    it("begin and end as the plan for their time says, at once where it says nothing", with_store(function()
        local asked = {}
        local function asking(more)
            return { least = "warning", plan = function(problem, now)
                asked[#asked + 1] = { problem.cluster_id, problem.source, problem.rule, problem.severity, now }
                return more
            end }
        end
        local well = item(verdict("stale", { severity = "ok" }))
        look_in(item(verdict "stale"), asking { to = {}, levels = {} }, 1)
        assert.same({ stale = "firing" }, states())
        look_in(well, asking { to = {}, levels = {} }, 2)
        assert.same({ stale = "resolved" }, states())
        look_in(item(verdict "stale"), asking(), 100)
        look_in(well, { least = "warning" }, 101)
        assert.same({ stale = "resolved" }, states())
        problems.preview({}, { item(verdict "stale") }, asking(), NOW + 200 * MINUTE)
        local minutes = {}
        for _, one in ipairs(asked) do
            minutes[("%d"):format((one[5] - NOW) / MINUTE)] = true
            one[5] = nil
            assert.same({ "c", "s", "stale", "critical" }, one)
        end
        assert.same({ ["1"] = true, ["2"] = true, ["100"] = true, ["200"] = true }, minutes)
    end))

    it("are owed to channels in the same transaction, once they fire", with_store(function()
        local with = policy { stale = 10 }
        local plan = with.plan
        with.plan = function(...)
            local made = plan(...)
            made.to = { "ops" }
            return made
        end
        local function owed()
            return assert(tables.run(kept_history, "read", false, function(session)
                return session:rows "SELECT rule, step, channel, created_at FROM dwsync_outbox ORDER BY 1"
            end))
        end
        look_in(item(verdict "stale", verdict "failing"), with, 0)
        assert.same({ { "failing", "critical", "ops", NOW } }, owed())
        look_in(item(verdict "stale", verdict "failing"), with, 10)
        assert.same({ { "failing", "critical", "ops", NOW }, { "stale", "critical", "ops", NOW + 10 * MINUTE } },
            owed())
    end))

    it("of a cluster of which one cannot be read stay as they are, those of others do not", with_store(function()
        look_in(item(verdict "stale", verdict "failing"), policy {}, 0)
        assert(tables.run(kept_history, "write", false, function(session)
            return session:rows "UPDATE dwsync_problems SET since = 'soon' WHERE rule = 'stale'"
        end))
        local other = item(verdict "slow")
        other.cluster = { id = "d" }
        local seen, damaged = problems.look(store, { item(verdict("failing", { severity = "ok" })), other }, policy {},
            NOW + MINUTE)
        assert.is_function(seen)
        assert.equal(1, #damaged)
        assert.same({ failing = "firing", slow = "firing" }, states())
        damaged = select(2, problems.look(store, { item(verdict("failing", { severity = "ok" })) }, policy {}, NOW))
        assert.equal(1, #damaged)
    end))

    it("are not looked at further when the database fails, with its reason", with_store(function()
        local run = tables.run
        finally(function() tables.run = run end)
        tables.run = function() return nil, "full" end
        local failing = { history = kept_history, rows = function() return {}, {} end }
        assert.same({ nil, "full" }, { problems.look(failing, { item(verdict "stale") }, policy {}, NOW) })
    end))

    it("all end with the cluster", with_store(function()
        look_in(item(verdict "stale", verdict "failing"), policy {}, 0)
        assert(tables.run(kept_history, "write", "c", function(session)
            problems.end_in(session, "c", "no longer looked at", NOW + MINUTE)
            return true
        end))
        assert.same({ stale = "resolved", failing = "resolved" }, states())
    end))

    it("can be seen as they would be, without being kept", with_store(function()
        look_in(item(verdict "stale", verdict "failing"), policy {}, 0)
        local before = assert(store:rows())
        local rows, seen = problems.preview(before, { item(verdict("stale", { severity = "ok" }),
            verdict "failing") }, policy {}, NOW + MINUTE)
        assert.equal(2, #rows)
        assert.same({ stale = "resolved", failing = "firing" }, states(rows))
        assert.is_function(seen)
        assert.same(before, assert(store:rows()))
        assert.same({ before, 2 }, { (problems.preview(before, {}, policy {}, NOW)), #before })
    end))

    it("are owed to channels that send messages, and repeated by those that hold states", function()
        local plan = problems.plan(nil, { { name = "am", options = {}, is_level_triggered = true },
            { name = "ops", options = { fallback = "mail" } }, { name = "mail", options = {} } })
        local made = plan({ cluster_id = "c", rule = "stale", severity = "critical", source = "s" }, NOW)
        assert.same({ to = { "ops", "mail" }, levels = { am = true }, fallbacks = { ops = "mail" } },
            { to = made.to, levels = made.levels, fallbacks = made.fallbacks })
    end)
end)
