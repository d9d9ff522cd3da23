local core = require "dwsync.core"
local turns = require "dwsync.runtime.nginx_turns"

local TURN, LEAST = 0.00055, 0.0001
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

        it("and last as long as ever when nginx did other things in between", function()
            assert.near(TURN, length(), 2e-5)
            now = now + 0.001
            assert.near(TURN, length(), 2e-5)
            assert.is_false(turns.finish())
        end)
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
