--- An incoming webhook of Slack: blocks of plain text, in which nothing is formatted and nobody is mentioned.
-- @module dwsync.problems.channels.slack
local http = require "dwsync.problems.channels.http"
local messages = require "dwsync.problems.messages"
local ordered_json = require "dwsync.ordered_json"
local secrets = require "dwsync.problems.channels.secrets"

local M = {}

--- Its own options.
M.OPTIONS = { url = secrets.REQUIRED }

--- One message a second, and short bursts: docs.slack.dev, "Rate limits".
M.RATE = { messages = 5, seconds = 5 }

--- How an answer is read.
M.answer = http.unless_page

-- Slack reads these everywhere; the documentation asks for all three and no others.
local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

local LONGEST_HEADER, LONGEST_SECTION = 150, 3000 -- characters that Slack takes
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

-- A character beyond 16 bits may count as two.
local function length_of(written)
    return #written == 4 and written:byte() >= 240 and 2 or written:byte() < 128 and #written or 1
end

local function fitting(text, most)
    local parts, size = {}, 0
    for character in text:gmatch(CHARACTER) do
        local written = ENTITIES[character] or character
        size = size + length_of(written)
        if size > most - 1 then
            parts[#parts + 1] = "…"
            break
        end
        parts[#parts + 1] = written
    end
    return table.concat(parts)
end

local function plain(text, most)
    return { type = "plain_text", emoji = false, text = fitting(text, most) }
end

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @treturn string JSON
function M.render(message)
    local lines = messages.lines(message, true)
    local title = table.remove(lines, 1)
    local words = table.remove(lines, 1)
    local blocks = {
        { type = "header", text = plain(title, LONGEST_HEADER) },
        { type = "section", text = plain(words, LONGEST_SECTION) },
        { type = "section", text = plain(table.concat(lines, "\n"), LONGEST_SECTION) },
    }
    blocks[4] = message.link and { type = "context", elements = { { type = "mrkdwn",
        text = ("<%s|Open>"):format((message.link:gsub("[%s<>|]", ""):gsub("&", "&amp;"))) } } }
    return ordered_json.encode {
        text = fitting(title .. ". " .. words, LONGEST_SECTION), -- notifications, and clients without blocks
        blocks = blocks,
    }
end

return M
