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

describe("the settings of a connection to SQLite", function()
    it("are those of a history that is written, with as much memory as was asked for", function()
        for given, kib in pairs { [1] = 1024, [4] = 4096 } do
            local store = assert(history.open(":memory:", { cache = given }))
            local function setting(name) return store.engine:rows("PRAGMA " .. name)[1][1] end
            assert.equal(-kib, tonumber(setting "cache_size"))
            assert.equal(2, tonumber(setting "synchronous"))
            assert.equal("sqlite", store.engine.name)
            store:close()
        end
    end)
end)

describe("a damaged record of a history's file", function()
    it("is replaced whatever it holds, and is no other program that is in the way", function()
        for _, damage in ipairs { '{"id":"1" unlocked\0 rest', "database is locked", "\0", "'\0'; DROP TABLE x" } do
            temporary.with_folder(function(folder)
                local path, world = folder .. "/history.db", clock()
                local store = assert(history.open(path, { runtime = world, timeout = 5 }))
                assert(store:save(CLUSTER, records(1, 3)))
                local other = raw(path)
                assert(other:execute(("UPDATE dwsync_records SET content = CAST(x'%s' AS TEXT) WHERE record_id = '1'")
                    :format((damage:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)))))
                other:close()
                local summary = assert(store:save(CLUSTER, records(1, 3)))
                assert.same({ { "1" }, 2, 0 }, { summary.revised, summary.unchanged, world.sleeps })
                assert.equal(3, #assert(store:records { cluster_id = CLUSTER }))
                store:close()
            end)
        end
    end)

    it("whose message says locked is a failure of kind storage at once", function()
        temporary.with_folder(function(folder)
            local path, world = folder .. "/history.db", clock()
            local store = assert(history.open(path, { runtime = world, timeout = 5 }))
            assert(store:save(CLUSTER, records(1, 1)))
            local other = raw(path)
            assert(other:execute [[CREATE TRIGGER refuse BEFORE INSERT ON dwsync_records
                BEGIN SELECT raise(ABORT, 'the vault is locked'); END]])
            other:close()
            local summary, err = store:save(CLUSTER, records(2, 2))
            assert.is_nil(summary)
            assert.same({ "storage", 0 }, { err.kind, world.sleeps })
            store:close()
        end)
    end)
end)

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

    it("is so, too, when it is made at the end of a link", function()
        temporary.with_folder(function(folder)
            local path, target = folder .. "/link.db", folder .. "/target.db"
            processes.run(("ln -s second.db %s; ln -s target.db %s"):format(processes.quoted(path),
                processes.quoted(folder .. "/second.db")))
            local store = assert(history.open(path))
            store:save(CLUSTER, records(1, 1))
            for _, suffix in ipairs { "", "-wal", "-shm" } do
                assert.equal(384, files.mode(target .. suffix)) -- octal 600
            end
            store:close()
        end)
    end)

    it("is not made by a link into a folder that is not there", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/link.db"
            processes.run("ln -s missing/history.db " .. processes.quoted(path))
            local store, err = history.open(path)
            assert.is_nil(store)
            assert.equal(("the history %s: cannot be created: no such file or directory"):format(path), err.message)
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
            assert(os.execute(("mkfifo '%s/pipe'"):format(folder)))
            for _, options in ipairs { {}, { readonly = true } } do
                store, err = history.open(folder, options)
                assert.is_nil(store)
                assert.equal(("the history %s: is a folder"):format(folder), err.message)
                assert.equal("Name a file in it.", err.hint)
                store, err = history.open(folder .. "/pipe", options)
                assert.is_nil(store)
                assert.equal(("the history %s/pipe: is not a file"):format(folder), err.message)
            end
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
            local store = history.open(path)
            local exact = store.engine.exact
            store:close()
            local statements = require "dwsync.history.statements"
            local connection = raw(path)
            for _, query in ipairs { statements.kept(1, { "a" })[1], statements.earlier(1, { "a" })[1],
                statements.batch(exact, "c", { since = 1 }, { started = true, start = "5", name = "a" }, 10),
                statements.batch(exact, "c", {}, { started = false, name = "a" }, 10) } do
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

describe("a history's file that may only be read", function()
    local function ask(path)
        return history.open(path, { readonly = true })
    end

    -- SQLite reads a path with these as something else unless they are escaped.
    local NAME = "/a ?mode=rwc&x#y%41.db"

    it("is not made, nor anything beside it", function()
        temporary.with_folder(function(folder)
            for _, path in ipairs { folder .. NAME, folder .. "/no/x.db", ":memory:" } do
                local store, err = ask(path)
                assert.is_nil(store)
                assert.equal("there is no history at " .. path, err.message)
            end
            assert.equal("", processes.run("ls -A " .. processes.quoted(folder)))
        end)
    end)

    it("is read, and nothing remains beside it", function()
        temporary.with_folder(function(folder)
            local path = folder .. NAME
            local store = assert(history.open(path))
            store:save(CLUSTER, records(1, 3))
            store:close()
            store = assert(ask(path))
            assert.equal(3, #store:records { cluster_id = CLUSTER })
            store:close()
            assert.equal(NAME:sub(2) .. "\n", processes.run("ls -A " .. processes.quoted(folder)))
        end)
    end)

    it("is no history when it is another database or empty", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/other.db"
            assert(io.open(path, "w")):close()
            assert.matches("^there is no history at ", select(2, ask(path)).message)
            raw(path):execute "CREATE TABLE t (a)"
            assert.matches("^there is no history at ", select(2, ask(path)).message)
        end)
    end)

    -- Where no file can be made beside it, SQLite cannot make the log's index. Root may write everywhere, so a link
    -- to nowhere is in the index's place.
    local function with_unwritable(use)
        temporary.with_folder(function(folder)
            local path = folder .. "/history.db"
            local store = assert(history.open(path))
            store:save(CLUSTER, records(1, 3))
            store:close()
            processes.run("ln -s /nonexistent/index " .. processes.quoted(path .. "-shm"))
            use(path)
        end)
    end

    it("is read where no file can be made beside it", function()
        with_unwritable(function(path)
            local store = assert(ask(path))
            assert.equal(3, #store:records { cluster_id = CLUSTER })
            store:close()
        end)
    end)

    it("is read anew when it was written meanwhile", function()
        with_unwritable(function(path)
            local store = assert(ask(path))
            assert.equal(3, #store:records { cluster_id = CLUSTER })
            processes.run("rm " .. processes.quoted(path .. "-shm"))
            local writer = assert(history.open(path))
            writer:save(CLUSTER, records(4, 5))
            writer:close()
            assert.equal(5, #store:records { cluster_id = CLUSTER })
            store:close()
        end)
    end)

    it("says why it cannot be read anew, each time, until it can", function()
        with_unwritable(function(path)
            local store = assert(ask(path))
            local kept = files.read(path)
            files.write(path, ("no database"):rep(1000))
            for _ = 1, 2 do
                local list, err = store:records { cluster_id = CLUSTER }
                assert.is_nil(list)
                assert.matches("not a database", err.message)
            end
            files.write(path, kept)
            assert.equal(3, #assert(store:records { cluster_id = CLUSTER }))
            store:close()
        end)
    end)

    it("is refused when the newest records are in a log that cannot be read, by a link, too", function()
        with_unwritable(function(path)
            local log = assert(io.open(path .. "-wal", "w"))
            log:write(("x"):rep(100))
            log:close()
            local link = path:gsub("history%.db$", "link.db")
            processes.run("ln -s history.db " .. processes.quoted(link))
            for _, name in ipairs { path, link } do
                local store, err = ask(name)
                assert.is_nil(store)
                assert.equal("storage", err.kind)
                assert.matches("copy both", err.hint, 1, true)
            end
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
    it("says that there is no room, and fails as a whole even where only a part of it was tried", function()
        local store = assert(history.open ":memory:")
        local pages = store.engine:rows("PRAGMA page_count")[1][1]
        store.engine:rows(("PRAGMA max_page_count = %d"):format(pages))
        local tables = require "dwsync.history.tables"
        for _, save in ipairs { function() return store:save(CLUSTER, records(1, 1000)) end, function()
            return tables.run(store, "write", nil, function(session)
                session:apart(function()
                    session:rows "CREATE TABLE one (n)"
                    session:rows "INSERT INTO one VALUES (zeroblob(100000))"
                end)
                return true
            end)
        end } do
            local saved, err = save()
            assert.is_nil(saved)
            assert.same({ "storage", "full", "the history :memory:: its storage is full: database or disk is full" },
                { err.kind, err.code, err.message })
            assert.matches("^Make room on the disk", err.hint)
        end
        assert.equal(0, store:stats().records)
        store:close()
    end)

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
