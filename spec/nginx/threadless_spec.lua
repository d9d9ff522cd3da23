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

    it("is refused by setup with a history in a file, which would hold up nginx", function()
        for _, clusters in ipairs { "all", "fleet" } do
            server = nginx.start { may_fail = true, http = nginx.refreshing { clusters = clusters,
                client = clusters == "all" and { region = "cn-north-4" } or nil,
                history = "/nowhere/h.db" }:gsub("init_by_lua_block {", WITHOUT_THREADS, 1) }
            assert.equal(1, server.exited)
            assert.matches("history: this nginx has no threads, and a file would hold up its event loop: use "
                .. "postgres://", server:log(), 1, true)
            if clusters == "all" then
                server:stop()
            end
        end
    end)

    -- What is called in nginx's event loop, of a server that sweeps nothing.
    local function run_there(code)
        server = nginx.start { server = ([[
        location = /run { content_by_lua_block {
            local slices = require("dwsync.nginx.sweep.slices").of_event_loop()
            %s
        } }
        location = /page { return 200 '{"count":1,"sync_records":[{"id":"a","status":"FINISHED"}]}'; }
]]):format(code) }
        return cjson.decode(server:get("/run").body)
    end

    it("works on where a light thread was killed in the middle of its work", function()
        assert.same({ "next", true }, run_there [[
            local rounds, text = 0, ""
            local thread = ngx.thread.spawn(slices.alone, function()
                while true do
                    rounds, text = rounds + 1, ("x"):rep(rounds % 1000)
                    slices.pause()
                end
            end)
            repeat ngx.sleep(0.01) until rounds > 10
            assert(ngx.thread.kill(thread))
            local result = slices.alone(function() return "next" end)
            ngx.print(require("cjson").encode { result, collectgarbage "isrunning" })
        ]])
    end)

    it("asks for all lists at once, and decodes few of them", function()
        local seen = run_there [[
            local runtime = require("dwsync.runtime").new()
            local request = { url = ("http://127.0.0.1:%s/page"):format(ngx.var.server_port), decode = {} }
            local functions, begun, decoded, most = {}, 0, 0, 0
            for i = 1, 16 do
                functions[i] = function()
                    return slices.list(function()
                        begun = begun + 1
                        assert(assert(runtime.perform(request)).page)
                        decoded = decoded + 1
                        most = math.max(most, decoded)
                        repeat ngx.sleep(0.01) until begun == 16
                        decoded = decoded - 1
                        return i % 4 > 0 and i or error "each fourth"
                    end)
                end
            end
            local results, errs = require("dwsync").gather(functions)
            local failed = 0
            for _ in pairs(errs) do failed = failed + 1 end
            ngx.print(require("cjson").encode { most = most, failed = failed, last = results[15] })
        ]]
        assert.same({ most = 4, failed = 4, last = 15 }, seen)
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
