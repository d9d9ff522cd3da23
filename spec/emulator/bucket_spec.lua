local bucket = require "dwsync.emulator.bucket"

describe("a token bucket", function()
    local function taken(tokens, ...)
        local list = {}
        for i, second in ipairs { ... } do
            list[i] = tokens:take(second)
        end
        return list
    end

    it("lets a burst through, then as many as its rate", function()
        assert.same({ true, true, true, false, false, true, false, true },
            taken(bucket.new(2, 3), 10, 10, 10, 10, 10.4, 10.5, 10.9, 11))
    end)

    it("saves up no more than a burst, and is full again when filled", function()
        local tokens = bucket.new(1, 2)
        assert.same({ true, true, false, true, true, false }, taken(tokens, 0, 0, 0, 1000, 1000, 1000))
        tokens:fill()
        assert.same({ true, true, false }, taken(tokens, 1000, 1000, 1000))
    end)

    it("has a burst of one second's requests, but of one at least, unless told", function()
        assert.same({ true, true, true, false }, taken(bucket.new(3.5), 0, 0, 0, 0))
        assert.same({ true, false }, taken(bucket.new(0.1), 0, 0))
    end)

    it("gives nothing for a clock that goes back", function()
        assert.same({ true, false, false, true }, taken(bucket.new(1), 100, 50, 50.9, 51.5))
    end)

    it("says its limit, and in how many whole seconds to come again", function()
        local fast, slow = bucket.new(20), bucket.new(0.25)
        fast.tokens = 0
        assert.same({ limit = 20, window = 1, retry_after = 1 }, fast:policy())
        assert.same({ true, false }, taken(slow, 0, 1))
        assert.same({ limit = 15, window = 60, retry_after = 3 }, slow:policy())
    end)

    it("says its limit by the second where that is a whole number, else by the minute, and one at least", function()
        for _, case in ipairs { { 1, 1, 1, 1 }, { 2, 2, 1, 1 }, { 1.5, 90, 60, 1 }, { 0.5, 30, 60, 2 },
            { 0.001, 1, 60, 1000 }, { 0.34, 20, 60, 3 } } do
            local tokens = bucket.new(case[1])
            tokens.tokens = 0
            assert.same({ limit = case[2], window = case[3], retry_after = case[4] }, tokens:policy())
        end
        assert.equal(1, bucket.new(1):policy().retry_after) -- though it is full
    end)
end)
