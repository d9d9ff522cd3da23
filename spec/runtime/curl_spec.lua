local core = require "dwsync.core"
local curl = require "dwsync.runtime.curl"
local emulators = require "spec.support.emulator"
local patience = require "spec.support.patience"
local raw_server = require "spec.support.raw_server"

local answer, saying, with = raw_server.answer, raw_server.saying, raw_server.with

local function get(url)
    return { method = "GET", url = url, headers = {}, timeout = patience.seconds }
end

describe("the blocking runtime", function()
    it("performs one request after another over one connection", function()
        local service = emulators.start()
        finally(function()
            service:stop()
        end)
        local runtime = curl.new()
        for _ = 1, 5 do
            local request = get(service:records_url "healthy")
            request.ca_file = service.info.ca_file
            assert.equal(401, runtime.perform(request).status)
        end
        local journal = service:journal()
        assert.same({ 5, 1 }, { journal.total, journal.connections })
    end)

    it("has connections of its own", function()
        local received = with({ { { "read" }, { "send", answer("200 OK", "") }, { "hold" } } }, function(server)
            assert(curl.new().perform(get(server.url)))
            assert(curl.new().perform(get(server.url)))
        end)
        assert.equal(2, #received)
    end)

    it("returns the error of a request that is wrong, and goes on to serve", function()
        local runtime = curl.new()
        local response, err = runtime.perform(get "http://dws.example.com/")
        assert.is_nil(response)
        assert.equal("config", err.kind)
        with(saying(answer("200 OK", "fine")), function(server)
            assert.equal("fine", runtime.perform(get(server.url)).body)
        end)
    end)

    it("waits longer than one slice of its waiting", function()
        with({ { { "read" }, { "sleep", 0.6 }, { "send", answer("200 OK", "late") } } }, function(server)
            assert.equal("late", curl.new().perform(get(server.url)).body)
        end)
    end)

    it("after an interrupt gives the next request its own answer", function()
        local script = {
            { { "read" }, { "sleep", 0.5 }, { "send", answer("200 OK", "of the interrupted one") } },
            { { "read" }, { "send", answer("200 OK", "of the next one") } },
        }
        with(script, function(server)
            local runtime = curl.new()
            local began = core.now()
            local ok, message = pcall(function()
                debug.sethook(function()
                    if core.now() - began > 0.1 then
                        debug.sethook()
                        error("interrupted", 0)
                    end
                end, "", 1)
                runtime.perform(get(server.url))
            end)
            debug.sethook()
            assert.same({ false, "interrupted" }, { ok, message })
            assert.equal("of the next one", runtime.perform(get(server.url)).body)
        end)
    end)

    it("sleeps as long as it is told, in slices or not", function()
        local runtime = curl.new()
        for _, seconds in ipairs { 0, 0.01, 0.3 } do
            local began = core.now()
            runtime.sleep(seconds)
            local slept = core.now() - began
            assert.is_true(slept >= seconds - 0.005, slept)
        end
    end)

    it("waits in slices of a quarter of a second, and not once more", function()
        local own = { core.monotonic, core.sleep, core.wait }
        finally(function() core.monotonic, core.sleep, core.wait = own[1], own[2], own[3] end)
        local runtime, now, slices, answer_at = curl.new(), 0, nil, nil
        core.monotonic = function() return now end
        core.sleep = function(seconds)
            now, slices[#slices + 1] = now + seconds, seconds
        end
        core.wait = function(descriptor, what, seconds)
            core.sleep(seconds)
            return descriptor == 7 and what == "read" and #slices == answer_at
        end
        for _, case in ipairs { { 0, { 0 } }, { -1, { 0 } }, { 0.125, { 0.125 } }, { 0.25, { 0.25 } },
            { 0.625, { 0.25, 0.25, 0.125 } } } do
            slices = {}
            runtime.sleep(case[1])
            assert.same(case[2], slices)
            slices = {}
            assert.is_false(runtime.wait(7, "read", case[1]))
            assert.same(case[2], slices)
        end
        slices, answer_at = {}, 2
        assert.is_true(runtime.wait(7, "read", 5))
        assert.same({ 0.25, 0.25 }, slices)
    end)
end)
