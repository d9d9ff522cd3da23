local cjson = require "cjson"
local emulators = require "spec.support.emulator"
local nginx = require "spec.support.nginx"

local unpack = table.unpack or unpack -- luacheck: ignore 113
local PLACES = 32 -- of a runtime, unless it is given others

local MAIN = [[
env HUAWEICLOUD_SDK_AK;
env HUAWEICLOUD_SDK_SK;
env HUAWEICLOUD_SDK_PROJECT_ID;
env HUAWEICLOUD_SDK_IAM_ENDPOINT;
env HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1;
env DWSYNC_REGION;
env DWSYNC_CA_FILE;
env SPEC_CLUSTER;
env SPEC_URL;
]]

-- One location a phase; each asks in that phase, and /tell tells afterwards what it came to.
local HTTP = [[
    lua_ssl_trusted_certificate CA_FILE;
    lua_ssl_verify_depth 2;
    init_by_lua_block { app = require "spec.support.nginx_app"  app.keep("init") }
    exit_worker_by_lua_block {
        local answer = app.ask()
        ngx.log(ngx.NOTICE, "at the end: ", answer.err and answer.err.message)
    }
    upstream balanced {
        server 127.0.0.1:1;
        balancer_by_lua_block { app.keep("balancer") require("ngx.balancer").set_current_peer("127.0.0.1", PORT) }
    }
    server {
        listen 127.0.0.1:PORT;
        location = /page { return 200 '{"count":1,"sync_records":[{"id":"a","status":"FINISHED"}]}'; }
        location = /ping { content_by_lua_block { ngx.print "pong" } }
        location = /tell { content_by_lua_block { app.tell() } }
        location = /watched { lua_check_client_abort on; content_by_lua_block { app.query() } }
        location = /rewrite { rewrite_by_lua_block { app.query() ngx.exit(200) } }
        location = /access {
            access_by_lua_block { app.keep("access") }
            content_by_lua_block { app.say(app.kept.access) }
        }
        location = /set { set_by_lua_block $a { app.keep("set") return "" } return 200 "done"; }
        location = /header_filter { return 200 "done"; header_filter_by_lua_block { app.keep("header_filter") } }
        location = /body_filter { return 200 "done"; body_filter_by_lua_block { app.keep("body_filter") } }
        location = /log { return 200 "done"; log_by_lua_block { app.keep("log") } }
        location = /balancer { proxy_pass http://balanced/ping; }
        location / { content_by_lua_block { app[ngx.var.uri:sub(2)]() } }
    }
    server {
        listen 127.0.0.1:PORT2 ssl;
        ssl_certificate GOOD_PEM;
        ssl_certificate_key LEAF_KEY;
        ssl_certificate_by_lua_block { app.ssl = app.ask("list_sync_records", { limit = 3 }) }
        location / { content_by_lua_block { app.say(app.ssl) } }
    }
]]

local CANNOT_WAIT = "nginx does not allow waiting in %s, so requests cannot be made there"

describe("the nginx runtime", function()
    local service, web

    setup(function()
        service = emulators.start()
        local info = service.info
        local files = info.ca_file:match "^(.*/)[^/]+$"
        local http = HTTP:gsub("CA_FILE", info.ca_file):gsub("GOOD_PEM", files .. "good.pem")
            :gsub("LEAF_KEY", files .. "leaf.key")
        web = nginx.start {
            main = MAIN,
            http = http,
            init_worker = 'app.keep("init_worker")',
            variables = {
                "HUAWEICLOUD_SDK_AK=" .. info.ak,
                "HUAWEICLOUD_SDK_SK=" .. info.sk,
                "HUAWEICLOUD_SDK_PROJECT_ID=" .. info.project_id,
                "HUAWEICLOUD_SDK_IAM_ENDPOINT=" .. info.iam_endpoint,
                "HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1=" .. info.endpoint,
                "DWSYNC_REGION=" .. info.region,
                "DWSYNC_CA_FILE=" .. info.ca_file,
                "SPEC_CLUSTER=" .. service:cluster "failing",
                "SPEC_URL=" .. service:records_url "healthy",
            },
        }
    end)

    teardown(function()
        if web then
            local log = web:stop()
            assert.matches("at the end: " .. CANNOT_WAIT:format "exit_worker_by_lua", log, 1, true)
            assert.is_nil(log:find("exited on signal", 1, true), log)
        end
        service:stop()
    end)

    before_each(function()
        service:reset()
    end)

    local function ask(path)
        local body, status = web:get(path)
        assert.equal(200, status, body)
        return cjson.decode(body)
    end

    local function records_of(path)
        local answer = ask(path)
        assert.is_nil(answer.err, answer.err and answer.err.message)
        return answer.records
    end

    -- The same in this process, through JSON as well.
    local function expected(method, parameters)
        parameters.cluster_id = service:cluster "failing"
        local result = assert(service:client()[method](service:client(), parameters))
        return cjson.decode(cjson.encode(result.sync_records or { unpack(result) }))
    end

    describe("gives the same as the blocking one", function()
        it("for a page", function()
            assert.same(expected("list_sync_records", {}), records_of "/query")
        end)

        it("for a page whose records are chosen", function()
            local failed = records_of "/failed"
            assert.same(expected("list_sync_records", { where = { status = "FAILED" } }), failed)
            assert.is_true(#failed > 0)
        end)

        it("for a whole list", function()
            assert.same(expected("all_sync_records", {}), records_of "/all")
        end)

        it("for a whole list whose records are chosen", function()
            assert.same(expected("all_sync_records", { where = { status = "FAILED" } }), records_of "/all_failed")
        end)

        it("for an answer, what is wrong with a request, and a request that makes no sense", function()
            local seen = ask "/perform"
            assert.same({ 401, "application/json" }, { seen.status, seen.type })
            assert.matches("error_code", seen.body)
            assert.is_true(seen.seconds > 0)
            assert.matches("CN", seen.subject)
            assert.equal("config", seen.err.kind)
            assert.matches("plain http to dws.example.com", seen.err.message, 1, true)
            assert.is_false(seen.ran)
            assert.matches("field 'headers' must map names to strings", seen.message, 1, true)
        end)
    end)

    it("answers 200 queries over no more connections than the runtime has places", function()
        for i = 1, 200 do
            web:ask(i, "/query?cluster=" .. service:cluster "healthy")
        end
        for _ = 1, 200 do
            local _, response = web:finish()
            assert.equal(200, response.status)
            assert.is_table(cjson.decode(response.body).records)
        end
        local journal = service:journal()
        assert.equal(200, journal.total)
        assert.is_true(journal.connections <= PLACES, journal.connections)
    end)

    it("uses a connection again", function()
        for _ = 1, 3 do
            assert.is_true(#records_of "/query" > 0)
        end
        local journal = service:journal()
        assert.equal(3, journal.total)
        assert.is_true(journal.connections <= 1, journal.connections)
    end)

    it("lets nginx answer others while queries wait for the service", function()
        -- How many queries were answered before the last of 20 pings.
        local function overtaken(delay)
            service:reset()
            service:fault({ delay = delay }, { times = cjson.null })
            for i = 1, PLACES + 4 do
                web:ask("query " .. i, "/query")
            end
            for i = 1, 20 do
                web:ask("ping " .. i, "/ping")
            end
            local pings, queries, early = 0, 0, 0
            while pings + queries < 20 + PLACES + 4 do
                local tag, response = web:finish()
                if tag:find "^ping" then
                    assert.equal("pong", response.body)
                    pings, early = pings + 1, queries
                else
                    assert.is_table(cjson.decode(response.body).records)
                    queries = queries + 1
                end
            end
            return early
        end
        -- Who had to wait for queries would wait for slower ones, too; a busy machine has time enough then.
        assert.is_true(overtaken(2) == 0 or overtaken(10) == 0 or overtaken(40) == 0)
    end)

    it("runs the functions of dwsync.gather in light threads", function()
        local lengths = ask "/gather"
        assert.matches("the seventh", table.remove(lengths, 7))
        assert.same({ 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12 }, lengths)
    end)

    describe("works", function()
        for _, path in ipairs { "/rewrite", "/access", "/timer", "/light_thread", "/coroutine", "/other_places",
            "/without_threads", "/dropped_timer" } do
            it("in " .. path, function()
                assert.is_true(#records_of(path) > 0)
            end)
        end

        it("while a certificate is chosen", function()
            web:ask(1, "", { url = ("https://127.0.0.1:%d/"):format(web.port2), ca_file = service.info.ca_file })
            local _, response, err = web:finish()
            assert.is_nil(err and err.message)
            assert.equal(3, #cjson.decode(response.body).records)
        end)
    end)

    describe("says that nothing may wait", function()
        for _, phase in ipairs { "init", "init_worker", "set", "header_filter", "body_filter", "log", "balancer" } do
            it("in " .. phase .. "_by_lua", function()
                if not phase:find "^init" then
                    web:get("/" .. phase)
                end
                local err = ask("/tell?name=" .. phase).err
                assert.same({ "config", CANNOT_WAIT:format(phase .. "_by_lua"), false },
                    { err.kind, err.message, err.retryable })
                assert.matches("timer", err.hint)
                assert.same(err, ask("/tell?name=" .. phase).probe) -- which asks for no credentials before
            end)
        end

        it("where C stands in between, and nginx goes on well", function()
            local seen = ask "/under_c"
            for i = 1, 2 do
                assert.equal("config", seen[i].err.kind)
                assert.matches("nginx cannot wait inside a function that C called", seen[i].err.message, 1, true)
            end
            assert.is_true(#seen[3].records > 0)
        end)
    end)

    it("says to try again when nginx makes no timer", function()
        local err = ask("/no_timer").err
        assert.same({ "throttled", "timers", true }, { err.kind, err.code, err.retryable })
        assert.equal("nginx has no timer for the request: too many pending timers", err.message)
    end)

    it("leaves nobody waiting when a look at the transfers fails, and begins anew", function()
        assert.same({ ran = false, message = "not enough memory", status = 401 }, ask "/broken_pool")
    end)

    it("answers 64 light threads over two connections", function()
        for _, length in ipairs(ask "/many") do
            assert.equal(1, length)
        end
        assert.is_true(service:journal().connections <= 2)
    end)

    it("decodes a page in several slices as in one", function()
        local client, cluster = service:client(), service:cluster "large"
        local expected_lengths = {}
        for i, more in ipairs { {}, { where = { status = "FAILED" } }, { fields = { "id" } } } do
            more.cluster_id, more.limit = cluster, 1000
            expected_lengths[i] = #assert(client:list_sync_records(more)).sync_records
        end
        assert.same(expected_lengths, ask("/pages?cluster=" .. cluster))
    end)

    it("decodes as a pool does: page and place, what is not a page, and options that make no sense", function()
        local seen = ask "/decoded"
        assert.same({ count = 1, sync_records = { { id = "a" } } }, seen.page)
        assert.same({ 1, "pong", "decode", false }, { seen.rows, seen.pong, seen.kind, seen.ran })
        assert.is_true(seen.collects) -- also after one that raised
        assert.is_nil(seen.rest)
        assert.matches("a record has no field 'nothing'", seen.message, 1, true)
    end)

    it("keeps to a time limit that ends before there is a place", function()
        service:fault { delay = 2 }
        local seen = ask "/late"
        assert.equal("timeout", seen.late.kind)
        assert.is_true(seen.records > 0)
    end)

    it("has one time limit for a whole answer, bounds its size, and takes trust and proxy from the client", function()
        service:fault({ drip = { bytes = 10, interval = 0.1 } }, { times = cjson.null })
        local seen = ask "/limited"
        local kinds = {}
        for name, err in pairs(seen) do
            kinds[name] = err.kind
        end
        assert.matches("larger than 100 bytes", seen.too_large.message, 1, true)
        assert.same({ dripping = "timeout", too_large = "decode", untrusted = "tls", over_a_proxy = "network" },
            kinds)
    end)

    -- nginx ends the Lua code of a client that went away where it is told to look, and lets it go on elsewhere.
    for path, ended in pairs { ["/watched"] = true, ["/query"] = false } do
        it("is not harmed by clients that go away while their query runs or waits for a place: " .. path, function()
            local queries, total = 2 * PLACES, nil
            for _ = 1, 5 do -- on a busy machine those that wait may have had their places before all are gone
                service:reset()
                service:fault({ delay = 2 }, { times = queries })
                local begun = ask "/begun"
                for i = 1, queries do
                    web:ask(i, path)
                end
                web:drive_until(function()
                    return ask "/begun" >= begun + queries and service:journal().total > 0
                end, "the first ones to be through") -- some run, and some wait
                web:abandon(queries)
                assert.equal("pong", web:get "/ping")
                service:admin("DELETE", "faults")
                assert.is_true(#records_of "/query" > 0)
                total = service:journal().total
                if not ended or total < queries then
                    break
                end
            end
            if ended then
                assert.is_true(total < queries)
            else
                service:asked(queries + 1) -- those too whose answer nobody waits for
            end
        end)
    end

    it("raises for options that make no sense", function()
        assert.same({
            "the nginx runtime: unknown option 'threads'. The options are concurrency.",
            "the nginx runtime: concurrency is 0, expected an integer from 1 to 1024",
            "the nginx runtime: concurrency is 1025, expected an integer from 1 to 1024",
            "the nginx runtime: concurrency is 1.5, expected an integer from 1 to 1024",
        }, ask "/options")
    end)

    it("takes a thread_pool, which it needed once, and says once that it is ignored", function()
        assert.equal("taken", ask "/former_options")
        local _, lines = web:error_log():gsub("thread_pool of dwsync.runtime.nginx is ignored", "")
        assert.equal(1, lines)
    end)

    it("gives way to a transport of the caller's own", function()
        assert.same(expected("all_sync_records", {}), records_of "/own_transport")
        service:fault({ drip = { bytes = 10, interval = 0.1 } }, { times = cjson.null })
        assert.equal("timeout", ask("/own_transport?timeout=0.3").err.kind)
    end)
end)
