-- The status page of a fleet, from the database of its collectors, on both engines. There is no service here.
local cjson = require "cjson"
local fleets = require "spec.support.kept_fleet"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"
local postgres = require "spec.support.postgres"
local stalling_proxy = require "spec.support.stalling_proxy"
local temporary = require "spec.support.temporary"

local CLUSTERS = { { id = "c-one", name = "dws-one" }, { id = "c-two", name = "dws-two" },
    { id = "c-off", name = "dws-off" } }

local LOCATIONS = nginx.LOCATIONS .. [[
        location = /app {
            access_by_lua_block { require("dwsync.nginx").gate { max_age = "1h", cluster = ngx.var.arg_cluster } }
            content_by_lua_block { ngx.print "in" }
        }
]]

local function record(minutes, status)
    local start = (os.time() - minutes * 60) * 1000
    return { id = "r" .. minutes, identity_source_id = "s", identity_source_type = "ldap", start_time = start,
        end_time = start + 20000, add_count = 0, update_count = 1, delete_count = 0, failed_count = 0,
        status = status or "FINISHED" }
end

describe("the status page of a fleet", function()
    local server

    after_each(function()
        if server then
            server:stop()
        end
    end)

    local function start(history, more)
        local options = { clusters = "fleet", history = history, interval = 1, jitter = 0, timeout = 20 }
        for name, value in pairs(more or {}) do
            options[name] = value
        end
        server = nginx.start { http = nginx.refreshing(options), server = LOCATIONS, level = "notice" }
    end

    local function cluster_of(response, id)
        for _, cluster in ipairs(cjson.decode(response.body).clusters or {}) do
            if cluster.id == id then
                return cluster
            end
        end
    end

    local function until_cluster(id, holds)
        server:get_until("/health", function(response)
            local cluster = cluster_of(response, id)
            return holds(cluster)
        end)
    end

    local function tell_the_story(fleet)
        fleet:look("c-one", { record(10), record(70) })
        fleet:look("c-two", { record(10) })
        fleet:fail("c-off", { kind = "permission", code = "DWS.5045", message = "not allowed", status = 403 })
        start(fleet.target)
        server:get_until("/health", 200)
        assert.equal("disabled", cluster_of(server:get "/health", "c-off").severity)
        assert.truthy(server:get("/status").body:find("dws-one", 1, true))
        assert.equal(2, cjson.decode(server:get("/records?cluster=dws-one").body).count)
        assert.equal(409, server:get("/records?cluster=dws-off").status)
        assert.equal(200, server:get("/health?cluster=dws-one&max_age=1h").status)
        assert.equal(200, server:get("/app?cluster=dws-one").status)
        assert.equal(503, server:get("/app?cluster=dws-off").status)
        local metrics = server:get_until("/metrics", 'dwsync_fleet_clusters{account="hq",state="active"} 2\n').body
        assert.truthy(metrics:find('dwsync_up{cluster="c-one"} 1\n', 1, true))
        assert.truthy(metrics:find('dwsync_fleet_overdue_seconds{account="hq"} ', 1, true))
        assert.is_nil(metrics:find("dwsync_requests_total", 1, true))

        -- A new run of one; the others, not looked at anew, stay as they are.
        fleet:look("c-one", { record(2, "FAILED"), record(10), record(70) })
        server:get_until("/records?cluster=c-one", '"count":3')
        assert.equal(1, cjson.decode(server:get("/records?cluster=c-two").body).count)

        fleet:fail("c-two", { kind = "network", message = "connection refused" })
        until_cluster("c-two", function(cluster) return cluster and cluster.error end)
        local cluster = cluster_of(server:get "/health", "c-two")
        assert.same({ "network", "connection refused", "ok" }, { cluster.error.kind, cluster.error.message,
            cluster.severity })
        assert.equal(1, cjson.decode(server:get("/records?cluster=c-two").body).count)
        server:wait_for_log "cluster dws-two (c-two): network: connection refused."

        fleet:discover { CLUSTERS[1], CLUSTERS[3] }
        until_cluster("c-two", function(there) return not there end)
        server:wait_for_log "cluster dws-two (c-two) is no longer in the fleet"
        assert.equal(404, server:get("/records?cluster=dws-two").status)
    end

    it("comes from a SQLite file", function()
        temporary.with_folder(function(folder)
            local fleet = fleets.make(folder .. "/fleet.db", CLUSTERS)
            fleet.target = folder .. "/fleet.db"
            tell_the_story(fleet)
            fleet:close()
            server:stop()
        end)
    end)

    it("says that there is no history, and no fleet in one, until there is", function()
        temporary.with_folder(function(folder)
            local target = folder .. "/fleet.db"
            start(target)
            server:wait_for_log("there is no history at " .. target)
            assert.equal(503, server:get("/health").status)
            server:get_until("/status", "The last query failed: config: there is no history at ")
            require("dwsync.history").open(target):close()
            server:wait_for_log("there is no fleet in " .. target)
            server:get_until("/status", "there is no fleet in ")
            local fleet = fleets.make(target, CLUSTERS)
            fleet:look("c-one", { record(10) })
            server:get_until("/status", "dws-one")
            until_cluster("c-two", function(cluster)
                return cluster.error.message == "no collector has looked at this cluster yet"
            end)
            fleet:close()
            server:stop()
        end)
    end)

    describe("in PostgreSQL", function()
        local database, proxy

        setup(function()
            database = postgres.start()
            proxy = stalling_proxy.start(database.port)
        end)
        teardown(function()
            proxy.stop()
            database:stop()
        end)

        it("comes from there, by a user who may only read", function()
            local url = database:url(database:create_database())
            local fleet = fleets.make(url, CLUSTERS)
            fleet:sql "CREATE ROLE reader LOGIN PASSWORD 'seldom-seen'"
            fleet:sql "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"
            fleet.target = url:gsub("//.*@", "//reader:seldom-seen@")
            tell_the_story(fleet)
            fleet:close()
            assert.is_nil(server:log():find("seldom-seen", 1, true))
        end)

        it("stays with its age while the database is away, and goes on when it is back", function()
            local url = database:fresh_url()
            local fleet = fleets.make(url, CLUSTERS)
            for _, cluster in ipairs(CLUSTERS) do
                fleet:look(cluster.id, { record(10) })
            end
            start((url:gsub(":" .. database.port .. "/", (":%d/"):format(proxy.port))), { timeout = 2,
                stale_after = 3600 })
            server:get_until("/health", 200)
            proxy.stall()
            server:get_until("/metrics", "\ndwsync_refresh_success 0\n")
            local response = server:get "/health"
            assert.equal(200, response.status)
            assert.truthy(cjson.decode(response.body).error)
            assert.equal(1, cjson.decode(server:get("/records?cluster=dws-one").body).count)
            server:get_until("/status", "The last query failed: ")
            local before = cjson.decode(server:get("/health").body).evaluated_at
            proxy.go_on()
            patience.wait_until(function()
                return cjson.decode(server:get("/health").body).evaluated_at > before
            end, "a new publication")
            server:get_until("/metrics", "\ndwsync_refresh_success 1\n")
            fleet:close()
        end)
    end)
end)
