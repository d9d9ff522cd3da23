local json = require "dwsync.json"
local overviews = require "spec.report.overviews"

local function render(overview)
    return overviews.render("json", overview)
end

describe("an overview as JSON", function()
    it("has the documented shape", function()
        local document = assert(json.decode(render(overviews.stories())))
        assert.equal(1763971200000, document.now)
        assert.equal("critical", document.severity)
        assert.equal(7, #document.clusters)
        local failing = document.clusters[1]
        assert.same({ "026af226-1111-4222-8333-444455556666", "dws-failing", "critical", 168 }, { failing.id,
            failing.name, failing.severity, failing.records })
        local expected = overviews.failing().evaluation
        local source = "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e"
        assert.equal(#expected.verdicts, #failing.verdicts)
        assert.same(expected.verdicts[1], failing.verdicts[1])
        assert.same({ source, "ldap", "critical" }, { failing.sources[1].id, failing.sources[1].type,
            failing.sources[1].severity })
        assert.equal(24, failing.sources[1].statistics.windows["24h"].failed)
        assert.equal(expected.statistics.last_success, failing.statistics.last_success)
        assert.same(expected.reasons, failing.reasons)
    end)

    it("has the reason and the explanation of a verdict as fields", function()
        local item = overviews.stuck()
        local verdict = item.evaluation.verdicts[1]
        verdict.reason = { text = "error code 3", speaker = "directory", class = "other" }
        verdict.explanation = { { name = "usual", text = "1 min", value = 60, unit = "seconds" },
            { name = "options", text = "factor 3", value = { factor = 3 } } }
        local shown = assert(json.decode(render(overviews.overview { item }))).clusters[1].verdicts[1]
        assert.same(verdict.reason, shown.reason)
        assert.same(verdict.explanation, shown.explanation)
    end)

    it("gives every field of verdicts, reasons, statistics and errors", function()
        local item = overviews.failing()
        local evaluation, windows = item.evaluation, {}
        for i, span in ipairs { "24h", "7d", "30d" } do
            windows[span] = { runs = 10 * i, ok = 2, partial = 3, failed = 4, running = 1, success_ratio = 0.2 / i }
        end
        evaluation.statistics = overviews.statistics { windows = windows, failed = 7 }
        evaluation.sources[1].statistics = evaluation.statistics
        evaluation.reasons[1].speaker = "directory"
        evaluation.verdicts[1] = overviews.verdict("stale", { severity = "critical", follows = "failing",
            value = 3, unit = "runs", warning = 2, critical = 4, since = 1763000000000, record_id = "r-9",
            message = "Something.", advice = "Look.", reason = { text = "49", speaker = "directory", class = "other",
                cause = "The password.", next_step = "Set it.", record_id = "r-8" },
            explanation = { { name = "usual", text = "1 min", value = 60, unit = "seconds", by = "source" } } })
        local unreadable = overviews.unreadable()
        unreadable.error = { kind = "service", message = "no", hint = "Wait.", code = "DWS.0005", status = 503,
            request_id = "q-1" }
        item.episodes = { { from = 1, till = 2, seconds = 3, severity = "warning", source = "s", source_type = "ldap",
            rule = "slow", headline = "It was slow.", record_id = "r-7", also = { "stale", "volume" } },
            { from = 4, severity = "ok", rule = "never" } }
        local document = assert(json.decode(render(overviews.overview { item, unreadable })))
        local given = document.clusters[1]
        item.episodes[2].also = {}
        assert.same(item.episodes, given.episodes)
        assert.same(evaluation.verdicts, given.verdicts)
        assert.same(evaluation.statistics, given.statistics)
        assert.same(evaluation.reasons, given.reasons)
        assert.same(evaluation.statistics, given.sources[1].statistics)
        assert.same(evaluation.sources[1].reasons, given.sources[1].reasons)
        assert.same(unreadable.error, document.clusters[2].error)
    end)

    it("has no records in it", function()
        local item = overviews.healthy()
        item.records[1].fail_reason = "only in a record"
        assert.is_nil(render(overviews.overview { item }):find("only in a record", 1, true))
    end)

    it("says why a cluster could not be asked", function()
        local document = json.decode(render(overviews.overview { overviews.unreadable() }))
        assert.same({ id = "08764f85-1111-4222-8333-444455556666", name = "dws-unreadable", severity = "unknown",
            error = { kind = "timeout", message = "no answer within 60 s",
                hint = "Raise timeout, or check what slows the network or the service down." } }, document.clusters[1])
    end)

    it("has the verdict beside the error where synchronisation is off", function()
        local item = overviews.disabled()
        local document = json.decode(render(overviews.overview { item, overviews.healthy() }))
        assert.equal("ok", document.severity)
        local given = document.clusters[2]
        assert.same({ "disabled", "DWS.5045" }, { given.severity, given.error.code })
        assert.same(item.verdicts, given.verdicts)
        assert.is_nil(given.records)
    end)

    it("has each verdict, source, reason and episode on a line of its own, windows in their order", function()
        local item, off = overviews.failing_for(2), overviews.disabled()
        local evaluation = item.evaluation
        evaluation.verdicts = { { severity = "ok", rule = "a" }, { severity = "ok", rule = "b", explanation = {} } }
        evaluation.sources = { { id = "x", severity = "ok" }, { id = "y", severity = "odd" } }
        evaluation.statistics = { runs = 1, windows = { ["30d"] = { runs = 3 }, ["24h"] = { runs = 1 } }, failed = 0 }
        evaluation.reasons = { { count = 1 }, { count = 2 } }
        evaluation.records, item.episodes = nil, { { rule = "a", also = { "b", "c" } }, { rule = "b" } }
        off.verdicts = evaluation.verdicts
        local verdicts = '"verdicts":[{"severity":"ok","rule":"a"},\n{"severity":"ok","rule":"b","explanation":[]}]'
        local figures = '"statistics":{"windows":{}},"reasons":[]}'
        local text = render { now = 1.5, severity = "ok", clusters = { item, off, { error = "no answer" } } }
        assert.equal('{"now":1500,"severity":"ok","clusters":[\n'
            .. '{"id":"026af226-1111-4222-8333-444455556666","name":"dws-failing","severity":"unknown","records":0,'
            .. verdicts .. ',"sources":[{"id":"x","severity":"ok",' .. figures .. ',\n{"id":"y","severity":"unknown",'
            .. figures .. '],"statistics":{"runs":1,"windows":{"24h":{"runs":1},"30d":{"runs":3}},"failed":0},'
            .. '"reasons":[{"count":1},\n{"count":2}],"episodes":[{"rule":"a","also":["b","c"]},\n'
            .. '{"rule":"b","also":[]}]},\n'
            .. '{"id":"09abc898-1111-4222-8333-444455556666","name":"dws-off","severity":"unknown","error":'
            .. '{"kind":"permission","message":"The tenant is not allowed to use this function.","code":"DWS.5045",'
            .. '"status":400},' .. verdicts .. '},\n'
            .. '{"id":"","severity":"unknown","error":{"message":"no answer"}}\n]}\n', text)
    end)

    it("writes empty lists as lists", function()
        assert.equal('{"now":1763971200000,"severity":"ok","clusters":[\n]}\n', render(overviews.overview {}))
        local text = render(overviews.overview { overviews.never() })
        assert.is_truthy(text:find('"sources":[],"statistics":{"runs":0,"windows":{}},"reasons":[]', 1, true))
    end)

    it("is the same text for the same overview", function()
        assert.equal(render(overviews.stories()), render(overviews.stories()))
    end)

    it("gives hostile text back as it was, and nothing that a terminal obeys", function()
        local hostile = '"},{"x":"\\\27[2J\194\155\226\128\174\n\t=1+1</script>用户'
        local text = render(overviews.hostile(hostile))
        assert.is_nil(text:find "[%z\1-\9\11-\31\127]")
        assert.is_nil(text:find("\194\155", 1, true))
        assert.is_nil(text:find("\226\128\174", 1, true))
        local cluster = json.decode(text).clusters[1]
        assert.equal(hostile, cluster.id)
        assert.equal(hostile, cluster.verdicts[1].message)
        assert.equal(hostile, cluster.reasons[1].sample)
        assert.equal(hostile, cluster.sources[1].id)
    end)

    it("stays valid with bytes that are no UTF-8 and numbers that are none", function()
        local overview = overviews.hostile "a\155b\255\237\160\128"
        overview.clusters[1].evaluation.verdicts[1].value = 0 / 0
        overview.clusters[1].evaluation.statistics.median_gap = 1 / 0
        local cluster = assert(json.decode(render(overview))).clusters[1]
        assert.equal("a\239\191\189b" .. ("\239\191\189"):rep(4), cluster.id)
        assert.is_nil(cluster.verdicts[1].value)
        assert.is_nil(cluster.statistics.median_gap)
    end)
end)

describe("a verdict as JSON", function()
    it("has all that is known of it, in this order", function()
        local item, verdict, parts = overviews.stuck(), {}, {}
        for i, name in ipairs { "severity", "rule", "follows", "source", "source_type", "value", "unit", "warning",
            "critical", "since", "record_id", "message", "advice", "acknowledged_at", "acknowledged_by",
            "acknowledged_note", "silenced_until", "silenced_by" } do
            verdict[name] = name == "severity" and "critical" or "of " .. name
            parts[i] = ('"%s":"%s"'):format(name, verdict[name])
        end
        item.evaluation.verdicts = { verdict }
        assert.truthy(overviews.render("json", overviews.overview { item }):find(table.concat(parts, ","), 1, true))
    end)
end)
