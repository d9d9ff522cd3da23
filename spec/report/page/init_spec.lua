local page = require "dwsync.report.page"
local stylesheet = require "dwsync.report.page.stylesheet"

describe("a page", function()
    it("forbids scripts and everything from elsewhere before anything else is read", function()
        local head = page.head "x"
        local policy = head:find("Content-Security-Policy", 1, true)
        assert.is_truthy(head:gsub("&#39;", "'"):find("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
            .. "form-action 'none'", 1, true))
        assert.is_true(policy < head:find("<style>", 1, true))
    end)

    it("has a title that hostile text cannot leave", function()
        assert.is_truthy(page.head "</title><script>":find(
            "<title>&lt;/title&gt;&lt;script&gt;</title>", 1, true))
    end)

    it("names no address in its style rules", function()
        assert.is_nil(stylesheet.css:find "url%([^#]")
        assert.is_nil(stylesheet.css:find("@import", 1, true))
        assert.is_nil(stylesheet.css:find("//", 1, true))
    end)

    it("shows a severity as a sign and a word, one that is none as unknown", function()
        local shapes = {}
        for _, severity in ipairs { "ok", "warning", "critical", "unknown", "disabled" } do
            local badge = tostring(page.badge(severity))
            local outline, sign = badge:match '<path d="(M[^"]+z?)"></path><path d="(M[^"]+)"></path></svg>'
            assert.is_nil(shapes[outline] or shapes[sign])
            shapes[outline], shapes[sign] = true, true
            assert.is_truthy(badge:find('class="badge ' .. severity .. '"', 1, true))
            assert.is_truthy(badge:find("</svg>" .. severity .. "</span>", 1, true))
        end
        assert.equal(tostring(page.badge "unknown"), tostring(page.badge "<b>"))
    end)

    it("has tables whose headings say what they head", function()
        local columns = { { title = "A" }, { title = "B", class = "number" } }
        local text = tostring(page.table("All", columns, { page.row(columns, { "<x>", "" }) }))
        assert.is_truthy(text:find("<caption>All</caption>", 1, true))
        assert.is_truthy(text:find('<th class="number" role="columnheader" scope="col">B</th>', 1, true))
        assert.is_truthy(text:find('<th role="rowheader" scope="row">&lt;x&gt;</th>', 1, true))
        assert.is_truthy(text:find('<td class="number" data-label="B" role="cell">–</td>', 1, true))
        columns[1].class = "instant"
        text = tostring(page.row(columns, { "", "b" }))
        assert.equal('<tr role="row"><th class="instant" role="rowheader" scope="row"></th>'
            .. '<td class="number" data-label="B" role="cell">b</td></tr>', text)
    end)
end)
