local display = require "dwsync.text"

describe("text made safe for a terminal", function()
    it("stays on one line", function()
        assert.equal("a b c d", display.safe "a\nb\r\n\tc\td")
    end)

    it("has no control characters", function()
        assert.equal("?[31mred?[0m", display.safe "\27[31mred\27[0m")
        assert.equal("?]0;title?", display.safe "\27]0;title\7")
        assert.equal("a?b?c?d", display.safe "a\0b\8c\127d")
        for byte = 0, 31 do
            assert.is_nil(display.safe("a" .. string.char(byte) .. "b"):find "%c")
        end
    end)

    it("has no C1 controls, which some terminals obey as they obey ESC", function()
        assert.equal("?31m", display.safe "\194\15531m") -- U+009B
        for byte = 128, 159 do
            assert.equal("a?b", display.safe("a\194" .. string.char(byte) .. "b"))
        end
        assert.equal("a\194\160b", display.safe "a\194\160b") -- U+00A0, a mere space
    end)

    it("has no marks that turn the direction of writing", function()
        for _, mark in ipairs { "\226\128\170", "\226\128\171", "\226\128\172", "\226\128\173", "\226\128\174",
            "\226\129\166", "\226\129\167", "\226\129\168", "\226\129\169" } do
            assert.equal("a?b", display.safe("a" .. mark .. "b"))
        end
        assert.equal("a…b“c”", display.safe "a…b“c”") -- their neighbours stay
    end)

    it("has no bytes that are no UTF-8", function()
        assert.equal("a?31m", display.safe "a\15531m")
        assert.equal("???x", display.safe "\255\192\128x")
        assert.equal("a?", display.safe "a\195")
        assert.equal("é??b", display.safe "é\155\155b")
        assert.equal("??b", display.safe "\226\130b")
        assert.equal("?", display.safe "\254")
    end)

    it("keeps the writing of the world", function()
        for _, text in ipairs { "plain", "é", "漢字", "한글", "عربي", "😀", "Ünïcödé ‘x’" } do
            assert.equal(text, display.safe(text))
        end
    end)

    it("keeps line ends and tabs where lines are wanted", function()
        assert.equal("a\nb\tc\r?", display.harmless "a\nb\tc\r\27")
    end)
end)

describe("the width of a text", function()
    it("is one column for most characters, two for wide ones, none for marks", function()
        assert.equal(0, display.width "")
        assert.equal(5, display.width "plain")
        assert.equal(2, display.width "éü")
        assert.equal(4, display.width "漢字")
        assert.equal(4, display.width "한글")
        assert.equal(2, display.width "😀")
        assert.equal(2, display.width "Ａ")
        assert.equal(1, display.width "e\204\129") -- e and a combining acute accent
        assert.equal(1, display.width "…")
    end)
end)

describe("a text cut to a width", function()
    it("is left alone when it fits", function()
        assert.equal("abc", display.cut("abc", 3))
        assert.equal("漢字", display.cut("漢字", 4))
        assert.equal("", display.cut("", 1))
    end)

    it("ends with an ellipsis within the width", function()
        assert.equal("ab…", display.cut("abcd", 3))
        assert.equal("…", display.cut("abcd", 1))
    end)

    it("does not grow with marks that have no width", function()
        assert.is_true(#display.cut("a" .. ("\204\129"):rep(100000), 10) <= 85)
        assert.equal("e\204\129e\204\129", display.cut("e\204\129e\204\129", 2))
    end)

    it("is never cut within a character, nor too wide by half of one", function()
        assert.equal("漢…", display.cut("漢字漢字", 4))
        assert.equal("漢…", display.cut("漢字漢字", 3))
        assert.equal("…", display.cut("漢字", 2))
        assert.equal("a漢…", display.cut("a漢字漢", 4))
        for width = 1, 20 do
            local cut = display.cut("aé漢e\204\129😀bc漢字", width)
            assert.is_true(display.width(cut) <= width)
            assert.equal(cut, display.safe(cut))
        end
    end)
end)
