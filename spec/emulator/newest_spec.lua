local newest = require "dwsync.emulator.newest"

describe("a map of the newest", function()
    it("forgets the oldest when it is full", function()
        local map = newest.new(2)
        for i, name in ipairs { "a", "b", "c" } do
            map:put(name, i)
        end
        assert.same({ nil, 2, 3 }, { map:get "a", map:get "b", map:get "c" })
    end)
end)
