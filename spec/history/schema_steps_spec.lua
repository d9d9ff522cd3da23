local migration = require "dwsync.history.migration"
local schema = require "dwsync.history.schema"
local sqlite = require "dwsync.history.sqlite"
local targets = require "dwsync.history.target"
local temporary = require "spec.support.temporary"

local RUNTIME = { monotonic = function() return 0 end, sleep = function() error "nobody is in the way here" end }

local function context(more)
    local made = { shown = "/h.db", timeout = 1, random = math.random, runtime = RUNTIME }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return made
end

-- Calls use(engine, said): an engine on a database in memory, and a list of what changes it.
local function with_engine(use)
    local engine, said = assert(sqlite.open(assert(targets.read ":memory:"), {})), {}
    function engine:rows(sql)
        if not sql:find "^SELECT" and not sql:find "^BEGIN" then
            said[#said + 1] = sql
        end
        return getmetatable(self).__index.rows(self, sql)
    end
    use(engine, said)
    engine:close()
end

local function part(...)
    return { name = "extra", steps = { ... } }
end

local ONE = { "CREATE TABLE extra (a $number, b $key, c $serial)" }
local TWO = { "ALTER TABLE extra ADD COLUMN d $number", "ALTER TABLE extra ADD COLUMN e TEXT", compatible_from = 1 }
local THREE = { "ALTER TABLE extra ADD COLUMN f TEXT" }
local MADE_ONE = "CREATE TABLE extra (a NUMERIC, b TEXT, c INTEGER PRIMARY KEY)"
local VERSIONS = "CREATE TABLE IF NOT EXISTS dwsync_extra_schema (version INTEGER PRIMARY KEY, compatible_from INTEGER)"

local HISTORY = VERSIONS:gsub("_extra", "")

local function taken(step, compatible_from)
    return ("INSERT INTO dwsync_extra_schema (version, compatible_from) VALUES (%d, %d)"):format(step, compatible_from)
end

-- What is wrong, as a list to be compared.
local function words(result, err)
    assert.is_nil(result)
    return { err.kind, err.message, err.hint }
end

local function too_new(version, known, of)
    return { "config", ("the history /h.db has schema version %d%s, this dwsync supports versions up to %d"):format(
        version, of or " of dwsync_extra_schema", known), "Upgrade dwsync on this machine. Nothing was changed." }
end

local function too_old(version, needed, of)
    return { "config", ("the history /h.db has the older schema version %d%s, this dwsync needs %d"):format(version,
        of or " of dwsync_extra_schema", needed),
        "dwsync history migrate --dry-run says what has to be done, and without --dry-run does it." }
end

local ABSENT = { "config", "there is no history at /h.db",
    "Check the path or URL; dwsync history pull, notify and collect make a history." }

describe("the steps of a schema", function()
    it("are all taken where there is nothing, each noted with whom it stops", function()
        with_engine(function(engine, said)
            assert.equal(3, schema.extend(context(), engine, part(ONE, TWO, THREE)))
            assert.same({ "COMMIT", VERSIONS, MADE_ONE, taken(1, 1), "ALTER TABLE extra ADD COLUMN d NUMERIC", TWO[2],
                taken(2, 1), THREE[1], taken(3, 3), "COMMIT" }, said)
            assert.equal(3, schema.extend(context(), engine, part(ONE, TWO, THREE)))
            assert.same({ "COMMIT" }, { said[11], said[12] })
        end)
    end)

    it("are taken by nobody who only reads", function()
        with_engine(function(engine, said)
            assert.equal(0, schema.extend(context { readonly = true }, engine, part(ONE)))
            assert.same(ABSENT, words(schema.ensure(context { readonly = true }, engine)))
            assert.equal("absent", select(2, schema.ensure(context { readonly = true }, engine)).code)
            assert.is_false(schema.has(engine, part(ONE)))
            assert.same(ABSENT, words(schema.plan(context(), engine, { part(ONE) })))
            assert.same({ "COMMIT", "COMMIT", "COMMIT", "COMMIT" }, said)
            assert.equal(1, schema.ensure(context(), engine))
            assert.equal(1, schema.ensure(context { readonly = true }, engine))
            assert.same({}, schema.plan(context(), engine, {}))
        end)
    end)

    it("are known, compatible, too new or too old", function()
        with_engine(function(engine)
            assert.equal(1, schema.extend(context(), engine, part(ONE)))
            assert.same(too_old(1, 2), words(schema.extend(context(), engine, part(ONE, TWO))))
            assert.same({ true, false }, { schema.has(engine, part(ONE)), schema.has(engine, part(ONE, TWO)) })
            engine:rows(taken(2, 1))
            assert.equal(2, schema.extend(context(), engine, part(ONE)))
            assert.is_true(schema.has(engine, part(ONE)))
            engine:rows(taken(3, 3))
            assert.same(too_new(3, 1), words(schema.extend(context(), engine, part(ONE))))
            assert.same(too_new(3, 2), words(schema.extend(context(), engine, part(ONE, TWO))))
            assert.equal(3, schema.extend(context(), engine, part(ONE, TWO, THREE)))
            assert.same({ false, false, true }, { schema.has(engine, part(ONE)), schema.has(engine, part(ONE, TWO)),
                schema.has(engine, part(ONE, TWO, THREE)) })
            engine:rows "UPDATE dwsync_extra_schema SET compatible_from = NULL WHERE version = 3"
            assert.same(too_new(3, 2), words(schema.extend(context(), engine, part(ONE, TWO))))
        end)
    end)

    it("have those names of the history itself, and its own place", function()
        with_engine(function(engine, said)
            local steps = { { "CREATE TABLE first (a $number)" }, { "CREATE TABLE second (a $number)" } }
            assert.equal(1, schema.ensure(context(), engine, { steps[1] }))
            assert.same({ "COMMIT", HISTORY, "CREATE TABLE first (a NUMERIC)",
                "INSERT INTO dwsync_schema (version, compatible_from) VALUES (1, 1)", "COMMIT" }, said)
            assert.same(too_old(1, 2, ""), words(schema.ensure(context(), engine, steps)))
            assert.same(too_new(1, 0, ""), words(schema.ensure(context(), engine, {})))
        end)
    end)

    it("are planned as they are done, of what there is", function()
        with_engine(function(engine, said)
            assert.equal(1, schema.ensure(context(), engine))
            assert.same({}, schema.plan(context(), engine, { part(ONE, TWO) }))
            assert.equal(1, schema.extend(context(), engine, part(ONE)))
            local all = part(ONE, TWO, THREE)
            assert.same({ { name = "extra", from = 1, to = 2, compatible_from = 1,
                statements = { "ALTER TABLE extra ADD COLUMN d NUMERIC", TWO[2] } },
                { name = "extra", from = 2, to = 3, compatible_from = 3, statements = { THREE[1] } } },
                schema.plan(context(), engine, { all }))
            for i = #said, 1, -1 do
                said[i] = nil
            end
            assert.is_true(schema.migrate(context(), engine, { all, { name = "none", steps = { ONE } } }))
            assert.same({ HISTORY, VERSIONS, "ALTER TABLE extra ADD COLUMN d NUMERIC", TWO[2], taken(2, 1), THREE[1],
                taken(3, 3), "COMMIT" }, said)
            assert.same({}, schema.plan(context(), engine, { all }))
            assert.same(too_new(3, 1), words(schema.plan(context(), engine, { part(ONE) })))
            assert.same(too_new(3, 1), words(schema.migrate(context(), engine, { part(ONE) })))
            engine:rows "UPDATE dwsync_extra_schema SET compatible_from = 1"
            assert.same({}, schema.plan(context(), engine, { part(ONE) }))
            assert.is_true(schema.migrate(context(), engine, { part(ONE) }))
        end)
    end)

    it("are taken by a history whose table of versions is from before it said whom they stop", function()
        with_engine(function(engine, said)
            engine:rows "CREATE TABLE dwsync_extra_schema (version INTEGER PRIMARY KEY)"
            engine:rows "INSERT INTO dwsync_extra_schema VALUES (1)"
            engine:rows(MADE_ONE)
            assert.equal(1, schema.ensure(context(), engine))
            assert.same(too_new(1, 0), words(schema.extend(context(), engine, part())))
            for i = #said, 1, -1 do
                said[i] = nil
            end
            assert.is_true(schema.migrate(context(), engine, { part(ONE) }))
            assert.is_true(schema.migrate(context(), engine, { part(ONE, TWO) }))
            assert.same({ HISTORY, VERSIONS, "COMMIT", HISTORY, VERSIONS,
                "ALTER TABLE dwsync_extra_schema ADD COLUMN compatible_from INTEGER",
                "ALTER TABLE extra ADD COLUMN d NUMERIC", TWO[2], taken(2, 1), "COMMIT" }, said)
        end)
    end)

    it("leave nothing behind where one of them fails", function()
        with_engine(function(engine, said)
            local made, err = schema.extend(context(), engine, part(ONE, { "CREATE NONSENSE" }))
            assert.same({ nil, "storage" }, { made, err.kind })
            assert.equal("ROLLBACK", said[#said])
            assert.is_nil(engine:rows(engine.table_query:format "extra")[1])
        end)
    end)
end)

describe("a migration", function()
    it("plans without a change, does what it planned, and ends its connection", function()
        temporary.with_folder(function(folder)
            local target = folder .. "/h.db"
            local missing, err = migration.plan(target, {})
            assert.same({ nil, "absent" }, { missing, err.code })
            assert.is_nil(require("luv").fs_stat(target))
            assert.is_true(migration.run(target, { part(ONE) })) -- a history that is empty has taken no step
            local store = assert(require("dwsync.history").open(target))
            assert.equal(1, schema.extend(store.context, store.engine, part(ONE)))
            store:close()
            local options = { timeout = 5 }
            local plan = assert(migration.plan(target, { part(ONE, TWO) }, options))
            assert.same({ { 2, 1 }, { timeout = 5 } }, { { plan[1].to, #plan }, options })
            assert.is_true(migration.run(target, { part(ONE, TWO) }, options))
            assert.same({}, migration.plan(target, { part(ONE, TWO) }))
            for name, use in pairs { ["migration.plan"] = migration.plan, ["migration.run"] = migration.run } do
                local good, message = pcall(use, target, {}, { timeout = "x" })
                assert.is_false(good)
                assert.matches(name .. ": timeout is \"x\"", message, 1, true)
            end
        end)
    end)

    it("closes its engine", function()
        local open, closed = sqlite.open, 0
        function sqlite.open(...)
            local engine = open(...)
            function engine:close()
                closed = closed + (self.connection and 1 or 0)
                getmetatable(self).__index.close(self)
            end
            return engine
        end
        temporary.with_folder(function(folder)
            migration.run(folder .. "/h.db", {})
            migration.plan(folder .. "/h.db", {})
        end)
        sqlite.open = open
        assert.equal(2, closed)
    end)
end)
