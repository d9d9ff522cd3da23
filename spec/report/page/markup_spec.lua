local markup = require "dwsync.report.page.markup"

local element = markup.element

describe("an element", function()
    it("has its attributes in a fixed order and its content", function()
        assert.equal('<p class="b" id="a">text</p>', tostring(element("p", { id = "a", class = "b" }, "text")))
        assert.equal("<p></p>", tostring(element("p")))
        assert.equal('<meta charset="utf-8">', tostring(element("meta", { charset = "utf-8" })))
        assert.equal("<br>", tostring(element "br"))
        assert.equal('<link href="x">', tostring(element("link", { href = "x" })))
    end)

    it("takes text, numbers, other elements, lists of these, and nothing", function()
        assert.equal("<p>a1<b>c</b>de</p>", tostring(element("p", nil, "a", 1, element("b", nil, "c"),
            { "d", { "e" } }, nil, false)))
        assert.equal("<p>a</p>", tostring(element("p", nil, nil, "a")))
    end)

    it("leaves attributes out that are false, and writes those bare that are true", function()
        assert.equal("<p hidden></p>", tostring(element("p", { hidden = true, class = false })))
    end)

    it("writes numbers short", function()
        assert.equal('<p x="1" y="0.33">10 0.5</p>', tostring(element("p", { x = 1.0, y = 1 / 3 }, 10.0, " ", 0.5)))
    end)

    it("escapes every text, wherever it stands", function()
        local hostile = "</p><script>\"'&"
        local escaped = "&lt;/p&gt;&lt;script&gt;&quot;&#39;&amp;"
        assert.equal(('<p title="%s">%s%s</p>'):format(escaped, escaped, escaped),
            tostring(element("p", { title = hostile }, hostile, { hostile })))
    end)

    it("escapes what merely looks like an element of ours", function()
        assert.equal("<p></p>", tostring(element("p", nil, { text = "<b>" })))
    end)

    it("has neither control characters nor bytes that are no UTF-8", function()
        assert.equal("<p>a?b?c d?</p>", tostring(element("p", nil, "a\0b\155c\nd\226\128\174")))
    end)
end)

describe("style rules", function()
    it("may not contain markup", function()
        assert.equal("<style>p{color:red}</style>", tostring(markup.style "p{color:red}"))
        assert.has_error(function()
            markup.style "</style>"
        end, "style rules must not contain markup")
    end)
end)
