--- A workflow of Microsoft Teams ("when a Teams webhook request is received"): an Adaptive Card in a message.
-- Foreign text is in text runs, which know neither Markdown nor mentions; a TextBlock and a FactSet would read both.
-- @module dwsync.problems.channels.teams
local ordered_json = require "dwsync.ordered_json"
local secrets = require "dwsync.problems.channels.secrets"
local text = require "dwsync.text"

local M = {}

--- Its own options.
M.OPTIONS = { url = secrets.REQUIRED }

local COLORS = { critical = "attention", warning = "warning", ok = "good" }
local LONGEST = 4000 -- bytes of one text; a message may have 28 KB

local function run(words, more)
    local result = { type = "TextRun", text = text.beginning(words, LONGEST) }
    for name, value in pairs(more or {}) do
        result[name] = value
    end
    return result
end

local function block(...)
    return { type = "RichTextBlock", inlines = { ... } }
end

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @treturn string JSON
function M.render(message)
    local body = {
        block(run(message.title, { size = "large", weight = "bolder", color = COLORS[message.severity] })),
        block(run(message.message)),
    }
    for _, fact in ipairs(message.facts) do
        body[#body + 1] = block(run(fact[1] .. ": ", { weight = "bolder" }), run(fact[2]))
    end
    body[#body + 1] = message.advice and block(run("Next: ", { weight = "bolder" }), run(message.advice)) or nil
    return ordered_json.encode {
        type = "message",
        attachments = { {
            contentType = "application/vnd.microsoft.card.adaptive",
            content = { ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json", type = "AdaptiveCard",
                version = "1.4", body = body, msteams = { width = "Full" } },
        } },
    }
end

return M
