--- Cloud Eye: an event for each change, from which alarm rules of the console can be made. Equal events count as one,
-- so one that may have been reported is reported again.
-- @module dwsync.problems.channels.ces
local cloud = require "dwsync.problems.channels.cloud"
local messages = require "dwsync.problems.messages"
local ordered_json = require "dwsync.ordered_json"
local text = require "dwsync.text"

local M = {}

local SOURCE = "dwsync.identity_source" -- two words of 3 to 32 letters, digits and "_"
local LONGEST_NAME, LONGEST_RESOURCE, LONGEST_CONTENT = 64, 128, 4096
local OLDEST = 3300000 -- milliseconds; an event is older than an hour at most
local LEVELS = { critical = "Critical", warning = "Major", unknown = "Minor", ok = "Info" }
local STATES = { critical = "incident", warning = "warning", unknown = "warning", ok = "normal" }

--- Its own options.
M.OPTIONS = cloud.options { region = { kind = "string", longest = 64 }, project_id = { kind = "identifier" } }

--- Makes a channel ready.
-- @tparam table channel
-- @tparam table declared
-- @tparam table world
-- @treturn ?boolean
-- @treturn string what is wrong
-- @treturn string hint
function M.prepare(channel, declared, world)
    return cloud.prepare(channel, declared, world, "CES", declared)
end

-- The same at each try, as far as the service takes it.
local function time_of(message)
    local at = message.ended or message.since
    return at and message.time - at < OLDEST and at or message.time
end

--- The body of a request: a list of one event.
-- @tparam dwsync.problem.message message
-- @treturn string JSON
function M.render(message)
    local name = "dwsync_" .. (message.rule or message.event):gsub("[^%w]", "_")
    local lines = messages.lines(message)
    for _, item in ipairs(message.items or {}) do
        lines[#lines + 1] = item.title
    end
    return ordered_json.encode { {
        event_name = name:sub(1, LONGEST_NAME), event_source = SOURCE, time = time_of(message),
        detail = {
            content = text.beginning(text.utf8(table.concat(lines, "\n")), LONGEST_CONTENT),
            resource_id = message.cluster_id and text.beginning(message.cluster_id, LONGEST_RESOURCE),
            resource_name = message.cluster_name and text.beginning(text.safe(message.cluster_name), LONGEST_RESOURCE),
            event_state = STATES[message.severity] or "warning", event_level = LEVELS[message.severity] or "Minor",
            event_type = "EVENT.CUSTOM",
        },
    } }
end

--- Reports an event.
-- @tparam table channel
-- @tparam dwsync.problem.message message
-- @tparam table how `now()` in milliseconds
-- @treturn string "sent", "later" or "refused"
-- @treturn ?string reason
-- @treturn ?integer until when to leave the channel alone
function M.send(channel, message, how)
    local response, err = channel.client:post("V1.0", "/events", M.render(message))
    if response then
        return "sent"
    end
    return cloud.outcome(err, true, how.now())
end

return M
