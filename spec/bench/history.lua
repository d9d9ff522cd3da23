-- history.lua ROUNDS RECORDS FOLDER: saves records into a fresh SQLite file, pulls them again, reads them back.
-- It must make each record when it is asked for, as a client does, and count that in.
local core = require "dwsync.core"
local history = require "dwsync.history"
local uv = require "luv"

local rounds, count, folder = tonumber(arg[1]), tonumber(arg[2]), arg[3]
local TARGET = 20000
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

local function state(path, watcher)
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

local function round(number)
    local path = ("%s/%s-%d.db"):format(folder, jit and "luajit" or "lua", number)
    local store = assert(history.open(path))
    local saving, summary = timed(store.pull, store, CLUSTER, iterator())
    assert(summary.inserted == count)
    local watcher = require("luasql.sqlite3").sqlite3():connect(path)
    local before = state(path, watcher)
    local pulling, again = timed(store.pull, store, CLUSTER, iterator())
    assert(again.unchanged == count)
    local written = before == state(path, watcher) and "nothing" or "SOMETHING"
    local reading, read = timed(read_all, store)
    assert(read == count)
    watcher:close()
    store:close()
    os.remove(path)
    return saving, pulling, reading, written
end

local function median(values)
    table.sort(values)
    return values[math.ceil(#values / 2)]
end

local saving, pulling, reading, written = {}, {}, {}, "nothing"
for i = 1, rounds do
    local this
    saving[i], pulling[i], reading[i], this = round(i)
    written = this == "nothing" and written or this
end
print(("%-10s %10d %12.0f/s %14s %14.0f/s %12s %12.0f/s"):format(jit and "LuaJIT" or _VERSION, count,
    count / median(saving), (">= %d/s"):format(TARGET), count / median(pulling), written, count / median(reading)))
