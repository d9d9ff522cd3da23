local relations = require "dwsync.health.relations"

-- Findings by rule after marking: "severity" or "severity, follows rule".
local function marked(severities)
    local findings = {}
    for rule, severity in pairs(severities) do
        findings[rule] = { severity = severity }
    end
    relations.mark(findings)
    local words = {}
    for rule, finding in pairs(findings) do
        words[rule] = finding.severity .. (finding.follows and ", follows " .. finding.follows or "")
    end
    return words
end

describe("related verdicts", function()
    it("follow from their cause, which is as grave as they are", function()
        assert.same({ stuck = "critical", stale = "critical, follows stuck" },
            marked { stuck = "warning", stale = "critical" })
        assert.same({ mass_delete = "critical", slow = "warning, follows mass_delete" },
            marked { mass_delete = "critical", slow = "warning" })
    end)

    it("follow from the first cause that fires", function()
        assert.same({ stuck = "warning", failing = "warning, follows stuck", stale = "warning, follows stuck" },
            marked { stuck = "warning", failing = "warning", stale = "warning" })
    end)

    it("do not follow from what follows itself", function()
        assert.same({ stuck = "warning", failing = "warning, follows stuck", partial = "warning" },
            marked { stuck = "warning", failing = "warning", partial = "warning" })
    end)

    it("have nothing to do with what is ok or unknown, or off", function()
        assert.same({ stuck = "ok", stale = "critical" }, marked { stuck = "ok", stale = "critical" })
        assert.same({ stale = "unknown", volume = "warning" }, marked { stale = "unknown", volume = "warning" })
        assert.same({ stuck = "critical", stale = "ok" }, marked { stuck = "critical", stale = "ok" })
        assert.same({ slow = "warning" }, marked { slow = "warning" })
    end)

    it("are these pairs of all, whichever comes first", function()
        local FOLLOW = { stuck = "stale failing overlap slow", failing = "stale partial volume",
            churn = "mass_delete volume", mass_delete = "slow volume", overlap = "slow", volume = "slow",
            stale = "volume" }
        local rules = require "dwsync.health.rules"
        for _, cause in ipairs(rules.names) do
            local followers = " " .. (FOLLOW[cause] or "") .. " "
            assert.equal(FOLLOW[cause] or "", table.concat(relations.followers(cause), " "))
            for _, other in ipairs(rules.names) do
                local follows = followers:find(" " .. other .. " ", 1, true) and ", follows " .. cause or ""
                if cause ~= other and not (FOLLOW[other] or ""):find(cause, 1, true) then
                    local words = marked { [cause] = "warning", [other] = "critical" }
                    assert.equal("critical" .. follows, words[other], cause)
                    assert.equal(follows ~= "" and "critical" or "warning", words[cause], other)
                end
            end
        end
        assert.same({}, relations.followers "no rule")
    end)
end)
