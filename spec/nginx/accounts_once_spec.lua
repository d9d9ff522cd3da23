-- The refresher that keeps who is in the databases: their names are in the history alone.
local emulators = require "spec.support.emulator"
local history = require "dwsync.history"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"
local postgres = require "spec.support.postgres"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"

describe("the refresher with list_accounts", function()
    local service, server, cluster

    setup(function()
        service = emulators.start()
        cluster = service:cluster "mass_delete"
    end)
    teardown(function()
        service:stop()
    end)
    after_each(function()
        server:stop()
    end)

    local function start(target, options, before)
        local client = service:options()
        client.getenv = nil -- a function cannot enter a thread
        options.clusters, options.interval, options.client, options.history = { cluster }, 1, client, target
        server = nginx.start { http = nginx.refreshing(options):gsub("init_by_lua_block {", "%0 " .. (before or ""), 1),
            server = nginx.LOCATIONS, level = "info" }
    end

    local function until_accounts(target, query, count)
        local found
        patience.wait_until(function()
            local store = history.open(target, { readonly = true })
            found = store and store:accounts(query)
            if store then
                store:close()
            end
            return found and #found == count
        end, count .. " accounts")
        return found
    end

    -- Makes five minutes pass: what could not be had is due.
    local function hasten(target)
        local store = assert(history.open(target))
        assert(tables.run(store, "write", cluster, function(session)
            return session:rows "UPDATE dwsync_account_trials SET next_at = 1"
        end))
        store:close()
    end

    it("looks again when a run has made or dropped some, and names nobody", function()
        temporary.with_folder(function(folder)
            local target = folder .. "/history.db"
            service:admin("POST", "records", { cluster = cluster, hold = 1 })
            start(target, { list_accounts = true })
            until_accounts(target, { cluster_id = cluster }, 1191)
            service:admin("POST", "records", { cluster = cluster, release = true })
            local gone = until_accounts(target, { cluster_id = cluster, gone = true }, 473)
            local said = { server:log() }
            for _, path in ipairs { "/health", "/metrics", "/status", "/records?cluster=" .. cluster } do
                said[#said + 1] = server:get(path).body
            end
            said = table.concat(said, "\n")
            for _, account in ipairs(gone) do
                assert.is_nil(said:find(account.name, 1, true))
            end
            assert.is_nil(said:find("etl_loader", 1, true))
            assert.equal("", server:complaints())
        end)
    end)

    it("names some of the gone where show_accounts says so", function()
        temporary.with_folder(function(folder)
            service:reset()
            service:admin("POST", "accounts", { cluster = cluster, add = { { name = "!<i>canary" } } })
            service:admin("POST", "records", { cluster = cluster, hold = 1 })
            local target = folder .. "/history.db"
            start(target, { list_accounts = true, show_accounts = true })
            until_accounts(target, { cluster_id = cluster }, 1192)
            service:admin("POST", "accounts", { cluster = cluster, remove = { "!<i>canary" } })
            service:admin("POST", "records", { cluster = cluster, release = true })
            until_accounts(target, { cluster_id = cluster, gone = true }, 474)
            local page = server:get_until("/status", "!&lt;i&gt;canary")
            assert.truthy(page.body:find(" and 46%d more"), page.body:match "Gone by[^.]*..........")
        end)
    end)

    it("says why it may not list them, and keeps the records all the same", function()
        temporary.with_folder(function(folder)
            service:set { list_users = false }
            start(folder .. "/history.db", { list_accounts = true })
            server:wait_for_log "dws:cluster:listDatabaseUser"
            server:get_until("/metrics", "\ndwsync_history_failed 1\n")
            local store = assert(history.open(folder .. "/history.db", { readonly = true }))
            assert.equal(168, #assert(store:records { cluster_id = cluster }))
            store:close()
        end)
    end)

    it("asks again by itself without threads, too, in PostgreSQL, and takes nobody for gone meanwhile", function()
        local database = postgres.start()
        finally(function() database:stop() end)
        local target = database:fresh_url()
        service:reset()
        service:admin("POST", "records", { cluster = cluster, hold = 1 })
        start(target, { list_accounts = true }, "ngx.run_worker_thread = nil ")
        until_accounts(target, { cluster_id = cluster }, 1191)
        service:set { list_users = false }
        service:admin("POST", "records", { cluster = cluster, release = true })
        server:wait_for_log "dws:cluster:listDatabaseUser"
        until_accounts(target, { cluster_id = cluster, gone = true }, 0)
        service:set { list_users = true }
        hasten(target)
        until_accounts(target, { cluster_id = cluster, gone = true }, 473)
        server:get_until("/metrics", "\ndwsync_history_failed 0\n")
    end)
end)
