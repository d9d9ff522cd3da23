local markdown_text = require "dwsync.report.markdown_text"

local SPACE = "\226\128\139" -- without width

describe("foreign prose inside Markdown", function()
    local prose = markdown_text.prose

    it("stays what it is when it means nothing", function()
        for _, text in ipairs { "plain text, with (brackets), 50 % and 1 + 1 = 2.", "用户 é 😀", "a-b.c/d:e" } do
            assert.equal(text, prose(text))
        end
    end)

    it("is no emphasis, no code, no list and no heading", function()
        assert.equal([[\*a\* \_b\_ c\~]], prose "*a* _b_ c~")
        assert.equal("'rm'", prose "`rm`")
        assert.equal([[a \# b]], prose "a\n# b")
        assert.equal([[a\\b]], prose [[a\b]])
    end)

    it("is no HTML and ends no table cell", function()
        assert.equal("&lt;b&gt; &amp;lt; &#124;", prose "<b> &lt; |":gsub("&amp;" .. SPACE, "&amp;"))
    end)

    it("is no link, no image and no address that links itself", function()
        assert.equal([[\[a\](b) \!\[c\](d)]], prose "[a](b) ![c](d)")
        assert.equal("https:" .. SPACE .. "//x", prose "https://x")
        assert.equal("www" .. SPACE .. ".x", prose "www.x")
        assert.equal("a@" .. SPACE .. "b.c", prose "a@b.c")
        assert.equal("MailTo" .. SPACE .. ":x", prose "MailTo:x")
    end)

    it("mentions nobody and refers to nothing", function()
        assert.equal("@" .. SPACE .. "all", prose "@all")
        assert.equal("@" .. SPACE .. "所有人", prose "@所有人")
        assert.equal([[&lt;\!]] .. SPACE .. "channel&gt;", prose "<!channel>")
        assert.equal([[\#]] .. SPACE .. "1", prose "#1")
        assert.equal([[\!]] .. SPACE .. "1", prose "!1")
    end)

    it("stays on one line, drives no terminal, and is cut to a width", function()
        assert.equal("a b ?c", prose "a\r\n\tb \27c")
        assert.equal("abc…", prose("abcdef", 4))
    end)
end)

describe("foreign text as a code span inside Markdown", function()
    local code = markdown_text.code

    it("is left as it is, for nothing in it is formatted", function()
        assert.equal("`[a](b) cn=a,ou=b \\ * _ 50 %`", code "[a](b) cn=a,ou=b \\ * _ 50 %")
    end)

    it("mentions nobody and links nothing in chats that look into code", function()
        assert.equal(("`‹!%schannel› ‹@%sU1› ‹!-- x --›`"):format(SPACE, SPACE), code "<!channel> <@U1> <!-- x -->")
        assert.equal("`@" .. SPACE .. "here @" .. SPACE .. "所有人 #" .. SPACE .. "1`", code "@here @所有人 #1")
        assert.equal("`![a](https:" .. SPACE .. "//x) www" .. SPACE .. ".x`", code "![a](https://x) www.x")
    end)

    it("cannot end the span, nor a table cell", function()
        assert.equal("`a'b'' ¦ c`", code "a`b`` | c")
        assert.equal("`a\\¦b`", code "a\\|b")
    end)

    it("is a dash when it is empty, for an empty span is none", function()
        assert.equal("–", code "")
        assert.equal("–", code " \n ")
    end)

    it("stays on one line and is cut to a width", function()
        assert.equal("`a b`", code "\na\n\nb\n")
        assert.equal("`abc…`", code("abcdef", 4))
    end)
end)
