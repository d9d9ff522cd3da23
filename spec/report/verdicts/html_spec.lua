local elements = require "spec.report.page.elements"
local growth = require "spec.support.growth"
local overviews = require "spec.report.overviews"

local function render(overview)
    return overviews.render("html", overview)
end

local function has(text, part)
    return assert.is_truthy(text:find(part, 1, true), part)
end

describe("the page of verdicts", function()
    it("answers in its heading before anything else", function()
        has(render(overviews.stories()), "<h1>3 of 7 clusters are critical</h1>")
        has(render(overviews.overview { overviews.stuck() }), "<h1>dws-stuck is critical</h1>")
        has(render(overviews.overview { overviews.healthy(), overviews.healthy("b", 2) }),
            "<h1>All 2 clusters are ok</h1>")
        has(render(overviews.overview { overviews.healthy(), overviews.never() }),
            "<h1>1 of 2 clusters is unknown</h1>")
        has(render(overviews.overview {}), "<h1>No clusters to judge</h1>")
    end)

    it("leaves clusters whose synchronisation is off out of its heading, and counts them behind it", function()
        local off, other = overviews.disabled(), overviews.disabled()
        has(render(overviews.overview { overviews.healthy(), overviews.healthy("b", 2), off, other }),
            "<h1>All 2 clusters are ok, 2 disabled</h1>")
        has(render(overviews.overview { overviews.healthy(), overviews.stuck(), off }),
            "<h1>1 of 2 clusters is critical, 1 disabled</h1>")
        has(render(overviews.overview { overviews.stuck(), off }), "<h1>dws-stuck is critical, 1 disabled</h1>")
        has(render(overviews.overview { off, other }), "<h1>All 2 clusters are disabled</h1>")
        has(render(overviews.overview { off }), "<h1>dws-off is disabled</h1>")
    end)

    it("shows such a cluster by a grey sign, its verdict and what to do, and nothing else", function()
        local text = render(overviews.overview { overviews.healthy(), overviews.disabled() })
        has(text, '<span class="badge disabled">')
        has(text, "Identity-source synchronisation is off (DWS.5045)")
        has(text, "Turn it on in the console if accounts should come from an identity source.")
        has(text, ".disabled{--tone:var(--disabled)")
        local silent = overviews.disabled()
        silent.verdicts[1] = nil
        text = overviews.overview { silent }
        text.severity, silent.severity = "disabled", "disabled"
        text = render(text)
        assert.is_nil(text:find("DWS.5045", 1, true))
        text = overviews.overview { overviews.healthy(), silent }
        silent.severity = "disabled"
        has(render(text), "nothing to judge")
    end)

    it("counts in its summary the checks of a cluster that is well", function()
        local few = overviews.overview { overviews.healthy(), overviews.healthy("b", 2) }
        local kept = few.clusters[1].evaluation.verdicts
        for count = 1, 2 do
            few.clusters[1].evaluation.verdicts = { kept[1], count == 2 and kept[2] or nil }
            has(render(few), ('<span class="quiet">%s ok</span>'):format(count == 1 and "1 check" or "2 checks"))
        end
    end)

    it("has a summary with links to each cluster when there are several, and none for one", function()
        local text = render(overviews.stories())
        has(text, "Clusters, worst first")
        for i = 1, 7 do
            has(text, ('<a href="#cluster-%d">'):format(i))
            has(text, ('<section aria-labelledby="cluster-%d-name" class="cluster" id="cluster-%d">'):format(i, i))
        end
        assert.is_nil(render(overviews.overview { overviews.stuck() }):find("worst first", 1, true))
    end)

    it("shows what the runs behind a verdict say, and what is explained, though all is well", function()
        local item = overviews.stuck()
        item.evaluation.verdicts[1].reason = { text = "error <3>", speaker = "directory", cause = "too slow",
            next_step = "Narrow the filter." }
        local text = render(overviews.overview { item })
        has(text, 'The directory says: <code class="sample">error &lt;3&gt;</code>')
        has(text, "<bdi>Too slow</bdi>")
        has(text, "<bdi>Narrow the filter.</bdi>")
        item.evaluation.verdicts[1].reason.speaker = nil
        has(render(overviews.overview { item }), 'Reason: <code class="sample">error &lt;3&gt;</code>')
        item = overviews.healthy()
        item.evaluation.verdicts[3].explanation = { { name = "next_run", text = "in <5> min" } }
        text = render(overviews.overview { item })
        has(text, "<dt>Next run</dt><dd><bdi>in &lt;5&gt; min</bdi></dd>")
        has(text, ("%d checks: "):format(#item.evaluation.verdicts - 1))
        item = overviews.failing()
        item.evaluation.reasons[1].speaker = "directory"
        text = render(overviews.overview { item })
        has(text, "The directory says:</p>")
        has(text, '<span class="times">72 ×</span>')
    end)

    it("gives each verdict with advice, value, thresholds, since and record", function()
        local text = render(overviews.overview { overviews.stuck() })
        for _, part in ipairs { "A run has been going on for 9 h.", "Look at the cluster&#39;s management node",
            "9 h; warning from 30 min, critical from 2 h", "2025-11-23 23:00:00Z</time> (", ">9 h ago</time>)",
            "00000384-4a5b-4c6d-8e7f-00000000aaaa", "8 checks: churn, data" } do
            has(text, part)
        end
    end)

    it("explains why runs failed", function()
        local text = render(overviews.overview { overviews.failing() })
        has(text, "AcceptSecurityContext error, data 52e")
        has(text, "The password of the account with which the cluster binds is wrong")
    end)

    it("gives eight reasons and six pictures, and says how many more there are", function()
        local item = overviews.failing_for(10)
        for i = 2, 8 do
            local source = {}
            for name, value in pairs(item.evaluation.sources[1]) do
                source[name] = value
            end
            source.id = ("%08x"):format(i)
            item.evaluation.sources[i] = source
        end
        local text = render(overviews.overview { item })
        has(text, "reason 8")
        assert.is_nil(text:find("reason 9", 1, true))
        has(text, "2 further reasons are left out here.")
        has(text, 'id="timeline-1-6-wide-t"')
        assert.is_nil(text:find('id="timeline-1-7-wide-t"', 1, true))
        has(text, "2 further sources are left out here.")
        assert.is_nil(render(overviews.overview { overviews.failing_for(8) }):find("left out", 1, true))
    end)

    it("draws a picture for each source", function()
        local text = render(overviews.overview { overviews.partial() })
        has(text, 'id="timeline-1-1-wide-t">Runs of oneaccess b1e0c0de</title>')
        has(text, 'id="timeline-1-2-wide-t">Runs of ldap 79d6458e</title>')
    end)

    it("says so when there is nothing to draw, and is whole without records", function()
        has(render(overviews.overview { overviews.never() }), "No runs in the last 30 days.")
        local item = overviews.healthy()
        item.records = nil
        local text = render(overviews.overview { item })
        assert.is_nil(text:find("<figure", 1, true))
        has(text, "Sources")
    end)

    it("has no element or attribute but those of HTML and SVG", function()
        assert.equal("", elements.unknown(render(overviews.stories())))
        assert.equal("", elements.unknown(render(overviews.overview { overviews.failing_for(10) })))
    end)

    it("names every id once, and every id it refers to", function()
        local text = render(overviews.stories())
        local ids = {}
        for id in text:gmatch ' id="([^"]*)"' do
            assert.is_nil(ids[id], id)
            ids[id] = true
        end
        for id in text:gmatch 'href="#([^"]*)"' do
            assert.is_true(ids[id], id)
        end
        for id in text:gmatch "url%(#([^)]*)%)" do
            assert.is_true(ids[id], id)
        end
    end)

    it("refers to nothing outside of itself, and has no script", function()
        for _, overview in ipairs { overviews.stories(), overviews.hostile() } do
            local text = render(overview)
            assert.is_nil(text:find "<script" or text:find "<img" or text:find "<link" or text:find "<iframe")
            assert.is_nil(text:find ' src=' and text:find '<[^>]* src=')
            assert.is_nil(text:find '<[^>]* href="[^#]')
            assert.is_nil(text:find '<[^>"]* on%a+=')
        end
    end)

    it("stays below a megabyte with hundreds of clusters, and says what it left out", function()
        local items = {}
        for i = 1, 600 do
            items[i] = i % 2 == 0 and overviews.failing() or overviews.healthy(("dws-%03d"):format(i), i)
        end
        local text = render(overviews.overview(items))
        assert.is_true(#text < 1000000)
        has(text, "further clusters, none worse than those above, are left out of this page")
        local linked, rows = 0, 0
        for name in assert(text:match "Clusters, worst first.-</table>"):gmatch 'scope="row">(.-)</th>' do
            rows = rows + 1
            linked = linked + (name:find('<a href="#cluster-', 1, true) and 1 or 0)
            has(name, "<bdi>dws-") -- also where no section is left to link to
        end
        local _, sections = text:gsub('class="cluster" id="cluster%-%d+">', "")
        assert.equal(sections, linked)
        assert.is_true(linked < rows and rows < 600)
        has(text, ("%d further clusters, none worse, are left out here"):format(600 - rows))
        has(text, ("The details of %d further clusters"):format(600 - sections))
    end)

    it("stays below a megabyte with texts that a hostile service made long", function()
        local items = {}
        for i = 1, 300 do
            items[i] = overviews.hostile(("\"<'"):rep(5000) .. i).clusters[1]
        end
        local text = render { now = overviews.NOW, severity = "critical", clusters = items }
        assert.is_true(#text < 1000000)
        has(text, "further clusters, none worse, are left out here.")
    end)

    it("stays small with a hundred thousand runs, and takes steps in proportion to them", function()
        local function overview(runs)
            local item = overviews.healthy()
            item.records = overviews.records(runs, function(i)
                return { start_time = (overviews.NOW - i * 60) * 1000 }
            end)
            return overviews.overview { item }
        end
        local function cost(runs)
            local given = overview(runs)
            return growth.steps(function() render(given) end)
        end
        assert.is_true(#render(overview(100000)) < 100000)
        assert.is_true(cost(8000) < 6 * cost(2000))
    end)
end)
