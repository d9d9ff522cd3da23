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

    it("bounds nothing afterwards", function()
        core.call_within(0, long)
        assert.equal(100000, #long())
    end)
end)
