local cjson = require "cjson"
local emulators = require "spec.support.emulator"
local gateways = require "spec.support.gateways"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"

describe("a gateway with the plugin of examples/nginx", function()
    local service, server, env, setup_options

    -- Asks the gateway for something of the service behind, with the plugin's configuration for that route.
    local function ask(conf, headers)
        headers = headers or {}
        headers.Host, headers.conf = "gateway.test", cjson.encode(conf)
        return server:get("/", { headers = headers })
    end

    local function requests()
        local count = 0
        for number in server:get("/metrics").body:gmatch "\ndwsync_requests_total{[^\n]+ (%d+)" do
            count = count + tonumber(number)
        end
        return count
    end

    setup(function()
        service = emulators.start()
        local client = service:options()
        env = { "HUAWEICLOUD_SDK_AK=" .. service.info.ak, "HUAWEICLOUD_SDK_SK=" .. service.info.sk }
        client.getenv, client.credentials, client.project_id = nil, nil, nil
        setup_options = { client = client, interval = 3600,
            clusters = { service:cluster "healthy", service:cluster "failing" } }
    end)
    teardown(function()
        service:stop()
    end)

    local function start(kind, options)
        server = nginx.start { configuration = gateways[kind](options), workers = 2, env = env }
    end

    after_each(function()
        server:stop()
    end)

    local function lets_fresh_accounts_through_and_no_others()
        server:get_until("/metrics", 200)
        local healthy, failing = service:cluster "healthy", service:cluster "failing"
        assert.equal("the service, stale: 0",
            ask({ max_age = "2h", cluster = healthy }, { ["X-Dwsync-Stale"] = "1" }).body)
        local denied = ask { max_age = "2h", cluster = failing, source = "ldap" }
        assert.equal(503, denied.status)
        assert.equal("30", denied.headers["retry-after"])
        assert.equal("1", denied.headers["x-dwsync-stale"])
        assert.matches("^the last synchronisation is not fresh: ", cjson.decode(denied.body).message)
        assert.equal("the service, stale: 1", ask({ max_age = "2h", cluster = failing, source = "ldap", deny = false },
            { ["X-Dwsync-Stale"] = "0" }).body)
        assert.equal(503, ask({ max_age = "2h", cluster = "nowhere" }).status)
        assert.equal(200, server:get("/status").status)
        assert.equal("", server:complaints())
    end

    local function refuses_wrong_configurations()
        for _, case in ipairs {
            { { }, "max_age" },
            { { max_age = "0h" }, "max_age" },
            { { max_age = "6 hours" }, "max_age" },
            { { max_age = "6h", deny = "no" }, "deny" },
            { { max_age = "6h", clusters = "dws-prod" }, "clusters" },
        } do
            local response = ask(case[1])
            assert.same({ 400, true }, { response.status, response.body:find(case[2], 1, true) ~= nil }, response.body)
        end
    end

    -- ---- APISIX ----------------------------------------------------------------------------------

    it("APISIX gates by what keys from nginx_config.envs let it read, and refuses wrong configurations", function()
        start("apisix", setup_options)
        lets_fresh_accounts_through_and_no_others()
        refuses_wrong_configurations()
    end)

    it("APISIX loads its plugins again without asking the service again", function()
        local to_gateway = { headers = { Host = "gateway.test" } }
        start("apisix", setup_options)
        patience.wait_until(function() return server:get("/due", to_gateway).body == "true" end, "the end of a sweep")
        local before = requests()
        for _ = 1, 20 do
            assert.equal("reloaded", server:get("/reload", to_gateway).body)
        end
        assert.equal(before, requests())
        assert.equal("the service, stale: 0", ask({ max_age = "2h", cluster = service:cluster "healthy" }).body)
        assert.equal("", server:complaints())
    end)

    it("APISIX goes on with wrong options, says which, and lets nothing through but what asks for a header", function()
        start("apisix", { client = setup_options.client, intervall = 60 })
        server:wait_for_log "the plugin dwsync denies what it should let through: "
        server:wait_for_log "unknown option 'intervall'. Did you mean 'interval'?"
        local denied = ask { max_age = "2h" }
        assert.equal(503, denied.status)
        assert.matches("the plugin is not set up", denied.body, 1, true)
        assert.equal("the service, stale: 1", ask({ max_age = "2h", deny = false }).body)
    end)

    -- ---- Kong ------------------------------------------------------------------------------------

    it("Kong gates without threads, with the environment of the master, and refuses wrong configurations", function()
        start("kong", nginx.code(setup_options))
        lets_fresh_accounts_through_and_no_others()
        refuses_wrong_configurations()
    end)

    it("Kong does not start with wrong options", function()
        server = nginx.start { configuration = gateways.kong '{ clusters = "all", intervall = 60 }', env = env,
            may_fail = true }
        assert.equal(1, server.exited)
        assert.matches("unknown option 'intervall'. Did you mean 'interval'?", server:log(), 1, true)
    end)
end)

describe("examples/nginx/kong", function()
    it("has a rockspec that names its files", function()
        local rock = {}
        assert(loadfile("examples/nginx/kong/kong-plugin-dwsync-scm-1.rockspec", "t", rock))()
        local found = {}
        for name, path in pairs(rock.build.modules) do
            assert(loadfile("examples/nginx/kong/" .. path))
            found[#found + 1] = name
        end
        table.sort(found)
        assert.same({ "kong.plugins.dwsync.handler", "kong.plugins.dwsync.schema" }, found)
    end)
end)
