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
            local count = 0
            for _ in pairs(world.cache.entries) do
                count = count + 1
            end
            most = math.max(most, count)
            world.clock = world.clock + 1
        end
        assert.equal(1000, most)
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
        local keys, err = world.get(5)
        assert.is_nil(keys)
        assert.equal("timeout", err.kind)
        assert.equal("test source: still being fetched by another request after 5 s", err.message)
        world.clock = NOW + 60
        assert.equal("one", world.get().ak)
    end)

    it("do not wait for one that was given up for lost, after a minute", function()
        local world = new { { ak = "one", life = 3600 } }
        world.yielding = true
        coroutine.resume(coroutine.create(world.get), 600)
        world.yielding = false
        world.clock = NOW + 59
        assert.is_nil(world.get(0.5))
        world.clock = NOW + 60
        assert.equal("one", world.get(0.5).ak)
    end)
end)
