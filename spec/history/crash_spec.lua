-- Writers that are killed, and writers that meet. Each is a process of its own.
local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local CLUSTER, RECORDS, FOR_EVER = "cluster", 50, 1000000

local function arguments(target, first, last, instructions)
    return { "spec/history/writer_process.lua", target, CLUSTER, tostring(first), tostring(last),
        tostring(instructions or 0) }
end

-- The last page that a writer said was saved.
local function last_saved(output, first)
    local last = first - 1
    for page in output:gmatch "saved (%d+)\n" do
        last = tonumber(page)
    end
    return last
end

-- Sees that pages 1 to n are there whole, and returns n, which is at least what was reported.
local function check(target, reported)
    local store = assert(history.open(target))
    local count, newest = 0, nil
    for record in store:each { cluster_id = CLUSTER } do
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
    assert.equal(newest * RECORDS, count)
    assert.is_true(newest >= reported, ("page %d was reported, %d is there"):format(reported, newest))
    return newest
end

-- Kills writers one after the other: the odd ones themselves within their Lua code, the even ones from outside, which
-- meets them anywhere, in the driver too, after a page that is chosen by chance.
local function kill_writers(target, times)
    local state, page = 42, 0
    local function random(n)
        state = (state * 16807) % 2147483647
        return state % n
    end
    for round = 1, times do
        local first, output = page + 1, nil
        if round % 2 == 1 then
            local words = { processes.quoted(uv.exepath()) }
            for _, word in ipairs(arguments(target, first, FOR_EVER, 1 + random(60000))) do
                words[#words + 1] = processes.quoted(word)
            end
            output = processes.run(table.concat(words, " ") .. " 2>&1")
        else
            local pattern = ("saved %d\n"):format(first + random(5))
            output = processes.start(uv.exepath(), arguments(target, first, FOR_EVER), pattern):stop "sigkill"
        end
        assert.is_truthy(output:find "^ready\n", output)
        assert.is_nil(output:find "done", output)
        page = check(target, last_saved(output, first))
    end
    return page
end

-- Two writers of the same pages, at once. Both end well, and what they leave is as if there had been one.
local function race(target)
    local pages = 40
    local writers = {}
    for i = 1, 2 do
        writers[i] = processes.start(uv.exepath(), arguments(target, 1, pages), "(ready)\n")
    end
    for _, writer in ipairs(writers) do
        writer:wait()
        assert.is_truthy(writer.output:find "done\n$", writer.output)
    end
    assert.equal(pages, check(target, pages))
    local store = assert(history.open(target))
    assert.equal(0, store:stats().versions)
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
        assert.is_true(kill_writers(server:url(server:create_database()), 10) > 10)
    end)

    it("takes two writers at once", function()
        race(server:url(server:create_database()))
    end)
end)
