local core = require "dwsync.core"
local dwsync = require "dwsync"
local raw_server = require "spec.support.raw_server"
local runtimes = require "dwsync.runtime"

local FINE = raw_server.saying(raw_server.answer("200 OK", "fine"))
-- Answers nobody before all eight have asked.
local TOGETHER = { { { "read" }, { "together", 8 }, { "send", raw_server.answer("200 OK", "together") } } }

describe("the default runtime", function()
    it("is perform, sleep and now", function()
        local runtime = runtimes.new()
        local before, now, after = os.time(), runtime.now(), os.time()
        assert.is_true(now >= before and now <= after + 1)
        local began = core.now()
        runtime.sleep(0.02)
        assert.is_true(core.now() - began >= 0.02)
        raw_server.with(FINE, function(server)
            local response = assert(runtime.perform { method = "GET", url = server.url, headers = {} })
            assert.same({ 200, "fine" }, { response.status, response.body })
        end)
    end)

    it("returns nil and an err with kind and message", function()
        local response, err = runtimes.new().perform { method = "GET", url = "http://127.0.0.1:1/", headers = {} }
        assert.is_nil(response)
        assert.equal("network", err.kind)
        assert.is_string(err.message)
    end)

    it("blocks in a coroutine of the caller's own, and does not yield from it", function()
        local runtime = runtimes.new()
        raw_server.with(FINE, function(server)
            local co = coroutine.create(function()
                return runtime.perform { method = "GET", url = server.url, headers = {} }
            end)
            local ok, response = coroutine.resume(co)
            assert.is_true(ok)
            assert.equal("fine", response.body)
            assert.equal("dead", coroutine.status(co))
        end)
    end)

    it("serves many at once inside dwsync.gather", function()
        local runtime = runtimes.new()
        raw_server.with(TOGETHER, function(server)
            local functions = {}
            for i = 1, 8 do
                functions[i] = function()
                    return runtime.perform { method = "GET", url = server.url, headers = {} }
                end
            end
            local responses = dwsync.gather(functions)
            for i = 1, 8 do
                assert.equal("together", responses[i].body)
            end
        end)
    end)

    it("blocks again after dwsync.gather", function()
        local runtime = runtimes.new()
        raw_server.with(FINE, function(server)
            local request = { method = "GET", url = server.url, headers = {} }
            assert.equal("fine", dwsync.gather({ function()
                return runtime.perform(request)
            end })[1].body)
            assert.equal("fine", runtime.perform(request).body)
        end)
    end)
end)

describe("a runtime of the caller's own", function()
    it("is used for everything, and sees every request whole", function()
        local seen = {}
        local client = assert(dwsync.new {
            endpoint = "https://dws.example.com",
            project_id = "p",
            credentials = { ak = "access", sk = "secret-key" },
            getenv = function() end,
            ca_file = "README.md",
            proxy = "",
            user_agent = "spec/1",
            connect_timeout = 3,
            attempt_timeout = 4,
            runtime = {
                perform = function(request)
                    seen[#seen + 1] = request
                    return { status = 200, headers = {}, body = '{"count":0,"sync_records":[]}' }
                end,
                sleep = function()
                    error "nothing is slept here"
                end,
                now = function()
                    return 1573788995
                end,
            },
        })
        assert.same({}, assert(client:list_sync_records { cluster_id = "c" }).sync_records)
        local request = seen[1]
        assert.equal("GET", request.method)
        assert.equal("https://dws.example.com/v1/p/clusters/c/db-manager/sync-records", request.url)
        assert.equal("20191115T033635Z", request.headers["X-Sdk-Date"])
        assert.equal("dws.example.com", request.headers.Host)
        assert.same({ "README.md", "", "spec/1", 3, 4 },
            { request.ca_file, request.proxy, request.user_agent, request.connect_timeout, request.timeout })
    end)

    it("keeps deadlines by a clock that nobody sets, which it may leave to the core", function()
        for _, step in ipairs { 3600, -3600 } do
            local clock, attempts = 1573788995, 0
            local client = assert(dwsync.new {
                endpoint = "https://dws.example.com",
                project_id = "p",
                credentials = { ak = "access", sk = "secret-key" },
                getenv = function() end,
                timeout = 100,
                runtime = {
                    perform = function(request)
                        attempts, clock = attempts + 1, clock + step
                        assert.is_true(request.timeout <= 30)
                        if attempts == 1 then
                            return { status = 503, headers = {}, body = "" }
                        end
                        return { status = 200, headers = {}, body = '{"count":0,"sync_records":[]}' }
                    end,
                    sleep = function() end,
                    now = function() return clock end,
                },
            })
            assert.same({}, assert(client:list_sync_records { cluster_id = "c" }).sync_records)
            assert.equal(2, attempts)
        end
    end)

    it("measures deadlines when it can", function()
        local moment = 5
        local client = assert(dwsync.new {
            endpoint = "https://dws.example.com",
            project_id = "p",
            credentials = { ak = "access", sk = "secret-key" },
            getenv = function() end,
            runtime = {
                perform = function()
                    moment = moment + 61
                    return { status = 503, headers = {}, body = "" }
                end,
                sleep = function() error "there is no time left to sleep" end,
                now = function() return 1573788995 end,
                monotonic = function() return moment end,
            },
        })
        local _, err = client:list_sync_records { cluster_id = "c" }
        assert.same({ 503, 1 }, { err.status, err.attempts })
    end)

    it("is asked first whether it can wait, when it can tell", function()
        local asked = 0
        local client = assert(dwsync.new {
            endpoint = "https://dws.example.com",
            getenv = function() end,
            runtime = {
                ready = function()
                    asked = asked + 1
                    return nil, { kind = "config", message = "not here" }
                end,
                perform = function()
                    error "nothing is performed here"
                end,
                sleep = function() end,
                now = os.time,
            },
        })
        for _, method in ipairs { "list_sync_records", "all_sync_records", "list_clusters", "project_id" } do
            local result, err = client[method](client, method:find "sync" and { cluster_id = "c" } or nil)
            assert.is_nil(result)
            assert.same({ "config", "not here", true }, { err.kind, err.message, dwsync.is_error(err) })
        end
        assert.equal(4, asked)
    end)

    it("may say what failed in a word or as an error of the core", function()
        local failure
        local client = assert(dwsync.new {
            endpoint = "https://dws.example.com",
            project_id = "p",
            credentials = { ak = "access", sk = "secret-key" },
            getenv = function() end,
            retries = 0,
            runtime = {
                perform = function()
                    return nil, failure
                end,
                sleep = function() end,
                now = os.time,
            },
        })
        failure = "the cable is out"
        local _, err = client:list_sync_records { cluster_id = "c" }
        assert.same({ "network", "the cable is out" }, { err.kind, err.message })
        failure = { kind = "timeout", message = "too slow" }
        _, err = client:list_sync_records { cluster_id = "c" }
        assert.same({ "timeout", "too slow" }, { err.kind, err.message })
        assert.is_true(dwsync.is_error(err))
    end)
end)

describe("a runtime without a wait of its own", function()
    local uv = require "luv"

    it("looks again and again, and sleeps in between, until the descriptor is ready or time is up", function()
        local ends, pauses, now = uv.pipe(), {}, 0
        local runtime = runtimes.complete { monotonic = function() return now end, sleep = function(seconds)
            pauses[#pauses + 1], now = seconds, now + seconds
            if #pauses == 4 then
                uv.fs_write(ends.write, "x")
            end
        end }
        assert.is_true(runtime.wait(ends.read, "read", 60))
        assert.equal(4, #pauses)
        assert.is_true(pauses[1] < pauses[4])
        assert.is_true(runtime.wait(ends.read, "both", 60))
        assert.is_true(runtime.wait(ends.write, "write", 0))
        assert.equal(4, #pauses)
        uv.fs_read(ends.read, 1)
        now = 0
        assert.is_false(runtime.wait(ends.read, "read", 2))
        assert.equal(2, now)
        uv.fs_close(ends.read)
        uv.fs_close(ends.write)
    end)

    it("has no business where there is one: that one is used", function()
        local function wait() end
        assert.equal(wait, runtimes.complete({ wait = wait, sleep = core.sleep }).wait)
    end)
end)

describe("the default runtime", function()
    it("is nginx's in its event loop, and nowhere else", function()
        local own, own_nginx = rawget(_G, "ngx"), package.loaded["dwsync.runtime.nginx"]
        finally(function()
            rawset(_G, "ngx", own)
            package.loaded["dwsync.runtime.nginx"] = own_nginx
        end)
        package.loaded["dwsync.runtime.nginx"] = { new = function() return "nginx's" end }
        local function phase() end
        for _, case in ipairs { { { timer = {}, get_phase = phase }, true }, { { timer = {} }, false },
            { { get_phase = phase }, false }, { { timer = {}, get_phase = {} }, false },
            { { timer = phase, get_phase = phase }, false }, { "ngx", false }, { nil, false } } do
            rawset(_G, "ngx", case[1])
            assert.equal(case[2], runtimes.in_event_loop())
            assert.equal(case[2], runtimes.new() == "nginx's")
        end
    end)

    it("asks the one that the coroutine has, while it has one", function()
        local current, asked = runtimes.current, {}
        finally(function() runtimes.current = current end)
        local function answering(name)
            return function(...)
                asked[#asked + 1] = { name, ... }
                return name
            end
        end
        runtimes.current = function()
            return { perform = answering "perform", sleep = answering "sleep", wait = answering "wait" }
        end
        local made = runtimes.new()
        assert.same({ "perform", "sleep", "wait" }, { made.perform "request", made.sleep(3), made.wait(7, "read", 2) })
        assert.same({ { "perform", "request" }, { "sleep", 3 }, { "wait", 7, "read", 2 } }, asked)
    end)
end)
