local core = require "dwsync.core"
local loops = require "dwsync.runtime.nginx_loop"
local runtime = require "dwsync.runtime.nginx"

local WHERE = "Make them in rewrite, access or content, or in a timer: ngx.timer.at(0, function() … end)."

-- nginx and its transfers are replaced: what is looked at is where it refuses, and what it asks for.
describe("the runtime of nginx's event loop", function()
    local own_ngx, own_semaphore, own_of, own_can_yield, own_monotonic
    local phase, logged, slept, asked, answer, waits

    before_each(function()
        own_ngx, own_semaphore, own_of = rawget(_G, "ngx"), package.loaded["ngx.semaphore"], loops.of
        own_can_yield, own_monotonic = core.can_yield, core.monotonic
        phase, logged, slept, asked, answer, waits = "content", {}, {}, {}, {}, {}
        core.can_yield, core.monotonic = function() return true end, function() return 1000 end
        loops.of = function(concurrency)
            return { perform = function(_, request, till)
                asked[#asked + 1] = { concurrency, request, till }
                return answer[1], answer[2], answer[3]
            end }
        end
        rawset(_G, "ngx", { WARN = 5, get_phase = function() return phase end,
            log = function(...) logged[#logged + 1] = table.concat({ ... }, " ") end,
            sleep = function(seconds) slept[#slept + 1] = seconds end,
            thread = { spawn = function(work)
                work()
                return #waits
            end, wait = function(thread) waits[#waits + 1] = "wait " .. thread end,
                kill = function(thread) waits[#waits + 1] = "kill " .. thread end } })
        package.loaded["ngx.semaphore"] = { new = function()
            local count = 0
            return { post = function() count = count + 1 end, wait = function(_, seconds)
                asked[#asked + 1] = seconds
                count = count - 1
                return count >= 0
            end }
        end }
    end)
    after_each(function()
        rawset(_G, "ngx", own_ngx)
        package.loaded["ngx.semaphore"], loops.of = own_semaphore, own_of
        core.can_yield, core.monotonic = own_can_yield, own_monotonic
    end)

    it("has as many places as it is told, 32 else", function()
        for _, case in ipairs { { nil, 32 }, { {}, 32 }, { { concurrency = 1 }, 1 },
            { { concurrency = 1024 }, 1024 } } do
            runtime.new(case[1]).perform { timeout = 1 }
            assert.equal(case[2], asked[#asked][1])
        end
        for message, options in pairs { ["concurrency is 0, expected an integer from 1 to 1024"] = { concurrency = 0 },
            ["concurrency is 1025, "] = { concurrency = 1025 }, ["unknown option 'places'"] = { places = 1 },
            ["a string"] = "32" } do
            local good, err = pcall(runtime.new, options)
            assert.is_false(good)
            assert.matches("the nginx runtime", err, 1, true)
            assert.truthy(err:find(message, 1, true), err)
        end
    end)

    it("takes the pool of before, and says once that it needs none", function()
        runtime.new { thread_pool = "p", concurrency = 7 }.perform {}
        runtime.new { thread_pool = "p" }
        assert.equal(7, asked[1][1])
        assert.same({ "5 dwsync: thread_pool of dwsync.runtime.nginx is ignored: queries need no threads any more" },
            logged)
    end)

    it("gives a request the time that it has, half a minute else", function()
        answer = { "response" }
        local request = { timeout = 5 }
        assert.same({ "response" }, { runtime.new().perform(request) })
        assert.same({ 32, request, 1005 }, asked[1])
        answer = { nil, "failure" }
        assert.same({ nil, "failure" }, { runtime.new().perform {} })
        assert.equal(1030, asked[2][3])
    end)

    it("says why there was no answer", function()
        for _, case in ipairs {
            { "timeout", "timeout", "no answer in nginx's event loop within 30 s" },
            { "too many pending timers", "throttled", "nginx has no timer for the request: too many pending timers",
                "Try again; if it happens often, raise lua_max_pending_timers.", "timers" },
            { "no memory", "throttled", "nginx has no timer for the request: no memory",
                "Try again; if it happens often, raise lua_max_pending_timers.", "timers" },
            { "API disabled", "config", "nginx does not allow waiting in this phase (API disabled), so requests cannot "
                .. "be made there", WHERE },
        } do
            answer = { nil, nil, case[1] }
            local response, err = runtime.new().perform {}
            assert.is_nil(response)
            assert.same({ case[2], case[3], case[5] }, { err.kind, err.message, err.code })
            if case[4] then
                assert.equal(case[4], err.hint)
            end
        end
    end)

    it("refuses where nginx forbids to wait, by the name that nginx.conf has for it", function()
        local made = runtime.new()
        for name, where in pairs { init = "init_by_lua", init_worker = "init_worker_by_lua",
            exit_worker = "exit_worker_by_lua", set = "set_by_lua", header_filter = "header_filter_by_lua",
            body_filter = "body_filter_by_lua", log = "log_by_lua", balancer = "balancer_by_lua",
            ssl_session_store = "ssl_session_store_by_lua" } do
            phase = name
            local message = ("nginx does not allow waiting in %s, so requests cannot be made there"):format(where)
            local good, err = made.ready()
            assert.same({ nil, "config", message, WHERE }, { good, err.kind, err.message, err.hint })
            assert.equal(message, select(2, made.perform {}).message)
            assert.equal(message, select(2, runtime.run_all({}, 1)).message)
            good, err = pcall(made.sleep, 1)
            assert.same({ false, message }, { good, err.message })
        end
        for _, name in ipairs { "rewrite", "access", "content", "timer", "ssl_cert" } do
            phase = name
            assert.is_true(made.ready())
        end
        core.can_yield = function() return false end
        local good, err = made.ready()
        assert.same({ nil, "config", "nginx cannot wait inside a function that C called: a module that require is "
            .. "loading, or a callback of table.sort or string.gsub", "Make the request outside such a function." },
            { good, err.kind, err.message, err.hint })
        assert.same({ {}, {} }, { slept, asked })
    end)

    it("sleeps as nginx does, and has the core's clocks", function()
        local made = runtime.new()
        made.sleep(0.5)
        assert.same({ 0.5 }, slept)
        assert.same({ core.now, core.load_authorities }, { made.now, made.prepare })
        assert.equal(core.monotonic, made.monotonic)
    end)

    it("runs functions in light threads, each once, and waits for all of those", function()
        for _, case in ipairs { { 0, 5, 0 }, { 1, 5, 1 }, { 5, 2, 2 }, { 3, 3, 3 } } do
            local functions, finished = {}, {}
            for i = 1, case[1] do
                functions[i] = i == 2 and function() error("no", 0) end or function() return "r" .. i end
            end
            waits, asked = {}, {}
            assert.same({ true }, { runtime.run_all(functions, case[2], function(index, good, result)
                finished[index] = tostring(good) .. " " .. result
            end) })
            local expected = {}
            for i = 1, case[1] do
                expected[i] = i == 2 and "false no" or "true r" .. i
            end
            assert.same({ expected, case[3], case[3] }, { finished, #waits, #asked })
            for _, line in ipairs(waits) do
                assert.matches("^wait ", line)
            end
        end
    end)

    it("looks ten times a second whether to stop, and then ends the threads that are left", function()
        _G.ngx.thread.spawn = function() return "t" end -- which never ends
        local looks = 0
        local good, err = runtime.run_all({ print, print }, 2, print, function()
            looks = looks + 1
            return looks == 3
        end)
        assert.same({ nil, { kind = "cancelled", message = "the caller stopped" } }, { good, err })
        assert.same({ { 0.1, 0.1, 0.1 }, { "kill t", "kill t" } }, { asked, waits })
    end)
end)
