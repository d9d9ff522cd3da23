--- Alertmanager, API v2: each sending period every peer gets the whole state. There is no message that could be lost:
-- an alert ends by itself three periods after it was sent last, and an end is repeated for a quarter of an hour.
-- Grouping, inhibition, silences and repeats are Alertmanager's.
-- @module dwsync.problems.channels.alertmanager
local base64 = require "dwsync.base64"
local cluster_names = require "dwsync.cluster_names"
local http = require "dwsync.problems.channels.http"
local ordered_json = require "dwsync.ordered_json"
local secrets = require "dwsync.problems.channels.secrets"
local text = require "dwsync.text"
local timestamps = require "dwsync.timestamps"

local M = {}

local PERIODS = 3 -- that an alert outlives what sent it
local BATCH = 250 -- alerts of one request, some 200 KB
local LONGEST = 4000 -- bytes of a text
local TEST_SECONDS = 20 -- three of them: an alert of a minute

--- How long an end is repeated, milliseconds.
M.ENDS_FOR = 900000

M.is_level_triggered = true

--- Its own options.
M.OPTIONS = {
    urls = { kind = "list", of = { kind = "string", longest = 500 }, least = 1, required = true },
    user = { kind = "string", longest = 200 },
    password = secrets.OPTIONAL,
    token = secrets.OPTIONAL,
    every = { kind = "duration", from = 10, to = 86400 },
}

local function authorization(options, read)
    if options.user then
        return "Basic " .. base64.encode(options.user .. ":" .. read.password)
    end
    return read.token and "Bearer " .. read.token
end

--- Makes a channel ready.
-- @tparam table channel
-- @tparam table declared
-- @treturn ?boolean
-- @treturn string what is wrong
-- @treturn string hint
function M.prepare(channel, declared)
    local hosts = {}
    channel.peers = {}
    for i, url in ipairs(declared.urls) do
        local host, is_plain, hint = http.address(url, ("urls[%d]"):format(i), declared.allow_http)
        if not host then
            return nil, is_plain, hint
        end
        channel.peers[i] = { url = url:gsub("/+$", "") .. "/api/v2/alerts", host = host }
        channel.allow_http = channel.allow_http or is_plain or nil
        hosts[i] = host
    end
    if (declared.user ~= nil) ~= (channel.secrets.password ~= nil) or declared.user and channel.secrets.token then
        return nil, "it needs user and password, or a token, or none of them"
    end
    channel.host = table.concat(hosts, ", ")
    channel.authorization = authorization(declared, channel.secrets)
    return true
end

local function beginning(words)
    return words and text.beginning(text.utf8(words), LONGEST)
end

-- "mass_delete" → "DwsyncMassDelete"
local function alert_name(rule)
    return "Dwsync" .. rule:gsub("[^%w]*(%w)(%w*)[^%w]*", function(first, rest)
        return first:upper() .. rest
    end)
end

local function labels_of(problem)
    return { alertname = alert_name(problem.rule), cluster = problem.cluster_id,
        cluster_name = beginning(problem.cluster_name), rule = problem.rule, severity = problem.severity,
        source = problem.source ~= "" and beginning(problem.source) or nil, source_type = problem.source_type }
end

local function alert_of(problem, till)
    local name = cluster_names.shown { id = problem.cluster_id, name = problem.cluster_name }
    return {
        labels = labels_of(problem),
        annotations = { summary = beginning(("%s: %s"):format(name, (problem.rule:gsub("_", " ")))),
            description = beginning(problem.message), advice = beginning(problem.advice) },
        startsAt = timestamps.to_iso(problem.since),
        endsAt = timestamps.to_iso(problem.ended or till),
        generatorURL = problem.link,
    }
end

-- What goes on wins over an earlier end of the same: for Alertmanager they are one alert.
local function alerts_of(problems, now, every)
    local alerts, places = {}, {}
    for _, problem in ipairs(problems) do
        if not problem.ended or now - problem.ended < M.ENDS_FOR then
            local alert = alert_of(problem, now + PERIODS * every * 1000)
            local identity = ordered_json.encode(alert.labels)
            local place = places[identity] or #alerts + 1
            if not (alerts[place] and problem.ended) then
                alerts[place], places[identity] = alert, place
            end
        end
    end
    return alerts
end

--- The bodies of the requests that say a state.
-- @tparam {table,...} problems see `sync`
-- @tparam integer now milliseconds since the epoch
-- @tparam number every seconds between two of them
-- @treturn {string,...} JSON
function M.bodies(problems, now, every)
    local alerts, bodies = alerts_of(problems, now, every), {}
    for begin = 1, #alerts, BATCH do
        local batch = {}
        for i = begin, math.min(begin + BATCH - 1, #alerts) do
            batch[#batch + 1] = alerts[i]
        end
        bodies[#bodies + 1] = assert(ordered_json.encode(batch))
    end
    return bodies
end

-- Of a peer that did not take one part the others are not tried: it may be gone, and each try takes its time.
local function tell_peer(channel, peer, bodies, how)
    for _, body in ipairs(bodies) do
        local outcome, reason = http.post(channel, body, how, { url = peer.url,
            headers = { Authorization = channel.authorization } })
        if outcome ~= "sent" then
            return outcome, ("%s: %s"):format(peer.host, reason)
        end
    end
    return "sent"
end

--- Says the state to every peer.
-- @tparam table channel
-- @tparam table state `problems`: those that go on, with `cluster_id`, `cluster_name`, `source`, `source_type`, `rule`,
-- `severity` (the last one that was not ok), `since`, `message`, `advice`, `link`; and those that ended in the last 15
-- minutes, with `ended`, too. `every`: seconds between two sendings
-- @tparam table how `perform(request)`, `now()` in milliseconds
-- @treturn string "sent" when one peer or more took all of it, which is enough for all; else "later" or "refused"
-- @treturn ?string which peers did not take it, and why; also when others did
function M.sync(channel, state, how)
    local bodies = M.bodies(state.problems, how.now(), state.every)
    local best, reasons = nil, {}
    for _, peer in ipairs(channel.peers) do
        local outcome, reason = tell_peer(channel, peer, bodies, how)
        if outcome == "sent" or not best or best ~= "sent" and outcome == "later" then
            best = outcome
        end
        reasons[#reasons + 1] = reason
    end
    return best or "sent", reasons[1] and table.concat(reasons, "; ")
end

--- Says one message as an alert that ends by itself in a minute; to try the channel.
-- @tparam table channel
-- @tparam dwsync.problem.message message
-- @tparam table how
-- @treturn string outcome
-- @treturn ?string reason
function M.send(channel, message, how)
    return M.sync(channel, { problems = { message }, every = TEST_SECONDS }, how)
end

--- What `send` sends.
-- @tparam dwsync.problem.message message
-- @treturn string JSON
function M.render(message)
    return M.bodies({ message }, message.time, TEST_SECONDS)[1]
end

return M
