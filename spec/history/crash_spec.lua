-- Writers that are killed, and writers that meet. Each is a process of its own.
local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local CLUSTER, RECORDS, FOR_EVER = "cluster", 20, 1000000

local function arguments(target, first, last, death, name)
    return { "spec/history/writer_process.lua", target, CLUSTER, tostring(first), tostring(last), death, name }
end

-- The last page that a writer said was saved.
local function last_saved(output, first)
    local last = first - 1
    for page in output:gmatch "saved (%d+)\n" do
        last = tonumber(page)
    end
    return last
end

-- Sees that all pages from one on are there whole, and returns the last, which is at least what was reported.
local function check(target, reported, from)
    local store = assert(history.open(target))
    local count, newest = 0, nil
    for record in store:each { cluster_id = CLUSTER, since = from * 1000 } do
        local page, i = record.id:match "^(%d+)-(%d+)$"
        newest = newest or tonumber(page)
        local distance = count % RECORDS -- newest first: from the last record of a page to its first
        assert.equal(newest - math.floor(count / RECORDS), tonumber(page))
        assert.equal(RECORDS - distance, tonumber(i))
        assert.equal(tonumber(page) == newest and "RUNNING" or "FINISHED", record.status)
        count = count + 1
    end
    store:close()
    newest = newest or 0
    assert.equal(newest == 0 and 0 or (newest - from + 1) * RECORDS, count)
    assert.is_true(newest >= reported, ("page %d was reported, %d is there"):format(reported, newest))
    return newest
end

-- A writer that kills itself.
local function run_suicide(target, first, death)
    local words = { processes.quoted(uv.exepath()) }
    for _, word in ipairs(arguments(target, first, FOR_EVER, death)) do
        words[#words + 1] = processes.quoted(word)
    end
    return (processes.run(table.concat(words, " ") .. " 2>&1"))
end

-- A writer that is killed when it has said that a page is saved, while it is at work on the next one.
local function run_victim(target, first, page)
    local words = arguments(target, first, FOR_EVER, "never")
    return processes.start(uv.exepath(), words, ("saved %d\n"):format(page)):stop "sigkill"
end

-- Kills writers one after the other, at places chosen by chance: within Lua's work, between two statements, or from
-- outside, which meets the driver and the disk, too.
local function kill_writers(target, times)
    local state, page = 42, 0
    local function random(n)
        state = (state * 16807) % 2147483647
        return state % n
    end
    for round = 1, times do
        local first = page + 1
        local output
        if round % 3 == 0 then
            output = run_victim(target, first, first + random(5))
        elseif round % 3 == 1 then
            output = run_suicide(target, first, "instructions:" .. 1 + random(200000))
        else
            output = run_suicide(target, first, "statements:" .. 1 + random(30))
        end
        assert.is_truthy(output:find "^ready\n", output)
        assert.is_nil(output:find "done", output)
        page = check(target, last_saved(output, first), math.max(1, page - 1))
    end
    return check(target, page, 1)
end

-- Two writers of the same pages, at once, each of which changes one record in every page, too. Both end well; the pages
-- are as one writer would leave them, and no change is lost.
local function race(target)
    local pages = 40
    local writers = {}
    for i = 1, 2 do
        writers[i] = processes.start(uv.exepath(), arguments(target, 1, pages, "never", "writer" .. i), "(ready)\n")
    end
    for _, writer in ipairs(writers) do
        writer:wait()
        assert.is_truthy(writer.output:find "done\n$", writer.output)
    end
    assert.equal(pages, check(target, pages, 1))
    local store = assert(history.open(target))
    local versions = store:versions(CLUSTER, "shared")
    assert.equal(2 * pages, #versions)
    for i, version in ipairs(versions) do
        assert.equal(i, version.version)
    end
    assert.equal(2 * pages - 1, store:stats().versions)
    store:close()
end

describe("a history in a SQLite file", function()
    it("loses nothing committed and keeps no half of a page when its writer is killed, 50 times", function()
        temporary.with_folder(function(folder)
            local target = folder .. "/history.db"
            assert.is_true(kill_writers(target, 50) > 50)
            local connection = require("luasql.sqlite3").sqlite3():connect(target)
            local cursor = connection:execute "PRAGMA integrity_check"
            assert.equal("ok", cursor:fetch())
            cursor:close()
            connection:close()
        end)
    end)

    it("takes two writers at once", function()
        temporary.with_folder(function(folder)
            race(folder .. "/history.db")
        end)
    end)
end)

describe("a history in PostgreSQL", function()
    local server
    setup(function()
        server = postgres.start()
    end)
    teardown(function()
        server:stop()
    end)

    it("loses nothing committed and keeps no half of a page when its writer is killed, 10 times", function()
        assert.is_true(kill_writers(server:fresh_url(), 10) > 10)
    end)

    it("takes two writers at once", function()
        race(server:fresh_url())
    end)
end)
