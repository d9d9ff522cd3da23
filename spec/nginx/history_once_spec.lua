-- The status page's history in a PostgreSQL database that stops answering.
local cjson = require "cjson"
local emulators = require "spec.support.emulator"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"
local postgres = require "spec.support.postgres"
local stalling_proxy = require "spec.support.stalling_proxy"

local FAILURE = "the history was not written: "

describe("the history of the status page, when its database", function()
    local service, database, proxy, server, cluster

    setup(function()
        service, database = emulators.start(), postgres.start()
        proxy = stalling_proxy.start(database.port)
        cluster = service:cluster "healthy"
    end)
    teardown(function()
        proxy.stop()
        database:stop()
        service:stop()
    end)
    local function start(timeout)
        local client = service:options()
        client.getenv = nil -- a function cannot enter a thread
        local url = database:fresh_url():gsub(":" .. database.port .. "/", (":%d/"):format(proxy.port))
        server = nginx.start { http = nginx.refreshing { clusters = { cluster }, interval = 1, timeout = timeout,
            client = client, history = url } }
    end
    after_each(function()
        proxy.go_on()
        if server then
            server:stop()
        end
    end)

    local function fetched_at()
        return cjson.decode(server:get_until("/health", 200).body).clusters[1].fetched_at
    end

    local function until_published_anew()
        local before = fetched_at()
        patience.wait_until(function() return fetched_at() > before end, "a new publication")
    end

    local function until_history_failed(wanted)
        server:get_until("/metrics", ("\ndwsync_history_failed %d\n"):format(wanted))
    end

    it("hangs, does not hold up what was read", function()
        start(600)
        until_published_anew()
        local asked = service:asked()
        service:fault({ delay = 2 }, { times = 1 })
        patience.wait_until(function() return service:asked() > asked end, "a sweep")
        proxy.stall() -- while it reads
        until_published_anew()
        proxy.go_on()
        until_published_anew()
        until_history_failed(0)
    end)

    it("hangs, lets sweeps go on and says so, until it is written again", function()
        start(3)
        until_history_failed(0)
        proxy.stall()
        until_history_failed(1)
        server:wait_for_log(FAILURE)
        assert.is_nil(server:log():find(postgres.password, 1, true))
        until_published_anew()
        until_published_anew()
        proxy.go_on()
        until_history_failed(0)
        server:wait_for_log("recovered: " .. FAILURE)
    end)

    it("hangs, lets nginx end", function()
        start(6)
        until_published_anew()
        proxy.stall()
        until_published_anew() -- the sweep that published waits for the database now
        server:stop "sigquit"
    end)
end)
