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
        assert.matches("failing\tcritical\t%d+\t2025%-05%-18T23:26:23%.000Z\n", out)
    end)

    it("gives what has one cause as one, with its headline, and everything to programs", function()
        local _, out = run({ "replay", "c1" }, WORLD)
        assert.equal([[
FROM (UTC)        UNTIL             SEVERITY  SOURCE
2025-05-18 18:26  2025-05-18 23:26  CRITICAL  ldap s1
    The last 4 runs failed: the identity source did not answer in time; with it stale
]], out)
        _, out = run({ "replay", "c1", "-o", "csv" }, WORLD)
        assert.matches("^cluster_id,cluster_name,from,till,seconds,severity,rule,also,source,source_type,record_id,"
            .. "headline\r?\n", out)
        assert.equal(2, select(2, out:gsub("\n", "")))
        assert.matches(",critical,failing,stale,s1,ldap,[^,]+,the last 4 runs failed: ", out)
    end)

    it("follows --set and --since", function()
        local _, out, err = run({ "replay", "c1", "-o", "ndjson", "--set", "failing=off", "--set", "stale=off" }, WORLD)
        assert.equal("", out)
        assert.equal("dwsync: no rule would have raised an alert\n", err)
        local status
        status, out = run({ "replay", "c1", "-o", "ndjson", "--since", "2h" }, WORLD)
        assert.same({ 0, "" }, { status, out })
        out = select(2, run({ "replay", "c1", "-o", "tsv", "--columns", "rule", "--since", "24h" }, WORLD))
        assert.matches("^rule\nfailing\n", out)
        assert.equal(2, (run({ "replay", "c1", "--since", "x" }, WORLD)))
    end)

    it("takes neither a failure nor the want of records for good news", function()
        local world = { service = command.service { c1 = 500, c2 = {} } }
        local status, out, err = run({ "replay", "c1", "--retries", "0" }, world)
        assert.same({ 1, "" }, { status, out })
        assert.matches("^dwsync: service: ", err)
        assert.is_nil(err:find "no rule")
        status, out, err = run({ "replay", "c2", "-o", "ndjson" }, world)
        assert.same({ 0, "", "dwsync: there are no records to go through\n" }, { status, out, err })
    end)

    it("names the clusters when there are several", function()
        local _, out = run({ "replay", "--all-clusters" }, { service = command.service { c1 = story(), c2 = story() } })
        assert.matches("^FROM %(UTC%) +UNTIL +SEVERITY +CLUSTER AND SOURCE\n", out)
        assert.matches("CRITICAL  name%-c2 · ldap s1\n", out)
    end)
end)
