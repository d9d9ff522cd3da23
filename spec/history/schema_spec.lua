local core = require "dwsync.core"
local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local schema = require "dwsync.history.schema"
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
            use(bare, target)
            bare:close()
        end)
    end

    local function with_steps(...)
        return { schema.migrations[1], ... }
    end

    describe("the schema of a history in " .. engine, function()
        it("goes forward through every step that it has not taken, records stay", function()
            with_history(function(bare, target)
                local steps = with_steps({ "ALTER TABLE dwsync_records ADD COLUMN note $key" },
                    { "UPDATE dwsync_records SET note = 'x'", "CREATE TABLE third (a $number)" })
                assert.equal(3, schema.migrate(CONTEXT, bare, steps))
                assert.equal(3, schema.migrate(CONTEXT, bare, steps))
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
                local steps = with_steps({ "CREATE TABLE second (a $number)" }, { "CREATE TABLE broken (" })
                local version, err = schema.migrate(CONTEXT, bare, steps)
                assert.is_nil(version)
                assert.equal("storage", err.kind)
                assert.equal(0, #bare:rows(bare.table_query:format "second"))
                local store = assert(history.open(target))
                assert.equal(1, store:stats().records)
                store:close()
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
                assert.equal(#schema.migrations, schema.migrate(CONTEXT, other))
            end
            return getmetatable(self).rows(self, sql, ...)
        end
        assert.equal(#schema.migrations, schema.migrate(CONTEXT, one))
        assert.is_true(other_came)
        one:close()
        other:close()
    end)
end)
