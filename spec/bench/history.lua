-- history.lua ROUNDS RECORDS FOLDER [postgres]: saves records into a fresh SQLite file or PostgreSQL database, pulls
-- them again, reads them back; then saves 1,000 of them, which it made before, again and again: CPU of this process.
-- It must make each record when it is asked for, as a client does, and count that in.
local core = require "dwsync.core"
local history = require "dwsync.history"
local uv = require "luv"

local rounds, count, folder = tonumber(arg[1]), tonumber(arg[2]), arg[3]
local server = arg[4] and require("spec.support.postgres").start { fsync = true }
local TARGET, KNOWN_TARGET, KNOWN = server and 25000 or 20000, 5, 1000 -- records a second, milliseconds, records
local CLUSTER = "7d85f602-a948-4a30-afd4-e84f47471c15"

-- Ids in no order, as the service's are: each insert meets another page of the index.
local function record(i)
    local start = 1747637723055 + i * 3600000
    local failed = i % 50 == 0
    return {
        id = ("%08x-375a-4b7a-a2dc-%012x"):format((i * 2654435761) % 4294967296, i),
        identity_source_id = "79d6458e-85ee-4f8b-9cfb-2349de8a5132", identity_source_type = "ldap",
        start_time = start, end_time = start + 90000, add_count = i % 7, update_count = i % 23, delete_count = 0,
        failed_count = 0, status = failed and "FAILED" or "FINISHED",
        fail_reason = failed and "[LDAP: error code 49 - AcceptSecurityContext error, data 52e]" or nil,
    }
end

local function iterator()
    local i = 0
    return function()
        i = i + 1
        return i <= count and record(i) or nil
    end
end

local function timed(work, ...)
    collectgarbage()
    local started = core.now()
    local result = work(...)
    return core.now() - started, result
end

-- What changes when something is written.
local function state(path, watcher)
    if server then
        return watcher:query("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")[1][1]
    end
    local cursor = watcher:execute "PRAGMA data_version"
    local version = cursor:fetch()
    cursor:close()
    local file, log = uv.fs_stat(path), uv.fs_stat(path .. "-wal")
    return ("%d %d.%09d %d %d.%09d %d"):format(version, file.mtime.sec, file.mtime.nsec, file.size, log.mtime.sec,
        log.mtime.nsec, log.size)
end

local function read_all(store)
    local read = 0
    for _ in store:each { cluster_id = CLUSTER } do
        read = read + 1
    end
    return read
end

local function save_known(store)
    local records, times = {}, 20
    for i = 1, math.min(count, KNOWN) do
        records[i] = record(i)
    end
    local started = os.clock()
    for _ = 1, times do
        assert(store:save(CLUSTER, records).unchanged == #records)
    end
    return (os.clock() - started) / times * 1000 / #records * KNOWN
end

local function round(number)
    local path = ("%s/%s-%d.db"):format(folder, jit and "luajit" or "lua", number)
    local database = server and server:create_database()
    local store = assert(history.open(server and server:url(database) or path))
    local saving, summary = timed(store.pull, store, CLUSTER, iterator())
    assert(summary.inserted == count)
    local watcher = server and server:connection(database) or require("luasql.sqlite3").sqlite3():connect(path)
    local before = state(path, watcher)
    local pulling, again = timed(store.pull, store, CLUSTER, iterator())
    assert(again.unchanged == count)
    local written = before == state(path, watcher) and "nothing" or "SOMETHING"
    local reading, read = timed(read_all, store)
    assert(read == count)
    local known = save_known(store)
    watcher:close()
    store:close()
    os.remove(path)
    return saving, pulling, reading, written, known
end

local function median(values)
    table.sort(values)
    return values[math.ceil(#values / 2)]
end

local saving, pulling, reading, known, written = {}, {}, {}, {}, "nothing"
for i = 1, rounds do
    local this
    saving[i], pulling[i], reading[i], this, known[i] = round(i)
    written = this == "nothing" and written or this
end
print(("%-10s %-10s %8d %10.0f/s %11s %10.0f/s %9s %10.0f/s %9.2f ms %9s"):format(server and "PostgreSQL" or "SQLite",
    jit and "LuaJIT" or _VERSION, count, count / median(saving), (">= %d/s"):format(TARGET), count / median(pulling),
    written, count / median(reading), median(known), ("<= %d ms"):format(KNOWN_TARGET)))
if server then
    server:stop()
end
