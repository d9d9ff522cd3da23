local overviews = require "spec.report.overviews"
local verdict_list = require "dwsync.report.verdicts.verdict_list"

describe("verdicts on a page", function()
    it("that are ok share a line, which is left out when there are none", function()
        local line = tostring(verdict_list.ok_line { overviews.verdict "churn", overviews.verdict "stale" })
        assert.is_truthy(line:find("2 checks: churn, stale", 1, true))
        assert.equal("", tostring(verdict_list.ok_line {}))
    end)

    it("that are not ok have a card each, and no list when there are none", function()
        local bad = { overviews.verdict("stale", { severity = "critical", message = "Late." }),
            overviews.verdict("slow", { severity = "warning", message = "Slow.", advice = "Wait." }) }
        local cards = tostring(verdict_list.cards(bad, overviews.NOW))
        assert.equal(2, select(2, cards:gsub("<li ", "")))
        assert.is_truthy(cards:find("Late.", 1, true) and cards:find("Wait.", 1, true))
        assert.equal("", tostring(verdict_list.cards({}, overviews.NOW)))
    end)
end)
