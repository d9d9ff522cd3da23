--- Foreign text inside Markdown, for tickets and chats of any make: GitHub, GitLab, Jira, Slack and their like.
-- It must not rely on one renderer's rules: nothing it lets through is a link, an image, HTML, a mention or a table.
-- @module dwsync.report.markdown_text
local display = require "dwsync.text"

local M = {}

local ZERO_WIDTH_SPACE = "\226\128\139"

-- Entities where a backslash is not understood everywhere, in table cells above all.
local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["|"] = "&#124;" }

local function escape(character)
    return ESCAPES[character] or "\\" .. character
end

-- Mentions and references are looked for after rendering, where no escape is left; a space without width parts them.
local function part(text)
    return (text:gsub("([@#!~%%$^&])([%w_])", "%1" .. ZERO_WIDTH_SPACE .. "%2")
        :gsub("://", ":" .. ZERO_WIDTH_SPACE .. "//")
        :gsub("([wW][wW][wW])%.", "%1" .. ZERO_WIDTH_SPACE .. ".")
        :gsub("([mM][aA][iI][lL][tT][oO]):", "%1" .. ZERO_WIDTH_SPACE .. ":"))
end

--- Prose: shows as what it is, on one line.
-- @tparam string text
-- @tparam[opt] integer width at most so many columns
-- @treturn string
function M.prose(text, width)
    text = display.safe(text):gsub("`", "'") -- chats pair even those that a backslash stands before
    return (part(width and display.cut(text, width) or text):gsub("[\\*_{}%[%]<>#!|&~$]", escape))
end

--- A code span, in which nothing is interpreted: for ids, and for what a directory server said. Backticks and bars,
-- which would end a span or a cell, become look-alikes.
-- @tparam string text
-- @tparam[opt] integer width
-- @treturn string
function M.code(text, width)
    text = display.safe(text):gsub("`", "'"):gsub("|", "¦"):match "^%s*(.-)%s*$"
    text = width and display.cut(text, width) or text
    return text == "" and "–" or "`" .. text .. "`"
end

return M
