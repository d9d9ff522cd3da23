local command = require "spec.support.command"
local run = command.run

local function story()
    local list = command.healthy()
    for i = 10, 14 do
        list[i].status, list[i].fail_reason = "FAILED", "timeout"
    end
    return list
end

local WORLD = { service = command.service { c1 = story() } }

describe("dwsync replay", function()
    it("tells which alerts there would have been", function()
        local status, out, err = run({ "replay", "c1", "-o", "tsv", "--columns", "rule,severity,seconds,till" }, WORLD)
        assert.equal(0, status)
        assert.equal("", err)
        assert.matches("failing\tcritical\t%d+\t2025%-05%-18T22:26:23%.000Z\n", out)
    end)

    it("follows --set and --since", function()
        local _, out, err = run({ "replay", "c1", "-o", "ndjson", "--set", "failing=off", "--set", "stale=off" }, WORLD)
        assert.equal("", out)
        assert.equal("dwsync: no rule would have given an alert\n", err)
        _, out = run({ "replay", "c1", "-o", "ndjson", "--since", "2h" }, WORLD)
        assert.equal("", out)
        assert.equal(2, (run({ "replay", "c1", "--since", "x" }, WORLD)))
    end)

    it("names the clusters when there are several", function()
        local _, out = run({ "replay", "--all-clusters" }, { service = command.service { c1 = story(), c2 = story() } })
        assert.matches("^FROM +TILL +SEVERITY +RULE +CLUSTER\n", out)
        assert.matches("name-c2", out, 1, true)
    end)
end)
