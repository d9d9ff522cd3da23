local core = require "dwsync.core"
local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local migration = require "dwsync.history.migration"
local schema = require "dwsync.history.schema"
local tables = require "dwsync.history.tables"
local targets = require "dwsync.history.target"
local temporary = require "spec.support.temporary"

local RUNTIME = { monotonic = function() return 0 end, sleep = function() error "nobody is in the way here" end,
    wait = core.wait }
local CONTEXT = { shown = "test", timeout = 1, random = math.random, runtime = RUNTIME }

local server
setup(function()
    server = postgres.start()
end)
teardown(function()
    server:stop()
end)

local engines = {
    sqlite = function(use)
        temporary.with_folder(function(folder)
            use(folder .. "/history.db")
        end)
    end,
    postgres = function(use)
        use(server:fresh_url())
    end,
}

for engine, with_target in pairs(engines) do
    -- A history with a record in it, and a bare engine on the same.
    local function with_history(use)
        with_target(function(target)
            local store = assert(history.open(target))
            assert(store:save("c", { { id = "a", start_time = 5 } }))
            store:close()
            local bare = assert(require("dwsync.history." .. engine).open(targets.read(target), CONTEXT))
            assert(schema.ensure(CONTEXT, bare)) -- it is connected
            use(bare, target)
            bare:close()
        end)
    end

    -- As a program that knows more steps sees it.
    local function with_steps(steps, use)
        for i, step in ipairs(steps) do
            schema.migrations[i + 1] = step
        end
        local good, reason = pcall(use)
        for i = #steps + 1, 2, -1 do
            schema.migrations[i] = nil
        end
        assert(good, reason)
    end

    local function migrate(bare, steps)
        local version, err
        with_steps(steps, function()
            version, err = schema.migrate(CONTEXT, bare, {})
        end)
        return version, err
    end

    describe("the schema of a history in " .. engine, function()
        it("goes forward through every step that it has not taken, records stay", function()
            with_history(function(bare, target)
                local steps = { { "ALTER TABLE dwsync_records ADD COLUMN note $key" },
                    { "UPDATE dwsync_records SET note = 'x'", "CREATE TABLE third (a $number)" } }
                assert.is_true(migrate(bare, steps))
                assert.is_true(migrate(bare, steps))
                assert.equal("x", bare:rows("SELECT note FROM dwsync_records")[1][1])
                assert.equal(1, #bare:rows(bare.table_query:format "third"))
                local store, err = history.open(target)
                assert.is_nil(store)
                assert.equal("config", err.kind)
                assert.is_truthy(err.message:find "has schema version 3, this dwsync supports versions up to 1$")
                assert.equal("Upgrade dwsync on this machine. Nothing was changed.", err.hint)
            end)
        end)

        it("takes all steps or none", function()
            with_history(function(bare, target)
                local done, err = migrate(bare, { { "CREATE TABLE second (a $number)" }, { "CREATE TABLE broken (" } })
                assert.is_nil(done)
                assert.equal("storage", err.kind)
                assert.equal(0, #bare:rows(bare.table_query:format "second"))
                local store = assert(history.open(target))
                assert.equal(1, store:stats().records)
                store:close()
            end)
        end)

        it("stops no older program by steps that only add, and those from before the last that does more", function()
            with_history(function(bare, target)
                local adds, more = { "CREATE TABLE second (a $number)", compatible_from = 1 },
                    { "CREATE TABLE third (a $number)" }
                assert.is_true(migrate(bare, { adds }))
                local store = assert(history.open(target))
                assert.same({ 2, 1 }, { store:stats().schema_version, store:stats().records })
                store:close()
                local later = { "CREATE TABLE fourth (a $number)", compatible_from = 3 }
                assert.is_true(migrate(bare, { adds, more, later }))
                assert.is_nil((history.open(target)))
                with_steps({ adds }, function()
                    assert.is_nil((history.open(target)))
                end)
                with_steps({ adds, more }, function()
                    assert(history.open(target)):close()
                end)
            end)
        end)

        it("is newer for a program whose table of versions has no word of it", function()
            with_history(function(bare, target)
                bare:rows "ALTER TABLE dwsync_schema DROP COLUMN compatible_from"
                assert(history.open(target)):close()
                bare:rows "INSERT INTO dwsync_schema (version) VALUES (2)"
                assert.is_nil((history.open(target)))
                assert(bare:rows "DELETE FROM dwsync_schema WHERE version = 2")
                assert.is_true(migrate(bare, { { "CREATE TABLE second (a $number)", compatible_from = 1 } }))
                assert(history.open(target)):close()
            end)
        end)

        it("is left alone by all but a migration: who needs a newer one is told how", function()
            with_history(function(bare, target)
                with_steps({ { "CREATE TABLE second (a $number)" } }, function()
                    for _, readonly in ipairs { true, false } do
                        local store, err = history.open(target, { readonly = readonly })
                        assert.is_nil(store)
                        assert.equal("config", err.kind)
                        assert.matches("has the older schema version 1, this dwsync needs 2$", err.message)
                        assert.matches("^dwsync history migrate ", err.hint)
                    end
                    assert.equal(0, #bare:rows(bare.table_query:format "second"))
                    assert.is_true(migration.run(target, {}))
                    assert(history.open(target)):close()
                end)
            end)
        end)

        it("has parts with versions of their own", function()
            with_history(function(_, target)
                local function part(...)
                    return { name = "extra", steps = { ... } }
                end
                local one, two = { "CREATE TABLE extra (a $number)" },
                    { "ALTER TABLE extra ADD COLUMN b $number", compatible_from = 1 }
                local three = { "ALTER TABLE extra ADD COLUMN c $number" }
                local store = assert(history.open(target))
                assert.same({}, assert(migration.plan(target, { part(one) })))
                assert.is_true(migration.run(target, { part(one) }))
                assert.equal(1, tables.extend(store, part(one)))
                local version, err = tables.extend(store, part(one, two))
                assert.is_nil(version)
                assert.matches("older schema version 1 of dwsync_extra_schema, this dwsync needs 2", err.message, 1,
                    true)
                local plan = assert(migration.plan(target, { part(one, two, three) }))
                local number = store.engine.types.number -- what is said is what is done
                assert.same({ { name = "extra", from = 1, to = 2, compatible_from = 1,
                    statements = { "ALTER TABLE extra ADD COLUMN b " .. number } },
                    { name = "extra", from = 2, to = 3, compatible_from = 3,
                        statements = { "ALTER TABLE extra ADD COLUMN c " .. number } } }, plan)
                assert.is_true(migration.run(target, { part(one, two) }))
                assert.equal(2, tables.extend(store, part(one)))
                assert.equal(2, tables.extend(store, part(one, two)))
                assert.is_true(migration.run(target, { part(one, two, three) }))
                assert.is_nil((tables.extend(store, part(one, two))))
                version, err = migration.plan(target, { part(one) })
                assert.is_nil(version)
                assert.matches("this dwsync supports versions up to 1", err.message, 1, true)
                store:close()
            end)
        end)

        it("is planned only where there is one", function()
            with_target(function(target)
                local plan, err = migration.plan(target, {})
                assert.is_nil(plan)
                assert.matches("^there is no history at ", err.message)
            end)
        end)
    end)
end

describe("the schema of a history in postgres", function()
    it("is made once, though another program makes it between two statements of this one", function()
        local target, other_came = server:fresh_url(), false
        local function bare()
            return assert(require("dwsync.history.postgres").open(targets.read(target), CONTEXT))
        end
        local one, other = bare(), bare()
        assert(one:begin(1, "write")) -- from here on the session knows the lock's function without looking it up
        one:rollback()
        function one:rows(sql, ...)
            if sql:find("pg_try_advisory_xact_lock", 1, true) and not other_came then
                other_came = true
                assert.equal(#schema.migrations, schema.ensure(CONTEXT, other))
            end
            return getmetatable(self).rows(self, sql, ...)
        end
        assert.equal(#schema.migrations, schema.ensure(CONTEXT, one))
        assert.is_true(other_came)
        one:close()
        other:close()
    end)
end)
