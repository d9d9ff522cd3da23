-- What clusters are called, on both engines.
local core = require "dwsync.core"
local history = require "dwsync.history"
local names = require "dwsync.history.names"
local postgres = require "spec.support.postgres"
local schema = require "dwsync.history.schema"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"

local NOW = 1761389392.25
local RECORDS = { { id = "r", identity_source_id = "source", status = "FINISHED", start_time = 1747637723055 } }

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

-- A store that counts the transactions that may write.
local function open(target, options)
    options = options or {}
    options.runtime = { now = function() return NOW end, wait = core.wait }
    local store = assert(history.open(target, options))
    local begin, writes = store.engine.begin, 0
    store.engine.begin = function(engine, deadline, mode, ...)
        writes = writes + (mode == "write" and 1 or 0)
        return begin(engine, deadline, mode, ...)
    end
    return store, function()
        return writes
    end
end

local function called(store)
    local found = {}
    local clusters = assert(store:clusters())
    for _, cluster in ipairs(clusters) do
        found[cluster.cluster_id] = cluster.name or false
    end
    return found, clusters.unnamed
end

local function save_all(target, clusters)
    local store = open(target)
    for id, options in pairs(clusters) do
        assert(store:save(id, RECORDS, options))
    end
    local found = called(store)
    store:close()
    return found
end

local function run(store, sql)
    return assert(tables.run(store, "write", false, function(session)
        session:rows(sql)
        return true
    end))
end

for engine, with_target in pairs(engines) do
    describe("the names of clusters in " .. engine, function()
        it("are kept with records, to the last byte, and given back beside the ids", function()
            with_target(function(target)
                local foreign = "仓库 'x'\\\0\27[31m\255"
                assert.same({ a = "dws-prod", b = foreign, c = false }, save_all(target, { a = { name = "dws-prod" },
                    b = { name = foreign }, c = {} }))
                local store = open(target, { readonly = true })
                assert.same({ a = "dws-prod", b = foreign, c = false }, (called(store)))
                store:close()
            end)
        end)

        it("are kept by a pull, too; the newest counts", function()
            with_target(function(target)
                local store = open(target)
                assert.is_nil(assert(store:pull("a", RECORDS, { name = "before", page_size = 1 })).unnamed)
                assert.same({ a = "before" }, (called(store)))
                assert(store:pull("a", RECORDS, { name = "after" }))
                assert.same({ a = "after" }, (called(store)))
                assert(store:pull("a", RECORDS, 1))
                assert.same({ a = "after" }, (called(store)))
                store:close()
            end)
        end)

        it("that others use count until the service's own is known", function()
            with_target(function(target)
                assert.same({ a = "alias" }, save_all(target, { a = { spare_name = "alias" } }))
                assert.same({ a = "alias" }, save_all(target, { a = { spare_name = "another" } }))
                assert.same({ a = "dws-prod" }, save_all(target, { a = { name = "dws-prod" } }))
                assert.same({ a = "dws-prod" }, save_all(target, { a = { spare_name = "alias" } }))
            end)
        end)

        it("are written only when they are new", function()
            with_target(function(target)
                save_all(target, { a = { name = "dws-prod" } })
                local store, writes = open(target)
                for _ = 1, 2 do
                    assert(store:save("a", RECORDS, { name = "dws-prod" }))
                end
                assert.equal(2, writes()) -- the transactions of records
                assert(store:save("a", RECORDS, { name = "renamed" }))
                assert.equal(4, writes())
                store:close()
            end)
        end)

        it("make no table before there is one to keep", function()
            with_target(function(target)
                local store = open(target)
                assert(store:save("a", RECORDS))
                assert(store:save("a", RECORDS, { name = "" }))
                assert(store:save("a", RECORDS, { name = ("x"):rep(257) }))
                assert.is_false(assert(tables.run(store, "read", nil, function(session)
                    return { schema.has(session, names.part) }
                end))[1])
                store:close()
                local asked = open(target, { readonly = true })
                local found, unnamed = called(asked)
                assert.same({ a = false }, found)
                assert.is_nil(unnamed)
                asked:close()
            end)
        end)

        it("are names of up to 256 bytes", function()
            with_target(function(target)
                local longest = ("x"):rep(256)
                assert.same({ a = longest, b = false }, save_all(target, { a = { name = longest },
                    b = { name = longest .. "x" } }))
            end)
        end)

        it("are taken over from a table that holds them no longer, unless a newer one is known", function()
            with_target(function(target)
                local store, foreign = open(target), "'\\\0"
                assert(store:save(foreign, RECORDS))
                assert(store:save("a", RECORDS, { name = "now" }))
                local function take_over(id, name, at)
                    assert(tables.run(store, "write", false, function(session)
                        names.take_over(session, id, name, at)
                        return true
                    end))
                    return assert(names.all(store))
                end
                assert.equal("now", take_over("a", "older", NOW * 1000).a)
                assert.equal("newer", take_over("a", "newer", NOW * 1000 + 1).a)
                assert.equal("newer", take_over("a", "older", NOW * 1000).a) -- its time is kept, too
                assert.equal("newer", take_over("a", nil, NOW * 1000 + 2).a)
                assert.equal("newer", take_over("a", "", NOW * 1000 + 2).a)
                assert.same({ a = "newer", [foreign] = "it's" }, take_over(foreign, "it's", 1))
                store:close()
            end)
        end)

        it("are no failure where there is none, or the same one", function()
            with_target(function(target)
                local store = open(target)
                for _, given in ipairs { {}, { name = "" }, { name = ("x"):rep(257) }, { name = "a" }, { name = "a" },
                    { spare_name = "b" }, { spare_name = "a" } } do
                    assert.same({ true }, { names.keep(store, "c", given) })
                end
                assert.same({ c = "a" }, names.all(store))
                store:close()
            end)
        end)

        it("that others use do not take the place of one that another program kept meanwhile", function()
            with_target(function(target)
                local first, second = open(target), open(target)
                assert.is_true(names.keep(first, "b", { name = "b" }))
                assert.is_true(names.keep(second, "a", { name = "own" }))
                assert.is_true(names.keep(first, "a", { spare_name = "alias" }))
                assert.same({ a = "own", b = "b" }, names.all(second))
                first:close()
                second:close()
            end)
        end)

        it("are tried again after a failure that may pass, and after no other", function()
            with_target(function(target)
                local extend = schema.extend
                for retryable, expected in pairs { [true] = 2, [false] = 1 } do
                    local store, err, calls = open(target), { retryable = retryable }, 0
                    schema.extend = function()
                        calls = calls + 1
                        return nil, err
                    end
                    local first, second = { names.keep(store, "a", { name = "a" }) }, { names.keep(store, "b",
                        { name = "b" }) }
                    schema.extend = extend
                    assert.same({ { nil, err }, { nil, err }, expected }, { first, second, calls })
                    store:close()
                end
            end)
        end)

        it("are left alone where a newer release keeps them otherwise; records are not", function()
            with_target(function(target)
                save_all(target, { a = { name = "dws-prod" } })
                local store = open(target)
                run(store, "INSERT INTO dwsync_names_schema (version, compatible_from) VALUES (2, 2)")
                local found, unnamed = called(store)
                assert.same({ a = false }, found)
                assert.is_nil(unnamed)
                local summary = assert(store:pull("b", RECORDS, { name = "x" }))
                assert.equal(1, summary.inserted)
                assert.matches("has schema version 2 of dwsync_names_schema, this dwsync supports versions up to 1",
                    summary.unnamed.message)
                store:close()
            end)
        end)

        it("that cannot be read or kept are said, and stop nothing", function()
            with_target(function(target)
                save_all(target, { a = { name = "dws-prod" } })
                local store = open(target)
                run(store, "DROP TABLE dwsync_names")
                local found, unnamed = called(store)
                assert.same({ a = false }, found)
                assert.equal("storage", unnamed.kind)
                local summary = assert(store:save("b", RECORDS, { name = "x" }))
                assert.equal(1, summary.inserted)
                assert.equal("storage", summary.unnamed.kind)
                assert.same({ a = false, b = false }, (called(store)))
                store:close()
            end)
        end)

        it("are those of a fleet where that looked later, or alone knows them", function()
            with_target(function(target)
                save_all(target, { a = { name = "pulled" }, b = { name = "pulled" }, c = {} })
                local store = open(target)
                assert(tables.extend(store, require("dwsync.fleet.tables").part))
                for id, looked_at in pairs { a = NOW * 1000 - 1, b = NOW * 1000 + 1, c = "NULL" } do
                    run(store, ([[INSERT INTO dwsync_schedule (kind, account, region, cluster_id, name, state, epoch,
                        interval_ms, planned_at, due_at, failures, looked_at) VALUES ('cluster', 'x', 'y', '%s',
                        'listed', 'active', 0, 0, 0, 0, 0, %s)]]):format(id, looked_at == "NULL" and looked_at
                        or ("%.0f"):format(looked_at)))
                end
                assert.same({ a = "pulled", b = "listed", c = "listed" }, (called(store)))
                store:close()
            end)
        end)
    end)
end
