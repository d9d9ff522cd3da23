local errors = require "dwsync.errors"
local findings = require "dwsync.problems.findings"

local CLUSTER = { id = "c", name = "dws-prod" }
local POLICY = { least = "warning" }

local function evaluated(verdicts)
    return { cluster = CLUSTER, severity = "warning", evaluation = { verdicts = verdicts } }
end

local function row(source, rule)
    return { cluster_id = "c", source = source, rule = rule, source_type = "ldap" }
end

-- By "source/rule": the severity that was seen, with "!" where it raises; false where nothing is known.
local function said(item, rows, policy)
    local result = {}
    for _, finding in ipairs(findings.of(item, rows or {}, policy or POLICY)) do
        local seen = finding.seen
        result[finding.key.source .. "/" .. finding.key.rule] = seen and seen.severity .. (seen.raises and "!" or "")
            or false
    end
    return result
end

describe("what a look says of problems", function()
    it("is the worst verdict of each source and rule", function()
        assert.same({ ["/unreachable"] = "ok", ["s/data"] = "critical!", ["s/stale"] = "warning!", ["t/stale"] = "ok" },
            said(evaluated { { source = "s", rule = "data", severity = "critical" },
                { source = "s", rule = "stale", severity = "warning" }, { source = "s", rule = "data",
                severity = "warning" }, { source = "t", rule = "stale", severity = "ok" } }))
    end)

    it("is nothing of what follows from something else, whether it is known already or not", function()
        local item = evaluated { { source = "s", rule = "stale", severity = "critical", follows = "stuck" } }
        assert.same({ ["/unreachable"] = "ok", ["s/stale"] = false }, said(item))
        assert.same({ ["/unreachable"] = "ok", ["s/stale"] = false }, said(item, { row("s", "stale") }))
    end)

    it("is the end of what is no longer mentioned", function()
        assert.same({ ["/unreachable"] = "ok", ["s/stale"] = "ok" }, said(evaluated {}, { row("s", "stale") }))
    end)

    it("is nothing of the sources of a cluster that did not answer", function()
        local item = { cluster = CLUSTER, severity = "unknown", error = errors.new { kind = "network",
            message = "reset", hint = "Look at the network." } }
        assert.same({ ["/unreachable"] = "unknown!" }, said(item, { row("s", "stale") }))
        assert.same({ ["/unreachable"] = "unknown" }, said(item, {}, { least = "critical" }))
        local seen = findings.of(item, {}, POLICY)[1].seen
        assert.same({ findings.PATIENCE, "its synchronisation cannot be watched: network: reset.",
            "Look at the network.", "dws-prod" }, { seen.patience, seen.message, seen.advice, seen.cluster_name })
    end)

    it("is the end of all, in its words, where synchronisation is off", function()
        local item = { cluster = CLUSTER, severity = "disabled", error = errors.new { kind = "permission",
            message = "no", hint = "x" }, verdicts = { { rule = "disabled", severity = "disabled",
            message = "identity-source synchronisation is off (DWS.5045)" } } }
        local list = findings.of(item, { row("s", "stale") }, POLICY)
        assert.same({ ["/unreachable"] = "ok", ["s/stale"] = "ok" }, said(item, { row("s", "stale") }))
        assert.equal("identity-source synchronisation is off (DWS.5045)", list[2].seen.message)
    end)

    it("is a problem where synchronisation was turned off after records were seen, and nothing else", function()
        local item = { cluster = CLUSTER, severity = "warning", verdicts = { { rule = "disabled", severity = "warning",
            message = "turned off" } } }
        assert.same({ ["/unreachable"] = "ok", ["/disabled"] = "warning!" }, said(item, { row("s", "stale") }))
    end)

    it("is about the sources that were meant", function()
        local policy = { least = "warning", is_meant = function(source, kind)
            return source == "s" or kind == "scim"
        end }
        assert.same({ ["/unreachable"] = "ok", ["s/stale"] = "ok" }, said(evaluated {}, { row("s", "stale"),
            row("t", "stale") }, policy))
    end)

    it("takes what is unknown for a problem only when asked to, with patience", function()
        local item = evaluated { { rule = "never", severity = "unknown" } }
        assert.equal("unknown", said(item)["/never"])
        assert.equal("unknown!", said(item, {}, { least = "unknown" })["/never"])
        assert.equal(findings.PATIENCE, findings.of(item, {}, { least = "unknown" })[2].seen.patience)
    end)
end)
