local cache = require "dwsync.credentials.cache"
local errors = require "dwsync.errors"

local NOW = 1761389392

-- A cache with a plan whose answers are given in turn: fields, or an error with the seconds to hold.
local function new(answers, random)
    local world = { fetched = 0, events = {}, clock = NOW, stepped = 0, cache = cache.new(), slept = 0 }
    world.context = {
        runtime = {
            now = function() return world.clock end,
            monotonic = function() return world.clock - world.stepped end,
            sleep = function(seconds)
                world.slept, world.clock = world.slept + 1, world.clock + seconds
                if coroutine.running() and world.yielding then
                    coroutine.yield()
                end
            end,
        },
        random = function() return random or 0.5 end,
        emit = function(event) world.events[#world.events + 1] = event end,
    }
    world.plan = {
        key = { "test" },
        source = "test source",
        fetch = function()
            world.fetched = world.fetched + 1
            local answer = answers[math.min(world.fetched, #answers)]
            if world.yielding then
                coroutine.yield()
            end
            if answer.err then
                return nil, answer.err, answer.hold
            end
            return { ak = answer.ak, sk = "hidden", security_token = "t", expires_at = world.clock + answer.life,
                source = "test source" }
        end,
    }
    function world.get(timeout)
        local deadline = world.context.runtime.monotonic() + (timeout or 60)
        return world.cache:get(world.plan, { deadline = deadline, timeout = timeout or 60 }, world.context)
    end
    function world.step(seconds)
        world.clock, world.stepped = world.clock + seconds, world.stepped + seconds
    end
    return world
end

local function failing(fields)
    fields = fields or {}
    fields.kind, fields.message = fields.kind or "network", "cannot connect"
    return errors.new(fields)
end

local function kept_in(kept)
    local count = 0
    for _ in pairs(kept.entries) do
        count = count + 1
    end
    return count
end

describe("fetched credentials", function()
    it("are kept until a random point between half and four fifths of their life", function()
        for random, share in pairs { [0] = 0.5, [0.5] = 0.65, [0.999999] = 0.8 } do
            local world = new({ { ak = "one", life = 3600 }, { ak = "two", life = 3600 } }, random)
            assert.equal("one", world.get().ak)
            world.clock = NOW + 3600 * share - 1
            assert.equal("one", world.get().ak)
            assert.equal(1, world.fetched)
            world.clock = NOW + 3600 * share + 1
            assert.equal("two", world.get().ak)
            assert.equal(2, world.fetched)
        end
        local world = new({ { ak = "one", life = 3600 }, { ak = "two", life = 3600 } }, 0)
        world.get()
        world.clock = NOW + 1800
        assert.equal("two", world.get().ak)
    end)

    it("are told of each time that they are fetched, where anybody listens", function()
        local world = new { { ak = "one", life = 3600 }, { ak = "two", life = 3600 } }
        world.get()
        world.get()
        assert.same({ { type = "credentials", source = "test source", expires_at = NOW + 3600 } }, world.events)
        world.context.emit, world.clock = nil, NOW + 3600
        assert.equal("two", world.get().ak)
    end)

    it("keep one identity through all renewals, each plan its own", function()
        local world = new { { ak = "one", life = 3600 }, { ak = "two", life = 3600 }, { ak = "three", life = 3600 } }
        local first = world.get()
        world.clock = NOW + 3600
        local second = world.get()
        world.plan.key = { "other" }
        assert.is_table(first.identity)
        assert.equal(first.identity, second.identity)
        assert.not_equal(first.identity, world.get().identity)
    end)

    it("belong to the plan's functions as long as they are kept", function()
        local world, functions = new { { ak = "one", life = 3600 } }, setmetatable({}, { __mode = "v" })
        functions[1] = function() return world end
        world.plan.key = { functions[1] }
        world.get()
        world.plan.key = nil
        collectgarbage()
        assert.is_function(functions[1])
    end)

    it("serve on while they cannot be renewed, and that is told", function()
        local world = new { { ak = "one", life = 3600 }, { err = failing() } }
        world.get()
        world.clock = NOW + 3000
        assert.equal("one", world.get().ak)
        local event = world.events[#world.events]
        assert.equal("warning", event.type)
        assert.equal("test source could not be renewed; the current credentials are used until they expire: "
            .. "cannot connect",
            event.message)
        assert.equal("one", world.get().ak)
        assert.equal(2, world.fetched) -- it is not asked again at once
    end)

    it("are asked for again when the pause behind a refused renewal is over, and no earlier", function()
        local world = new { { ak = "one", life = 3600 }, { err = failing { kind = "credentials", status = 401 } },
            { ak = "two", life = 3600 } }
        world.get()
        for _, case in ipairs { { 3000, "one", 2 }, { 3044.5, "one", 2 }, { 3045, "two", 3 } } do
            world.clock = NOW + case[1]
            assert.same({ case[2], case[3] }, { world.get().ak, world.fetched })
        end
    end)

    it("are renewed at the same age, and asked for after the same pause, when somebody sets the clock", function()
        for _, step in ipairs { 3600, -3600 } do
            local world = new { { ak = "one", life = 36000 }, { ak = "two", life = 36000 } }
            world.get()
            world.clock = world.clock + 36000 * 0.65 - 1
            world.step(step)
            assert.equal("one", world.get().ak)
            world.clock = world.clock + 2
            assert.equal("two", world.get().ak)

            world = new { { err = failing { status = 401 } } }
            world.get()
            world.step(step)
            world.clock = world.clock + 44
            world.get()
            assert.equal(1, world.fetched)
            world.clock = world.clock + 2
            world.get()
            assert.equal(2, world.fetched)
        end
    end)

    it("are given up when they have expired and cannot be renewed", function()
        local world = new { { ak = "one", life = 3600 }, { err = failing() } }
        world.get()
        world.clock = NOW + 3600
        local keys, err, known = world.get()
        assert.is_nil(keys)
        assert.equal("network", err.kind)
        assert.is_true(known)
    end)

    it("are given up when they expire while their renewal is left alone", function()
        local world = new { { ak = "one", life = 3600 }, { err = failing() } }
        world.get()
        world.clock = NOW + 3599.5
        assert.equal("one", world.get().ak)
        world.clock = NOW + 3600
        local keys, err, known = world.get()
        assert.same({ "nil", "network", true, 2 }, { tostring(keys), err.kind, known, world.fetched })
    end)

    it("are the same for each plan with the same key, and not for others", function()
        local world = new { { ak = "one", life = 3600 }, { ak = "two", life = 3600 } }
        world.get()
        world.plan.key = { "test", "other" }
        assert.equal("two", world.get().ak)
        world.plan.key = { "test" }
        assert.equal("one", world.get().ak)
    end)

    it("are dropped when the service refuses them, but not the newer ones in their place", function()
        local world = new { { ak = "one", life = 3600 }, { ak = "two", life = 3600 } }
        local first = world.get()
        assert.is_true(world.cache:discard(first))
        assert.equal("two", world.get().ak)
        assert.is_true(world.cache:discard(first))
        assert.equal("two", world.get().ak)
        assert.equal(2, world.fetched)
        assert.is_false(world.cache:discard {})
    end)

    it("that have expired shorten no pause when they are dropped", function()
        local world = new { { ak = "one", life = 3600 }, { err = failing { status = 401 } } }
        local first = world.get()
        world.clock = NOW + 3600
        world.get()
        world.cache:discard(first)
        world.get()
        assert.equal(2, world.fetched)
    end)

    it("are asked for at once when they were dropped during a pause", function()
        local world = new { { ak = "one", life = 3600 }, { err = failing { status = 401 } }, { ak = "two", life = 60 } }
        local first = world.get()
        world.clock = NOW + 3000
        world.get()
        world.cache:discard(first)
        assert.equal("two", world.get().ak)
    end)

    it("are renewed and asked for anew on a machine that has just started, too", function()
        local world = new { { ak = "one", life = 0.5 }, { ak = "two", life = 0.5 }, { ak = "three", life = 0.5 } }
        world.stepped = NOW
        world.get()
        world.clock = NOW + 0.4
        local second = world.get()
        assert.equal("two", second.ak)
        world.cache:discard(second)
        assert.equal("three", world.get().ak)
    end)

    it("are all forgotten when that is wished", function()
        local world = new { { ak = "one", life = 3600 }, { ak = "two", life = 3600 } }
        world.get()
        world.cache:forget()
        assert.equal("two", world.get().ak)
        assert.equal(1, world.cache.count)
    end)

    it("are checked", function()
        local world = new { { ak = "bad\n", life = 3600 } }
        local keys, err = world.get()
        assert.is_nil(keys)
        assert.equal("test source: ak is empty, not a string, or contains a line break", err.message)
    end)

    it("do not pile up", function()
        local world, most = new { { ak = "one", life = 10 } }, 0
        for i = 1, 1500 do
            world.plan.key = { "k" .. i }
            world.get()
            most = math.max(most, kept_in(world.cache))
            world.clock = world.clock + 1
        end
        assert.same({ 1000, 509 }, { most, kept_in(world.cache) })
    end)

    it("make room where they have expired, their pause is over and nobody fetches", function()
        local life, refusal = { ak = "one", life = 10 }, { err = failing { status = 401 } }
        for _, case in ipairs {
            { answer = life, after = 9.5, kept = true }, { answer = life, after = 10, kept = false },
            { answer = refusal, after = 44.5, kept = true }, { answer = refusal, after = 45, kept = false },
            { answer = refusal, after = 50, kept = false },
            { answer = life, after = 10, kept = true, fetching = true },
        } do
            local world = new { case.answer }
            world.yielding = case.fetching
            coroutine.wrap(world.get)()
            world.yielding = false
            local key = next(world.cache.entries)
            world.clock, world.cache.count = NOW + case.after, 1000
            world.plan.key = { "another" }
            world.get()
            assert.equal(case.kept, world.cache.entries[key] ~= nil)
            assert.equal(case.kept and 1001 or 1000, world.cache.count)
        end
    end)
end)

describe("a fetch that fails", function()
    it("is repeated after growing pauses only", function()
        local world = new { { err = failing() } }
        local tries, last = {}, 0
        for second = 0, 1200 do
            world.clock = NOW + second
            local _, err = world.get()
            assert.equal("network", err.kind)
            if world.fetched > last then
                last = world.fetched
                tries[#tries + 1] = second
            end
        end
        assert.same({ 0, 1, 3, 6, 12, 24, 48, 96, 192, 384, 609, 834, 1059 }, tries)
    end)

    it("is not repeated soon when a password was refused: the user would be locked", function()
        local world = new { { err = failing { kind = "credentials", status = 401 } }, { ak = "one", life = 60 } }
        world.get()
        world.clock = NOW + 44.9
        assert.is_nil(world.get())
        world.clock = NOW + 45 -- three quarters of a minute, by the world's middling random
        assert.equal("one", world.get().ak)
    end)

    it("is not repeated before the source says so, when nothing was ever there", function()
        local world = new { { err = failing(), hold = 600 }, { ak = "one", life = 60 } }
        local keys, _, known = world.get()
        assert.is_nil(keys)
        assert.is_falsy(known)
        world.clock = NOW + 599
        assert.is_nil(world.get())
        assert.equal(1, world.fetched)
        world.clock = NOW + 600
        assert.equal("one", world.get().ak)
    end)
end)

describe("many coroutines", function()
    local function run(world, count, timeout)
        world.yielding = true
        local results, errs, threads = {}, {}, {}
        for i = 1, count do
            threads[i] = coroutine.create(function()
                local keys, err = world.get(timeout)
                results[i], errs[i] = keys and keys.ak, err
            end)
        end
        local alive = true
        while alive do
            alive = false
            for _, thread in ipairs(threads) do
                if coroutine.status(thread) ~= "dead" then
                    assert(coroutine.resume(thread))
                    alive = true
                end
            end
        end
        world.yielding = false
        return results, errs
    end

    it("wait for one fetch", function()
        local world = new { { ak = "one", life = 3600 } }
        local results = run(world, 200)
        assert.equal(1, world.fetched)
        for i = 1, 200 do
            assert.equal("one", results[i])
        end
    end)

    it("go on with the old ones while one of them fetches", function()
        local world = new { { ak = "one", life = 3600 }, { ak = "two", life = 3600 } }
        world.get()
        world.clock = NOW + 3000
        local results = run(world, 50)
        assert.equal(2, world.fetched)
        assert.equal("two", results[1])
        for i = 2, 50 do
            assert.equal("one", results[i])
        end
        assert.equal(0, world.slept)
    end)

    it("get the one failure, all of them", function()
        local world = new { { err = failing() } }
        local _, errs = run(world, 50)
        assert.equal(1, world.fetched)
        for i = 1, 50 do
            assert.equal("network", errs[i].kind)
        end
    end)

    it("wait no longer than they may", function()
        local world = new { { ak = "one", life = 3600 } }
        world.yielding = true
        local dropped = coroutine.create(world.get)
        coroutine.resume(dropped) -- and never again
        world.yielding = false
        local keys, err, known = world.get(5)
        assert.is_nil(keys)
        assert.same({ "timeout", false, true }, { err.kind, err.retryable, known })
        assert.equal("test source: still being fetched by another request after 5 s", err.message)
        world.clock = NOW + 60
        assert.equal("one", world.get().ak)
    end)

    it("do not wait for one that was given up for lost: after its own time, a minute at most", function()
        for timeout, lease in pairs { [600] = 60, [60] = 60, [5] = 5 } do
            local world = new { { ak = "one", life = 3600 } }
            world.yielding = true
            coroutine.resume(coroutine.create(world.get), timeout)
            world.yielding = false
            world.clock = NOW + lease - 1
            assert.is_nil(world.get(0.5))
            world.clock, world.slept = NOW + lease, 0
            assert.equal("one", world.get(0.5).ak)
            assert.equal(0, world.slept)
        end
    end)

    it("leave the lease of a later fetch alone when the one that was given up ends", function()
        local world = new { { ak = "one", life = 3600 }, { ak = "two", life = 3600 } }
        world.yielding = true
        local first, second = coroutine.create(world.get), coroutine.create(world.get)
        coroutine.resume(first, 5)
        world.clock = NOW + 5
        coroutine.resume(second, 5)
        coroutine.resume(first)
        local entry = world.cache.entries[next(world.cache.entries)]
        assert.equal(NOW + 10, entry.busy_until)
        coroutine.resume(second)
        assert.is_nil(entry.busy_until)
    end)
end)
