local elements = require "spec.report.page.elements"
local growth = require "spec.support.growth"
local health = require "dwsync.health"
local overviews = require "spec.report.overviews"
local status_page = require "dwsync.report.status.page"

local function has(text, part)
    return assert.is_truthy(text:find(part, 1, true), part)
end

local function lacks(text, part)
    return assert.is_nil(text:find(part, 1, true), part)
end

local function tags(html)
    local found = {}
    for name in html:gmatch "<(/?[%a][%w]*)" do
        found[#found + 1] = name
    end
    return table.concat(found, " ")
end

local function ids_of(html)
    local ids = {}
    for id in html:gmatch ' id="([^"]*)"' do
        assert.is_nil(ids[id], id)
        ids[id] = true
    end
    return ids
end

describe("the body of the status page", function()
    local stories = overviews.stories()
    local body = status_page.body(stories)

    it("answers before anything else, and counts clusters by severity", function()
        has(body, "3 of 7 clusters are critical</h1>")
        has(body, "<b>2</b>unknown</li>")
        has(body, 'data-title="3 of 7 clusters are critical"')
        has(status_page.body(overviews.overview {}), "No clusters to judge</h1>")
    end)

    it("has a tile for each cluster, those in need of attention first, worst first", function()
        local order = {}
        for name in body:gmatch '<article class="tile[^>]*data%-name="([^"]*)"' do
            order[#order + 1] = name
        end
        for i, item in ipairs(stories.clusters) do
            assert.equal(item.cluster.name, order[i])
        end
        assert.equal(#stories.clusters, #order)
        assert.is_true(body:find('id="group-attention"', 1, true) < body:find('id="group-ok"', 1, true))
        lacks(status_page.body(overviews.overview { overviews.healthy() }), 'id="group-attention"')
    end)

    it("puts clusters whose synchronisation is off into a group of their own, quiet and last", function()
        local html = status_page.body(overviews.overview { overviews.disabled(), overviews.healthy(),
            overviews.failing() })
        local heading = 'Synchronisation is off <span class="quiet">1</span></h2>'
        has(html, heading)
        assert.is_true(html:find('id="group-ok"', 1, true) < html:find('id="group-disabled"', 1, true))
        local tile = html:match('<article class="tile disabled"[^>]*data%-severity="disabled"[^>]*>.*$')
        assert.is_truthy(tile)
        lacks(tile:match "<summary>.-</summary>", "synchronisation is off")
        has(tile, "Identity-source synchronisation is off (DWS.5045)")
        has(html, "<b>1</b>disabled</li>")
        lacks(status_page.body(overviews.stories()), "group-disabled")
    end)

    it("wants attention for synchronisation that was turned off, and for what cannot be read now", function()
        local loud = overviews.disabled { severity = "warning", message = "synchronisation was turned off" }
        local html = status_page.body(overviews.overview { loud, overviews.healthy() })
        lacks(html, "group-disabled")
        has(html:match 'id="group%-attention".-</section>', "Synchronisation was turned off")
        local unread = overviews.disabled()
        unread.unread = { kind = "timeout", message = "no answer within 60 s" }
        html = status_page.body(overviews.overview { unread, overviews.healthy() })
        has(html:match 'id="group%-attention".-</section>', "Last read ")
        has(html, "The records could not be read: no answer within 60 s")
    end)

    it("shows on a tile what is worst, and a line for each source that leads to it", function()
        has(body, "One run deleted 480 accounts.")
        has(body, "The last 72 runs did not finish.</bdi><span class=\"quiet\"> and 1 more</span>")
        has(body, "The records could not be read: no answer within 60 s")
        local partial = overviews.partial()
        for _, source in ipairs(partial.evaluation.sources) do
            local name = ("%s.%s"):format(partial.cluster.id, source.id)
            has(body, ('<a href="#source-%s">'):format(name))
            has(body, ('id="source-%s"'):format(name))
        end
    end)

    it("opens to verdicts with advice, reasons, figures, a picture of the runs and the newest of them", function()
        local text = status_page.body(overviews.overview { overviews.failing() })
        for _, part in ipairs { "Look at the reason, and repair what it names.", "data 52e", "Next run expected",
            "57.1 % of 168 runs", "<h5>Failure reasons</h5>", ">Runs of ldap 79d6458e</title>",
            "The newest 8 of 168 runs", "2025-11-24 07:48:00Z</time>", "8 checks: churn, data" } do
            has(text, part)
        end
    end)

    it("is open where there is one cluster, closed where there are several", function()
        has(status_page.body(overviews.overview { overviews.healthy() }), '"><details open>')
        assert.is_nil(body:find '<article[^>]*><details open>')
    end)

    it("names places by ids, so that a link lasts while clusters change places", function()
        local id = overviews.healthy().cluster.id
        has(body, ('id="cluster-%s"'):format(id))
        has(status_page.body(overviews.overview { overviews.healthy() }), ('id="cluster-%s"'):format(id))
    end)

    it("names every id once, and every id it refers to", function()
        for _, overview in ipairs { stories, overviews.hostile() } do
            local html = status_page.body(overview)
            local ids = ids_of(html)
            for id in html:gmatch 'href="#([^"]*)"' do
                assert.is_true(ids[id], id)
            end
            for list in html:gmatch 'aria%-labelledby="([^"]*)"' do
                for id in list:gmatch "%S+" do
                    assert.is_true(ids[id], id)
                end
            end
        end
    end)

    it("has the same elements whatever the text says, and no style, script, handler or address of its own", function()
        local hostile = status_page.body(overviews.hostile())
        assert.equal(tags(status_page.body(overviews.hostile "harmless")), tags(hostile))
        for _, html in ipairs { body, hostile } do
            for _, pattern in ipairs { "<script", "<style", "<img", "<link", ' href="[^#]' } do
                assert.is_nil((html:find(pattern)))
            end
            local names = html:gsub('"[^"]*"', "")
            for _, pattern in ipairs { "<[^>]* on%a+=", "<[^>]* style=", "<[^>]* src=" } do
                assert.is_nil((names:find(pattern)))
            end
        end
    end)

    it("is written for real verdicts and records of any types", function()
        local item = overviews.hostile().clusters[1]
        for _, odd in ipairs { { start_time = "x", end_time = {}, status = 7, fail_reason = {}, add_count = "9" },
            { start_time = 0 / 0 }, { start_time = overviews.NOW * 1000, fail_reason = 7, delete_count = -1 } } do
            table.insert(item.records, odd)
        end
        local overview = health.overview({ { cluster = { id = {}, name = 7 }, records = item.records,
            evaluation = health.evaluate(item.records, nil, overviews.NOW) },
            { cluster = {}, error = "refused" } }, overviews.NOW)
        local html = status_page.body(overview, overviews.NOW + 60)
        ids_of(html)
        has(html, "The records could not be read: refused")
    end)

    it("tells when records are of before because a cluster cannot be asked now, even if those were well", function()
        local item = overviews.healthy()
        item.error, item.fetched_at = overviews.unreadable().error, overviews.NOW - 7200
        local html = status_page.body(overviews.overview { item })
        has(html, 'Last read <time class="ago" datetime="2025-11-24T06:00:00Z">2 h ago</time>')
        has(html, "The records could not be read: no answer within 60 s")
        has(html, "Raise timeout, or check what slows the network or the service down.")
        has(html, 'id="group-attention"')
        has(html, "Runs of ldap 79d6458e</title>")
    end)

    it("shows what is said of a source that is not listed, with the cluster", function()
        local item = overviews.failing()
        local list = {}
        for i, verdict in ipairs(item.evaluation.verdicts) do -- which the source has, too
            list[i] = verdict
        end
        list[#list + 1] = overviews.verdict("never", { severity = "warning", source = "gone",
            message = "Nothing was ever seen of it." })
        item.evaluation.verdicts = list
        has(status_page.body(overviews.overview { item }), "Nothing was ever seen of it.")
    end)

    it("has no element or attribute but those of HTML and SVG", function()
        assert.equal("", elements.unknown(body))
        assert.equal("", elements.unknown(status_page.document(body, { age = 1, interval = 60, error = "x" })))
        assert.equal("spam data~", elements.unknown '<spam class="a"></spam><a data~="b" data-name="c">')
    end)

    it("does without records", function()
        local item = overviews.healthy()
        item.records = nil
        local html = status_page.body(overviews.overview { item })
        lacks(html, "<figure")
        has(html, "Next run expected")
    end)

    it("has six lines and twenty panels of sources at most, up to three of them open", function()
        for count, shown in pairs { [1] = { 1, 1, 1 }, [3] = { 3, 3, 3 }, [4] = { 4, 4, 0 }, [6] = { 6, 6, 0 },
            [7] = { 6, 7, 0 }, [20] = { 6, 20, 0 }, [21] = { 6, 20, 0 } } do
            local item = overviews.healthy()
            local sources = item.evaluation.sources
            for i = 2, count do
                sources[i] = {}
                for name, value in pairs(sources[1]) do
                    sources[i][name] = value
                end
                sources[i].id = "s" .. i
            end
            local html = status_page.body(overviews.overview { item })
            local panels, opened = 0, 0
            for open in html:gmatch ' id="panel%-[^"]*"><details([^>]*)>' do
                panels, opened = panels + 1, opened + (open:find "open" and 1 or 0)
            end
            assert.same(shown, { select(2, html:gsub('<a href="#source%-', "")), panels, opened })
        end
    end)

    it("lets others have their turn between all its parts", function()
        for count, overview in pairs { [336] = stories, [146] = overviews.overview { overviews.failing() } } do
            local turns = 0
            status_page.write_body(overview, nil, function() end, function() turns = turns + 1 end)
            assert.equal(count, turns)
        end
    end)

    it("never works for long between two turns, however many clusters and records there are", function()
        local function at_once(clusters, records)
            local items = {}
            for i = 1, clusters do
                local list = overviews.records(records, function(hour)
                    return hour % 9 == 0 and { status = "FAILED", fail_reason = "LDAP error " .. hour } or nil
                end)
                items[i] = { cluster = { id = "c" .. i, name = "dws-" .. i }, records = list,
                    evaluation = health.evaluate(list, nil, overviews.NOW) }
            end
            local overview = health.overview(items, overviews.NOW)
            return growth.steps_at_once(function(pause)
                status_page.write_body(overview, overviews.NOW, pause, pause)
            end)
        end
        local few = at_once(1, 100)
        assert.is_true(few < 45000, few) -- of Lua 5.4; of LuaJIT, half as many
        for _, steps in ipairs { at_once(1, 1000), at_once(30, 100) } do
            assert.is_true(steps < 1.5 * few, few .. " " .. steps)
        end
    end)

    -- Where a text stands last.
    local function last(html, text)
        local first, at = 0, nil
        while first do
            at, first = first, html:find(text, first + 1, true)
        end
        return at
    end

    local function assert_between(least, most, value)
        assert.is_true(value >= least and value <= most, value)
    end

    it("stays below a megabyte with hundreds of clusters; the worst have everything, and it says what it left out",
        function()
            local items = {}
            for i = 1, 400 do
                items[i] = overviews.healthy(("dws-%03d"):format(i), i)
            end
            items[1], items[2] = overviews.failing(), overviews.stuck()
            local html = status_page.body(overviews.overview(items))
            assert.is_true(#html < 1000000)
            assert.equal("", elements.unknown(html))
            has(html, "further clusters, none worse, are left out here.")
            has(html, "Runs of ldap 79d6458e</title>")
            assert.is_true(html:find("</figure>", 1, true) < html:find("Too many clusters to show a picture", 1, true))
            assert_between(400000, 420000, last(html, "</figure>")) -- the rest is words, and then the state alone
            assert_between(640000, 660000, last(html, "Too many clusters to show a picture"))
            assert_between(890000, 910000, #html)
            has(html:sub(-20000), '<span><svg ') -- lines without a panel to link to
        end)

    it("shows a hundred clusters, each of which opens", function()
        local items = {}
        for i = 1, 100 do
            items[i] = overviews.healthy(("dws-%03d"):format(i), i)
        end
        local html = status_page.body(overviews.overview(items))
        assert.equal(100, select(2, html:gsub("<article", "")))
        assert.equal(100, select(2, html:gsub('id="cluster%-', "")))
        assert_between(590000, 640000, last(html, "</figure>")) -- as many as leave room for the words of the rest
        assert_between(97, 100, select(2, html:gsub("</figure>", "")) + select(2, html:gsub("Too many clusters", "")))
    end)

    it("stays below a megabyte with texts that a hostile service made long", function()
        for _, long in ipairs { ("\"<'"):rep(5000), ("\204\129"):rep(10000) } do
            local items = {}
            for i = 1, 100 do
                items[i] = overviews.hostile(long .. i).clusters[1]
            end
            assert.is_true(#status_page.body { now = overviews.NOW, severity = "critical", clusters = items } < 1000000)
        end
    end)

    it("raises at the caller when now is no time in seconds", function()
        for _, now in ipairs { "now", overviews.NOW * 1000 } do
            local ok, message = pcall(status_page.body, stories, now)
            assert.is_false(ok)
            has(message, "status page: now must be seconds since the epoch")
        end
    end)
end)

describe("the document of the status page", function()
    local body = status_page.body(overviews.stories())

    local function document(state, text)
        return status_page.document(text or body, state)
    end

    it("puts the body into a frame with script, style and policy", function()
        local html = document { age = 23.4, interval = 30 }
        for _, part in ipairs { '<link href="?asset=style" rel="stylesheet">', '<script defer src="?asset=script">',
            "<title>3 of 7 clusters are critical – DWS identity synchronisation</title>", "Data is 23 s old",
            'data-age="23.4"', 'data-interval="30"', 'data-stale-after="90"', body } do
            has(html, part)
        end
        has(html:gsub("&#39;", "'"), status_page.policy:gsub("; frame%-ancestors 'none'$", "") .. '"')
        has(html, 'class="trouble" hidden id="trouble"')
    end)

    it("forbids everything that the page does not need", function()
        assert.equal("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
            .. "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'",
            status_page.policy)
    end)

    it("says what the last failure was and how old all is", function()
        local html = document { age = 725, error = "no answer within 60 s" }
        has(html, '<b id="trouble-what">The last query failed: no answer within 60 s</b>')
        has(html, "The data shown is 12 min 5 s old.")
        lacks(html, 'class="trouble" hidden')
    end)

    it("says what failed beside the rest in one line, which puts nothing else in doubt", function()
        local html = document { age = 7, note = "cluster dws-a (a): network: no route." }
        has(html, '<p class="news" id="note">Part of the last query failed: cluster dws-a (a): network: no route.</p>')
        has(html, 'data-note="cluster dws-a (a): network: no route."')
        has(html, 'class="trouble" hidden')
        has(document { age = 7 }, '<p class="news" id="note"></p>')
    end)

    it("says that no newer data has arrived when it is stale without a failure", function()
        local html = document { age = 400, stale = true, interval = 60 }
        has(html, "No newer data has arrived.")
        has(html, 'data-stale-after="400"')
        has(document { age = 4, stale_after = 7 }, 'data-stale-after="7"')
    end)

    it("lets no failure be anything but text", function()
        local html = document { age = 3, error = overviews.HOSTILE, note = overviews.HOSTILE, tag = '"a"' }
        assert.equal(tags(document { age = 3, error = "x" }), tags(html))
        has(html, 'data-tag="&quot;a&quot;"')
        assert.is_true(#document { age = 3, error = ("x"):rep(100000) } < #body + 10000)
    end)

    it("waits when there is no body yet", function()
        local html = status_page.document(nil, { interval = 60 })
        has(html, "The first query is under way")
        has(html, "No data yet")
        lacks(html, "data-age")
    end)

    it("can be loaded anew without its script", function()
        has(document { age = 3 }, '<noscript><a href="?">Reload</a></noscript>')
        has(document { age = 3 }, '<button hidden id="refresh" type="button">')
    end)

    it("names every id once", function()
        ids_of(document { age = 3, error = "x", note = "y" })
    end)

    it("costs no more than joining strings, however long the body is", function()
        local function cost(text)
            return growth.steps(function() status_page.document(text, { age = 3, interval = 60 }) end)
        end
        assert.is_true(cost(body .. ("<p></p>"):rep(100000)) < 1.5 * cost "")
    end)
end)

describe("the status page as a file", function()
    local html = overviews.render("status", overviews.stories())

    it("is the same body in a frame that stands alone", function()
        has(html, status_page.body(overviews.stories()))
        has(html, "<title>3 of 7 clusters are critical – DWS identity synchronisation</title>")
        has(html, 'As of <time datetime="2025-11-24T08:00:00Z">2025-11-24 08:00:00Z</time>')
        has(html, status_page.stylesheet)
        assert.is_truthy(html:find "^<!DOCTYPE html>.*</html>\n$")
        ids_of(html)
    end)

    it("has no script, asks nobody, and offers nothing that needs a server", function()
        has(html, "default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;")
        for _, part in ipairs { "<script", "<link", "<button", "<img", "?asset", "?part", "Reload", "trouble" } do
            lacks(html:gsub("<style>.-</style>", ""), part)
        end
    end)

    it("has the same elements whatever the text says", function()
        assert.equal(tags(overviews.render("status", overviews.hostile "harmless")),
            tags(overviews.render("status", overviews.hostile())))
    end)
end)

describe("the script and the style of the status page", function()
    it("turn no text into HTML or code, and keep nothing", function()
        for _, word in ipairs { "innerHTML", "outerHTML", "insertAdjacentHTML", "DOMParser", "document.write", "eval(",
            "Function(", "localStorage", "cookie" } do
            lacks(status_page.script, word)
        end
    end)

    it("name no address but their own", function()
        for _, text in ipairs { status_page.script, status_page.stylesheet } do
            assert.is_nil(text:find("https?:"))
            assert.is_nil(text:find "url%([^#]")
            lacks(text, "@import")
        end
    end)
end)
