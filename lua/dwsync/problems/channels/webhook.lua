--- A channel that gets JSON: the fields of dwsync.problem.message in their order, and `text` for people.
-- @module dwsync.problems.channels.webhook
local messages = require "dwsync.problems.messages"
local ordered_json = require "dwsync.ordered_json"
local secrets = require "dwsync.problems.channels.secrets"

local M = {}

--- Its own options.
M.OPTIONS = { url = secrets.REQUIRED }

-- Chats that read `text` act upon <!channel>, <http://…|link>, @all, [link](http://…) and ![image](http://…), which
-- tells its server who reads it; what a record says is the directory's.
local SPOKEN = { ["<"] = "‹", [">"] = "›", ["@"] = "＠" }

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @treturn string JSON
function M.render(message)
    local text = table.concat(messages.lines(message), "\n"):gsub("[<>@]", SPOKEN):gsub("%]%(", "] (")
    return ordered_json.object(message, messages.FIELDS, '"text":' .. ordered_json.text(text))
end

return M
