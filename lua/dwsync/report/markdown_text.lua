--- Foreign text inside Markdown, for tickets and chats of any make: GitHub, GitLab, Jira, Slack and the like.
-- It must not rely on one renderer's rules: in none of them may a text become a link, an image, HTML, a mention or a
-- table.
-- @module dwsync.report.markdown_text
local display = require "dwsync.text"

local M = {}

local ZERO_WIDTH_SPACE = "\226\128\139"

-- Entities, because a backslash is not understood everywhere, least of all in table cells.
local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["|"] = "&#124;" }

local function escape(character)
    return ESCAPES[character] or "\\" .. character
end

--- A text in which nothing is a mention, a reference or a link. They are detected after rendering, where escapes are
-- gone; a zero-width space breaks them up.
-- @tparam string text
-- @treturn string
function M.break_up(text)
    return (text:gsub("([@#!~%%$^&])([%w_\128-\255])", "%1" .. ZERO_WIDTH_SPACE .. "%2")
        :gsub("://", ":" .. ZERO_WIDTH_SPACE .. "//")
        :gsub("([wW][wW][wW])%.", "%1" .. ZERO_WIDTH_SPACE .. ".")
        :gsub("([mM][aA][iI][lL][tT][oO]):", "%1" .. ZERO_WIDTH_SPACE .. ":"))
end

--- Prose: a text that shows as it is, on one line.
-- @tparam string text
-- @tparam[opt] integer width columns at most
-- @treturn string
function M.prose(text, width)
    text = display.safe(text):gsub("`", "'") -- chats pair backticks even behind a backslash
    return (M.break_up(width and display.cut(text, width) or text):gsub("[\\*_{}%[%]<>#!|&~$]", escape))
end

-- In a code span an entity would show as it is written.
local LOOK_ALIKES = { ["`"] = "'", ["|"] = "¦", ["<"] = "‹", [">"] = "›" }

--- A code span: for ids and the messages of directory servers. Backticks and bars, which would end a span or a cell,
-- and angle brackets, with which chats mention people even there (<!channel>), become look-alikes.
-- @tparam string text
-- @tparam[opt] integer width
-- @treturn string
function M.code(text, width)
    text = display.trim(display.safe(text):gsub("[`|<>]", LOOK_ALIKES))
    text = M.break_up(width and display.cut(text, width) or text)
    return text == "" and "–" or "`" .. text .. "`"
end

return M
