local emulator = require "spec.support.emulator"
local runbook = require "spec.support.runbook"

describe("examples/compare_clusters.lua", function()
    local server
    setup(function() server = emulator.start() end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    -- What stands beside a measure: two cells.
    local function cells(out, measure)
        for line in out:gmatch "[^\n]+" do
            local rest = line:sub(1, #measure + 2) == measure .. "  " and line:sub(#measure + 1)
            if rest then
                return rest:match "^%s+(%S.-)%s%s+(%S.*)$"
            end
        end
    end

    it("puts two clusters side by side", function()
        runbook.with(server, function(run)
            local status, out, err = run "dwsync run examples/compare_clusters.lua healthy failing"
            assert.same({ 0, "" }, { status, err })
            assert.matches("^MEASURE%s+HEALTHY%s+FAILING\n", out)
            for measure, expected in pairs {
                verdict = { "ok", "critical" },
                ["finished, 24 h"] = { "100 % of 24", "0 % of 24" },
                ["finished, 30 d"] = { "100 % of 168", "57.1 % of 168" },
                ["why (most often)"] = { "–", "72 × ldap_invalid_credentials" },
                ["a run every"] = { "1 h", "1 h" },
                ["failed, 30 d"] = { "0", "0" },
            } do
                assert.same(expected, { cells(out, measure) }, measure)
            end
        end)
    end)

    it("shows deletions, a stuck run, and a dash where there is nothing", function()
        runbook.with(server, function(run)
            local _, out = run "dwsync run examples/compare_clusters.lua mass-delete stuck"
            local deleted, other = cells(out, "deleted, 30 d")
            assert.is_true(tonumber(deleted) > 470 and tonumber(other) < 50, out)
            assert.same({ "critical", "critical" }, { cells(out, "verdict") })
            local status
            status, out = run "dwsync run examples/compare_clusters.lua never healthy"
            assert.equal(0, status)
            assert.same({ "unknown", "ok" }, { cells(out, "verdict") })
            assert.same({ "– of 0", "100 % of 24" }, { cells(out, "finished, 24 h") })
            assert.equal("–", (cells(out, "takes (median)")))
        end)
    end)

    it("says what is wrong with the key, the network, a cluster or its call", function()
        runbook.assert_fails_cleanly(server, "examples/compare_clusters.lua healthy failing")
        runbook.with(server, function(run)
            local status, out, err = run "dwsync run examples/compare_clusters.lua healthy feature-off"
            assert.same({ 1, "" }, { status, out })
            assert.matches("^dwsync: permission: ", err)
            status, out, err = run "dwsync run examples/compare_clusters.lua healthy healthy"
            assert.same({ 2, "", "usage: dwsync run compare_clusters.lua CLUSTER OTHER\n" }, { status, out, err })
        end)
    end)
end)
