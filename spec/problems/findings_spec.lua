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

    it("has all that a look knows of it, under a key of at most 400 bytes", function()
        assert.equal(900000, findings.PATIENCE)
        assert.same({ "", ("s"):rep(400), ("s"):rep(400) }, { findings.source_key(nil),
            findings.source_key(("s"):rep(400)), findings.source_key(("s"):rep(401)) })
        local item = { cluster = { id = "c", name = "n", account = "hq" }, evaluation = { verdicts = {
            { source = ("s"):rep(500), rule = "slow", severity = "warning", since = 3, message = "It is slow.",
                advice = "Wait.", source_type = "ldap" }, { rule = "never", severity = "disabled" } } } }
        assert.same({ { key = { cluster_id = "c", source = "", rule = "unreachable" },
            seen = { severity = "ok", message = "it answers again" } },
            { key = { cluster_id = "c", source = ("s"):rep(400), rule = "slow" }, seen = { severity = "warning",
                raises = true, patience = 0, since = 3, message = "It is slow.", advice = "Wait.", source_type = "ldap",
                cluster_name = "n", account = "hq" } },
            { key = { cluster_id = "c", source = "", rule = "never" }, seen = { severity = "ok", raises = false,
                patience = 0, cluster_name = "n", account = "hq" } } }, findings.of(item, {}, POLICY))
        item.evaluation = { verdicts = {} }
        assert.same({ key = row("t", "stale"), seen = { severity = "ok", message = "no longer reported" } },
            findings.of(item, { row("t", "stale") }, POLICY)[2])
    end)

    it("is that a cluster cannot be asked, in the words of what cannot, and who asks", function()
        local err = errors.new { kind = "service", message = "no", hint = "Wait.", operation = "ListSyncRecords" }
        local item = findings.account("hq", err)
        assert.same({ cluster = { id = "account:hq", name = "account hq", account = "hq" }, severity = "unknown",
            error = err, words = "its key is refused, so none of its clusters can be watched: " }, item)
        assert.same({ severity = "unknown", raises = true, patience = 900000, advice = "Wait.", account = "hq",
            message = "its key is refused, so none of its clusters can be watched: service: no.",
            cluster_name = "account hq" }, findings.of(item, {}, { least = "unknown" })[1].seen)
        assert.is_false(findings.of(item, {}, { least = "critical" })[1].seen.raises)
    end)

    it("is of clusters that are listed, of an account and its places, in place of what is not known", function()
        local err = errors.new { kind = "network", message = "reset" }
        for _, case in ipairs { { { "eu-de", err }, "list:eu-de", "the clusters of eu-de" },
            { { "eu-de", nil, "hq" }, "list:hq/eu-de", "the clusters of eu-de of account hq" },
            { { "", err, "hq" }, "list:hq/", "the clusters of account hq" } } do
            local item = findings.listing(case[1][1], case[1][2], case[1][3])
            assert.same({ cluster = { id = case[2], name = case[3], account = case[1][3] }, severity = "unknown",
                error = case[1][2], verdicts = not case[1][2] and {} or nil }, item)
            assert.is_false(findings.is_of_cluster(item.cluster.id))
        end
        assert.is_false(findings.is_of_cluster(findings.account "hq".cluster.id))
        assert.same({ true, true }, { findings.is_of_cluster "c", findings.is_of_cluster "a list:x account:" })
    end)

    it("is that all is well, unless something is not or nothing is known", function()
        for _, case in ipairs { { {}, false }, { { verdicts = {} }, true },
            { { evaluation = { verdicts = {} } }, true },
            { { verdicts = { { severity = "ok" }, { severity = "disabled" } } }, true },
            { { verdicts = { { severity = "ok" }, { severity = "unknown" } } }, false },
            { { evaluation = { verdicts = { { severity = "warning" } } } }, false } } do
            assert.equal(case[2], findings.is_all_well(case[1]))
        end
    end)

    it("is the end of all where synchronisation is off, whatever else is known", function()
        for _, case in ipairs { { {}, "identity-source synchronisation is off" },
            { { verdicts = {} }, "identity-source synchronisation is off" },
            { { evaluation = { verdicts = { { message = "off" } } } }, "off" } } do
            case[1].cluster, case[1].severity = CLUSTER, "disabled"
            case[1].error = errors.new { kind = "permission", message = "no" }
            assert.same({ severity = "ok", message = case[2] },
                findings.of(case[1], { row("s", "stale") }, POLICY)[2].seen)
        end
    end)

    it("is about the sources that were meant", function()
        local policy = { least = "warning", is_meant = function(source, kind)
            return source == "s" or kind == "scim"
        end }
        assert.same({ ["/unreachable"] = "ok", ["s/stale"] = "ok" }, said(evaluated {}, { row("s", "stale"),
            row("t", "stale") }, policy))
        local asked = {}
        policy.is_meant = function(source, kind)
            asked[#asked + 1] = { source, kind }
            return source ~= "t"
        end
        assert.same({ ["/unreachable"] = "ok", ["s/stale"] = "ok", ["u/slow"] = "warning!" }, said(evaluated {
            { source = "u", source_type = "oneaccess", rule = "slow", severity = "warning" },
            { source = "t", rule = "slow", severity = "warning" } }, { row("s", "stale") }, policy))
        assert.same({ { "u", "oneaccess" }, { "t" }, { "s", "ldap" } }, asked)
    end)

    it("takes what is unknown for a problem only when asked to, with patience", function()
        local item = evaluated { { rule = "never", severity = "unknown" } }
        assert.equal("unknown", said(item)["/never"])
        assert.equal("unknown!", said(item, {}, { least = "unknown" })["/never"])
        assert.equal(findings.PATIENCE, findings.of(item, {}, { least = "unknown" })[2].seen.patience)
    end)
end)
