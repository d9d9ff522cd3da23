local concurrent = require "dwsync.runtime.concurrent"
local dwsync = require "dwsync"
local in_turn = require "dwsync.cli.in_turn"
local runtimes = require "dwsync.runtime"

local function pause()
    runtimes.current().sleep(0)
end

-- Each of so many functions gives its number to a function of `in_turn`.
local function give(count, take, concurrency, before)
    local functions = {}
    for i = 1, count do
        functions[i] = function()
            if before then
                before(i)
            end
            take(i)
            return i
        end
    end
    return dwsync.gather(functions, { concurrency = concurrency })
end

describe("work in turn", function()
    it("is done on one item at a time, in the order in which they come, on each once", function()
        local at_once, most, order = 0, 0, {}
        local take = in_turn.new(function(i)
            at_once = at_once + 1
            most = math.max(most, at_once)
            pause()
            order[#order + 1] = i
            at_once = at_once - 1
        end)
        local results = give(100, take, 8)
        assert.equal(1, most)
        assert.equal(100, #results)
        local numbers = {}
        for i = 1, 100 do
            numbers[i] = i
        end
        assert.same(numbers, order)
    end)

    it("needs no gather where it does not wait", function()
        local seen = {}
        local take = in_turn.new(function(i) seen[#seen + 1] = i end)
        take(1)
        take(2)
        assert.same({ 1, 2 }, seen)
    end)

    it("lets no more wait than a few, and does not hold back those", function()
        local came, done, most = 0, 0, 0
        local take = in_turn.new(function()
            most = math.max(most, came - done)
            pause()
            done = done + 1
        end, 60)
        give(200, take, 8, function() came = came + 1 end)
        assert.equal(200, done)
        -- 16, those of the functions that wait for them to become fewer, and the one that works
        assert.equal(16 + 6, most)
    end)

    it("that hangs keeps nobody from coming", function()
        local came, all = 0, concurrent.bell()
        local done = 0
        local take = in_turn.new(function(i)
            while i == 1 and came < 200 do
                all:wait(60)
            end
            done = done + 1
        end, 0.01)
        give(200, take, 8, function()
            came = came + 1
            if came == 200 then
                all:ring(1)
            end
        end)
        assert.equal(200, done)
    end)

    it("that fails for one item is done for the others, and raises when they are done", function()
        local done = {}
        local take = in_turn.new(function(i)
            pause()
            if i == 2 or i == 4 then
                error("of " .. i, 0)
            end
            done[#done + 1] = i
        end)
        local _, errs = give(5, take, 8)
        assert.same({ 1, 3, 5 }, done)
        assert.same({ "of 2" }, errs)
        take = in_turn.new(function(i) return i == 1 and error("of " .. i, 0) end)
        assert.has_error(function() take(1) end, "of 1")
        take(2)
    end)
end)
