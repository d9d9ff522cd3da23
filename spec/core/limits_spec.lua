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
        if not rawget(_G, "jit") then -- which may give back something of its own meanwhile
            assert.same({ false, "not enough memory" }, { good, reason })
        end
    end)

    it("counts what a function keeps, and not what it gives back", function()
        local text = ("x"):rep(10000)
        local function make(kept)
            local list = {}
            for i = 1, 40 do
                list[kept and i or 1] = text .. i
                if not kept then
                    list[1] = nil
                    collectgarbage()
                end
            end
            return #list
        end
        assert.same({ false, "not enough memory" }, { core.call_within(100000, make, true) })
        assert.same({ true, 0 }, { core.call_within(100000, make, false) })
    end)

    it("does not count for the function what others give back meanwhile", function()
        local text = ("x"):rep(10000)
        local function forget()
            local list = {}
            for i = 1, 100 do
                list[i] = text .. i
            end
            return #list
        end
        local function collect_and_make()
            collectgarbage()
            local list = {}
            for i = 1, 40 do
                list[i] = text .. i
            end
            return #list
        end
        collectgarbage()
        collectgarbage "stop"
        forget()
        local outcome = { core.call_within(200000, collect_and_make) }
        collectgarbage "restart"
        assert.same({ false, "not enough memory" }, outcome)
    end)

    it("puts a hook back that the function took away", function()
        debug.sethook(function() end, "", 1000000)
        core.call_within(100000, debug.sethook)
        local _, mask, count = debug.gethook()
        debug.sethook()
        assert.same({ "", 1000000 }, { mask, count })
    end)

    it("bounds nothing afterwards", function()
        core.call_within(0, long)
        assert.equal(100000, #long())
    end)
end)
