--- A message as a mail's text (RFC 5322): header, and a part each of plain text and of HTML.
-- Whatever a name holds, a header stays one header: what is not plain ASCII is encoded (RFC 2047), line ends too.
-- @module dwsync.problems.channels.mail_text
local base64 = require "dwsync.base64"
local markup = require "dwsync.report.page.markup"
local messages = require "dwsync.problems.messages"
local text = require "dwsync.text"

local M = {}

local element = markup.element

local LONGEST_PLAIN = 70 -- bytes of a header that needs no encoding, nor folding
local WORD_BYTES = 45 -- 60 digits, which with =?UTF-8?B?…?= stay below 75
local LINE_BYTES = 57 -- 76 digits
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"
local MOST_SUBJECT = 300 -- bytes
local COLORS = { critical = "#b3261e", warning = "#8a5a00", unknown = "#555555", ok = "#1b6e3c" }

-- As base64, each word whole characters.
local function encoded_words(words)
    local list, word = {}, ""
    for character in words:gmatch(CHARACTER) do
        if #word + #character > WORD_BYTES then
            list[#list + 1], word = word, ""
        end
        word = word .. character
    end
    list[#list + 1] = word
    for i, bytes in ipairs(list) do
        list[i] = ("=?UTF-8?B?%s?="):format(base64.encode(bytes))
    end
    return table.concat(list, "\r\n ")
end

local function header_text(words)
    if #words <= LONGEST_PLAIN and not words:find "[^ -~]" and not words:find("=?", 1, true) then
        return words
    end
    return encoded_words(words)
end

local DAYS = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

-- In English, whatever the locale.
local function date(ms)
    local at = os.date("!*t", math.floor(ms / 1000))
    return ("%s, %02d %s %d %02d:%02d:%02d +0000"):format(DAYS[at.wday], at.day, MONTHS[at.month], at.year, at.hour,
        at.min, at.sec)
end

local function lines_of(bytes)
    local digits = {}
    for begin = 1, #bytes, LINE_BYTES do
        digits[#digits + 1] = base64.encode(bytes:sub(begin, begin + LINE_BYTES - 1))
    end
    return table.concat(digits, "\r\n")
end

local function part(kind, content)
    return { ("Content-Type: %s; charset=utf-8"):format(kind), "Content-Transfer-Encoding: base64", "",
        lines_of(content) }
end

local CELL = "padding:2px 16px 2px 0;text-align:left;vertical-align:top"

local function fact_table(facts)
    local rows = {}
    for i, fact in ipairs(facts) do
        rows[i] = element("tr", nil, element("th", { scope = "row", style = CELL .. ";font-weight:normal;color:#555555" },
            fact[1]), element("td", { style = CELL }, element("bdi", nil, fact[2])))
    end
    return element("table", { style = "border-collapse:collapse;margin:12px 0" }, rows)
end

local function section(message, level)
    return {
        element(level, { style = "font-size:18px;margin:0 0 8px;color:" .. (COLORS[message.severity] or COLORS.unknown) },
            message.title),
        element("p", { style = "margin:0 0 8px" }, message.message),
        fact_table(message.facts),
        message.advice and element("p", { style = "margin:0 0 8px" }, element("b", nil, "Next: "), message.advice) or "",
        message.link and element("p", nil, element("a", { href = message.link }, message.link)) or "",
    }
end

local function html(message)
    local sections = { section(message, "h1") }
    for _, item in ipairs(message.items or {}) do
        sections[#sections + 1] = { element("hr"), section(item, "h2") }
    end
    return "<!DOCTYPE html>\n" .. tostring(element("html", nil, element("head", nil, element("meta", { charset = "utf-8" }),
        element("title", nil, message.title)), element("body", { style = "font:14px/1.5 sans-serif;color:#1c1c1c" },
        sections)))
end

local function plain(message)
    local lines = messages.lines(message)
    for _, item in ipairs(message.items or {}) do
        lines[#lines + 1] = ""
        for _, line in ipairs(messages.lines(item)) do
            lines[#lines + 1] = line
        end
    end
    for i, line in ipairs(lines) do
        lines[i] = text.safe(line)
    end
    return table.concat(lines, "\n") .. "\n"
end

-- A problem's mails hang together below a root that was never sent. The first begins the conversation.
local function thread(message, domain)
    local root = message.problem_id and ("<%s@%s>"):format(message.problem_id, domain)
    return root and message.event ~= "firing" and "In-Reply-To: " .. root or nil, root and "References: " .. root or nil
end

--- Writes a mail.
-- @tparam dwsync.problem.message message
-- @tparam string from a bare address
-- @tparam {string,...} to bare addresses
-- @tparam integer now milliseconds since the epoch
-- @treturn string lines that end in CR LF
function M.write(message, from, to, now)
    local domain, boundary = from:match "@(.*)$", "=_" .. message.key
    local lines = {
        "Date: " .. date(now),
        "From: dwsync <" .. from .. ">",
        "To: " .. table.concat(to, ",\r\n "),
        "Subject: " .. header_text(text.beginning(text.safe(message.title), MOST_SUBJECT)),
        ("Message-ID: <%s@%s>"):format(message.key, domain),
    }
    local function add(line)
        lines[#lines + 1] = line
    end
    local reply, references = thread(message, domain)
    add(reply)
    add(references)
    add "Auto-Submitted: auto-generated" -- holidays need not be answered to
    add "MIME-Version: 1.0"
    add(('Content-Type: multipart/alternative;\r\n boundary="%s"'):format(boundary))
    for _, content in ipairs { part("text/plain", plain(message)), part("text/html", html(message)) } do
        add("")
        add("--" .. boundary)
        for _, line in ipairs(content) do
            add(line)
        end
    end
    add("--" .. boundary .. "--")
    return table.concat(lines, "\r\n") .. "\r\n"
end

return M
