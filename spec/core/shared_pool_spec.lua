local core = require "dwsync.core"
local descriptors = require "spec.support.descriptors"
local emulators = require "spec.support.emulator"
local growth = require "spec.support.growth"
local raw_server = require "spec.support.raw_server"

local PATIENCE = require("spec.support.patience").seconds

-- Each connection answers as often as it is asked, for a while.
local function answers(times)
    local script = {}
    for i = 1, times do
        script[2 * i - 1] = { "read" }
        script[2 * i] = { "send", raw_server.answer("200 OK", "fine") }
    end
    script[#script + 1] = { "read" }
    return { script }
end

local function ask(pool, url)
    assert(pool:submit(true, { url = url, timeout = PATIENCE }))
    local _, response, err = pool:next(PATIENCE)
    return response and response.body, err
end

local function connections(body)
    return #raw_server.with(answers(8), function(server)
        body(server.url)
    end)
end

describe("a shared pool", function()
    it("finds the connection that another one left", function()
        assert.equal(1, connections(function(url)
            for _ = 1, 3 do
                local pool = core.pool { shared = true }
                assert.equal("fine", ask(pool, url))
                pool:close()
            end
        end))
    end)

    it("holds nothing while it has nothing to do, so that two share without being closed", function()
        local first, second = core.pool { shared = true }, core.pool { shared = true }
        assert.equal(1, connections(function(url)
            assert.equal("fine", ask(first, url))
            assert.equal("fine", ask(second, url))
            assert.equal("fine", ask(first, url))
        end))
        first:close()
        second:close()
    end)

    it("holds nothing when it has waited for others", function()
        local first, second = core.pool { shared = true }, core.pool { shared = true }
        assert.equal(1, connections(function(url)
            assert.equal("fine", ask(first, url))
            first:watch(0, "write")
            assert.same({ nil, "pending" }, { first:next(0) })
            assert.equal("fine", ask(second, url))
        end))
        first:close()
        second:close()
    end)

    it("is given back by the collector, too", function()
        assert.equal(1, connections(function(url)
            assert.equal("fine", ask(core.pool { shared = true }, url))
            collectgarbage()
            assert.equal("fine", ask(core.pool { shared = true }, url))
        end))
    end)

    it("uses a connection of its own while another one is busy", function()
        assert.equal(2, connections(function(url)
            local first, second = core.pool { shared = true }, core.pool { shared = true }
            assert(first:submit(1, { url = url, timeout = PATIENCE }))
            assert.equal("fine", ask(second, url))
            assert.equal(1, (first:next(PATIENCE)))
            first:close()
            second:close()
        end))
    end)

    it("shares nothing with a pool that is not", function()
        assert.equal(2, connections(function(url)
            local shared, own = core.pool { shared = true }, core.pool { shared = false }
            assert.equal("fine", ask(shared, url))
            assert.equal("fine", ask(own, url))
            own:close()
            shared:close()
        end))
    end)

    it("is otherwise a pool: idle, pending, cancel, errors, closed", function()
        local pool = core.pool { shared = true, concurrency = 2 }
        assert.same({ nil, "idle" }, { pool:next(0) })
        assert.equal(0, pool:pending())
        assert.is_false(pool:cancel "nothing")
        assert.equal("dwsync.pool: 0 pending", tostring(pool))
        local submitted, wrong = pool:submit(1, { url = "http://dws.example.com/" })
        assert.same({ nil, "config" }, { submitted, wrong.kind })
        raw_server.with({ { { "read" }, { "hold" } } }, function(server)
            assert(pool:submit("slow", { url = server.url, timeout = 20 }))
            assert.equal(1, pool:pending())
            assert.same({ nil, "pending" }, { pool:next(0) })
            assert.same({ nil, "pending" }, { pool:next(0.01) })
            assert.is_true(pool:cancel "slow")
            local tag, response, err = pool:next(PATIENCE)
            assert.same({ "slow", "cancelled" }, { tag, err.kind })
            assert.is_nil(response)
        end)
        pool:close()
        pool:close()
        assert.equal("dwsync.pool: closed", tostring(pool))
        assert.error_matches(function()
            pool:pending()
        end, "the pool is closed")
    end)

    it("may be closed with transfers under way", function()
        raw_server.with({ { { "read" }, { "hold" } } }, function(server)
            local files = descriptors.count()
            local pool = core.pool { shared = true, concurrency = 77 } -- which no other has left
            assert(pool:submit(1, { url = server.url }))
            pool:next(0.01)
            assert.is_true(descriptors.count() > files)
            pool:close()
            assert.equal(files, descriptors.count())
        end)
    end)

    it("resumes TLS sessions and keeps TLS connections", function()
        local service = emulators.start()
        finally(function()
            service:stop()
        end)
        for _ = 1, 5 do
            local pool = core.pool { shared = true, ca_file = service.info.ca_file }
            assert(pool:submit(1, { url = service:records_url "healthy", timeout = PATIENCE }))
            assert.equal(401, select(2, pool:next(PATIENCE)).status)
            pool:close()
        end
        local journal = service:journal()
        assert.same({ 5, 1 }, { journal.total, journal.connections })
    end)

    it("is a matter of true or false", function()
        assert.error_matches(function()
            core.pool { shared = 1 }
        end, "option 'shared' must be true or false")
    end)
end)

describe("core.response", function()
    it("makes headers of the lines of a head when they are asked for", function()
        local given = { status = 200, header_lines = "HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nB: 3\r\n\r\n" }
        local response = core.response(given)
        assert.equal(given, response)
        assert.is_nil(rawget(response, "headers"))
        local headers = response.headers
        assert.same({ ["x-a"] = "1, 2", b = "3" }, headers)
        assert.is_true(rawequal(headers, rawget(response, "headers")))
        assert.is_nil(response.body)
    end)

    it("joins any number of values of one name without copying them again and again", function()
        local response = core.response { header_lines = ("a: b\r\nC: d\r\n"):rep(20000) }
        local allocated = growth.allocated(function()
            assert.equal(("b, "):rep(19999) .. "b", response.headers.a)
            assert.equal(#response.headers.a, #response.headers.c)
        end)
        assert.is_true(allocated < 4096, allocated)
    end)

    it("has a metatable whose __index raises for what is no table", function()
        local index = getmetatable(core.response({})).__index
        for _, wrong in ipairs { 5, "text", true } do
            assert.error_matches(function()
                index(wrong, "headers")
            end, "table expected")
        end
    end)
end)

describe("core.can_yield", function()
    it("tells whether C stands between here and whoever resumed the coroutine", function()
        assert.is_false(core.can_yield())
        assert.is_true(coroutine.wrap(core.can_yield)())
        assert.is_true(coroutine.wrap(function()
            return core.can_yield()
        end)())
        coroutine.wrap(function()
            table.sort({ 1, 2 }, function(a, b)
                assert.is_false(core.can_yield())
                return a < b
            end)
        end)()
    end)
end)
