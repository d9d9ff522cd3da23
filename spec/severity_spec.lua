local severity = require "dwsync.severity"

describe("severities", function()
    it("get worse from disabled over ok, unknown and warning to critical", function()
        local order = { "disabled", "ok", "unknown", "warning", "critical" }
        for i, a in ipairs(order) do
            for j, b in ipairs(order) do
                assert.equal(i > j, severity.is_worse(a, b))
            end
        end
    end)

    it("count one that is disabled for nothing beside others, and as good as ok", function()
        local disabled, ok = { severity = "disabled" }, { severity = "ok" }
        assert.equal("ok", severity.worst { disabled, ok })
        assert.equal("ok", severity.worst { ok, disabled })
        assert.equal("disabled", severity.worst { disabled, disabled })
        assert.equal(0, severity.level "disabled")
        assert.equal(0, severity.exit_status "disabled")
        assert.equal("1 ok, 2 disabled", severity.census { disabled, ok, disabled })
    end)

    it("are as bad as the worst of them, and unknown when there is none", function()
        assert.equal("warning", severity.worst { { severity = "ok" }, { severity = "warning" },
            { severity = "unknown" } })
        assert.equal("ok", severity.worst { { severity = "ok" } })
        assert.equal("unknown", severity.worst {})
    end)
end)
