local collector = require "spec.support.collector"
local core = require "dwsync.core"
local patience = require "spec.support.patience"
local raw_server = require "spec.support.raw_server"

-- What a program's finalisers may do to us: they run whenever the binding makes a Lua value.

-- Calls the function when the collector comes by.
local function when_collected(body)
    if newproxy then -- luacheck: ignore (Lua 5.1 and LuaJIT: tables have no finalisers there)
        getmetatable(newproxy(true)).__gc = body -- luacheck: ignore
    else
        setmetatable({}, { __gc = body })
    end
end

-- Collects as often as can be while the function runs, which then meets finalisers everywhere.
local function collecting(body)
    local pause, speed = collector.pace(1, 1000)
    local good, err = pcall(body)
    collector.pace(pause, speed)
    assert(good, err)
end

-- Calls it at each collection, from the next one on, until `stop` is called.
local function at_each_collection(body)
    local stopped = false
    local function again()
        if not stopped then
            body()
            when_collected(again)
        end
    end
    when_collected(again)
    return function()
        stopped = true
    end
end

local function page_of(rows)
    local parts = {}
    for i = 1, rows do
        parts[i] = ('{"id":"%d"}'):format(i)
    end
    return '{"sync_records":[' .. table.concat(parts, ",") .. "]}"
end

describe("a finaliser", function()
    it("can neither close nor use ids with which a page is being decoded", function()
        local body, ids, refusals = page_of(20000), core.ids(), {}
        local page, place
        local stop = at_each_collection(function()
            for _, name in ipairs { "begin_again", "close", "__gc" } do
                local good, err = pcall(ids[name], ids)
                if good then
                    return -- too early or too late
                end
                refusals[#refusals + 1] = err
            end
        end)
        collecting(function()
            ids = core.ids()
            page, place = core.decode_page(body, { ids = ids })
        end)
        stop()
        assert.equal(20000, #page.sync_records)
        assert.equal(20000, place.new_rows)
        assert.is_true(#refusals >= 4)
        for _, refusal in ipairs(refusals) do
            assert.equal("these ids are in use", refusal)
        end
        ids:close()
    end)

    it("finds ids free again when decoding has failed", function()
        local ids = core.ids()
        assert.is_nil((core.decode_page("no page", { ids = ids })))
        ids:close()
    end)

    it("cannot close a pool whose response is being read", function()
        local lines = {}
        for i = 1, 3000 do
            lines[i] = ("X-%d: %s"):format(i, ("v"):rep(60))
        end
        raw_server.with(raw_server.saying(raw_server.answer("200 OK", page_of(20000), lines)), function(server)
            local pool, refusals, response = core.pool(), {}, nil
            local stop = at_each_collection(function()
                local good, err = pcall(pool.pending, pool)
                if not good then
                    refusals[err] = true
                    assert(not pcall(pool.close, pool))
                end
            end)
            collecting(function()
                for _ = 1, 100 do -- with much garbage around, the collector does not come by each time
                    assert(pool:submit(1, { url = server.url, decode = {} }))
                    response = select(2, pool:next(patience.seconds))
                    if next(refusals) then
                        return
                    end
                end
            end)
            stop()
            assert.same({ ["the pool is in use"] = true }, refusals)
            assert.equal(("v"):rep(60), response.headers["x-3000"])
            assert.equal(20000, #response.page.sync_records)
            pool:close()
        end)
    end)

    -- When the collector comes by is its own affair, so this tries many distances from the last time.
    it("may close a pool while a request is being submitted: that raises", function()
        local headers = {}
        for i = 1, 1900 do
            headers["X-" .. i] = "v"
        end
        for distance = 1, 400 do
            local pool, inside, closed = core.pool(), false, false
            collectgarbage()
            local stop = at_each_collection(function()
                if inside then
                    pool:close()
                    closed = true
                end
            end)
            local request = { url = "http://127.0.0.1:1/", headers = headers }
            collectgarbage "stop"
            for _ = 1, distance do
                local _ = {} -- garbage, to move the collection by a step
            end
            collectgarbage "restart"
            inside = true
            local good, err = pcall(pool.submit, pool, 1, request)
            inside = false
            assert(not closed == good and (good or err == "the pool is closed"), err)
            stop()
            pool:close()
        end
    end)
end)

describe("a request of many headers", function()
    -- Under valgrind this is what sees a write beyond Lua's stack.
    it("fits on the stack of a young coroutine", function()
        for count = 10, 150 do
            local headers = {}
            for i = 1, count do
                headers["X-" .. i] = "v"
            end
            local names = { "x-sdk-date" }
            for i = 1, count do
                names[i + 1] = "x-" .. i
            end
            for _, signed_headers in ipairs { false, names } do
                assert(coroutine.resume(coroutine.create(function()
                    local request = { url = "https://h/", headers = headers, signed_headers = signed_headers or nil }
                    return assert(core.sign(request, { ak = "a", sk = "s", security_token = "t" }, "20251025T104952Z"))
                end)))
            end
        end
    end)
end)
