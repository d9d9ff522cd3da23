--- Messages in the Markdown of chat robots (DingTalk, WeCom), which know a part of it and no escapes that can be relied
-- upon: what would format, link or mention becomes a look-alike.
-- @module dwsync.problems.channels.robot_markdown
local fitting = require "dwsync.problems.channels.fitting"
local markdown_text = require "dwsync.report.markdown_text"

local M = {}

local LOOK_ALIKES = { ["`"] = "'", ["*"] = "＊", ["["] = "［", ["]"] = "］", ["<"] = "‹", [">"] = "›", ["|"] = "¦",
    ["~"] = "～" }
local AT_THE_BEGINNING = { ["#"] = "＃", ["-"] = "－", ["+"] = "＋", ["="] = "＝" }

local function wide(underscores)
    return ("＿"):rep(#underscores)
end

--- Foreign text that shows as it is.
-- @tparam string text on one line
-- @treturn string
function M.plain(text)
    text = text:gsub("[`*%[%]<>|~]", LOOK_ALIKES):gsub("^[#+=-]", AT_THE_BEGINNING)
    -- Between letters an underscore formats nothing, and names are to be copied.
    text = text:gsub("%f[_%w\128-\255]_+", wide):gsub("_+%f[^_%w\128-\255]", wide)
    return markdown_text.break_up(text)
end

-- Only a link of the configuration is one.
local function link_to(address)
    return ("[Open](%s)"):format((address:gsub("[%s%c()<>%[%]\\]", function(character)
        return ("%%%02X"):format(character:byte())
    end)))
end

--- A message.
-- @tparam dwsync.problem.message message
-- @tparam integer most bytes
-- @tparam string separator between lines
-- @tparam[opt] string keyword a word that the robot demands
-- @treturn string
function M.render(message, most, separator, keyword)
    local function own(words)
        return fitting.text(M.plain(words), math.floor(most / 4))
    end
    local lines = { "**" .. own(message.title) .. "**", own(message.message) }
    lines[#lines + 1] = message.advice and "**Next:** " .. own(message.advice)
    lines[#lines + 1] = message.link and link_to(message.link)
    lines[#lines + 1] = keyword and M.plain(keyword)
    for _, fact in ipairs(message.facts) do
        lines[#lines + 1] = ("> %s: %s"):format(M.plain(fact[1]), own(fact[2]))
    end
    return fitting.lines(lines, most, separator)
end

return M
