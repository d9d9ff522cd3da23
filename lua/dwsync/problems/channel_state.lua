--- What all senders together know of a channel, in the table dwsync_channels: that one has it, how many messages its
-- receiver takes now, and until when an address that is in trouble is left alone.
-- It must not hold an address of a channel: only marks that tell addresses apart.
-- @module dwsync.problems.channel_state
local entries = require "dwsync.problems.entries"

local M = {}

local literal = entries.literal
local MINUTE, ONE_DAY = 60000, 86400000
local FIRST_PAUSE, LONGEST_PAUSE = 5000, 5 * MINUTE

--- Milliseconds after which a channel that no sender has is one that nobody has.
M.UNNAMED = 10 * MINUTE

-- Of the row that says until when an address is left alone: senders may know a channel by several, in turns. No name
-- of a channel has a slash.
local function address_of(channel)
    return literal(channel.name .. "/" .. channel.mark)
end

--- Notes that a sender has a channel; of a command that it comes back within a day. What other addresses refused is
-- tried at this one, once.
-- @tparam table session
-- @tparam table channel
-- @tparam table how `till`: of a command that ends
-- @tparam integer now
function M.name(session, channel, how, now)
    local name, mark = literal(channel.name), literal(channel.mark)
    local named = how.till and now + ONE_DAY - M.UNNAMED or now
    local known = session:rows(("SELECT mark FROM dwsync_channels WHERE channel = %s"):format(name))[1]
    session:rows(([[INSERT INTO dwsync_channels (channel, mark, failures, named_at) VALUES (%s, %s, 0, %s)
        ON CONFLICT (channel) DO UPDATE SET mark = excluded.mark, named_at = CASE
        WHEN dwsync_channels.named_at BETWEEN excluded.named_at AND %s THEN dwsync_channels.named_at
        ELSE excluded.named_at END]]):format(name, mark, literal(named), literal(now + ONE_DAY)))
    if known and known[1] ~= channel.mark then
        session:rows(([[UPDATE dwsync_outbox SET state = 'owed', attempts = 0, next_at = %s, due_at = %s,
            last_error = NULL WHERE channel = %s AND state = 'given_up' AND ' ' || refused_by || ' ' NOT LIKE %s
            AND created_at > %s]]):format(literal(now), literal(now), name, literal("% " .. channel.mark .. " %"),
            literal(now - ONE_DAY)))
    end
end

--- Locks what all senders know of a channel.
-- @tparam table session
-- @tparam table channel
-- @treturn ?table `tokens`, `refilled_at`; nil where another sender is at it
function M.lock(session, channel)
    local cells = session:rows(("SELECT tokens, refilled_at FROM dwsync_channels WHERE channel = %s%s"):format(
        literal(channel.name), session.skip_locked))[1]
    return cells and { tokens = tonumber(cells[1]), refilled_at = tonumber(cells[2]) }
end

-- Until when an address is left alone, and how often it was in trouble since it took something.
local function trouble_of(session, channel)
    local cells = session:rows(("SELECT paused_until, failures FROM dwsync_channels WHERE channel = %s"):format(
        address_of(channel)))[1]
    return { paused_until = cells and tonumber(cells[1]), failures = cells and tonumber(cells[2]) or 0 }
end

--- Until when the address of a channel is left alone.
-- @tparam table session
-- @tparam table channel
-- @tparam integer now
-- @treturn ?integer
function M.pause_of(session, channel, now)
    local till = trouble_of(session, channel).paused_until or 0
    return till > now and till - now <= ONE_DAY and till or nil
end

--- How many messages its bucket has: half of what a receiver takes at once and the other half over time, so that no
-- window holds more than all.
-- @tparam table state of `lock`
-- @tparam ?table rate
-- @tparam integer now
-- @treturn number
-- @treturn ?number how many come in a millisecond
function M.tokens_of(state, rate, now)
    if not rate then
        return math.huge
    end
    local most = math.max(1, math.floor(rate.messages / 2) - 1)
    local each = rate.messages / 2 / rate.seconds / 1000
    local since = now - (state.refilled_at or 0)
    if since < -rate.seconds * 1000 then -- the clock was wrong that filled it
        return 1, each
    end
    since = math.max(0, since)
    return math.min(most, (state.tokens or most) + since * each), each
end

--- Keeps what is left in the bucket.
-- @tparam table session
-- @tparam table channel
-- @tparam number tokens
-- @tparam integer now
function M.spend(session, channel, tokens, now)
    if channel.rate then
        session:rows(("UPDATE dwsync_channels SET tokens = %s, refilled_at = %s WHERE channel = %s"):format(
            literal(tokens), literal(now), literal(channel.name)))
    end
end

local function pause_after(trouble, result, how, now)
    if result.paused and result.paused > now then
        return math.min(result.paused, now + ONE_DAY)
    end
    local pause = math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ^ math.min(trouble.failures, 10))
    return math.floor(now + pause * (0.5 + 0.5 * how.random()))
end

--- Notes how an address answered.
-- @tparam table session
-- @tparam table channel
-- @tparam table result see dwsync.problems.claims.settle
-- @tparam table how `random()`, `till`
-- @tparam integer now
-- @treturn ?integer until when the address is left alone
function M.note(session, channel, result, how, now)
    if result.outcome ~= "later" and not result.paused then
        session:rows("DELETE FROM dwsync_channels WHERE channel = " .. address_of(channel))
    elseif not result.is_untried and (result.paused or not how.till) then
        local till = pause_after(trouble_of(session, channel), result, how, now)
        session:rows(([[INSERT INTO dwsync_channels (channel, paused_until, failures, named_at) VALUES (%s, %s, 1, %s)
            ON CONFLICT (channel) DO UPDATE SET failures = dwsync_channels.failures + 1,
            paused_until = excluded.paused_until, named_at = excluded.named_at]]):format(address_of(channel),
            literal(till), literal(now)))
        return till
    end
end

return M
