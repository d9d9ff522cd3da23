-- What only a history in a file does.
local files = require "dwsync.files"
local history = require "dwsync.history"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"

local CLUSTER = "cluster"

local function records(first, last)
    local list = {}
    for i = first, last do
        list[#list + 1] = { id = tostring(i), start_time = i, status = "FINISHED" }
    end
    return list
end

local function raw(path)
    return assert(require("luasql.sqlite3").sqlite3():connect(path))
end

local function one(connection, query)
    local cursor = assert(connection:execute(query))
    local value = cursor:fetch()
    cursor:close()
    return value
end

local function content_of(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

-- Time that passes only when somebody sleeps; what happens meanwhile is up to a test.
local function clock(meanwhile)
    local world = { time = 1761389392, sleeps = 0 }
    world.now = function()
        return world.time
    end
    world.monotonic = world.now
    world.sleep = function(seconds)
        world.time, world.sleeps = world.time + seconds, world.sleeps + 1
        if meanwhile then
            meanwhile(world.sleeps)
        end
    end
    return world
end

describe("a history's file", function()
    it("is readable by its owner only, and so are the files beside it", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            local store = assert(history.open(path))
            store:save(CLUSTER, records(1, 1))
            for _, suffix in ipairs { "", "-wal", "-shm" } do
                assert.equal(384, files.mode(path .. suffix)) -- octal 600
            end
            store:close()
            assert.equal(384, files.mode(path))
        end)
    end)

    it("keeps the mode that somebody gave it", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            history.open(path):close()
            processes.run("chmod 640 " .. processes.quoted(path))
            history.open(path):close()
            assert.equal(416, files.mode(path)) -- octal 640
        end)
    end)

    it("is not created in a folder that is not there", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/missing/history.db"
            local store, err = history.open(path)
            assert.is_nil(store)
            assert.equal("storage", err.kind)
            assert.equal(("the history %s: cannot be created: no such file or directory"):format(path), err.message)
            assert.equal("Create the folder first: dwsync creates only the file.", err.hint)
        end)
    end)

    it("is refused when it is something else", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            local file = assert(io.open(path, "w"))
            file:write(("This is no database. "):rep(100))
            file:close()
            local store, err = history.open(path)
            assert.is_nil(store)
            assert.equal(("the history %s: file is not a database"):format(path), err.message)
            store, err = history.open(folder)
            assert.is_nil(store)
            assert.equal(("the history %s: unable to open database file"):format(folder), err.message)
        end)
    end)

    it("stays as it is, to the byte, when nothing of a pull is new", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            local store = assert(history.open(path))
            assert(store:pull(CLUSTER, records(1, 2500)))
            local watcher = raw(path)
            local function state()
                return { version = one(watcher, "PRAGMA data_version"), file = content_of(path),
                    log = content_of(path .. "-wal") }
            end
            local before = state()
            assert.equal(2500, store:pull(CLUSTER, records(1, 2500)).unchanged)
            local second = assert(history.open(path)) -- opening writes nothing either
            second:close()
            assert.same(before, state())
            assert(store:save(CLUSTER, records(2501, 2501)))
            assert.not_same(before, state())
            watcher:close()
            store:close()
        end)
    end)

    it("is read by SQLite's own shell, which finds it sound", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            local store = assert(history.open(path))
            store:save(CLUSTER, { { id = "a", start_time = 1747637723055, delete_count = 7, status = "FAILED" } })
            local query = "PRAGMA integrity_check; "
                .. "SELECT cluster_id, record_id, start_time, delete_count, status, content FROM dwsync_runs"
            local output = processes.run(("sqlite3 %s '%s'"):format(processes.quoted(path), query))
            assert.equal('ok\ncluster|a|1747637723055|7|FAILED|{"id":"a","start_time":1747637723055,"delete_count":7,'
                .. '"status":"FAILED"}\n', output)
            store:close()
        end)
    end)

    it("answers from indices", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            history.open(path):close()
            local statements = require "dwsync.history.statements"
            local connection = raw(path)
            for _, query in ipairs { statements.kept(1, { "a" }), statements.earlier(1, { "a" }),
                statements.batch("c", { since = 1 }, { started = true, start = 5, name = "a" }, 10),
                statements.batch("c", {}, { started = false, name = "a" }, 10) } do
                local cursor = assert(connection:execute("EXPLAIN QUERY PLAN " .. query))
                local row = cursor:fetch({}, "a")
                while row do
                    assert.is_nil(row.detail:find "SCAN")
                    assert.is_nil(row.detail:find "TEMP B%-TREE")
                    row = cursor:fetch({}, "a")
                end
            end
            connection:close()
        end)
    end)
end)

describe("a history that another program writes", function()
    local function with_lock(meanwhile, use)
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            history.open(path):close()
            local other = raw(path)
            local world = clock(function(sleeps)
                meanwhile(other, sleeps)
            end)
            local function random()
                return 0.5
            end
            local store = assert(history.open(path, { runtime = world, timeout = 5, random = random }))
            assert.equal(0, world.sleeps)
            assert(other:execute "BEGIN IMMEDIATE")
            use(store, world, other)
            store:close()
            other:close()
        end)
    end

    it("is waited for, with growing pauses", function()
        with_lock(function(other, sleeps)
            if sleeps == 3 then
                assert(other:execute "COMMIT")
            end
        end, function(store, world)
            assert.equal(2, store:save(CLUSTER, records(1, 2)).inserted)
            assert.equal(3, world.sleeps)
            assert.is_true(math.abs(world.time - 1761389392 - 0.75 * (0.01 + 0.02 + 0.04)) < 1e-6)
        end)
    end)

    it("is given up after the timeout, and nothing was saved", function()
        with_lock(function() end, function(store, world, other)
            local summary, err = store:save(CLUSTER, records(1, 2))
            assert.is_nil(summary)
            assert.equal("timeout", err.kind)
            assert.is_true(err.retryable)
            assert.is_truthy(err.message:find "^the history .*/history%.db was locked by another program for 5 s$")
            assert.is_true(world.time >= 1761389392 + 5)
            assert(other:execute "COMMIT")
            assert.equal(0, store:stats().records)
        end)
    end)

    it("is read meanwhile, without waiting", function()
        with_lock(function() end, function(store, world)
            assert.same({ complete = true }, store:records { cluster_id = CLUSTER })
            assert.equal(0, store:stats().records)
            assert.equal(0, world.sleeps)
        end)
    end)
end)

describe("a save that fails", function()
    it("leaves nothing of its page, and the history goes on", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            local store = assert(history.open(path))
            assert(store:save(CLUSTER, records(1, 1)))
            local other = raw(path)
            assert(other:execute [[CREATE TRIGGER refuse BEFORE INSERT ON dwsync_records WHEN new.record_id = '1500'
                BEGIN SELECT raise(ABORT, 'the disk is full'); END]])
            local summary, err, before = store:pull(CLUSTER, records(2, 2001), 1000)
            assert.is_nil(summary)
            assert.equal("storage", err.kind)
            assert.equal(("the history %s: the disk is full"):format(path), err.message)
            assert.equal(1000, before.inserted)
            assert.equal(1001, store:stats().records)
            assert(other:execute "DROP TRIGGER refuse")
            other:close()
            assert.equal(1000, store:pull(CLUSTER, records(2, 2001)).inserted)
            store:close()
        end)
    end)
end)

describe("a history that is let go of", function()
    it("is closed by the collector or by the end of its block", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            assert(history.open(path)):save(CLUSTER, records(1, 1))
            collectgarbage()
            collectgarbage()
            assert.is_nil(io.open(path .. "-wal")) -- the last to close takes it away
            local metatable = getmetatable(assert(history.open ":memory:"))
            assert.equal(metatable.close, metatable.__close)
        end)
    end)
end)
