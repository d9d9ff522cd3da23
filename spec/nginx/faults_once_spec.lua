local cjson = require "cjson"
local emulators = require "spec.support.emulator"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"

local FOREVER = { times = cjson.null }

describe("the refresher inside nginx, when", function()
    local service, server

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
        if server then
            server:stop()
        end
    end)

    local function client_options(more)
        local options = service:options(more)
        options.getenv = nil -- a function cannot enter a thread
        return options
    end

    -- An nginx that asks for one healthy cluster, often.
    local function start(more, client)
        local options = { clusters = { service:cluster "healthy" }, interval = 1, lease = 1, timeout = 30,
            client = client_options(client) }
        for name, value in pairs(more or {}) do
            options[name] = value
        end
        server = nginx.start { http = nginx.refreshing(options), workers = 2 }
        return server
    end

    local function metric(name)
        local value = ("\n" .. server:get("/metrics").body):match("\n" .. name .. "[^ \n]* ([^\n]+)\n")
        return tonumber(value)
    end

    -- A sweep's results and how it went are seen one after the other, and one that is slow makes old before it fails.
    local function eventually(expected, look)
        local seen
        patience.wait_until(function()
            local good
            good, seen = pcall(look)
            return good and pcall(assert.same, expected, seen)
        end, function()
            return "what was expected; it was " .. cjson.encode(seen)
        end)
    end

    it("the service is down from the start, answers 503 until the first sweep ended, and then says why", function()
        start({}, { endpoint = "https://127.0.0.1:1", retries = 0 })
        for _, path in ipairs { "/metrics", "/health" } do
            local response = server:get(path)
            if response.status == 503 and response.headers["retry-after"] then
                assert.equal("5", response.headers["retry-after"])
            end
        end
        server:get_until("/metrics", 200)
        assert.equal(0, metric "dwsync_up")
        local health = server:get "/health"
        assert.equal(503, health.status)
        assert.truthy(health.body:find('"kind":"network"', 1, true), health.body)
        assert.equal(503, server:get("/records").status)
        assert.truthy(server:get("/status").body:find("network: ", 1, true))
    end)

    it("the service comes up late, takes the first good answer", function()
        service:fault({ reset = "before" }, FOREVER)
        start({}, { retries = 0 })
        server:get_until("/metrics", 200)
        assert.equal(503, server:get("/health").status)
        service:admin("DELETE", "faults")
        server:get_until("/health", 200)
        assert.equal(200, server:get("/records").status)
        assert.equal(1, metric "dwsync_refresh_success")
    end)

    it("the service goes down later, keeps what it knows, and says how old it is and why", function()
        start({ stale_after = 2 }, { retries = 0 })
        server:get_until("/health", 200)
        local before = server:get("/records").body
        service:fault({ reset = "before" }, FOREVER)
        -- Old is one thing, failed another; either may come first.
        local health = server:get_until("/health", function(response)
            local said = cjson.decode(response.body)
            return response.status == 503 and said.stale and said.error
        end)
        local told = cjson.decode(health.body)
        assert.is_true(told.stale)
        assert.is_true(told.age >= 2)
        assert.truthy(told.error:find("cluster " .. service:cluster "healthy", 1, true))
        assert.equal("ok", told.severity)
        local records = server:get "/records"
        assert.equal(200, records.status)
        assert.equal(before, records.body)
        assert.truthy(tonumber(records.headers["x-dwsync-age"]) >= 2)
        assert.truthy(records.headers["x-dwsync-error"])
        eventually({ 0, 1 }, function() return { metric "dwsync_up", metric "dwsync_cache_stale" } end)
        assert.truthy(metric "dwsync_last_success_timestamp_seconds")
        service:admin("DELETE", "faults")
        health = server:get_until("/health", 200)
        assert.is_nil(cjson.decode(health.body).error)
    end)

    it("one cluster among several fails, tells it as that cluster's, and puts nothing else in doubt", function()
        local broken, well = service:cluster "two_sources", service:cluster "healthy"
        service:fault({ status = 500 }, { times = cjson.null, match = { cluster = broken } })
        start({ clusters = { well, broken }, stale_after = 2 }, { retries = 0 })
        server:get_until("/status?part=body", 200)
        local function page()
            local response = server:get "/status"
            return { response.headers["x-dwsync-outcome"],
                response.headers["x-dwsync-error"]:find(broken, 1, true) and "named",
                response.body:find('class="trouble" hidden', 1, true) and "no banner",
                response.body:find(">Part of the last query failed: cluster " .. broken, 1, true) and "a line" }
        end
        eventually({ "partial", "named", "no banner", "a line" }, page)
        service:admin("DELETE", "faults")
        server:get_until("/health", 200)
        -- A cluster that could be read before makes the whole old; the page is as new as what was read last.
        service:fault({ status = 500 }, { times = cjson.null, match = { cluster = broken } })
        server:get_until("/health", '"stale":true')
        eventually({ "partial", "named", "no banner", "a line" }, page)
        service:fault({ status = 500 }, FOREVER)
        local down = server:get_until("/status", function(response)
            return response.headers["x-dwsync-outcome"] == "failed"
        end)
        assert.matches("The last query failed: 2 of 2 clusters could not be read; cluster ", down.body, 1, true)
        assert.is_nil(down.body:find('class="trouble" hidden', 1, true))
    end)

    local function first_cluster()
        local response = server:get "/health"
        local cluster = cjson.decode(response.body).clusters[1]
        return { response.status, cluster.severity, cluster.verdicts[1] and cluster.verdicts[1].rule }
    end

    local function swept_again()
        local swept = metric "dwsync_refresh_timestamp_seconds"
        patience.wait_until(function()
            return metric "dwsync_refresh_timestamp_seconds" > swept
        end, "another sweep")
    end

    it("synchronisation is off, is well and quiet, also through a reload and a failure", function()
        start({ clusters = { service:cluster "feature_off" } }, { retries = 0 })
        server:get_until("/health", 200)
        swept_again()
        assert.same({ 200, "disabled", "disabled" }, first_cluster())
        eventually({ 1, 1, 0 }, function()
            return { metric "dwsync_refresh_success", metric "dwsync_cluster_disabled", metric "dwsync_cache_stale" }
        end)
        server:signal "sighup"
        server:wait_for_log "exited with code 0"
        swept_again()
        service:fault({ reset = "before" }, FOREVER)
        eventually({ 0, 0 }, function() return { metric "dwsync_refresh_success", metric "dwsync_up" } end)
        assert.same({ 200, "disabled", "disabled" }, first_cluster())
        service:admin("DELETE", "faults")
        server:get_until("/metrics", "\ndwsync_refresh_success 1\n")
        local off = "identity-source synchronisation is off (DWS.5045)"
        assert.equal(1, server:logged(off)) -- a notice, when it began
        assert.matches("%[notice%][^\n]* dwsync: cluster [%x-]+: " .. off:gsub("%p", "%%%0"), server:log())
    end)

    it("synchronisation is off, warns when the configuration wants it loud", function()
        start { clusters = { service:cluster "feature_off" }, thresholds = { disabled = "critical" } }
        server:get_until("/metrics", 200)
        assert.same({ 503, "critical", "disabled" }, first_cluster())
        assert.equal(3, metric 'dwsync_verdict_severity{.-rule="disabled"}')
    end)

    it("synchronisation was turned off, warns since when, also without records and through a reload", function()
        start({ records = 0 }, { retries = 0 })
        server:get_until("/health", 200)
        local newest = cjson.decode(server:get("/health").body).clusters[1].sources[1].last_run
        service:fault({ status = 400, body = '{"error_code":"DWS.5045","error_msg":"not allowed"}' }, FOREVER)
        server:get_until("/health", '"rule":"disabled"')
        swept_again()
        server:signal "sighup"
        server:wait_for_log "exited with code 0"
        swept_again()
        assert.same({ 200, "warning", "disabled" }, first_cluster())
        eventually({ 1, 0 }, function() return { metric "dwsync_up", metric "dwsync_cluster_disabled" } end)
        assert.equal(newest, cjson.decode(server:get("/health").body).clusters[1].seen_before)
        assert.equal(1, server:logged "synchronisation was turned off or is refused since ")
        service:admin("DELETE", "faults")
        server:wait_for_log(("cluster %s: synchronisation is on"):format(service:cluster "healthy"))
        server:get_until("/health", '"severity":"ok"')
    end)

    it("the service hangs, lets nobody else wait", function()
        start({ timeout = 2 }, { retries = 0 })
        server:get_until("/health", 200)
        local before = server:get("/records").body
        service:fault({ delay = 600 }, FOREVER)
        server:get_until("/health", "timeout")
        assert.equal("pong\n", server:get("/ping").body)
        assert.equal(before, server:get("/records").body)
        eventually({ 1 }, function() return { metric 'dwsync_requests_total{status="timeout"}' and 1 } end)
    end)

    it("the service is slow, serves the answers of before meanwhile", function()
        start()
        server:get_until("/health", 200)
        local asked = service:asked()
        service:fault({ drip = { bytes = 4096, interval = 0.05 } }, FOREVER)
        patience.wait_until(function() return service:asked() > asked end, "a slow sweep")
        assert.equal(200, server:get("/health").status)
        assert.equal(200, server:get("/records").status)
        patience.wait_until(function() return metric "dwsync_refresh_duration_seconds" > 0.3 end, "it to end")
        assert.equal(200, server:get("/health").status)
    end)

    it("the service throttles, waits as long as it asks for and counts it", function()
        service:fault({ status = 429, headers = { ["Retry-After"] = "1" } }, { times = 1 })
        start()
        server:get_until("/health", 200)
        eventually({ 1, 1 }, function()
            return { metric 'dwsync_requests_total{status="429"}', metric "dwsync_retries_total" }
        end)
    end)

    it("the key is refused, stops before the service locks it, across workers and reloads", function()
        -- Each configuration is swept once, and a lease is given back alone: none is under way when nginx reloads.
        start({ interval = 3600, jitter = 0, lease = 3600 },
            { credentials = { ak = service.info.ak, sk = ("x"):rep(40) } })
        local told = cjson.decode(server:get_until("/health", '"kind":"auth"').body)
        assert.equal("unknown", told.severity)
        for i = 1, 4 do
            local swept = metric "dwsync_refresh_timestamp_seconds"
            server:reconfigure((server:configuration():gsub('"timeout"%] = %d+', '"timeout"] = ' .. 30 + i)))
            server:signal "sighup"
            patience.wait_until(function()
                return metric "dwsync_refresh_timestamp_seconds" > swept
            end, "another sweep")
        end
        assert.is_true(service:asked() <= 3, "the key was tried " .. service:asked() .. " times")
        local page = assert(service:client():list_sync_records { cluster_id = service:cluster "healthy", limit = 1 })
        assert.equal(1, #page.sync_records)
        assert.falsy(server:log():find(("x"):rep(40), 1, true))
    end)
end)
