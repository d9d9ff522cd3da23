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

    local function card(changes)
        local verdict = overviews.verdict("stale", { severity = "critical" })
        for name, value in pairs(changes) do
            verdict[name] = value
        end
        return tostring(verdict_list.cards({ verdict }, overviews.NOW))
            :match '</b><bdi class="quiet">[^<]*</bdi></p>(.*)</li>'
    end

    it("have each fact in its place, and none that is not known", function()
        local message = '<p class="message"><bdi>Nothing to see.</bdi></p>'
        local function facts(...)
            return message .. '<dl class="facts">' .. table.concat({ ... }) .. "</dl>"
        end
        local function fact(name, value)
            return ("<div><dt>%s</dt><dd>%s</dd></div>"):format(name, value)
        end
        assert.equal(message, card {})
        assert.equal(message, card { warning = 1 })
        assert.equal(message, card { value = 1 })
        assert.equal(facts(fact("Follows from", "never")), card { follows = "never" })
        assert.equal(facts(fact("Follows from", "never"), fact("Since", '<time datetime="1970-01-01T00:00:00Z">'
            .. '1970-01-01 00:00:00Z</time> '
            .. '(<time class="ago" datetime="1970-01-01T00:00:00Z">20416 d 8 h ago</time>)')),
            card { follows = "never", since = 0 })
        assert.equal(facts(fact("Value", "2 runs; warning from 1 run")), card { value = 2, unit = "runs", warning = 1 })
        assert.equal(facts(fact("Record", "<code>r-1</code>")), card { record_id = "r-1" })
        assert.equal(facts(fact("Acknowledged", "<bdi>by ana now</bdi>"), fact("Silenced",
            "<bdi>until 1970-01-01T00:00:00Z, by bo</bdi>")), card { acknowledged_at = overviews.NOW * 1000,
            acknowledged_by = "ana", silenced_until = 0, silenced_by = "bo" })
        assert.equal(message .. '<dl class="facts explanation">' .. fact("A name", "<bdi>text</bdi>")
            .. fact("B", "<bdi>2</bdi>") .. "</dl>", card { explanation = { { name = "a_name", text = "text" },
            { name = "b", text = 2 } } })
        assert.equal(message, card { explanation = {} })
    end)

    it("say why, with a cause that the message does not give, and what to do next once", function()
        local function advice(label, value)
            return ('<p class="advice"><span class="label">%s</span><bdi>%s</bdi></p>'):format(label, value)
        end
        local message = '<p class="message"><bdi>Nothing to see.</bdi></p>'
        assert.equal(message .. '<p class="said">The directory says: <code class="sample">no</code></p>'
            .. advice("Cause: ", "Why") .. advice("Next: ", "Do."), card { reason = { text = "no",
            speaker = "directory", cause = "why", next_step = "do." } })
        assert.equal(message .. '<p class="said">Reason: <code class="sample">no</code></p>'
            .. advice("Next: ", "Look.") .. advice("", "Do."), card { advice = "look.", reason = { text = "no",
            cause = "to see", next_step = "do." } })
    end)

    it("are forty at most, with names and texts cut", function()
        local bad = {}
        for i = 1, 40 do
            bad[i] = overviews.verdict(i == 40 and "last" or ("r"):rep(30), { severity = "warning",
                source_type = ("t"):rep(200), follows = ("f"):rep(30), record_id = ("i"):rep(200),
                explanation = { { name = ("e"):rep(30) } } })
        end
        local cards = tostring(verdict_list.cards(bad, overviews.NOW))
        assert.is_truthy(cards:find("<b>last</b>", 1, true))
        assert.is_nil(cards:find("further", 1, true))
        for cut, width in pairs { r = 19, f = 19, t = 119, i = 119 } do
            assert.is_truthy(cards:find(">" .. cut:rep(width) .. "…<", 1, true), cut)
        end
        assert.is_truthy(cards:find(">E" .. ("e"):rep(18) .. "…<", 1, true))
        bad[41] = bad[1]
        assert.is_truthy(tostring(verdict_list.cards(bad, overviews.NOW)):find(
            '</ul><p class="fine">1 further verdicts are left out here.</p>', 1, true))
    end)
end)
