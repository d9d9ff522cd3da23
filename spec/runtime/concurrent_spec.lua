local cjson = require "cjson"
local checks = require "dwsync.checks"
local core = require "dwsync.core"
local dwsync = require "dwsync"
local emulators = require "spec.support.emulator"
local patience = require "spec.support.patience"
local raw_server = require "spec.support.raw_server"
local runtimes = require "dwsync.runtime"

local gather = dwsync.gather

local service, healthy, large

setup(function()
    service = emulators.start()
    healthy, large = service:cluster "healthy", service:cluster "large"
end)
teardown(function()
    service:stop()
end)
before_each(function()
    service:reset()
end)

local function repeated(count, body)
    local functions = {}
    for i = 1, count do
        functions[i] = function()
            return body(i)
        end
    end
    return functions
end

describe("gather inside nginx", function()
    local in_event_loop, nginx = runtimes.in_event_loop, package.loaded["dwsync.runtime.nginx"]
    after_each(function()
        runtimes.in_event_loop, package.loaded["dwsync.runtime.nginx"] = in_event_loop, nginx
    end)

    it("has the reason for each function, and no result, where nothing may wait", function()
        runtimes.in_event_loop = function() return true end
        package.loaded["dwsync.runtime.nginx"] = { run_all = function() return nil, "not here" end }
        local results, errs = gather { error, error, error }
        assert.same({}, results)
        assert.same({ "not here", "not here", "not here" }, errs)
    end)

    it("has what each light thread found, and the reason for those that did not end", function()
        runtimes.in_event_loop = function() return true end
        local given
        package.loaded["dwsync.runtime.nginx"] = { run_all = function(functions, concurrency, finish, stop)
            given = { #functions, concurrency, stop }
            finish(1, true, "result")
            finish(2, true, nil, "error")
            finish(3, false, "raised")
            finish(4, true)
            return nil, "not here"
        end }
        local results, errs = gather({ error, error, error, error, error }, { concurrency = 3, stop = error })
        assert.same({ 5, 3, error }, given)
        assert.same({ { "result" }, { [2] = "error", [3] = "raised", [5] = "not here" } }, { results, errs })
    end)
end)

-- The clock and the pool are replaced: what is looked at is how long it waits, and for what.
describe("gather without transfers", function()
    local REPLACED = { "monotonic", "sleep", "wait", "pool" }
    local own, now, waits, answer, ready = {}, 0, {}, nil, nil
    before_each(function()
        for _, name in ipairs(REPLACED) do
            own[name] = core[name]
        end
        now, waits, answer, ready = 1000, {}, "idle", math.huge
        local function pass(what, seconds)
            waits[#waits + 1] = ("%s %.4g"):format(what, seconds)
            now = now + seconds
        end
        core.monotonic = function() return now end
        core.sleep = function(seconds) pass("sleep", seconds) end
        core.wait = function(_, _, seconds)
            assert.equal(0, seconds)
            return now >= ready
        end
        core.pool = function()
            return { close = function() end, watch = function(_, descriptor, what)
                waits[#waits + 1] = descriptor .. " " .. what
            end, next = function(_, seconds)
                if answer ~= "idle" then
                    pass("next", seconds)
                end
                return nil, answer
            end }
        end
    end)
    after_each(function()
        for _, name in ipairs(REPLACED) do
            core[name] = own[name]
        end
    end)

    local function sleeper(seconds)
        return function()
            runtimes.current().sleep(seconds)
            return now
        end
    end

    local function waiter(seconds)
        return function()
            return { runtimes.current().wait(7, "read", seconds), now }
        end
    end

    it("sleeps until the first is due, a quarter of a second at most", function()
        local results = gather { sleeper(0.1), sleeper(0.75), sleeper(0) }
        assert.same({ "sleep 0", "sleep 0.1", "sleep 0.25", "sleep 0.25", "sleep 0.15" }, waits)
        assert.same({ "1000.1", "1000.8", "1000" }, { ("%.5g"):format(results[1]), ("%.5g"):format(results[2]),
            ("%.5g"):format(results[3]) })
    end)

    it("leaves waiting to the pool while that has something to do", function()
        answer = "busy"
        gather { sleeper(0.1) }
        assert.same({ "next 0.1" }, waits)
    end)

    it("waits for a descriptor until it is ready, or the time is up", function()
        local found = gather { waiter(0.125) }
        assert.same({ { false, 1000.125 } }, found)
        assert.same({ "7 read", "sleep 0.125" }, waits)
        now, ready, waits = 1000, 1000.25, {}
        assert.same({ { true, 1000.25 } }, (gather { waiter(60) }))
        assert.same({ "7 read", "sleep 0.25" }, waits)
    end)

    it("says of each function that was stopped whether it had begun", function()
        local results, errs = gather({ function() return "done" end, sleeper(1), sleeper(1), error, error },
            { concurrency = 2, stop = function() return now > 1000 end })
        assert.same({ "done" }, results)
        local began = { kind = "cancelled", message = "the caller stopped" }
        local before = { kind = "cancelled", message = "the caller stopped before this one began" }
        assert.same({ [2] = began, [3] = began, [4] = before, [5] = before }, errs)
    end)
end)

describe("gather", function()
    it("returns results in the order of the functions, whichever ends first", function()
        local client = service:client()
        service:fault { delay = 0.2 } -- the first to arrive ends last
        local results, errs = gather(repeated(6, function(i)
            local page = assert(client:list_sync_records { cluster_id = large, offset = i - 1, limit = 10 })
            return page.sync_records[1].id
        end))
        assert.same({}, errs)
        local expected = assert(client:list_sync_records { cluster_id = large, limit = 60 }).sync_records
        for i = 1, 6 do
            assert.equal(expected[(i - 1) * 10 + 1].id, results[i])
        end
    end)

    it("keeps what failed at its place and disturbs nothing else", function()
        local client = service:client()
        local object = {}
        local results, errs = gather {
            function()
                return client:list_sync_records { cluster_id = healthy, limit = 1 }
            end,
            function()
                return client:list_sync_records { cluster_id = "no-uuid" }
            end,
            function()
                error "raised as text"
            end,
            function()
                error(object)
            end,
            function()
                return nil
            end,
            function()
                return false, "not an error beside false"
            end,
            function()
                return client:all_sync_records { cluster_id = healthy, page_size = 50 }
            end,
        }
        assert.equal(1, #results[1].sync_records)
        assert.is_nil(results[2])
        assert.equal("DWS.5064", errs[2].code)
        assert.is_nil(results[3])
        assert.matches("concurrent_spec%.lua:%d+: raised as text", errs[3])
        assert.equal(object, errs[4])
        assert.is_nil(results[5])
        assert.is_nil(errs[5])
        assert.is_false(results[6])
        assert.is_nil(errs[6])
        assert.equal(168, results[7].count)
        assert.is_nil(errs[1])
        assert.is_nil(errs[7])
    end)

    it("of nothing is nothing", function()
        local results, errs = gather {}
        assert.same({ {}, {} }, { results, errs })
    end)

    it("never has more under way than its concurrency", function()
        local client = service:client()
        local running, most = 0, 0
        service:fault({ delay = 0.02 }, { times = cjson.null })
        local results = gather(repeated(20, function(i)
            running = running + 1
            most = math.max(most, running)
            assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
            running = running - 1
            return i
        end), { concurrency = 4 })
        assert.equal(20, #results)
        assert.equal(4, most)
        local journal = service:journal()
        assert.equal(20, journal.total)
        assert.equal(4, journal.connections)
    end)

    it("with concurrency 1 runs one after the other over one connection", function()
        local client = service:client()
        local order = {}
        gather(repeated(5, function(i)
            assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
            order[#order + 1] = i
            return i
        end), { concurrency = 1 })
        assert.same({ 1, 2, 3, 4, 5 }, order)
        assert.equal(1, service:journal().connections)
    end)

    it("asks for 64 pages 16 at once: a server that answers only 16 together answers all", function()
        local page = raw_server.answer("200 OK", '{"count":0,"sync_records":[]}')
        -- As long as nobody knows that a key is good, few may try it.
        local script = { { { "read" }, { "send", page } }, { { "read" }, { "together", 16 }, { "send", page } } }
        raw_server.with(script, function(server)
            local client = service:client { endpoint = server.url }
            assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
            local results, errs = gather(repeated(64, function()
                return client:list_sync_records { cluster_id = healthy, limit = 1 }
            end), { concurrency = 16 })
            assert.same({}, errs)
            assert.equal(64, #results)
        end)
    end)

    it("sleeps for all that sleep at the same time", function()
        local sleeping, most = 0, 0
        gather(repeated(10, function()
            sleeping = sleeping + 1
            most = math.max(most, sleeping)
            runtimes.current().sleep(0.1)
            sleeping = sleeping - 1
        end), { concurrency = 10 })
        assert.equal(10, most)
    end)

    it("retries what failed at the same time", function()
        -- Without pauses one request may meet all the faults.
        local client = service:client { random = function() return 0 end, retries = 10 }
        service:fault({ status = 503 }, { times = 10 })
        local results, errs = gather(repeated(10, function()
            return client:list_sync_records { cluster_id = healthy, limit = 1 }
        end), { concurrency = 10 })
        assert.same({}, errs)
        assert.equal(10, #results)
        assert.equal(20, service:asked())
    end)

    it("serves others while one sleeps", function()
        local client = service:client()
        local naps, answered = 0, false
        gather {
            function()
                while not answered and naps < 100 * patience.seconds do
                    naps = naps + 1
                    runtimes.current().sleep(0.01)
                end
            end,
            function()
                assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
                answered = naps > 0
            end,
        }
        assert.is_true(answered)
    end)

    it("may be nested", function()
        local client = service:client()
        local results, errs = gather(repeated(3, function(i)
            local inner, inner_errs = gather(repeated(4, function(j)
                local page = assert(client:list_sync_records {
                    cluster_id = large, offset = (i - 1) * 4 + j - 1, limit = 1,
                })
                return page.sync_records[1].id
            end), { concurrency = 2 })
            assert(next(inner_errs) == nil)
            assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
            return inner
        end), { concurrency = 3 })
        assert.same({}, errs)
        local expected = assert(client:list_sync_records { cluster_id = large, limit = 12 }).sync_records
        for i = 1, 3 do
            for j = 1, 4 do
                assert.equal(expected[(i - 1) * 4 + j].id, results[i][j])
            end
        end
    end)

    it("lets a coroutine of the caller's own inside a function work, blocking", function()
        local client = service:client()
        local results, errs = gather(repeated(3, function()
            local pages = coroutine.wrap(function()
                for offset = 0, 2 do
                    coroutine.yield(assert(client:list_sync_records {
                        cluster_id = healthy, offset = offset, limit = 2,
                    }))
                end
            end)
            local count = 0
            for page in pages do
                count = count + #page.sync_records
            end
            return count
        end))
        assert.same({}, errs)
        assert.same({ 6, 6, 6 }, results)
    end)

    it("lets the iterator work inside for", function()
        local client = service:client()
        local results, errs = gather(repeated(4, function()
            local count = 0
            for record in client:sync_records { cluster_id = healthy, page_size = 40 } do
                count = count + (record.id and 1 or 0)
            end
            return count
        end))
        assert.same({}, errs)
        assert.same({ 168, 168, 168, 168 }, results)
    end)

    it("hands on the error object that the iterator raises", function()
        local client = service:client()
        local results, errs = gather { function()
            for _ in client:sync_records { cluster_id = "no-uuid" } do
                error "there is no record"
            end
        end }
        assert.same({}, results)
        assert.is_true(dwsync.is_error(errs[1]))
        assert.equal("DWS.5064", errs[1].code)
    end)

    it("lets pcall stand around a request", function()
        local client = service:client()
        local results = gather(repeated(2, function()
            local ok, page = pcall(client.list_sync_records, client, { cluster_id = healthy, limit = 1 })
            return ok and #page.sync_records
        end))
        assert.same({ 1, 1 }, results)
    end)

    it("looks the project's id up inside as well", function()
        local client = service:client { project_id = false }
        local results, errs = gather(repeated(3, function()
            return client:list_sync_records { cluster_id = healthy, limit = 1 }
        end))
        assert.same({}, errs)
        assert.equal(3, #results)
    end)

    it("takes a request that cannot even be submitted as that function's error", function()
        local results, errs = gather {
            function()
                return runtimes.current().perform { method = "GET", url = "http://dws.example.com/", headers = {} }
            end,
            function()
                return "fine"
            end,
        }
        assert.equal("config", errs[1].kind)
        assert.is_nil(results[1])
        assert.equal("fine", results[2])
    end)

    it("refuses a function that yields to it", function()
        local results, errs = gather {
            function()
                coroutine.yield "something"
            end,
            function()
                return "fine"
            end,
        }
        assert.matches("yielded to it: use a coroutine of your own", errs[1])
        assert.equal("fine", results[2])
    end)

    it("keeps nothing of what is over", function()
        local held = setmetatable({}, { __mode = "v" })
        local function go() -- a function of its own: what a block leaves on the stack may be held for a while
            local client = service:client()
            local results = gather(repeated(3, function()
                return client:list_sync_records { cluster_id = healthy, limit = 1 }
            end))
            held.client, held.results = client, results
        end
        go()
        collectgarbage()
        collectgarbage()
        assert.is_nil(held.results)
        assert.is_nil(held.client)
    end)
end)

describe("gather's arguments", function()
    local function assert_raised_here(message, ...)
        local arguments, count = { ... }, select("#", ...)
        local ok, text = pcall(function()
            local results, errs = gather((table.unpack or unpack)(arguments, 1, count)) -- luacheck: ignore 113
            return results, errs
        end)
        assert.is_false(ok)
        assert.matches("^[^:]*concurrent_spec%.lua:%d+: ", text)
        assert.matches(message, text, 1, true)
    end

    it("raise at the caller's line when they are wrong", function()
        assert_raised_here("a list of functions expected, got nil")
        assert_raised_here("a list of functions expected, got function", print)
        assert_raised_here("item 2 is a string, not a function", { print, "print" })
        assert_raised_here("item 1 is a table, not a function", { {} })
        assert_raised_here("gather: unknown option 'parallel'. The options are concurrency, shared, stop.", { print },
            { parallel = 2 })
        assert_raised_here("gather: unknown option '1'", { print }, { 2 })
        for _, wrong in ipairs { 0, -1, 1.5, 1025, "2", 1 / 0, 0 / 0 } do
            assert_raised_here(("gather: concurrency is %s, expected an integer from 1 to 1024"):format(
                checks.shown(wrong)), {}, { concurrency = wrong })
        end
    end)

    it("may be the least and the most", function()
        for _, concurrency in ipairs { 1, 1024 } do
            assert.same({ "a", "b" }, (gather({
                function()
                    return "a"
                end,
                function()
                    return "b"
                end,
            }, { concurrency = concurrency })))
        end
    end)
end)

describe("a gathering that is told to stop", function()
    it("ends what runs and what has not begun as cancelled, and keeps what is done", function()
        service:fault({ delay = 600 }, { skip = 1 })
        local client = service:client()
        local done = 0
        local results, errs = gather(repeated(4, function()
            local page, err = client:list_sync_records { cluster_id = healthy, limit = 1 }
            done = done + 1
            return page, err
        end), { concurrency = 1, stop = function() return done > 0 end })
        assert.equal(1, done)
        assert.is_truthy(results[1])
        for i = 2, 4 do
            assert.equal("cancelled", errs[i].kind)
        end
    end)

    it("does not wait for answers that do not come", function()
        service:fault({ delay = 600 }, { times = cjson.null })
        local client = service:client()
        local asked = 0
        local _, errs = gather(repeated(2, function()
            return client:list_sync_records { cluster_id = healthy, limit = 1 }
        end), { stop = function()
            asked = asked + 1
            return asked > 2
        end })
        assert.equal("cancelled", errs[1].kind)
        assert.equal("cancelled", errs[2].kind)
    end)

    it("must be told by a function", function()
        assert.has_error(function() gather({}, { stop = true }) end, "gather: stop is a boolean, expected a function")
    end)
end)

describe("gatherings with shared connections", function()
    it("use those that the one before left", function()
        local client = service:client()
        local connections = service:journal().connections
        for _ = 1, 3 do
            local _, errs = gather({ function()
                return client:list_sync_records { cluster_id = healthy, limit = 1 }
            end }, { shared = true })
            assert.same({}, errs)
        end
        assert.is_true(service:journal().connections <= connections + 2) -- one is the journal's
    end)
end)

describe("current", function()
    it("is a runtime inside gather and nothing outside, nor in a coroutine inside", function()
        assert.is_nil(runtimes.current())
        local results = gather { function()
            return {
                inside = runtimes.current() ~= nil,
                deeper = coroutine.wrap(function()
                    return runtimes.current() ~= nil
                end)(),
            }
        end }
        assert.same({ inside = true, deeper = false }, results[1])
        assert.is_nil(runtimes.current())
    end)
end)

describe("a function of a gather that waits for a descriptor", function()
    local uv = require "luv"

    it("goes on when it is ready or time is up, while the others run", function()
        local ends, order = uv.pipe(), {}
        local results = gather {
            function()
                local ready = runtimes.current().wait(ends.read, "read", 30)
                order[#order + 1] = "read"
                return ready
            end,
            function()
                order[#order + 1] = "sleep"
                runtimes.current().sleep(0.01)
                order[#order + 1] = "write"
                uv.fs_write(ends.write, "x")
                return true
            end,
            function()
                return runtimes.current().wait(ends.write, "both", 30)
            end,
        }
        assert.same({ true, true, true }, results)
        assert.same({ "sleep", "write", "read" }, order)
        uv.fs_read(ends.read, 1)
        assert.same({ false }, (gather { function()
            return runtimes.current().wait(ends.read, "read", 0.02)
        end }))
        uv.fs_close(ends.read)
        uv.fs_close(ends.write)
    end)

    it("waits beside requests under way, in a shared pool, too", function()
        local ends = uv.pipe()
        local client = service:client()
        for _, shared in ipairs { false, true } do
            local results = gather({
                function()
                    return runtimes.current().wait(ends.read, "read", 30)
                end,
                function()
                    assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
                    uv.fs_write(ends.write, "x")
                    return true
                end,
            }, { shared = shared })
            assert.same({ true, true }, results)
            uv.fs_read(ends.read, 1)
        end
        uv.fs_close(ends.read)
        uv.fs_close(ends.write)
    end)
end)

describe("a bell", function()
    local concurrent = require "dwsync.runtime.concurrent"

    it("wakes those who wait, as many as are wanted, the longest waiting first", function()
        local bell, log, seen = concurrent.bell(), {}, {}
        local function waiter(name)
            return function()
                bell:wait(60)
                log[#log + 1] = name
            end
        end
        local function let_others_run()
            runtimes.current().sleep(0)
            runtimes.current().sleep(0)
        end
        gather { waiter "first", waiter "second", waiter "third", function()
            bell:ring(1)
            let_others_run()
            seen[1] = #log
            bell:ring(1)
            bell:ring(1) -- the third, though the second has not gone on yet
            let_others_run()
            seen[2] = #log
        end }
        assert.equal("first", log[1])
        assert.same({ 1, 3 }, seen)
    end)

    it("ends a wait by itself, and then waits for nobody", function()
        local bell, ended = concurrent.bell(), false
        gather { function()
            bell:wait(0)
            ended = true
        end }
        bell:ring(1)
        assert.is_true(ended)
        assert.equal(0, #bell)
    end)

    it("is a sleep where nobody could ring it", function()
        local slept
        local bell, current = concurrent.bell(), runtimes.current
        runtimes.current = function() return { sleep = function(seconds) slept = seconds end } end
        bell:wait(7)
        runtimes.current = current
        assert.equal(7, slept)
    end)
end)
