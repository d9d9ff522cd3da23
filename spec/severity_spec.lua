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

    it("have each its level, exit status, word and colour, and what is none of them is unknown", function()
        for name, row in pairs {
            disabled = { 0, 0, "DISABLED", "90", true }, ok = { 0, 0, "OK", "32", true },
            unknown = { 1, 3, "UNKNOWN", "35", false }, warning = { 2, 1, "WARNING", "33", true },
            critical = { 3, 2, "CRITICAL", "31", false },
        } do
            assert.same({ row[1], row[2], row[3], "\27[1;" .. row[4] .. "mtext\27[0m", row[5] },
                { severity.level(name), severity.exit_status(name), severity.word(name),
                severity.paint("text", name), severity.is_well(name) })
            assert.equal(name, severity.known(name))
            assert.equal(name, severity.worst { { severity = name } })
            assert.same(1, severity.count({ { severity = name } })[name])
        end
        for _, other in ipairs { "bad", 7, false } do
            assert.same({ 1, 3, "UNKNOWN", "unknown", "\27[1;35mtext\27[0m" }, { severity.level(other),
                severity.exit_status(other), severity.word(other), severity.known(other),
                severity.paint("text", other) })
            assert.equal("unknown", severity.worst { { severity = other } })
            assert.is_true(severity.is_worse(other, "ok"))
            assert.equal("1 unknown", severity.census { { severity = other } })
        end
    end)

    it("are counted, worst first", function()
        assert.same({ critical = 0, warning = 0, unknown = 0, ok = 0, disabled = 0 }, severity.count {})
        assert.equal("no clusters", severity.census {})
        assert.equal("1 critical, 2 warning, 3 unknown, 4 ok, 5 disabled",
            severity.census_of { critical = 1, warning = 2, unknown = 3, ok = 4, disabled = 5 })
        assert.same({ "critical", "warning", "unknown", "ok", "disabled" }, severity.worst_first)
    end)

    it("are as bad as the worst of them, and unknown when there is none", function()
        assert.equal("warning", severity.worst { { severity = "ok" }, { severity = "warning" },
            { severity = "unknown" } })
        assert.equal("ok", severity.worst { { severity = "ok" } })
        assert.equal("unknown", severity.worst {})
    end)
end)
