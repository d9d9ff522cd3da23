local cjson = require "cjson"
local emulators = require "spec.support.emulator"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"

-- As Kong's nginx is built: init_by_lua hides what such a build lacks.
local WITHOUT_THREADS = "init_by_lua_block { ngx.run_worker_thread = nil "

local LOCATIONS = nginx.LOCATIONS .. [[
        location = /owner { content_by_lua_block { ngx.print(ngx.shared.dwsync:get("dwsync.1:lease") or "nobody") } }
]]

describe("the refresher in an nginx without threads", function()
    local service, server

    local function start(options)
        local client = service:options { retries = 0 }
        client.getenv = nil -- a function cannot enter the refresher's order
        options.client, options.interval, options.jitter, options.lease = client, 1, 0, 1
        server = nginx.start { workers = 2, server = LOCATIONS,
            http = nginx.refreshing(options):gsub("init_by_lua_block {", WITHOUT_THREADS, 1) }
    end

    setup(function()
        service = emulators.start()
    end)
    teardown(function()
        service:stop()
    end)
    before_each(function()
        service:reset()
    end)
    after_each(function()
        server:stop()
    end)

    it("publishes all that one with threads does, sweep after sweep", function()
        start { clusters = "all" }
        server:get_until("/metrics", 200)
        patience.wait_until(function()
            local count = server:get("/metrics").body:match 'dwsync_sweeps_total{outcome="complete"} (%d+)'
            return tonumber(count or 0) >= 3
        end, "more sweeps")
        local cluster, client = service:cluster "failing", service:client()
        local page = cjson.decode(server:get("/records?limit=1000&cluster=" .. cluster).body)
        assert.equal(#client:all_sync_records { cluster_id = cluster }, #page.sync_records)
        assert.equal(#client:list_clusters(), #cjson.decode(server:get("/health").body).clusters)
        assert.matches('id="overview"', server:get("/status").body, 1, true)
        assert.equal("", server:complaints())
    end)

    it("says that a history in a file would hold up nginx, and judges without it", function()
        start { clusters = { service:cluster "healthy" }, history = os.tmpname() }
        server:get_until("/health", 200)
        patience.wait_until(function() return server:complaints() ~= "" end, "a line of the log")
        assert.matches("the history was not written: this nginx has no threads", server:complaints(), 1, true)
    end)

    it("ends a sweep under way when nginx ends", function()
        service:fault({ delay = 600 }, { times = cjson.null })
        start { clusters = { service:cluster "healthy" }, timeout = 3600 }
        patience.wait_until(function() return server:get("/owner").body ~= "nobody" end, "a sweep")
        server:signal "sigquit"
        patience.wait_until(function() return server.exited end, "nginx to end")
        assert.equal("", server:complaints())
    end)
end)
