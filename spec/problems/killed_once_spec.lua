-- A sender that is killed wherever it is, beside a real receiver. Whole processes, the same under every Lua.
local history = require "dwsync.history"
local outbox = require "dwsync.problems.outbox"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local receiver = require "spec.support.receiver"
local stores = require "dwsync.problems.store"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"
local transitions = require "dwsync.problems.transitions"
local uv = require "luv"

local NOW = 1747637723000
local KEY = { cluster_id = "c", source = "s", rule = "failing" }

-- Sends all that is owed, and dies where it is told to.
local SENDER = [[
    local url, path, point, now = %q, %q, %q, %d
    local uv = require "luv"
    local function die()
        uv.kill(uv.os_getpid(), "sigkill")
        while true do end
    end
    local channels = require "dwsync.problems.channels"
    local curl = require("dwsync.runtime.curl").new()
    local channel = assert(channels.open("hook", assert(channels.check { kind = "webhook", url = { env = "URL" } }),
        { getenv = function() return url end }))
    local history = assert(require("dwsync.history").open(path))
    io.write "sending\n"
    io.flush()
    local store = assert(require("dwsync.problems.store").open(history))
    local sender = require("dwsync.problems.delivery").new { store = store,
        channels = { channel }, plan = function() return { to = { "hook" } } end, name = tostring(now),
        runtime = { monotonic = function() return 0 end, perform = function(request)
            if point == "before" then die() end
            local response, err = curl.perform(request)
            if point == "after" then die() end
            return response, err
        end },
        now = function() return now end, failed = function(message) io.write(message, "\n") end }
    assert(sender:run(1))
]]

local function start(url, path, point, now)
    return processes.start(uv.exepath(), { "-e", SENDER:format(url, path, point, now) }, "(sending)\n")
end

local function look(path, severity, now)
    local opened = assert(history.open(path))
    assert(stores.open(opened))
    assert(tables.run(opened, "write", KEY.cluster_id, function(session)
        local row = transitions.look(stores.rows_in(session)[1], KEY, { severity = severity, raises = true,
            message = "the last 4 runs failed" }, now)
        stores.change_in(session, KEY.cluster_id, function() return { row } end)
        outbox.add(session, { row }, function() return { to = { "hook" } } end, now)
        return true
    end))
    opened:close()
end

describe("a sender that is killed", function()
    -- How often each message came, in the order in which they came.
    local function counts_of(keys)
        local counts, places = {}, {}
        for _, key in ipairs(keys) do
            if not places[key] then
                counts[#counts + 1], places[key] = 0, #counts + 1
            end
            counts[places[key]] = counts[places[key]] + 1
        end
        return counts
    end

    for point, expected in pairs {
        before = { { 1 }, { 1 } }, -- nothing had left
        between = { { 2 }, { 2 } }, -- the receiver has it, twice with one key
        after = { { 2 }, { 2 } },
    } do
        it(point .. " its message arrived leaves it to the next one, which sends it with the same key", function()
            temporary.with_folder(function(folder)
                local path, keys, child = folder .. "/h.db", {}, nil
                look(path, "critical", NOW)
                receiver.with(function(_, key)
                    keys[#keys + 1] = key
                    if point == "between" and #keys == 1 then
                        child.process:kill "sigkill"
                        return false
                    end
                end, function(url)
                    child = start(url, path, point, NOW + 1)
                    patience.wait_until(function() return child.exited end, "it to die")
                    assert.equal("by signal 9", child.exited)
                    child:wait()
                    assert.equal("sending\n", start(url, path, "", NOW + 2):wait()) -- it may still be sending
                    assert.same(point == "before" and {} or { 1 }, counts_of(keys))
                    for attempt = 1, 2 do -- and then never again
                        assert.equal("sending\n", start(url, path, "", NOW + attempt * 100000):wait())
                        assert.same(expected[attempt], counts_of(keys))
                    end
                    look(path, "ok", NOW + 300000)
                    assert.equal("sending\n", start(url, path, "", NOW + 400000):wait())
                    assert.equal(2, #counts_of(keys))
                end)
            end)
        end)
    end
end)
