--- A channel that gets JSON: the fields of dwsync.problem.message in their order, and `text` for people; or that in a
-- CloudEvent.
-- @module dwsync.problems.channels.webhook
local messages = require "dwsync.problems.messages"
local ordered_json = require "dwsync.ordered_json"
local secrets = require "dwsync.problems.channels.secrets"
local timestamps = require "dwsync.timestamps"

local M = {}

--- Its own options.
M.OPTIONS = { url = secrets.REQUIRED,
    format = { kind = "one_of", values = { "json", "cloudevents" }, default = "json" } }

-- Chats that read `text` act upon <!channel>, <http://…|link>, @all, [link](http://…) and ![image](http://…), which
-- tells its server who reads it; what a record says is the directory's.
local SPOKEN = { ["<"] = "‹", [">"] = "›", ["@"] = "＠" }

local function event_of(message)
    local text = table.concat(messages.lines(message), "\n"):gsub("[<>@]", SPOKEN):gsub("%]%(", "] (")
    return ordered_json.object(message, messages.FIELDS, '"text":' .. ordered_json.text(text))
end

local function segment(text)
    return (text:gsub("[^%w._~-]", function(character)
        return ("%%%02X"):format(character:byte())
    end))
end

local ENVELOPE = { "specversion", "id", "source", "type", "subject", "time", "datacontenttype" }

-- CloudEvents 1.0, structured mode. The id is that of the message: it is the same at each try.
local function cloud_event(message)
    return ordered_json.object({
        specversion = "1.0", id = message.key, type = "dwsync.problem." .. message.event,
        source = "/dwsync/clusters/" .. segment(message.cluster_id or ""),
        subject = message.rule and (message.source and message.source .. "/" or "") .. message.rule,
        time = timestamps.to_iso(message.time), datacontenttype = "application/json",
    }, ENVELOPE, '"data":' .. event_of(message))
end

local function is_cloud_event(channel)
    return channel and channel.options.format == "cloudevents"
end

--- Headers of a request.
-- @tparam dwsync.problem.message _
-- @tparam table channel
-- @treturn ?table
function M.headers(_, channel)
    return is_cloud_event(channel) and { ["Content-Type"] = "application/cloudevents+json" } or nil
end

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @tparam[opt] table channel
-- @treturn string JSON
function M.render(message, channel)
    return (is_cloud_event(channel) and cloud_event or event_of)(message)
end

return M
