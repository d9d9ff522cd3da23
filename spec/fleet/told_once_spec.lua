-- Collectors as processes, an emulated service and a real receiver: the same under every Lua.
local collecting = require "spec.support.collecting"
local emulators = require "spec.support.emulator"
local files = require "dwsync.files"
local history = require "dwsync.history"
local json = require "dwsync.json"
local patience = require "spec.support.patience"
local receiver = require "spec.support.receiver"
local runbook = require "spec.support.runbook"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"

local server
setup(function() server = emulators.start { clusters = 2 } end)
teardown(function() server:stop() end)

local function write_inventory(folder, url)
    collecting.write_inventory(folder, server.info)
    runbook.write(folder .. "/hook", url .. "/hidden-path\n")
    local text = assert(files.read(folder .. "/fleet.lua"))
    runbook.write(folder .. "/fleet.lua", (text:gsub("interval = 1,", ([[interval = 1, alerts = { channels = {
        hook = { kind = "webhook", url = { file = %q } }, am = { kind = "alertmanager", urls = { %q } },
        cloud = { kind = "smn", topic = "urn:smn:%s:%s:ops", account = "hq", endpoint = %q } } },]]):format(
        folder .. "/hook", url .. "/am", server.info.region, server.info.project_id, server.info.endpoint), 1)))
end

local function stop(child)
    child.process:kill "sigterm"
    child:wait()
    assert.equal("with status 0", child.exited)
end

-- A number of the history, once there is one.
local function ask(folder, sql)
    return patience.wait_until(function()
        local store = history.open(folder .. "/h.sqlite", { readonly = true })
        local found = store and tables.run(store, "read", nil, function(session) return session:rows(sql) end)
        if store then
            store:close()
        end
        return found and found[1] and tonumber(found[1][1])
    end, sql)
end

local UNTOLD = "SELECT count(*) FROM dwsync_problems WHERE state = 'firing'"
local TOLD = "SELECT count(*) FROM dwsync_problems WHERE state = 'told'"
local OWED = "SELECT count(*) FROM dwsync_outbox WHERE state = 'owed'"
local UNSEEN = "SELECT count(*) FROM dwsync_schedule WHERE kind = 'cluster' AND looked_at IS NULL"
local LOOKS = "SELECT sum(looks) FROM dwsync_collectors"

local function await_all_told(folder)
    patience.wait_until(function()
        return ask(folder, TOLD) > 3 and ask(folder, UNSEEN) == 0 and ask(folder, UNTOLD) == 0
            and ask(folder, OWED) == 0 -- by every channel
    end, "all problems to be told")
end

local function await_looks(folder)
    local before = ask(folder, LOOKS)
    patience.wait_until(function() return ask(folder, LOOKS) > before + 20 end, "twenty looks")
end

describe("a fleet's collectors", function()
    it("tell each problem once, however they end, are killed and begin again, and show no address", function()
        temporary.with_folder(function(folder)
            local counts, texts, alerts = {}, {}, {}
            receiver.with(function(body, key)
                if not key then
                    alerts = json.decode(body)
                    return nil
                end
                counts[key], texts[#texts + 1] = (counts[key] or 0) + 1, json.decode(body).text
            end, function(url)
                write_inventory(folder, url)
                local first = collecting.start(folder, "--name one")
                await_all_told(folder)
                first.process:kill "sigkill"
                first:wait()
                local second, third = collecting.start(folder, "--name one"), collecting.start(folder, "--name two")
                await_looks(folder)
                await_all_told(folder)
                stop(second)
                stop(third)
                for _, output in ipairs { first.output, second.output, third.output,
                    runbook.read(folder .. "/h.sqlite"), table.concat(texts) } do
                    assert.is_nil(output:find("hidden-path", 1, true))
                end
                assert.equal("", (first.output .. second.output):match "not sent[^\n]*" or "")
            end)
            for key, count in pairs(counts) do
                assert.equal(1, count, key)
            end
            assert.is_truthy(alerts[1] and alerts[1].labels.rule)
            local notices = server:admin("GET", "notices").notices
            assert.same({ "smn", true }, { notices[1].kind, notices[1].path:find ":ops/publish" ~= nil })
        end)
    end)
end)
