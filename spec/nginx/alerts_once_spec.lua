-- A real nginx that tells a real receiver, with threads and a file, without and with PostgreSQL.
local cjson = require "cjson"
local emulators = require "spec.support.emulator"
local json = require "dwsync.json"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"
local postgres = require "spec.support.postgres"
local receiver = require "spec.support.receiver"
local temporary = require "spec.support.temporary"
local told = require "spec.support.told"
local transitions = require "dwsync.problems.transitions"

local WITHOUT_THREADS = "init_by_lua_block { ngx.run_worker_thread = nil "

describe("nginx with alerts", function()
    local service, database

    setup(function()
        service, database = emulators.start(), postgres.start()
    end)
    teardown(function()
        database:stop()
        service:stop()
    end)
    before_each(function()
        service:reset()
    end)

    -- Calls use(server, messages): those that came, by key, and how often each.
    local function with_nginx(history, has_threads, use, clusters)
        local counts, messages = {}, {}
        receiver.with(function(body, key)
            counts[key], messages[#messages + 1] = (counts[key] or 0) + 1, json.decode(body)
        end, function(url)
            local client = service:options()
            client.getenv = nil -- a function cannot enter a thread
            clusters = clusters or { service:cluster "failing" }
            local http = nginx.refreshing { clusters = clusters, interval = 1, jitter = 0,
                client = client, history = history, alerts = { link = "https://status.example.com/{cluster}",
                    channels = { hook = { kind = "webhook", url = { env = "HOOK" } } } } }
            local server = nginx.start { env = { "HOOK=" .. url .. "/hidden-path" },
                http = has_threads and http or http:gsub("init_by_lua_block {", WITHOUT_THREADS, 1) }
            local good, reason = pcall(use, server, messages)
            local log = server:log()
            server:stop()
            assert(good, tostring(reason) .. log)
            assert.is_nil(log:find("hidden-path", 1, true))
            assert.is_nil(log:match "alerts: [^\n]*")
        end)
        for key, count in pairs(counts) do
            assert.equal(1, count, key)
        end
    end

    local function sweeps(server)
        return tonumber(server:get("/metrics").body:match 'dwsync_sweeps_total{outcome="complete"} (%d+)' or 0)
    end

    local function tells_once(history, has_threads)
        local cluster = service:cluster "failing"
        with_nginx(history, has_threads, function(server, messages)
            patience.wait_until(function() return messages[1] end, "a message")
            assert.same({ "firing", cluster, "https://status.example.com/" .. cluster }, { messages[1].event,
                messages[1].cluster_id, messages[1].link })
            local before = sweeps(server)
            patience.wait_until(function() return sweeps(server) >= before + 2 end, "two more sweeps")
            local kept = told.make(history)
            local row
            for _, one in ipairs(kept:rows()) do
                row = one.state == "told" and one or row
            end
            assert(kept.store:change(cluster, function(rows)
                local changed = {}
                for i, one in ipairs(rows) do
                    changed[i] = transitions.acknowledge(one, "ann", "the certificate", one.changed_at)
                end
                return changed, true
            end))
            kept:close()
            assert.equal(cluster, row.cluster_id)
            server:get_until("/status", "the certificate")
        end)
    end

    it("tells each problem once, sweep after sweep, and shows who takes care", function()
        temporary.with_folder(function(folder)
            tells_once(folder .. "/h.sqlite", true)
        end)
    end)

    it("counts that no cluster can be listed as a problem, though there is nothing to publish", function()
        temporary.with_folder(function(folder)
            service:fault({ status = 500 }, { match = { path = "/clusters" }, times = cjson.null })
            with_nginx(folder .. "/h.sqlite", true, function()
                local rows
                patience.wait_until(function()
                    local kept = told.make(folder .. "/h.sqlite")
                    rows = kept:rows()
                    kept:close()
                    return rows[1]
                end, "a problem")
                assert.same({ "list:", "unreachable", "pending" }, { rows[1].cluster_id:sub(1, 5), rows[1].rule,
                    rows[1].state })
            end, "all")
        end)
    end)

    it("does so in the event loop of one without threads", function()
        tells_once(database:fresh_url(), false)
    end)
end)
