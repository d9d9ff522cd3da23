local curl = require "dwsync.runtime.curl"
local delivery = require "dwsync.problems.delivery"
local emulator = require "spec.support.emulator"
local history = require "dwsync.history"
local json = require "dwsync.json"
local channels = require "dwsync.problems.channels"
local processes = require "spec.support.processes"
local problems_store = require "dwsync.problems.store"
local postgres = require "spec.support.postgres"
local raw_server = require "spec.support.raw_server"
local runbook = require "spec.support.runbook"
local temporary = require "spec.support.temporary"
local transitions = require "dwsync.problems.transitions"

local NOW = 1747637723000
local KEY = { cluster_id = "c", source = "s", rule = "failing" }
local NOT_SENT = "^not sent to channel hook %(127.0.0.1:%d+%): CRITICAL: prod: failing: "

local function row(more)
    local seen = { severity = "critical", raises = true, message = "the last 4 runs failed", cluster_name = "prod" }
    for name, value in pairs(more or {}) do
        seen[name] = value
    end
    return transitions.look(nil, KEY, seen, NOW)
end

local function channel(url)
    return assert(channels.open("hook", assert(channels.check { kind = "webhook", url = { env = "URL" } }),
        { getenv = function() return url end }))
end

local function with_store(use)
    temporary.with_folder(function(folder)
        local opened = assert(history.open(folder .. "/h.db"))
        local store = assert(problems_store.open(opened))
        assert(store:change("c", function() return { row() }, true end))
        use(store, folder .. "/h.db")
        opened:close()
    end)
end

local function all()
    return true
end

-- Delivers. Returns what was sent and what failed.
local function deliver(store, url, perform, now)
    local sent, failed = {}, {}
    assert(delivery.run(store, { channel(url) }, {
        perform = perform or curl.new().perform, now = function() return now or NOW + 1 end,
        monotonic = function() return 0 end, till = 1, seen = function() end, is_meant = all,
        sent = function(message) sent[#sent + 1] = message end,
        failed = function(message, hint) failed[#failed + 1] = { message = message, hint = hint } end,
    }))
    return sent, failed
end


describe("telling a real receiver", function()
    it("is a POST of JSON with a key", function()
        with_store(function(store)
            local script = { { { "read", "}" }, { "send", raw_server.answer("204 No Content", "") } } }
            local received = raw_server.with(script,
                function(server)
                    local sent, failed = deliver(store, server.url .. "/hook/hidden?token=hidden")
                    assert.same({ 1, 0 }, { #sent, #failed })
                end)
            assert.equal(1, #received)
            assert.matches("^POST /hook/hidden%?token=hidden HTTP/1.1\r\n", received[1])
            assert.matches("\r\n[Cc]ontent%-[Tt]ype: application/json\r\n", received[1])
            local body = json.decode((received[1]:match "\r\n\r\n(.*)$"))
            assert.equal(body.key, received[1]:match "\r\n[Ii]dempotency%-[Kk]ey: (%x+)\r\n")
            assert.equal("prod", body.cluster_name)
        end)
    end)

    it("follows no redirect", function()
        with_store(function(store)
            local elsewhere
            local received = raw_server.with(raw_server.saying(raw_server.answer("200 OK", "")), function(other)
                elsewhere = raw_server.with(raw_server.saying(raw_server.answer("307 Temporary Redirect", "",
                    { "Location: " .. other.url .. "/stolen" })), function(server)
                    local sent, failed = deliver(store, server.url)
                    assert.same({ 0, 1 }, { #sent, #failed })
                    assert.matches(NOT_SENT .. "answered HTTP 307, a redirect, which is not followed$",
                        failed[1].message)
                end)
            end)
            assert.same({ 1, 0 }, { #elsewhere, #received })
        end)
    end)

    it("that resets, hangs up or is not there leaves it to the next run", function()
        for _, script in ipairs { { { { "read" }, { "reset" } } }, { { { "read" } } }, false } do
            with_store(function(store)
                local function attempt(server)
                    local sent, failed = deliver(store, server.url .. "/hidden")
                    assert.same({ 0, 1 }, { #sent, #failed })
                    assert.matches(NOT_SENT, failed[1].message)
                    assert.is_nil(failed[1].message:find("hidden", 1, true))
                    assert.equal("The next run tries again.", failed[1].hint)
                end
                if script then
                    raw_server.with(script, attempt)
                else
                    attempt { url = "http://127.0.0.1:1" }
                end
                assert.equal("firing", transitions.owed(store:rows()[1], "hook", NOW + 2).event)
            end)
        end
    end)

    it("whose certificate is not trusted sends nothing", function()
        local server = emulator.start()
        with_store(function(store)
            local sent, failed = deliver(store, server.info.endpoint .. "/hidden")
            assert.same({ 0, 1 }, { #sent, #failed })
            assert.matches("certificate", failed[1].message)
        end)
        server:stop()
    end)
end)

describe("telling", function()
    it("is done by one of two at once, who both know what is owed", function()
        with_store(function(store, path)
            local second = assert(history.open(path))
            local other, calls = assert(problems_store.open(second)), 0
            local function perform()
                calls = calls + 1
                if calls == 1 then -- while the first is sending
                    local sent, failed = deliver(other, "https://x.example", perform)
                    assert.same({ {}, {} }, { sent, failed })
                end
                return { status = 200 }
            end
            local sent = deliver(store, "https://x.example", perform)
            assert.same({ 1, 1 }, { #sent, calls })
            assert.same({}, (deliver(other, "https://x.example", perform)))
            second:close()
        end)
    end)

    it("is repeated with the same key by the next run, if it died before it knew", function()
        with_store(function(store)
            local key
            assert.has_error(function()
                deliver(store, "https://x.example", function(request)
                    key = request.headers["Idempotency-Key"]
                    error("killed", 0)
                end)
            end, "killed")
            local function perform(request)
                assert.equal(key, request.headers["Idempotency-Key"])
                return { status = 200 }
            end
            assert.equal(0, #deliver(store, "https://x.example", perform, NOW + 30000)) -- it may still be sending
            assert.equal(1, #deliver(store, "https://x.example", perform, NOW + 61001))
            assert.equal(0, #deliver(store, "https://x.example", perform, NOW + 600000))
        end)
    end)

    it("ends when its time is over, and says so", function()
        with_store(function(store)
            local called, said = false, nil
            assert(delivery.run(store, { channel "https://x.example" }, {
                perform = function() called = true end, now = function() return NOW + 1 end,
                monotonic = function() return 5 end, till = 5, seen = function() end, is_meant = all,
                failed = function(message, hint) said = message .. ". " .. hint end,
            }))
            assert.equal("not sent to channel hook (x.example): CRITICAL: prod: failing: the time for sending was "
                .. "over. The next run tries again.", said)
            assert.is_false(called)
        end)
    end)

    it("is no failure when its time is over once all is sent", function()
        with_store(function(store)
            local seconds, sent = 0, 0
            assert(delivery.run(store, { channel "https://x.example" }, {
                perform = function()
                    seconds = 6
                    return { status = 200 }
                end,
                now = function() return NOW + 1 end, monotonic = function() return seconds end, till = 5,
                seen = function() end, is_meant = all, sent = function() sent = sent + 1 end, failed = error,
            }))
            assert.equal(1, sent)
        end)
    end)

    it("uses the words of the present look, when there are some", function()
        with_store(function(store)
            local body
            assert(delivery.run(store, { channel "https://x.example" }, {
                perform = function(request)
                    body = json.decode(request.body)
                    return { status = 200 }
                end,
                now = function() return NOW + 1 end, monotonic = function() return 0 end, till = 1,
                seen = function() return { message = "the last 5 runs failed", severity = "critical" } end,
                is_meant = all, sent = function() end,
            }))
            assert.equal("the last 5 runs failed.", body.message)
        end)
    end)
end)

describe("two commands at once", function()
    local server
    setup(function() server = emulator.start() end)
    teardown(function() server:stop() end)

    local function assert_told_once(run, target)
        local out
        local received = raw_server.with({ { { "read", "}" }, { "send", raw_server.answer("200 OK", "") } } },
            function(webhook)
                local one = ("dwsync notify failing stuck partial mass-delete --set slow=off --history %s"):format(
                    target)
                local _, text, err = run(("dwsync history pull healthy --history %s >/dev/null; %s & %s & wait"):format(
                    target, one, one), { DWSYNC_WEBHOOK_URL = webhook.url .. "/x" })
                assert.equal("", err)
                out = text
            end)
        local keys = {}
        for _, request in ipairs(received) do
            local key = request:match "\r\n[Ii]dempotency%-[Kk]ey: (%x+)\r\n"
            assert.is_nil(keys[key])
            keys[key] = true
        end
        assert.equal(4, #received)
        assert.equal(4, select(2, out:gsub("told webhook: ", "")))
    end

    it("tell everything, and nothing twice", function()
        runbook.with(server, function(run)
            assert_told_once(run, '"$DIR/h.db"')
        end)
    end)

    it("do so on two machines with one PostgreSQL, too", function()
        local database = postgres.start()
        runbook.with(server, function(run)
            assert_told_once(run, processes.quoted(database:fresh_url()))
        end)
        database:stop()
    end)
end)
