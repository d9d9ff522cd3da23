--- Tells channels what they are owed: each message is claimed in the database, sent outside any transaction, and only
-- then marked. So whatever dies in between sends it again, with the same key, and nothing is sent by two at once.
--
-- 2xx is told. 429, 408, 425, 5xx and whatever the network does end the channel for this run; the next one tries again.
-- Any other answer, redirects among them, is final for this message and this address: it is reported once.
-- @module dwsync.problems.delivery
local messages = require "dwsync.problems.messages"
local severities = require "dwsync.severity"
local text = require "dwsync.text"
local transitions = require "dwsync.problems.transitions"

local M = {}

local SECONDS, CONNECT_SECONDS = 10, 5 -- of one request
local LEASE = 60000 -- milliseconds; longer than a request can take
local PASSING = { [408] = true, [425] = true, [429] = true }

local function find(rows, wanted)
    for _, row in ipairs(rows) do
        if row.source == wanted.source and row.rule == wanted.rule then
            return row
        end
    end
end

-- What identifies a message that an address refused.
local function mark_of(channel, message)
    return message.key .. " " .. channel.mark
end

local function message_owed(row, channel, how)
    local now = how.now()
    local step = row and transitions.owed(row, channel.name, now)
    local message = step and messages.make(row, step, transitions.is_open(row) and how.seen(row) or nil, now)
    local entry = row and row.told[channel.name]
    if message and not (entry and entry.refused == mark_of(channel, message)) then
        return message, step
    end
end

-- Takes the next message of a problem for this process. Returns nil when there is none left; or nil, err.
local function claim(store, row, channel, how)
    return store:change(row.cluster_id, function(rows)
        local current = find(rows, row)
        local message, step = message_owed(current, channel, how)
        if not message then
            return {}, {}
        end
        return { transitions.claimed(current, channel.name, how.now() + LEASE) }, { message = message, step = step }
    end)
end

local function settle(store, row, change)
    return store:change(row.cluster_id, function(rows)
        local current = find(rows, row)
        return { current and change(current) }, true
    end)
end

-- Returns how it went: "sent", "later" or "refused"; and the reason.
local function send(channel, message, how)
    local response, err = how.perform { method = "POST", url = channel.url, body = channel.render(message),
        headers = { ["Content-Type"] = "application/json", ["Idempotency-Key"] = message.key },
        timeout = SECONDS, connect_timeout = CONNECT_SECONDS, ca_file = channel.ca_file,
        allow_http = channel.allow_http }
    if not response then
        local reason = err.kind == "timeout" and "no answer in time" or err.message
        return "later", text.excerpt(text.redact(reason, { channel.url }))
    elseif response.status >= 200 and response.status < 300 then
        return "sent"
    end
    local passes = PASSING[response.status] or response.status >= 500
    return passes and "later" or "refused", ("answered HTTP %d"):format(response.status)
end

local HINTS = {
    later = "The next run tries again.",
    refused = "This message will not be sent to this address again. Correct the channel's address, and the next run "
        .. "sends it.",
}

local function fail(how, channel, reason, outcome)
    how.failed(("channel %s (%s): %s"):format(channel.name, channel.host, reason), HINTS[outcome])
end

-- Tells a channel of one problem, step by step. Returns whether the channel may be told more; or nil, err.
local function tell(store, row, channel, how)
    while how.monotonic() < how.till do
        local claimed, err = claim(store, row, channel, how)
        if not claimed then
            return nil, err
        elseif not claimed.message then
            return true
        end
        local outcome, reason = send(channel, claimed.message, how)
        local settled
        settled, err = settle(store, row, function(current)
            if outcome == "sent" then
                return transitions.sent(current, channel.name, claimed.step)
            end
            return transitions.unsent(current, channel.name,
                outcome == "refused" and mark_of(channel, claimed.message) or nil)
        end)
        if outcome == "sent" then
            how.sent(claimed.message, channel)
        else
            fail(how, channel, reason, outcome)
        end
        if not settled then
            return nil, err
        elseif outcome ~= "sent" then
            return outcome == "refused"
        end
    end
    fail(how, channel, "the time for sending was over before all was sent", "later")
    return false
end

-- The worst first; what is over comes last.
local function in_order(rows)
    local list = {}
    for i, row in ipairs(rows) do
        list[i] = { row = row, level = transitions.is_open(row) and severities.level(row.severity) or -1, place = i }
    end
    table.sort(list, function(a, b)
        if a.level ~= b.level then
            return a.level > b.level
        end
        return a.place < b.place
    end)
    for i, item in ipairs(list) do
        list[i] = item.row
    end
    return list
end

--- What the channels are owed, without sending it.
-- @tparam {dwsync.problem,...} rows
-- @tparam {table,...} channels
-- @tparam table how `now()` in milliseconds, `seen(row)`
-- @tparam function use(message, channel)
function M.preview(rows, channels, how, use)
    for _, channel in ipairs(channels) do
        for _, kept in ipairs(in_order(rows)) do
            local row = kept
            local message, step = message_owed(row, channel, how)
            while message do
                use(message, channel)
                row = transitions.sent(row, channel.name, step)
                message, step = message_owed(row, channel, how)
            end
        end
    end
end

--- Tells the channels what they are owed.
-- @tparam table store see dwsync.problems.store
-- @tparam {table,...} channels see dwsync.problems.channels
-- @tparam table how `perform(request)`, `now()` in milliseconds, `monotonic()`, `till` (by that clock), `seen(row)`:
-- what the present look says of a problem, `sent(message, channel)`, `failed(message, hint)`
-- @treturn ?boolean
-- @treturn dwsync.error when the database failed
function M.run(store, channels, how)
    local rows, err = store:rows()
    if not rows then
        return nil, err
    end
    for _, channel in ipairs(channels) do
        local goes_on = true
        for _, row in ipairs(in_order(rows)) do
            if goes_on and message_owed(row, channel, how) then
                goes_on, err = tell(store, row, channel, how)
                if goes_on == nil then
                    return nil, err
                end
            end
        end
    end
    return true
end

return M
