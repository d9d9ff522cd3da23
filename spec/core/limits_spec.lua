local core = require "dwsync.core"

describe("core.call_within", function()
    local function long()
        return ("x"):rep(100000)
    end

    it("takes from nothing to a thousand million bytes", function()
        assert.same({ false, "not enough memory" }, { core.call_within(0, long) })
        assert.same({ true, long() }, { core.call_within(1e9, long) })
        for _, bytes in ipairs { -1, 1e9 + 1, 1 / 0, 0 / 0 } do
            assert.error_matches(function() core.call_within(bytes, long) end, "bytes must be from 0 to 1e9")
        end
    end)

    it("hands over arguments, results and what is raised", function()
        assert.same({ true, 2, nil, 1 }, { core.call_within(100000, function(a, b) return b, nil, a end, 1, 2) })
        local reason = {}
        local good, raised = core.call_within(100000, error, reason)
        assert.is_false(good)
        assert.equal(reason, raised)
    end)

    it("lets a function have what it may to the last byte", function()
        local half, ends, n = ("x"):rep(5000), { "a", "b", "c", "d" }, 0
        local function join()
            n = n + 1
            return half .. ends[n] -- a text that is new each time, and nothing else
        end
        core.call_within(1e6, join)
        collectgarbage()
        collectgarbage "stop"
        local before = collectgarbage "count"
        local kept = join()
        local bytes = math.floor((collectgarbage "count" - before) * 1024 + 0.5)
        assert.equal(5001, #kept)
        local enough, long_text = core.call_within(bytes, join)
        local good, reason = core.call_within(bytes - 1, join)
        collectgarbage "restart"
        assert.is_true(enough and long_text == half .. "c")
        assert.same({ false, "not enough memory" }, { good, reason })
    end)

    it("bounds nothing afterwards", function()
        core.call_within(0, long)
        assert.equal(100000, #long())
    end)
end)
