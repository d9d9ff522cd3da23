local severity = require "dwsync.severity"

describe("severities", function()
    it("get worse from ok over unknown and warning to critical", function()
        local order = { "ok", "unknown", "warning", "critical" }
        for i, a in ipairs(order) do
            for j, b in ipairs(order) do
                assert.equal(i > j, severity.is_worse(a, b))
            end
        end
    end)

    it("are as bad as the worst of them, and unknown when there is none", function()
        assert.equal("warning", severity.worst { { severity = "ok" }, { severity = "warning" },
            { severity = "unknown" } })
        assert.equal("ok", severity.worst { { severity = "ok" } })
        assert.equal("unknown", severity.worst {})
    end)
end)
