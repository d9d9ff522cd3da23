local throttle = require "dwsync.emulator.throttle"

describe("the emulator's throttle", function()
    it("admits so many calls in a window, and again in the next", function()
        local book, policy = throttle.new(), { limit = 2, window = 10 }
        local admitted = {}
        for i, second in ipairs { 100, 101, 102, 109.9, 110, 111, 112 } do
            admitted[i] = book:admit(policy, second)
        end
        assert.same({ true, true, false, false, true, true, false }, admitted)
    end)
end)
