local growth = require "spec.support.growth"
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
        for _, text in ipairs { "plain", "é", "漢字", "한글", "عربي", "😀", "Ünïcödé ‘x’", "ひらがな、カタカナ。", "ไทย", "𠮷野家" } do
            assert.equal(text, display.safe(text))
        end
    end)

    it("keeps line ends and tabs where lines are wanted", function()
        assert.equal("a\nb\tc\r?", display.harmless "a\nb\tc\r\27")
    end)
end)

-- A code point as UTF-8, whether there is a character of it or not.
local function utf8_of(code)
    local bytes = {}
    while code >= (#bytes == 0 and 0x80 or 2 ^ (6 - #bytes)) do
        table.insert(bytes, 1, string.char(0x80 + code % 0x40))
        code = math.floor(code / 0x40)
    end
    local lead = ({ [0] = 0, 0xC0, 0xE0, 0xF0 })[#bytes]
    return string.char(lead + code) .. table.concat(bytes)
end

describe("joiners (U+200C, U+200D)", function()
    local NON_JOINER, JOINER = "\226\128\140", "\226\128\141"

    it("stay between letters, and between emoji", function()
        for _, text in ipairs { "می" .. NON_JOINER .. "خواهم", "क्" .. JOINER .. "ष", "Auf" .. NON_JOINER .. "lage",
            "👩" .. JOINER .. "💻", "👩🏽" .. JOINER .. "💻", "❤\239\184\143" .. JOINER .. "🔥",
            "🏳\239\184\143" .. JOINER .. "🌈", "🐈" .. JOINER .. "⬛" } do
            assert.equal(text, display.safe(text))
        end
    end)

    it("go elsewhere: at an end, beside blanks, digits, signs and what is hidden, and in a row", function()
        for _, joiner in ipairs { JOINER, NON_JOINER } do
            for _, case in ipairs { { "", "" }, { "", "م" }, { "م", "" }, { "م ", "م" }, { "م", " م" }, { "1", "م" },
                { "م", "1" }, { "م.", "م" }, { "م", "،" }, { "\226\128\147", "م" }, { "م\27", "م" }, { "م", "\27" },
                { "م\216\156", "م" }, { "م", "\226\128\174م" }, { "م", "\239" }, { "م\155", "م" },
                { "م\239\184\143", "م" } } do
                local expected = display.safe(case[1]) .. "?" .. display.safe(case[2])
                assert.equal(expected, display.safe(case[1] .. joiner .. case[2]))
            end
            assert.equal("م??م", display.safe("م" .. joiner .. joiner .. "م"))
        end
    end)
end)

describe("variation selectors", function()
    it("stay behind what they vary", function()
        for _, text in ipairs { "❤\239\184\143", "❤\239\184\142", "1\239\184\143\226\131\163",
            "葛\243\160\132\128", "。\239\184\128", "ᠠ\225\160\139" } do
            assert.equal(text, display.safe(text))
        end
    end)

    it("are those of each block, from the first to the last", function()
        for _, block in ipairs { { "ᠠ", 0x180B, 0x180F }, { "葛", 0xFE00, 0xFE0D }, { "❤", 0xFE0E, 0xFE0F },
            { "葛", 0xE0100, 0xE01EF } } do
            for code = block[2], block[3] do
                local text = block[1] .. utf8_of(code)
                assert.equal(text, display.safe(text))
                assert.equal("x?", display.safe("x" .. utf8_of(code)))
            end
        end
        for _, code in ipairs { 0xE00FF, 0xE01F0 } do
            assert.equal("葛?", display.safe("葛" .. utf8_of(code)))
        end
        for _, code in ipairs { 0x180A, 0xFE10 } do
            assert.equal("葛" .. utf8_of(code), display.safe("葛" .. utf8_of(code)))
        end
    end)

    it("go elsewhere, and in a row, where they could carry a message", function()
        assert.equal("a?", display.safe "a\239\184\143")
        assert.equal("?", display.safe "\239\184\143")
        assert.equal("1?2", display.safe "1\239\184\1432")
        assert.equal("葛\243\160\132\128?", display.safe "葛\243\160\132\128\243\160\132\129")
        assert.equal("❤\239\184\143?", display.safe "❤\239\184\143\239\184\143")
        assert.equal("a?", display.safe "a\225\160\139")
        assert.equal("❤?", display.safe "❤\243\160\132\128")
    end)
end)

describe("harmless text", function()
    it("is the same whether a character stands alone or among rarer ones", function()
        for code = 0x80, 0x10FFFF do
            if code < 0x3200 or code % 0x10000 >= 0xF800 or code % 61 == 0 then
                local character = utf8_of(code)
                local among = display.safe(character .. "…")
                if display.safe(character) .. "…" ~= among then
                    assert.equal(display.safe(character) .. "…", among)
                end
                if display.safe(among) ~= among then
                    assert.equal(among, display.safe(among))
                end
            end
        end
    end)

    it("keeps all but two characters of the Chinese block and of kana, and all of Hangul", function()
        for code = 0x3000, 0xD7FF do
            assert(display.safe(utf8_of(code)) == (code == 0x3164 and "?" or utf8_of(code)), code)
        end
    end)
end)

describe("text for a format with escapes", function()
    local function escaped(text)
        return display.escape_hidden(text, function(code)
            return ("<%X>"):format(code)
        end)
    end

    it("has one for each character that is hidden or that a terminal obeys, and loses none", function()
        assert.equal("a<1B>[31m<0><A><9><7F>b", escaped "a\27[31m\0\n\t\127b")
        assert.equal("é<9B><AD><200B><202E><2028><FEFF><E0041><1FFFE>漢",
            escaped("é\194\155\194\173\226\128\139\226\128\174\226\128\168\239\187\191\243\160\129\129"
                .. "\240\159\191\190漢"))
        assert.equal("<200D>", escaped "\226\128\141")
    end)

    it("keeps what is harmless, and joiners in their place", function()
        for _, text in ipairs { "", "plain", 'a "b" \\', "漢字", "می\226\128\140خواهم" } do
            assert.equal(text, escaped(text))
        end
    end)

    it("has U+FFFD for each byte that is not UTF-8", function()
        assert.equal("a\239\191\189b", escaped "a\255b")
        assert.equal(("\239\191\189"):rep(3), escaped "\237\160\128")
        assert.equal("<1B>\239\191\189", escaped "\27\195")
    end)
end)

describe("repaired UTF-8", function()
    it("has each foreign byte replaced by a text, or by what a function makes of it", function()
        assert.equal("plain é漢", display.utf8("plain é漢", "?"))
        assert.equal("a??é?", display.utf8("a\226\130é\155", "?"))
        assert.equal("a[192][175]é", display.utf8("a\192\175é", function(byte)
            return ("[%d]"):format(byte:byte())
        end))
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
        assert.equal(7, display.width "می\226\128\140خواهم")
        assert.equal(2, display.width "क्\226\128\141ष")
        assert.equal(14, display.width "ひらカタ、。！")
    end)

    it("is two columns for an emoji, however many characters compose it, and for a flag", function()
        for _, emoji in ipairs { "👩🏽\226\128\141💻", "👨\226\128\141👩\226\128\141👧\226\128\141👦",
            "❤\239\184\143", "❤\239\184\143\226\128\141🔥", "1\239\184\143\226\131\163", "👍🏿", "🇩🇪",
            "👩🏽\226\128\141❤\239\184\143\226\128\141💋\226\128\141👨🏽" } do
            assert.equal(2, display.width(emoji), emoji)
            assert.equal(6, display.width(emoji .. "漢" .. emoji), emoji)
        end
        assert.equal(4, display.width "🇩🇪🇫🇷")
    end)

    it("is the one at which a text is cut", function()
        for code = 0xA0, 0x1FAFF do
            local character = utf8_of(code)
            local width = display.width(character)
            if width > 0 and display.cut(character .. "ab", width + 1) ~= character .. "…" then
                assert.equal(character .. "…", display.cut(character .. "ab", width + 1))
            end
        end
    end)
end)

describe("a text cut in its middle", function()
    it("keeps both ends, the first a column longer when the room is odd", function()
        assert.equal("abcdef", display.elide("abcdef", 6))
        assert.equal("abc…fg", display.elide("abcdefg", 6))
        assert.equal("ab…fg", display.elide("abcdefg", 5))
        assert.equal("a…g", display.elide("abcdefg", 3))
    end)

    it("cuts no character apart, and is never wider", function()
        for width = 3, 14 do
            for _, text in ipairs { "目录 ou=研发 不存在", "a👩‍👩‍👧b漢字e\204\129f", ("漢"):rep(20) } do
                local shown = display.elide(text, width)
                assert.is_true(display.width(shown) <= width, shown)
                assert.equal(shown, display.utf8(shown, "?"))
            end
        end
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

    it("is never cut between a character and its marks, nor within an emoji or a flag", function()
        assert.equal("e\204\129…", display.cut("e\204\129e\204\129e", 2))
        assert.equal("का…", display.cut("काकाका", 4))
        assert.equal("a…", display.cut("a👩🏽\226\128\141💻b", 3))
        assert.equal("a👩🏽\226\128\141💻…", display.cut("a👩🏽\226\128\141💻bc", 4))
        assert.equal("🇩🇪…", display.cut("🇩🇪🇫🇷", 3))
        assert.equal("…", display.cut("🇩🇪🇫🇷", 2))
        assert.equal("🇩🇪🇫🇷", display.cut("🇩🇪🇫🇷", 4))
    end)
end)

describe("the beginning of a text", function()
    it("is so many bytes at most", function()
        assert.equal("abc", display.beginning("abc", 3))
        assert.equal("ab", display.beginning("abc", 2))
        assert.equal("", display.beginning("abc", 0))
    end)

    it("ends with a whole character, with its marks, and with a whole emoji", function()
        assert.equal("aü", display.beginning("aüü", 4))
        assert.equal("a", display.beginning("aü", 2))
        assert.equal("a€", display.beginning("a€€", 6))
        assert.equal("a", display.beginning("a\240\159\152\128", 4))
        assert.equal("aü", display.beginning("aü", 3))
        assert.equal("a", display.beginning("ae\204\129", 2))
        assert.equal("a", display.beginning("a👩🏽\226\128\141💻", 12))
        assert.equal("a👩🏽\226\128\141💻", display.beginning("a👩🏽\226\128\141💻b", 16))
    end)

    it("is not given up for marks without end", function()
        local cut = display.beginning("a" .. ("\204\129"):rep(1000), 400)
        assert.is_true(#cut > 350 and #cut <= 400)
        assert.equal(cut, display.safe(cut))
        assert.is_true(#display.beginning(("\128"):rep(1000), 400) > 350)
    end)
end)

describe("an excerpt of a text", function()
    it("is one line with single blanks, harmless, and in whatever writing", function()
        assert.equal("a b c?d", display.excerpt "a\r\n\tb  c\27d")
        assert.equal("目录 ou=研发 不存在; Gruppe Müller fehlt", display.excerpt "目录 ou=研发\n不存在; Gruppe Müller fehlt")
        assert.equal("a?b", display.excerpt "a\226\128\174b")
    end)

    it("is cut to a width in columns, 600 when none is given", function()
        assert.equal("abcd", display.excerpt("abcd", 4))
        assert.equal("abc…", display.excerpt("abcde", 4))
        assert.equal("目录…", display.excerpt("目录不存在", 5))
        assert.equal(("x"):rep(600), display.excerpt(("x"):rep(600)))
        assert.equal(("x"):rep(599) .. "…", display.excerpt(("x"):rep(601)))
        assert.equal(("x"):rep(599) .. "…", display.excerpt(("x"):rep(1000000)))
        assert.equal("a b", display.excerpt("a" .. (" "):rep(100000) .. "b", 4))
    end)
end)

describe("a text wrapped to lines", function()
    it("breaks at blanks, and gives one line at least", function()
        assert.same({ "" }, display.wrap("", 10))
        assert.same({ "ab cd", "efghi", "j" }, display.wrap("ab  cd efghi j", 5))
    end)

    it("loses nothing of a word that is longer than a line, nor of writing without blanks", function()
        assert.same({ "a", "bcdef", "gh i" }, display.wrap("a bcdefgh i", 5))
        assert.same({ "க", "ாா" }, display.wrap("காா", 2)) -- three columns, which are one cluster
        assert.same({ "目录", "不存", "在 a" }, display.wrap("目录不存在 a", 5))
        assert.same({ "ae\204\129", "👩🏽\226\128\141💻", "b" }, display.wrap("ae\204\129👩🏽\226\128\141💻b", 2))
    end)
end)

describe("secrets", function()
    it("are taken out of a text as they are, and as JSON and URLs write them", function()
        assert.equal("a *** b *** c *** d ***", display.redact("a se/cr+et b se\\/cr+et c se%2Fcr%2Bet d se%2fcr%2bet",
            { "se/cr+et" }))
    end)

    it("are what stands behind the names of headers that hold one, and what is left of one at a cut", function()
        assert.equal("X-Auth-Token:***|host:a", display.redact("X-Auth-Token: abc|host:a", {}))
        assert.equal("目录 ***", display.redact("目录 0123456789", { "0123456789abcdef" }))
    end)

    it("are hidden however short they are, the shortest where they stand alone", function()
        for _, secret in ipairs { "abc", "a1b2", "12345", "p!w", "目" } do
            assert.equal("wrong:*** '***' x***y", display.redact(("wrong:%s '%s' x%sy"):format(secret, secret, secret),
                { secret }))
        end
        for _, secret in ipairs { "y", "ya", "9" } do
            assert.equal("*** by yard 19 say (***), ***", display.redact(("%s by yard 19 say (%s), %s"):format(secret,
                secret, secret), { secret }))
        end
        assert.equal("yy", display.redact("yy", { "y" }))
        assert.equal("a b", display.redact("a b", { "" }))
    end)

    it("may hold any byte", function()
        for _, secret in ipairs { "\0", "ab\0cdefgh", "\0%1%z", "\255\0\254", "%%%%%%%%", "[^a]*" } do
            assert.equal("a *** b ***", display.redact("a " .. secret .. " b " .. secret, { secret }))
        end
    end)

    it("masks what repeats itself like a secret, without comparing it over and over", function()
        local secret = ("ab"):rep(20) .. "c"
        assert.equal("x ab*** y ***", display.redact("x ab" .. secret .. " y " .. secret:sub(1, 30), { secret }))
        assert.equal("***" .. "abababab|", display.redact(secret .. "abababab|", { secret }))
        local function cost(length)
            local nearly = ("a"):rep(length)
            return growth.allocated(function() display.redact(nearly .. "ab", { nearly .. "c", nearly .. "\0" }) end)
        end
        assert.is_true(cost(8000) < 6 * cost(2000)) -- 16 times when each place is compared to its end
    end)
end)

describe("what is known of characters", function()
    it("is remembered of some, and not of all of Unicode", function()
        local function kept_kilobytes(first, last)
            local before
            for code = first, last do
                if code == first + 1000 then -- what it needs for itself is there
                    collectgarbage()
                    collectgarbage()
                    before = collectgarbage "count"
                end
                local text = string.char(0xF0, 0x80 + math.floor(code / 4096) % 64, 0x80 + math.floor(code / 64) % 64,
                    0x80 + code % 64)
                assert(display.safe(text) ~= "" and display.cut(text, 2) == text)
            end
            collectgarbage()
            collectgarbage()
            return collectgarbage "count" - before
        end
        local kept = kept_kilobytes(0x20000, 0x2FFFD)
        assert.is_true(kept < 2048, kept)
    end)

    it("is not found out again for each of several", function()
        local function steps(text)
            local many = text:rep(1000)
            return growth.steps(function() assert(display.width(many) == 4000) end)
        end
        steps "𠀀𠀁"
        local one, two = steps "𠀀𠀀", steps "𠀀𠀁"
        assert.is_true(two < 1.2 * one, ("%d, not %d"):format(two, one))
    end)
end)

describe("white space around a text", function()
    it("is taken off, and none inside", function()
        for text, trimmed in pairs { [" a b\t\n"] = "a b", ["\r\na"] = "a", ["a"] = "a", [""] = "", [" \n"] = "" } do
            assert.equal(trimmed, display.trim(text))
        end
    end)

    it("costs no more for each blank when there are many", function()
        local blanks = (" "):rep(1000000) -- their square would keep a core busy for an hour
        assert.equal("", display.trim(blanks))
        assert.equal("a" .. blanks .. "b", display.trim(blanks .. "a" .. blanks .. "b" .. blanks))
    end)
end)

-- ---- every text of a few parts, beside what is plainly meant ----------------------------------------

-- What a terminal draws as one, and its columns.
local PARTS = { { "a", 1 }, { "é", 1 }, { "e\204\129", 1 }, { "漢", 2 }, { "👩🏽\226\128\141💻", 2 }, { "…", 1 } }

-- Calls use(text, parts) for each text of so many parts.
local function each_text(length, use)
    local function add(parts, text)
        use(text, parts)
        for i = 1, #parts < length and #PARTS or 0 do
            parts[#parts + 1] = PARTS[i]
            add(parts, text .. PARTS[i][1])
            parts[#parts] = nil
        end
    end
    add({}, "")
end

-- The first parts, or the last, that fit: their text, how wide they are, and how many.
local function that_fit(parts, room, measure, first, last)
    local text, used, count = "", 0, 0
    for i = first or 1, last or #parts, last and first and first > last and -1 or 1 do
        local size = measure(parts[i])
        if used + size > room then
            break
        end
        used, count = used + size, count + 1
        text = first and first > (last or #parts) and parts[i][1] .. text or text .. parts[i][1]
    end
    return text, used, count
end

local function columns(part)
    return part[2]
end

local function bytes(part)
    return #part[1]
end

local function width_of(parts)
    return select(2, that_fit(parts, math.huge, columns))
end

-- Not by luassert, which takes longer than what is tested.
local function same(expected, actual, ...)
    if expected ~= actual then
        error(("%q is not %q: %s"):format(actual, expected, table.concat({ ... }, ", ")))
    end
end

describe("whatever a text is made of", function()
    it("it is as wide as its parts, and harmless", function()
        each_text(4, function(text, parts)
            same(width_of(parts), display.width(text), text)
            same(text, display.safe(text))
        end)
    end)

    it("it is cut behind as many parts as fit, and the rest is left out in its middle", function()
        each_text(3, function(text, parts)
            local width = width_of(parts)
            for room = 1, width + 1 do
                same(width <= room and text or that_fit(parts, room - 1, columns) .. "…", display.cut(text, room), text,
                    room)
            end
            for room = 3, width + 1 do
                local expected = text
                if width > room then
                    local head, used, count = that_fit(parts, math.ceil((room - 1) / 2), columns)
                    expected = head .. "…" .. (that_fit(parts, room - 1 - used, columns, #parts, count + 1))
                end
                same(expected, display.elide(text, room), text, room)
            end
        end)
    end)

    it("its beginning has as many whole parts as its bytes have room for", function()
        each_text(3, function(text, parts)
            for room = 0, #text + 1 do
                same((that_fit(parts, room, bytes)), display.beginning(text, room), text, room)
            end
        end)
    end)

    it("it is broken into lines at blanks, and where a word is longer than a line", function()
        local words = {}
        each_text(2, function(text, parts)
            words[#words + 1] = parts[1] and { text, width_of(parts) } or nil
        end)
        for _, first in ipairs(words) do
            for i = 1, #words, 11 do
                local second = words[i]
                local text = " " .. first[1] .. " \t" .. second[1] .. "\n"
                local whole = first[2] + 1 + second[2]
                for room = 4, 10 do
                    same(whole <= room and first[1] .. " " .. second[1] or first[1] .. "\n" .. second[1],
                        table.concat(display.wrap(text, room), "\n"), text, room)
                end
            end
        end
        assert.same({ "漢a", "漢a", "b" }, display.wrap("漢a漢ab", 3))
        assert.same({ "漢", "漢a", "b" }, display.wrap("漢漢a b", 3))
        assert.same({ "abc", "d e" }, display.wrap("abcd e", 3))
    end)

    it("it is UTF-8 or not, byte by byte", function()
        local function is_character(text)
            for _, pattern in ipairs { "[%z\1-\127]", "[\194-\223][\128-\191]", "\224[\160-\191][\128-\191]",
                "[\225-\236\238\239][\128-\191][\128-\191]", "\237[\128-\159][\128-\191]",
                "\240[\144-\191][\128-\191][\128-\191]", "[\241-\243][\128-\191][\128-\191][\128-\191]",
                "\244[\128-\143][\128-\191][\128-\191]" } do
                if text:find("^" .. pattern .. "$") then
                    return true
                end
            end
            return false
        end
        local function repaired(text)
            local parts, at = {}, 1
            while at <= #text do
                local length = 1
                while length < 4 and not is_character(text:sub(at, at + length - 1)) do
                    length = length + 1
                end
                local character = text:sub(at, at + length - 1)
                parts[#parts + 1] = is_character(character) and character or "?"
                at = at + (is_character(character) and length or 1)
            end
            return table.concat(parts)
        end
        local seconds = { "", "\127", "\128", "\143", "\144", "\159", "\160", "\191", "\192" }
        for lead = 0x7E, 0xFF do
            for _, second in ipairs(seconds) do
                for _, rest in ipairs { "", "\128", "\191\128", "\128\191\128", "a", "\128é" } do
                    local text = string.char(lead) .. second .. rest
                    same(repaired("x" .. text .. "y"), display.utf8("x" .. text .. "y", "?"))
                end
            end
        end
    end)

    it("a secret is masked in it, and the beginning of a long one at its end", function()
        local function masked(text, secret)
            local parts, at = {}, 1
            local first, last = text:find(secret, 1, true)
            while first do
                parts[#parts + 1], at = text:sub(at, first - 1), last + 1
                first, last = text:find(secret, at, true)
            end
            local rest = text:sub(at)
            for length = math.min(#rest, #secret - 1), math.min(8, #secret), -1 do
                if rest:sub(-length) == secret:sub(1, length) then
                    rest = rest:sub(1, -length - 1) .. "***"
                    break
                end
            end
            parts[#parts + 1] = rest
            return table.concat(parts, "***")
        end
        local state = 1
        local function letters(count)
            local list = {}
            for i = 1, count do
                state = state * 48271 % 2147483647
                list[i] = state % 3 == 0 and "b" or "a"
            end
            return table.concat(list)
        end
        for i = 1, 1000 do
            local secret = letters(3 + i % 10)
            local text = letters(i % 7) .. secret:sub(1, i % 12) .. letters(i % 3) .. secret .. secret:sub(1, i % 11)
                .. letters(i % 2) .. secret:sub(1, i % 13)
            same(masked(text, secret), display.redact(text, { secret }), text, secret)
        end
        for _, case in ipairs { { "ab", "ab ab", "*** ***" }, { "ab", "abab", "abab" },
            { "ab", "xab abx -ab-", "xab abx -***-" }, { "a-", "a- a-a ba-", "*** ***a ba-" },
            { "-a", "-a x-a -ab", "*** x*** -ab" }, { "a", "", "" } } do
            same(case[3], display.redact(case[2], { case[1] }), case[1])
        end
    end)

    it("headers that hold a secret are known in any spelling, and their values up to the end of the line", function()
        for _, name in ipairs { "X-Security-Token", "x-auth-token", "AUTHORIZATION", "X-Subject-Token" } do
            for _, sign in ipairs { ":", "=", '": ', "' = ", " :" } do
                assert.equal("a " .. name .. sign:gsub("%s+$", "") .. "***|b:c\n***d",
                    (display.redact("a " .. name .. sign .. "e f|b:c\nggghd", { "gggh" })))
            end
        end
        assert.equal("x-other: a", display.redact("x-other: a", {}))
    end)
end)
