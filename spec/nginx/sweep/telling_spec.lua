local errors = require "dwsync.errors"
local history = require "dwsync.history"
local json = require "dwsync.json"
local outbox = require "dwsync.problems.outbox"
local problems = require "dwsync.problems"
local problems_store = require "dwsync.problems.store"
local raw_server = require "spec.support.raw_server"
local telling = require "dwsync.nginx.sweep.telling"
local temporary = require "spec.support.temporary"

local NOW = 1763971200
local MINUTE = 60

local function refused()
    return errors.new { kind = "auth", message = "the key was refused", hint = "Correct it." }
end

local function well(id)
    return { cluster = { id = id }, severity = "ok", evaluation = { verdicts = {} } }
end

local ANSWERED = { { "read", "}" }, { "send", raw_server.answer("204 No Content", "") } }

-- Calls use(tell, history): tell(minutes, items, listing) is what one sweep tells; returns what arrived of it. `count`
-- messages arrive in all. Returns their titles.
local function with_channel(count, use)
    local scripts, titles = {}, {}
    for i = 1, count do
        scripts[i] = ANSWERED
    end
    local function tells(url)
        temporary.with_folder(function(folder)
            local store = assert(history.open(folder .. "/h.sqlite"))
            use(function(minutes, items, listing)
                local now = NOW + minutes * MINUTE
                local told = telling.tell({
                    alerts = { channels = { hook = { kind = "webhook", url = { env = "HOOK" } } } },
                    environment = { HOOK = url }, client_options = {}, interval = 60, owner = "worker",
                    client = { option = function() return "cn-north-4" end },
                    now = function() return now end, monotonic = function() return 0 end,
                }, store, items, listing, 30)
                assert.same({ lost = {} }, told)
                local sent = {}
                for _, entries in pairs(assert(outbox.read(assert(problems_store.open(store))))) do
                    for _, entry in ipairs(entries) do
                        sent[#sent + 1] = entry.sent_at == now * 1000 and entry.step or nil
                    end
                end
                return sent
            end, store)
            store:close()
        end)
    end
    if count == 0 then
        tells "http://127.0.0.1:1"
        return titles
    end
    for i, request in ipairs(raw_server.with(scripts, function(server) tells(server.url) end)) do
        titles[i] = json.decode((request:match "\r\n\r\n(.*)$")).text:match "^[^\n]*"
    end
    return titles
end

describe("the problems of a history", function()
    it("are those that any program keeps in it, and none where no program does", function()
        temporary.with_folder(function(folder)
            local store = assert(history.open(folder .. "/h.sqlite"))
            assert.same({}, telling.rows(store))
            assert(problems_store.open(store):change("c", function()
                return { { cluster_id = "c", source = "s", rule = "failing", state = "firing", severity = "critical",
                    episode = 1, since = NOW * 1000, fired_at = NOW * 1000, changed_at = NOW * 1000, told = {} } }, true
            end))
            assert.equal("failing", assert(telling.rows(store))[1].rule)
            store:close()
        end)
    end)
end)

describe("the problems of a history that fails", function()
    local history_tables = require "dwsync.history.tables"
    local run, open = history_tables.run, problems_store.open
    after_each(function() history_tables.run, problems_store.open = run, open end)

    it("are nil, and why", function()
        local err = refused()
        history_tables.run = function() return nil, err end
        assert.same({ nil, err }, { telling.rows {} })
        history_tables.run = function() return { true } end
        problems_store.open = function() return nil, err end
        assert.same({ nil, err }, { telling.rows {} })
        problems_store.open = function() return { rows = function() return nil, err end } end
        assert.same({ nil, err }, { telling.rows {} })
        problems_store.open = function() return { rows = function() return { "row" }, "warning" end } end
        assert.same({ { "row" }, nil }, { telling.rows {} })
    end)
end)

-- The sender is replaced: what is looked at is what it is made of, and what becomes of what it says.
describe("the sender of a sweep", function()
    local delivery, runtimes = require "dwsync.problems.delivery", require "dwsync.runtime"
    local new, complete, made, ran
    before_each(function()
        new, complete, made, ran = delivery.new, runtimes.complete, nil, nil
        runtimes.complete = function() return { monotonic = function() return 500 end } end
    end)
    after_each(function() delivery.new, runtimes.complete = new, complete end)

    local function tell(till, alerts, run)
        delivery.new = function(options)
            made = options
            return { run = function(_, at)
                ran = at
                if run then
                    return run(options)
                end
                return true
            end }
        end
        local store = assert(history.open ":memory:")
        local told = telling.tell({ alerts = alerts or { channels = { b = { kind = "webhook", url = { env = "HOOK" } },
            a = { kind = "webhook", url = { env = "HOOK" } } } }, environment = { HOOK = "https://h.example/x" },
            client_options = {}, interval = 60, owner = "worker", now = function() return NOW + 0.5 end,
            monotonic = function() return 7 end }, store, { well "c1" }, nil, till)
        store:close()
        return told
    end

    it("has until the sweep should have ended, half a minute at most", function()
        for till, expected in pairs { [7] = 500, [19] = 512, [37] = 530, [38] = 530, [100] = 530 } do
            assert.same({ lost = {} }, tell(till))
            assert.equal(expected, ran)
        end
        assert.same({ "nginx:worker", 60, "a", "b" }, { made.name, made.every, made.channels[1].name,
            made.channels[2].name })
        assert.equal(NOW * 1000 + 500, made.now())
        assert.same({ true, false }, { made.is_meant { cluster_id = "c1" }, made.is_meant { cluster_id = "c2" } })
    end)

    it("says the first of what may pass as trouble, and all that was refused for good as lost", function()
        assert.same({ trouble = "one", lost = { "three", "five" } }, tell(9, nil, function(options)
            for i, outcome in ipairs { "later", false, "refused", "later", "given_up" } do
                options.failed(({ "one", "two", "three", "four", "five" })[i], "hint", {}, outcome or nil)
            end
            return true
        end))
        assert.same({ trouble = "two", lost = {} }, tell(9, nil, function(options)
            options.failed "two"
            return true
        end))
    end)

    it("has the reason as trouble where it could not be made, or the database failed", function()
        assert.same({ trouble = tostring(refused()), lost = {} }, tell(9, nil, function() return nil, refused() end))
        for expected, alerts in pairs { ["NONE"] = { channels = { c = { kind = "webhook", url = { env = "NONE" } } } },
            ["unknown key"] = { no = 1 } } do
            local told = tell(9, alerts)
            assert.matches(expected, told.trouble, 1, true)
            assert.same({}, told.lost)
        end
    end)
end)

describe("what a sweep tells", function()
    local LISTING = { "UNKNOWN: the clusters of cn-north-4: unreachable",
        "RESOLVED: the clusters of cn-north-4: unreachable" }

    it("is that clusters cannot be listed, after a quarter of an hour, and that it is over", function()
        assert.same(LISTING, with_channel(2, function(tell)
            assert.same({}, tell(0, {}, {}))
            assert.same({}, tell(1, {}, { error = refused() }))
            assert.same({}, tell(10, {}, { error = refused() }))
            assert.same({ "unknown" }, tell(17, {}, { error = refused() }))
            assert.same({}, tell(18, { well "c1" }, { error = refused() }))
            assert.same({ "resolved" }, tell(19, { well "c1" }, {}))
        end))
    end)

    it("is that a cluster cannot be asked, whatever it is judged by", function()
        assert.same({ "UNKNOWN: two: unreachable" }, with_channel(1, function(tell)
            local items = { well "c1", { cluster = { id = "c2", name = "two" }, error = refused(), severity = "ok",
                evaluation = { verdicts = {} } } }
            assert.same({}, tell(0, items))
            assert.same({ "unknown" }, tell(16, items))
        end))
    end)

    it("is no problem of a word that means no cluster, but of the listing", function()
        assert.same(LISTING, with_channel(2, function(tell)
            local items = { well "c1", { cluster = { id = "prd-*" }, error = refused(), is_unknown = true,
                severity = "unknown" } }
            assert.same({}, tell(0, items, { error = refused() }))
            assert.same({ "unknown" }, tell(16, items, { error = refused() }))
            assert.same({ "resolved" }, tell(17, { well "c1" }, {}))
        end))
    end)

    it("is about the clusters that it looked at, and leaves to others what they owe", function()
        assert.same({ "UNKNOWN: one: unreachable" }, with_channel(1, function(tell, store)
            local function unreachable(name)
                return { cluster = { id = name, name = name }, error = refused(), severity = "unknown" }
            end
            local plan = problems.plan(nil, { { name = "hook", options = {} } })
            for _, minutes in ipairs { 0, 16 } do
                assert(problems.look(assert(problems_store.open(store)), { unreachable "other" }, { least = "warning",
                    plan = plan }, (NOW + minutes * MINUTE) * 1000))
                assert.same(minutes == 0 and {} or { "unknown" }, tell(minutes, { unreachable "one" }))
            end
        end))
    end)

    it("leaves a listing alone where none was wanted", function()
        with_channel(0, function(tell)
            assert.same({}, tell(0, {}, { error = refused() }))
            assert.same({}, tell(16, { well "c1" }))
            assert.same({}, tell(17, { well "c1" }, {}))
        end)
    end)
end)
