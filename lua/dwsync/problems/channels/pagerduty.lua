--- The Events API v2 of PagerDuty: a problem is triggered, acknowledged and resolved under its id.
-- Facts from github.com/PagerDuty/api-schema, reference/events-v2: 202 is accepted, 400 is about the event, 429 and 5xx
-- are to be tried again.
-- @module dwsync.problems.channels.pagerduty
local fitting = require "dwsync.problems.channels.fitting"
local http = require "dwsync.problems.channels.http"
local ordered_json = require "dwsync.ordered_json"
local secrets = require "dwsync.problems.channels.secrets"
local text = require "dwsync.text"
local timestamps = require "dwsync.timestamps"

local M = {}

--- Its own options. The key is that of an integration; the European service has an address of its own.
M.OPTIONS = { routing_key = secrets.REQUIRED,
    endpoint = { kind = "string", default = "https://events.pagerduty.com/v2/enqueue" } }

local ACTIONS = { resolved = "resolve", acknowledged = "acknowledge" }
-- What cannot be judged must be looked at, too.
local SEVERITIES = { critical = "critical", warning = "warning", unknown = "warning", ok = "info" }
local LONGEST_SUMMARY, LONGEST_BODY = 1024, 400 * 1024 -- bytes; it takes characters, and 512 KB
local LONGEST_NAME = 128 -- columns

--- How an answer is read.
M.answer = http.unless_page

--- Makes a channel ready.
-- @tparam table channel
-- @tparam table declared
-- @treturn ?boolean
-- @treturn string what is wrong
-- @treturn string hint
function M.prepare(channel, declared)
    local host, is_plain, hint = http.address(declared.endpoint, "endpoint", declared.allow_http)
    if not host then
        return nil, is_plain, hint
    end
    channel.url, channel.host, channel.allow_http = declared.endpoint, host, is_plain or nil
    return true
end

local function payload(message, facts)
    local details = { message = message.message, advice = message.advice }
    for _, fact in ipairs(facts) do
        details[fact[1]] = fact[2]
    end
    return {
        summary = fitting.text(message.title .. ": " .. message.message, LONGEST_SUMMARY),
        source = text.excerpt(message.cluster_name or message.cluster_id or "dwsync", LONGEST_NAME),
        component = message.source and text.excerpt(message.source, LONGEST_NAME),
        class = message.rule, severity = SEVERITIES[message.severity] or "warning",
        timestamp = timestamps.to_iso(message.time), custom_details = details,
    }
end

--- The body of a request.
-- @tparam dwsync.problem.message message
-- @tparam[opt] table channel
-- @treturn string JSON
function M.render(message, channel)
    local action = ACTIONS[message.event] or "trigger"
    return fitting.body(message.facts, LONGEST_BODY, function(facts)
        return ordered_json.encode {
            routing_key = channel and channel.secrets.routing_key or "", event_action = action,
            dedup_key = message.problem_id or message.key, client = action == "trigger" and "dwsync" or nil,
            payload = action == "trigger" and payload(message, facts) or nil,
            links = action == "trigger" and message.link and { { href = message.link, text = "Open" } } or nil,
        }
    end)
end

return M
