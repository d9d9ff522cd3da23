local example = require "spec.problems.channels.example"
local mail_text = require "dwsync.problems.channels.mail_text"
local timestamps = require "dwsync.timestamps"

local FROM, TO = "dwsync@example.com", { "a@example.com", "b@example.com" }

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function decoded(digits)
    return (digits:gsub("..?.?.?", function(group)
        local number, count = 0, 0
        for digit in group:gmatch "[^=]" do
            number, count = number * 64 + DIGITS:find(digit, 1, true) - 1, count + 1
        end
        number = number * 64 ^ (4 - count)
        return string.char(math.floor(number / 65536), math.floor(number / 256) % 256, number % 256):sub(1, count - 1)
    end))
end

-- The header, and the plain text and the HTML decoded.
local function written(more, to)
    local message = example.message()
    for name, value in pairs(more or {}) do
        message[name] = value
    end
    local mail = mail_text.write(message, FROM, to or TO)
    local header, rest = mail:match "^(.-\r\n)\r\n(.*)$"
    local parts = {}
    for kind, digits in rest:gmatch("\r\nContent%-Type: text/(%l+); charset=utf%-8\r\n"
        .. "Content%-Transfer%-Encoding: base64\r\n\r\n([%w+/=\r\n]+)\r\n%-%-") do
        for line in (digits .. "\r\n"):gmatch "(.-)\r\n" do
            assert.is_true(#line <= 76)
        end
        parts[kind] = decoded((digits:gsub("[\r\n]", "")))
    end
    return header, parts.plain, parts.html, message
end

local function header_of(name, more, to)
    return (written(more, to)):match("\r\n" .. name .. ": (.-)\r\n%u") or
        (written(more, to)):match("^" .. name .. ": (.-)\r\n%u")
end

describe("the header of a mail", function()
    it("has its date in English, whatever the month and the day", function()
        local days, months = {}, {}
        for month = 1, 12 do
            local time = timestamps.from_iso(("2025-%02d-09T06:05:04Z"):format(month)) * 1000 + 999
            local day, name, rest = header_of("Date", { time = time }):match "^(%a+), 09 (%a+) (.*)$"
            months[month], days[month] = name, day
            assert.equal("2025 06:05:04 +0000", rest)
        end
        assert.equal("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", table.concat(months, " "))
        assert.equal("Thu Sun Sun Wed Fri Mon Wed Sat Tue Thu Sun Tue", table.concat(days, " "))
    end)

    it("has each recipient in a line of its own", function()
        assert.equal("a@example.com,\r\n b@example.com", header_of("To"))
        assert.equal("a@example.com", header_of("To", nil, { "a@example.com" }))
        assert.equal("dwsync <dwsync@example.com>", header_of "From")
    end)

    it("has a subject of plain ASCII as it is, and encodes others in words of whole characters", function()
        for _, title in ipairs { "plain", ("x"):rep(70), "a = ? b", "~ !" } do
            assert.equal(title, header_of("Subject", { title = title }))
        end
        for _, title in ipairs { ("x"):rep(71), "a =?b", "é", ("x"):rep(45) .. "研究" .. ("研"):rep(30),
            ("研"):rep(100) } do
            local text = ""
            for word in (header_of("Subject", { title = title }) .. "\r\n "):gmatch "(.-)\r\n " do
                local bytes = decoded(word:match "^=%?UTF%-8%?B%?([%w+/=]+)%?=$")
                assert.is_true(#bytes <= 45 and #bytes > 0)
                assert.is_nil(bytes:find "^[\128-\191]")
                text = text .. bytes
            end
            assert.equal(title, text)
        end
        local _, words = header_of("Subject", { title = ("x"):rep(90) }):gsub("=%?", "")
        assert.equal(2, words)
        local longest = header_of("Subject", { title = ("x"):rep(301) })
        longest = longest:gsub("=%?UTF%-8%?B%?([%w+/=]+)%?=", decoded)
        assert.equal(("x"):rep(300), (longest:gsub("\r\n ", "")))
    end)

    it("puts a problem's mails into one conversation, which the first begins", function()
        for event, reply in pairs { firing = false, resolved = "<p-1@example.com>" } do
            local more = { problem_id = "p-1", event = event, key = "k-1" }
            assert.equal("<p-1@example.com>", header_of("References", more))
            assert.equal(reply or nil, header_of("In%-Reply%-To", more))
            assert.equal("<k-1@example.com>", header_of("Message%-ID", more))
        end
        local message = example.message()
        message.problem_id = nil
        assert.is_nil(mail_text.write(message, FROM, TO):find "References")
        assert.is_nil(mail_text.write(message, FROM, TO):find "In%-Reply%-To")
    end)
end)

describe("the body of a mail", function()
    local item = { title = "the item", message = "what it is", facts = { { "Cluster", "<c>" } }, severity = "ok",
        event = "firing" }

    it("is plain text and HTML of the same words, those of problems that it sums up below", function()
        local _, plain, html = written { items = { item, item } }
        local text = html:gsub("<title>.-</title>", "")
        assert.equal(2, select(2, plain:gsub("\n\nthe item\nwhat it is\nCluster: <c>", "")))
        assert.equal(2, select(2, text:gsub("<hr>", "")))
        assert.equal(2, select(2, text:gsub('<h2 style="[^"]*color:#1b6e3c">the item</h2>', "")))
        assert.matches("<bdi>&lt;c&gt;</bdi></td></tr></table>", text, 1, true)
        assert.matches("^<!DOCTYPE html>\n<html>.-<h1 .-<h2 .-<h2 ", html)
        assert.matches("\n$", plain)
        assert.is_nil((select(2, written())):find("\n\n", 1, true))
    end)

    it("has advice and a link where there are", function()
        local _, plain, html = written { advice = "Do <it>.", link = "https://x.example/?a&b" }
        assert.matches("<b>Next: </b>Do &lt;it&gt;.</p>", html, 1, true)
        assert.matches('<a href="https://x.example/?a&amp;b">https://x.example/?a&amp;b</a></p></body>', html, 1, true)
        assert.matches("https://x.example/?a&b", plain, 1, true)
        _, plain, html = written { advice = false, link = false }
        assert.matches("</table></body>", html, 1, true)
        assert.is_nil(plain:find("Next:", 1, true))
    end)

    it("has the colour of its severity, and shows no control characters", function()
        for severity, color in pairs { critical = "#b3261e", warning = "#8a5a00", unknown = "#555555", ok = "#1b6e3c",
            other = "#555555" } do
            assert.matches('<h1 style="[^"]*;color:' .. color .. '">', (select(3, written { severity = severity })))
        end
        assert.is_nil((select(2, written { message = "a\27[2Jb" })):find("\27", 1, true))
    end)
end)
