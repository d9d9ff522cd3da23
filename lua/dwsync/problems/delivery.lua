--- Tells channels what they are owed: each message is claimed in the database, sent outside any transaction, and only
-- then marked. So whatever dies in between sends it again, with the same key, and nothing is sent by two at once.
--
-- What a receiver refuses is final for this message and this address: it is reported once. Trouble with the channel
-- ends it for this run, and the next one tries again.
-- @module dwsync.problems.delivery
local messages = require "dwsync.problems.messages"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local transitions = require "dwsync.problems.transitions"

local M = {}

local LEASE = 60000 -- milliseconds; longer than a request can take

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

-- Returns the changed row, false when it is gone; or nil, err.
local function settle(store, row, change)
    return store:change(row.cluster_id, function(rows)
        local current = find(rows, row)
        local changed = current and change(current) or false
        return { changed or nil }, changed
    end)
end

-- When a channel that asked to be left alone may be tried again; nil when it may be now.
local function paused_until(rows, channel, now)
    local latest
    for _, row in ipairs(rows) do
        local till = transitions.paused(row, channel.name, channel.mark, now)
        latest = till and math.max(till, latest or till) or latest
    end
    return latest
end

local HINTS = {
    later = "The next run tries again.",
    refused = "This message will not be sent to this address again. Correct the channel's address, and the next run "
        .. "sends it.",
}

local function fail(how, channel, message, reason, outcome, paused)
    local hint = paused and ("It asks to be left alone until %s; a run after that tries again."):format(
        quantities.instant(paused)) or HINTS[outcome]
    how.failed(("not sent to channel %s (%s): %s: %s"):format(channel.name, channel.host, message.title, reason), hint)
end

-- What sending a message changes of its problem.
local function after(outcome, channel, claimed, paused)
    return function(row)
        if outcome == "sent" then
            return transitions.sent(row, channel.name, claimed.step)
        end
        return transitions.unsent(row, channel.name, {
            refused = outcome == "refused" and mark_of(channel, claimed.message) or nil,
            paused = paused and { till = paused, mark = channel.mark } or nil,
        })
    end
end

-- Tells a channel of one problem, step by step. Returns whether the channel may be told more; or nil, err.
local function tell(store, row, channel, how)
    local message = message_owed(row, channel, how)
    while message do
        if how.monotonic() >= how.till then
            fail(how, channel, message, "the time for sending was over", "later")
            return false
        end
        local claimed, err = claim(store, row, channel, how)
        if not claimed then
            return nil, err
        elseif not claimed.message then
            return true
        end
        local outcome, reason, paused = channel.send(claimed.message, how)
        row, err = settle(store, row, after(outcome, channel, claimed, paused))
        if outcome == "sent" then
            how.sent(claimed.message, channel)
        else
            fail(how, channel, claimed.message, reason, outcome, paused)
        end
        if row == nil then
            return nil, err
        elseif outcome ~= "sent" then
            return outcome == "refused"
        end
        message = row and message_owed(row, channel, how)
    end
    return true
end

-- Those that are meant, the worst first; what is over comes last.
local function in_order(rows, is_meant)
    local list = {}
    for i, row in ipairs(rows) do
        local level = transitions.is_open(row) and severities.level(row.severity) or -1
        list[#list + 1] = is_meant(row) and { row = row, level = level, place = i } or nil
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
-- @tparam table how `now()` in milliseconds, `seen(row)`, `is_meant(row)`
-- @tparam function use(message, channel)
function M.preview(rows, channels, how, use)
    for _, channel in ipairs(channels) do
        for _, kept in ipairs(in_order(rows, how.is_meant)) do
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

-- Tells a channel what it is owed. Returns nil, err when the database failed.
local function tell_channel(store, rows, channel, how)
    local paused = paused_until(rows, channel, how.now())
    for _, row in ipairs(in_order(rows, how.is_meant)) do
        local message = message_owed(row, channel, how)
        if message and paused then
            fail(how, channel, message, "not tried", "later", paused)
            return true
        end
        local goes_on, err = tell(store, row, channel, how)
        if not goes_on then
            return goes_on == false or nil, err
        end
    end
    return true
end

--- Tells the channels what they are owed.
-- @tparam table store see dwsync.problems.store
-- @tparam {table,...} channels see dwsync.problems.channels
-- @tparam table how `perform(request)`, `now()` in milliseconds, `monotonic()`, `till` (by that clock), `seen(row)`:
-- what the present look says of a problem, `is_meant(row)`: whether this run is about it, `sent(message, channel)`,
-- `failed(message, hint)`
-- @treturn ?boolean
-- @treturn dwsync.error when the database failed
function M.run(store, channels, how)
    local rows, err = store:rows()
    if not rows then
        return nil, err
    end
    for _, channel in ipairs(channels) do
        local done
        done, err = tell_channel(store, rows, channel, how)
        if not done then
            return nil, err
        end
    end
    return true
end

return M
