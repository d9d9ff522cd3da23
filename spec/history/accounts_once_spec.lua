-- The ledger of accounts when who writes it is killed, and when two write at once. Each is a process of its own.
local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local STAY, COME = 30, 20

local function words(target, rounds, death, name)
    return { "spec/history/accounts_process.lua", target, tostring(rounds), death, name }
end

-- Sees that the ledger is one that whole looks made: those who stay never went, and the others of a look came and went
-- together.
local function check(target)
    local store = assert(history.open(target))
    local present = assert(store:accounts { cluster_id = "c" })
    if present.look then
        assert.equal(STAY + COME, #present)
        assert.equal(STAY + COME, present.look.accounts)
    end
    local seen, looks = {}, {}
    for _, list in ipairs { present, assert(store:accounts { cluster_id = "c", gone = true }) } do
        for _, account in ipairs(list) do
            assert.is_nil(seen[account.name])
            seen[account.name] = true
            local look = account.name:match "^(.+)%.%d+$" or "stays"
            local known = looks[look] or { count = 0, first = account.first_seen, gone = account.gone_at }
            looks[look] = known
            known.count = known.count + 1
            assert.same({ known.first, known.gone }, { account.first_seen, account.gone_at })
            assert.is_true(account.first_seen <= account.last_seen or account.gone_at ~= nil)
            assert.is_true(not account.gone_at or account.last_seen <= account.gone_at)
        end
    end
    for look, known in pairs(looks) do
        assert.equal(look == "stays" and STAY or COME, known.count, look)
    end
    assert.is_nil(looks.stays and looks.stays.gone)
    local ledger = assert(store:together("c", {})).ledger
    for _, count in ipairs(ledger and ledger.counts or {}) do
        assert.equal(STAY + COME, count.by_type.common)
    end
    store:close()
end

local function killed(target, death)
    local parts = { processes.quoted(uv.exepath()) }
    for _, word in ipairs(words(target, 1000, death)) do
        parts[#parts + 1] = processes.quoted(word)
    end
    local output = processes.run(table.concat(parts, " ") .. " 2>&1")
    assert.matches("^ready\n", output)
    assert.is_nil(output:find "done", output)
end

local function kill_all(target)
    for _, death in ipairs { "reading", "statements:8", "statements:13", "reading", "statements:17", "statements:23",
        "statements:37" } do
        killed(target, death)
        check(target)
    end
end

local function race(target)
    local rounds, writers, saved = 20, {}, 0
    for i = 1, 2 do
        writers[i] = processes.start(uv.exepath(), words(target, rounds, "never", "w" .. i .. "x"), "(ready)\n")
    end
    for _, writer in ipairs(writers) do
        writer:wait()
        assert.matches("done\n$", writer.output)
        saved = saved + select(2, writer.output:gsub("saved\n", ""))
    end
    assert.is_true(saved >= rounds)
    check(target)
end

describe("the ledger of accounts", function()
    local server
    setup(function() server = postgres.start() end)
    teardown(function() server:stop() end)

    it("has whole looks alone, wherever who writes it is killed, in a file", function()
        temporary.with_folder(function(folder)
            kill_all(folder .. "/history.db")
        end)
    end)

    it("has whole looks alone, wherever who writes it is killed, in PostgreSQL", function()
        kill_all(server:fresh_url())
    end)

    it("takes 100,000 accounts, none of them twice", function()
        local function list_of(first, last)
            local list = { complete = true }
            for i = first, last do
                list[#list + 1] = { name = ("user.%06d"):format(i), user_type = "OneAccess", login = true }
            end
            return function() return list end
        end
        temporary.with_folder(function(folder)
            local store = assert(history.open(folder .. "/history.db"))
            assert.equal(100000, assert(store:pull_accounts("c", list_of(1, 100000))).accounts)
            local summary = assert(store:pull_accounts("c", list_of(501, 100500)))
            assert.same({ 500, 500, 100000 }, { summary.came, summary.went, summary.accounts })
            assert.equal(500, #assert(store:accounts { cluster_id = "c", gone = true }))
            assert.equal(100000, assert(store:together("c", {})).ledger.counts[2].by_type.oneaccess)
            store:close()
        end)
    end)

    it("has whole looks alone when two look at once, in a file", function()
        temporary.with_folder(function(folder)
            race(folder .. "/history.db")
        end)
    end)

    it("has whole looks alone when two look at once, in PostgreSQL", function()
        race(server:fresh_url())
    end)
end)
