local core = require "dwsync.core"
local turns = require "dwsync.runtime.nginx_turns"

local TURN, LEAST = 0.00045, 0.0001
local MANY = 1000

local kept -- the newest: what nobody could see would not be made

-- Garbage of some hundred kilobytes.
local function litter()
    for i = 1, 1000 do
        kept = { i, tostring(i), { i } }
    end
    return kept
end

local function is_collecting()
    return collectgarbage "isrunning"
end

describe("turns in nginx's event loop", function()
    local monotonic, own_ngx, now = core.monotonic, rawget(_G, "ngx"), 1e6
    local slept

    before_each(function()
        now, slept = now + 1, {}
        core.monotonic = function() return now end
        turns.begin() -- after a turn that nobody shared all time is the first one's
        turns.finish()
        now = now + 1
        rawset(_G, "ngx", { sleep = function(seconds) slept[#slept + 1] = seconds end })
        collectgarbage()
        collectgarbage() -- what earlier turns knew of the collector is over: memory is smaller than they saw it
    end)

    after_each(function()
        turns.finish()
        core.monotonic = monotonic
        rawset(_G, "ngx", own_ngx)
        collectgarbage "restart"
    end)

    -- How long a turn lasts that begins now, in steps of a hundredth of a millisecond.
    local function length(most)
        turns.begin(most)
        local began = now
        while turns.goes_on() do
            now = now + 1e-5
        end
        turns.finish()
        return now - began
    end

    describe("share the time", function()
        it("of one turn when nginx wakes several light threads at once, and leave each enough to get on", function()
            assert.near(TURN, length(), 2e-5)
            for _ = 1, 3 do
                assert.near(LEAST, length(), 2e-5)
            end
        end)

        it("so that the first leaves the others what they needed the last time, but never more than half", function()
            length()
            length()
            now = now + 0.001
            assert.near(TURN - 2 * LEAST, length(), 4e-5)
            assert.near(2 * LEAST, length(), 4e-5)
            for _ = 1, 9 do
                now = now + 0.001
                length()
                length()
            end
            now = now + 0.001
            assert.near(TURN / 2, length(), 2e-5)
            assert.near(TURN / 2, length(), 4e-5)
        end)

        it("and no longer than who takes one wants", function()
            assert.near(LEAST, length(LEAST), 2e-5)
            now = now + 0.001
            assert.near(TURN, length(1), 2e-5)
        end)

        it("so that the next has what the first did not need", function()
            turns.begin()
            now = now + 1e-4
            turns.finish()
            assert.near(TURN - 1e-4, length(), 2e-5)
        end)

        it("with a light thread that is made in one, but not with what began before one that nobody ended", function()
            turns.begin()
            now = now + 1e-4
            assert.near(TURN - 1e-4, length(), 2e-5)
            now = now + 0.001
            turns.begin()
            now = now + 0.001
            assert.near(TURN, length(), 2e-5)
        end)

        it("and last as long as ever when nginx did other things in between", function()
            assert.near(TURN, length(), 2e-5)
            now = now + 0.001
            assert.near(TURN, length(), 2e-5)
            assert.is_false(turns.finish())
        end)
    end)

    describe("end before a piece of work", function()
        local piece

        -- How long a turn is worked that begins now, in pieces as long as `piece`.
        local function worked()
            now = now + 0.001
            turns.begin()
            local began = now
            repeat
                now = now + piece
            until not turns.goes_on()
            turns.finish()
            return now - began
        end

        it("that would last beyond them, as long as the last ones were as long", function()
            for _, size in ipairs { 0.00004, 0.0001, 0.00015, 0.0002, 0.00025 } do
                piece = size
                local seconds = worked()
                assert.is_true(seconds <= TURN and seconds > TURN - 2 * size, size .. " " .. seconds)
            end
        end)

        it("but leave half of their time to any, so that work gets on", function()
            piece = 0.01
            worked()
            piece = 1e-5
            now = now + 0.001
            turns.begin()
            now = now + TURN / 2 - 1e-5
            assert.is_true(turns.goes_on())
            turns.finish()
        end)

        it("and forget a long one with what follows", function()
            piece = 0.01
            worked()
            piece = 1e-5
            worked()
            assert.near(TURN, worked(), 2.1e-5)
        end)
    end)

    describe("begin alone for work that cannot be cut", function()
        it("when nobody else was woken with them, else in a later cycle of nginx's", function()
            local others = 3
            rawset(_G, "ngx", { sleep = function(seconds)
                slept[#slept + 1], now = seconds, now + 0.001
                others = others - 1
                if others > 0 then
                    length()
                end
            end })
            length()
            turns.begin_first()
            assert.equal(3, #slept)
            now = now + TURN / 2 - 1e-5
            assert.is_true(turns.goes_on())
            turns.finish()
            now = now + 0.001
            turns.begin_first()
            assert.equal(3, #slept)
        end)

        it("at last also where others always come first", function()
            rawset(_G, "ngx", { sleep = function(seconds)
                slept[#slept + 1], now = seconds, now + 0.001
                length()
            end })
            length()
            turns.begin_first()
            assert.equal(8, #slept)
            assert.is_true(turns.finish())
        end)
    end)

    it("sleep until a point in time at one stretch, and again where nginx was early", function()
        local early = 0.002
        rawset(_G, "ngx", { sleep = function(seconds)
            slept[#slept + 1], now = seconds, now + seconds - early
            early = 0
        end })
        turns.sleep_until(now + 0.01)
        assert.near(0.01, slept[1], 1e-6)
        assert.near(0.002, slept[2], 1e-6)
        assert.is_true(#slept <= 3) -- now is a large number: what is left may be its last digit
        slept = {}
        turns.sleep_until(now)
        turns.sleep_until(now - 1)
        assert.same({}, slept)
    end)

    it("end for longer than nothing, which nginx would not take for a pause", function()
        turns.sleep()
        assert.equal(1, #slept)
        assert.is_true(slept[1] > 0)
    end)

    describe("let the collector", function()
        it("alone as long as nothing is made", function()
            turns.begin()
            assert.is_true(is_collecting())
            turns.finish()
            assert.is_true(is_collecting())
        end)

        it("wait while much is made, until they end", function()
            turns.begin()
            turns.hold()
            assert.is_false(is_collecting())
            turns.finish()
            assert.is_true(is_collecting())
        end)

        it("go on after a turn that nobody ended, and one within another", function()
            for _ = 1, 2 do
                turns.begin()
                turns.hold()
            end
            turns.finish()
            assert.is_true(is_collecting())
            turns.finish()
            assert.is_true(is_collecting())
        end)

        it("work in steps, so that memory stays within bounds in a turn that does not end", function()
            local before, most = collectgarbage "count", 0
            turns.begin()
            turns.hold()
            for _ = 1, 500 do
                litter()
                assert.is_true(turns.collect())
                most = math.max(most, collectgarbage "count")
            end
            assert.is_true(most < 4 * before + 20000, most)
        end)

        it("do nothing once the turn's time is up", function()
            turns.begin()
            turns.hold()
            litter()
            local before = collectgarbage "count"
            now = now + 1
            assert.is_false(turns.collect())
            assert.is_true(collectgarbage "count" >= before)
        end)

        -- Others, which nginx does not have, begin again in any case.
        it("rest when it has done all, as LuaJIT's would of itself", function()
            if not rawget(_G, "jit") then
                return
            end
            local live = {} -- with little memory it has no room
            for i = 1, 50000 do
                live[i] = { i }
            end
            turns.begin()
            turns.hold()
            local rounds = 0
            while not is_collecting() do
                litter()
                turns.collect()
                rounds = rounds + 1
                assert.is_true(rounds < MANY)
            end
            turns.finish()
            for _ = 1, 3 do
                turns.begin()
                turns.hold()
                assert.is_true(is_collecting()) -- to make it wait would make it begin again
                turns.finish()
            end
            collectgarbage() -- somebody else's: it may begin any time now
            turns.begin()
            turns.hold()
            assert.is_false(is_collecting())
            assert.equal(50000, #live)
        end)
    end)

    describe("leave to the host", function()
        it("a collector that it has stopped", function()
            collectgarbage "stop"
            local before = collectgarbage "count"
            for _ = 1, 3 do
                turns.begin()
                turns.hold()
                litter()
                assert.is_true(turns.collect())
                assert.is_false(is_collecting())
                turns.finish()
                assert.is_false(is_collecting())
            end
            assert.is_true(collectgarbage "count" >= before + 200)
        end)

        it("how it has set the collector", function()
            local pause, multiplier = collectgarbage("setpause", 160), collectgarbage("setstepmul", 320)
            turns.begin()
            turns.hold()
            for _ = 1, 100 do
                litter()
                turns.collect()
            end
            turns.finish()
            assert.same({ 160, 320 }, { collectgarbage("setpause", pause), collectgarbage("setstepmul", multiplier) })
        end)
    end)
end)

-- The collector and the clock are replaced, and the module is a fresh one.
describe("what turns in nginx's event loop ask of the collector", function()
    local NAME = "dwsync.runtime.nginx_turns"
    local own, monotonic, fresh = collectgarbage, core.monotonic, nil
    local count, running, pause, calls, looks, ends_at, on_step

    before_each(function()
        count, running, pause, calls, looks, ends_at, on_step = 1000, true, 200, {}, 0, nil, nil
        core.monotonic = function()
            looks = looks + 1
            return 100
        end
        _G.collectgarbage = function(what, value)
            if what == "count" then
                return count
            elseif what == "isrunning" then
                assert(running ~= nil, "not known")
                return running
            end
            calls[#calls + 1] = what .. (value and " " .. value or "")
            if what == "stop" or what == "restart" then
                running = what == "restart"
            elseif what == "setpause" then
                local before = assert(pause, "not known")
                pause = value
                return before
            else
                ends_at = ends_at and ends_at - 1
                if on_step then
                    on_step()
                end
                return ends_at == 0
            end
        end
        package.loaded[NAME] = nil
        fresh = require(NAME)
        package.loaded[NAME] = turns
    end)
    after_each(function()
        core.monotonic, _G.collectgarbage = monotonic, own
    end)

    local function done()
        local words = table.concat(calls, " ")
        calls = {}
        return words
    end

    -- Collects until a cycle ends, with so much memory then.
    local function collect_till_end(size)
        fresh.begin()
        fresh.hold()
        count, ends_at = size, 1
        fresh.collect()
        return done()
    end

    it("is nothing before one begins", function()
        core.monotonic = function() return 0.5 end
        assert.is_false(fresh.goes_on())
        assert.is_false(fresh.finish())
        assert.equal("", done())
    end)

    it("is of a whole turn from the first on", function()
        local now = 0
        core.monotonic = function() return now end
        fresh.begin()
        now = TURN / 2 - 1e-5
        assert.is_true(fresh.goes_on())
        fresh.finish()
        now = now + 0.00031 -- so soon after the other it was not woken with it
        fresh.begin()
        now = now + TURN / 2 - 1e-5
        assert.is_true(fresh.goes_on())
        fresh.finish()
    end)

    it("is to wait, and to go on when the turn ends", function()
        fresh.begin()
        fresh.hold()
        fresh.hold()
        assert.equal("stop", done())
        assert.is_true(fresh.collect())
        assert.equal("", done())
        fresh.finish()
        fresh.finish()
        assert.equal("restart", done())
    end)

    it("is a step for each KB that was made, with a look at the clock after each", function()
        for made, steps in pairs { [0] = 0, [0.9] = 0, [1] = 1, [3.5] = 3, [8] = 8, [9] = 9, [100] = 100 } do
            fresh.begin()
            fresh.hold()
            done()
            count, looks = count + made, 0
            assert.is_true(fresh.collect())
            local _, found = done():gsub("step 1%f[%D]", "")
            assert.equal(steps, found)
            assert.equal(steps + 2, looks)
            fresh.finish()
            count = count + 0.5 - made % 1 -- what is left over of this turn is less than a step
            package.loaded[NAME] = nil
            fresh = require(NAME)
            package.loaded[NAME] = turns
        end
    end)

    it("is to leave dear steps to the next turn", function()
        local now = 0
        core.monotonic = function() return now end
        on_step = function() now = now + 0.0001 end
        fresh.begin()
        fresh.hold()
        count = count + 100
        assert.is_false(fresh.collect())
        local _, found = done():gsub("step 1%f[%D]", "")
        assert.equal(4, found) -- a fifth would end behind the turn
        assert.is_true(now < TURN)
        fresh.finish()
    end)

    it("is to go on by itself behind a step, where the step does not see to that", function()
        fresh.begin()
        fresh.hold()
        count = count + 1
        fresh.collect()
        assert.equal("stop step 1 restart stop", done())
        on_step = function() running = true end
        count = count + 1
        fresh.collect()
        assert.equal("step 1 stop", done())
    end)

    it("is to rest when a cycle has ended and there is room, as the host has set that", function()
        pause = 160
        assert.equal("stop step 1 setpause 200 setpause 160 restart", collect_till_end(10000))
        assert.equal(160, pause)
        fresh.finish()
        count = 15999
        fresh.begin()
        fresh.hold() -- close to the next cycle there is no room
        assert.equal("stop", done())
        fresh.finish()
    end)

    it("is to wait where there is no room of two MB before the next cycle", function()
        assert.matches("restart$", collect_till_end(2048))
        fresh.finish()
        done()
        package.loaded[NAME] = nil
        fresh = require(NAME)
        package.loaded[NAME] = turns
        count = 1000
        assert.matches("restart stop$", collect_till_end(2047))
        fresh.finish()
    end)

    it("is to wait once a cycle has begun, or somebody else collected", function()
        for size, waits in pairs { [10000] = "", [17951] = "", [17953] = "stop", [20000] = "stop", [20001] = "stop",
            [9999] = "stop" } do
            count = 1000
            collect_till_end(10000)
            fresh.finish()
            done()
            count = size
            fresh.begin()
            fresh.hold()
            assert.equal(waits, done())
            fresh.finish()
            done()
        end
        count = 1000
        collect_till_end(10000)
        count = 20000
        fresh.hold()
        count = 30000
        fresh.collect()
        assert.matches("step 1", done()) -- it collects again: the rest is over
    end)

    it("goes by what is usual where Lua does not say how the collector is set, nor whether it runs", function()
        pause = nil
        assert.equal("stop step 1 setpause 200 restart", collect_till_end(2048))
        fresh.finish()
        running = nil
        fresh.begin()
        count = 1000
        fresh.hold()
        assert.equal("stop", done())
    end)
end)
