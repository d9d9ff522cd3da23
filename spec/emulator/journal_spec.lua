local journals = require "dwsync.emulator.journal"

-- A journal of so many requests over seven connections; the status of each is its number.
local function after(count)
    local journal = journals.new()
    for i = 1, count do
        journal:add({ connection = i % 7, status = i }, false)
    end
    return journal
end

local function statuses(journal)
    local list = {}
    for i, request in ipairs(journal:list()) do
        list[i] = request.status
    end
    return list
end

local function range(first, last)
    local list = {}
    for i = first, last do
        list[#list + 1] = i
    end
    return list
end

describe("the journal of the emulator", function()
    it("lists every request, oldest first, as long as they are few", function()
        assert.same({}, statuses(after(0)))
        assert.same({ 1, 2, 3 }, statuses(after(3)))
        assert.same(range(1, 500), statuses(after(500)))
    end)

    it("keeps the last 500 only, and counts all", function()
        assert.same(range(2, 501), statuses(after(501)))
        local journal = after(1203)
        assert.same(range(704, 1203), statuses(journal))
        assert.same({ 1203, 7 }, { journal.total, journal.connections })
    end)

    it("counts the connections that resumed a TLS session, each once", function()
        local journal = journals.new()
        journal:add({ connection = 1 }, false)
        journal:add({ connection = 2 }, true)
        journal:add({ connection = 2 }, true)
        assert.same({ 3, 2, 1 }, { journal.total, journal.connections, journal.tls_sessions_reused })
    end)

    it("remembers at least ten thousand connections, and at most twice as many", function()
        local journal = journals.new()
        local function connect(first, last)
            for i = first, last do
                journal:add({ connection = i }, true)
            end
        end
        connect(1, 10000)
        connect(1, 1)
        connect(10001, 20000)
        connect(10000, 10000)
        assert.same({ 20000, 20000 }, { journal.connections, journal.tls_sessions_reused })
        connect(20001, 20001)
        connect(1, 1) -- two generations ago
        assert.equal(20002, journal.connections)
        local count = 0
        for _, seen in ipairs { journal.seen, journal.seen_before } do
            for _ in pairs(seen) do
                count = count + 1
            end
        end
        assert.is_true(count > 10000 and count <= 20000)
    end)
end)
