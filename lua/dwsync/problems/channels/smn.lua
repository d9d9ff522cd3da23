--- Simple Message Notification: a message to a topic, which sends mail, SMS or whatever its subscribers asked for. To
-- publish is not idempotent: what may have been published is not published again.
-- @module dwsync.problems.channels.smn
local cloud = require "dwsync.problems.channels.cloud"
local messages = require "dwsync.problems.messages"
local ordered_json = require "dwsync.ordered_json"
local text = require "dwsync.text"

local M = {}

local MOST_SUBJECT, MOST_MESSAGE = 512, 262144 -- bytes
local TOPIC = "^urn:smn:([%w-]+):(%x+):([%w_-]+)$"

M.IS_NOT_IDEMPOTENT = true

--- Its own options.
M.OPTIONS = cloud.options { topic = { kind = "string", longest = 500, required = true, pattern = TOPIC,
    expected = "the URN of a topic, urn:smn:REGION:PROJECT:NAME" } }

--- Makes a channel ready: region and project are the topic's.
-- @tparam table channel
-- @tparam table declared
-- @tparam table world
-- @treturn ?boolean
-- @treturn string what is wrong
-- @treturn string hint
function M.prepare(channel, declared, world)
    local region, project = declared.topic:match(TOPIC)
    return cloud.prepare(channel, declared, world, "SMN", { region = region, project_id = project })
end

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @treturn string JSON
function M.render(message)
    local lines = messages.lines(message)
    for _, item in ipairs(message.items or {}) do
        lines[#lines + 1] = ""
        for _, line in ipairs(messages.lines(item)) do
            lines[#lines + 1] = line
        end
    end
    local body = ordered_json.encode { subject = text.beginning(text.safe(message.title), MOST_SUBJECT),
        message = text.beginning(text.utf8(table.concat(lines, "\n")), MOST_MESSAGE) }
    return body
end

--- Publishes a message, once.
-- @tparam table channel
-- @tparam dwsync.problem.message message
-- @tparam table how `now()` in milliseconds
-- @treturn string "sent", "later", "refused" or "unknown"
-- @treturn ?string reason
-- @treturn ?integer until when to leave the channel alone
function M.send(channel, message, how)
    local target = ("/notifications/topics/%s/publish"):format(channel.options.topic)
    local response, err = channel.client:post("v2", target, M.render(message))
    if response then
        return "sent"
    end
    return cloud.outcome(err, false, how.now())
end

return M
