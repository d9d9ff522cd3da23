local greatest = require "dwsync.health.greatest"
local runs = require "spec.health.runs"

describe("the greatest value of a length of time", function()
    it("is that of all values put less long ago, however they were put", function()
        local random = runs.random(41)
        for _ = 1, 60 do
            local window, all = greatest.new(10), {}
            for _ = 1, 40 do
                all[#all + 1] = { time = random(30000), value = random(20) }
                window:put(all[#all].time, all[#all].value, #all)
            end
            local newest = 0
            for _, item in ipairs(all) do
                newest = math.max(newest, item.time)
            end
            for now = 30000, 60000, 700 do
                local expected = -1
                for _, item in ipairs(all) do
                    if now - item.time < 10000 or item.time == newest then
                        expected = math.max(expected, item.value)
                    end
                end
                assert.equal(expected, window:get(now).value)
            end
        end
    end)

    it("tells when another becomes the greatest", function()
        local window = greatest.new(10)
        assert.is_nil(window:get(0))
        window:put(1000, 5, "first")
        assert.is_nil(select(2, window:get(1000)))
        window:put(2000, 3, "second")
        local head, change = window:get(2000)
        assert.same({ time = 1000, value = 5, run = "first" }, head)
        assert.equal(11000, change)
        assert.equal("first", window:get(10999).run)
        head, change = window:get(11000)
        assert.equal("second", head.run)
        assert.is_nil(change)
    end)

    it("keeps the newest value at any age, and the newer of two equals", function()
        local window = greatest.new(10)
        window:put(1000, 5, "first")
        window:put(2000, 5, "second")
        assert.equal("second", window:get(2000).run)
        assert.equal("second", window:get(1e12).run)
    end)

    it("keeps only what may still become the greatest", function()
        local window = greatest.new(1e6)
        for i = 1, 1000 do
            window:put(i, i, i)
        end
        assert.equal(window.first, window.last)
    end)
end)
