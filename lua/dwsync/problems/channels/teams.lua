--- A workflow of Microsoft Teams ("when a Teams webhook request is received"): an Adaptive Card in a message.
-- Foreign text is in text runs, which know neither Markdown nor mentions; a TextBlock and a FactSet would read both.
-- @module dwsync.problems.channels.teams
local fitting = require "dwsync.problems.channels.fitting"
local http = require "dwsync.problems.channels.http"
local ordered_json = require "dwsync.ordered_json"
local secrets = require "dwsync.problems.channels.secrets"

local M = {}

--- Its own options.
M.OPTIONS = { url = secrets.REQUIRED }

local COLORS = { critical = "attention", warning = "warning", ok = "good" }
local LONGEST, LONGEST_BODY = 4000, 27 * 1024 -- bytes of one text; of a message, which may have 28 KB

local function run(words, more)
    local result = { type = "TextRun", text = fitting.text(words, LONGEST) }
    for name, value in pairs(more or {}) do
        result[name] = value
    end
    return result
end

local function block(...)
    return { type = "RichTextBlock", inlines = { ... } }
end

local function card(message, facts)
    local body = {
        block(run(message.title, { size = "large", weight = "bolder", color = COLORS[message.severity] })),
        block(run(message.message)),
    }
    for _, fact in ipairs(facts) do
        body[#body + 1] = block(run(fact[1] .. ": ", { weight = "bolder" }), run(fact[2]))
    end
    body[#body + 1] = message.advice and block(run("Next: ", { weight = "bolder" }), run(message.advice)) or nil
    return {
        ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json", type = "AdaptiveCard", version = "1.4",
        body = body, msteams = { width = "Full" },
        actions = message.link and { { type = "Action.OpenUrl", title = "Open", url = message.link } } or nil,
    }
end

--- How an answer is read. The connectors before workflows answer 200 with an error of their own inside.
-- @tparam table response
-- @treturn ?string see dwsync.problems.channels.http
-- @treturn string
function M.answer(response)
    local status = response.status < 300 and response.body:match "returned HTTP error (%d+)"
    if status then
        return "later", "answered HTTP 200 with HTTP " .. status .. " inside"
    end
    return http.unless_page(response)
end

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @treturn string JSON
function M.render(message)
    return fitting.body(message.facts, LONGEST_BODY, function(facts)
        return ordered_json.encode {
            type = "message",
            attachments = { { contentType = "application/vnd.microsoft.card.adaptive",
                content = card(message, facts) } },
        }
    end)
end

return M
