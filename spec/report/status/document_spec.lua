-- The document around the body: whole, since a browser's page is nothing but its text. The body: page_spec.lua.
local status_page = require "dwsync.report.status.page"

local HEAD = '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><meta content="default-src '
    .. "&#39;none&#39;; script-src &#39;self&#39;; style-src &#39;self&#39;; connect-src &#39;self&#39;; base-uri "
    .. "&#39;none&#39;; form-action &#39;none&#39;; require-trusted-types-for &#39;script&#39;; trusted-types "
    .. '&#39;none&#39;" http-equiv="Content-Security-Policy"><meta content="width=device-width, initial-scale=1" '
    .. 'name="viewport"><meta content="light dark" name="color-scheme"><meta content="no-referrer" name="referrer">'
    .. '<meta content="noindex" name="robots"><title>%sDWS identity synchronisation</title><link href="?asset=style" '
    .. 'rel="stylesheet"><script defer src="?asset=script"></script></head>\n<body>\n'
local FRESHNESS = '<a class="skip" href="#view">Skip to the clusters</a>\n<header class="bar"><p class="kicker">DWS '
    .. 'identity synchronisation</p>\n<div id="freshness" role="group" aria-label="Freshness"%s><span id="age">%s'
    .. '</span> <button hidden id="refresh" type="button">Refresh</button><button aria-pressed="false" hidden '
    .. 'id="pause" type="button">Pause</button><noscript><a href="?">Reload</a></noscript></div></header>\n'
local NEWS = '<p id="spoken" class="unseen" role="status"></p>\n<p id="news" class="news"></p>\n<p class="news" '
    .. 'id="note">%s</p>\n'
local TROUBLE = '<div class="trouble"%s id="trouble"><svg aria-hidden="true" class="icon" viewBox="0 0 16 16"><path '
    .. 'd="M8 1.8l6.6 12h-13.2z"></path><path d="M8 6.3v3.4M8 11.8v.1"></path></svg><p><b id="trouble-what">%s</b> '
    .. '<span id="trouble-age">%s</span></p></div>'
local MAIN = '\n<main id="view" tabindex="-1">%s</main>\n<footer><p>Made by dwsync.</p></footer>\n</body>\n</html>\n'

describe("the document of the status page", function()
    local function expected(title, attributes, age, note, trouble, body)
        return HEAD:format(title) .. FRESHNESS:format(attributes, age) .. NEWS:format(note)
            .. TROUBLE:format(trouble[1], trouble[2], trouble[3]) .. MAIN:format(body)
    end

    it("says how old the data is, what went wrong, and what its script needs to know", function()
        assert.equal(expected("", ' data-age="65.5" data-interval="30" data-stale-after="240" data-tag="t"',
            "Data is 1 min 5 s old", "", { "", "No newer data has arrived.", "The data shown is 1 min 5 s old." },
            "the body"), status_page.document("the body", { age = 65.5, stale = true, interval = 30, stale_after = 240,
                tag = "t" }))
        assert.equal(expected("2 are critical – ", ' data-age="5" data-interval="60" data-stale-after="180" '
            .. 'data-error="no &lt;route&gt;" data-note="one failed"', "Data is 5 s old",
            "Part of the last query failed: one failed", { "", "The last query failed: no &lt;route&gt;",
                "The data shown is 5 s old." }, '<p data-title="2 are critical">x</p>'),
            status_page.document('<p data-title="2 are critical">x</p>', { age = 5, error = "no <route>",
                note = "one failed" }))
    end)

    it("shows no trouble where there is none, and waits where there is nothing yet", function()
        assert.equal(expected("", ' data-age="9" data-interval="60" data-stale-after="180"', "Data is 9 s old", "",
            { " hidden", "", "" }, "x"), status_page.document("x", { age = 9 }))
        assert.equal(expected("", ' data-interval="60" data-stale-after="180"', "No data yet", "",
            { " hidden", "", "" },
            '<div class="waiting"><h1>The first query is under way</h1><p>Clusters appear here as soon as the service '
            .. "has answered.</p></div>"), status_page.document(nil, { stale = true }))
        assert.truthy(status_page.document("x", { age = 77, stale = true }):find(' data-stale-after="77"', 1, true))
    end)
end)
