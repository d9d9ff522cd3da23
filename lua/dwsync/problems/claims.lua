--- Claims: a sender takes entries of the outbox in one transaction, sends, and says in another one what became of them.
-- @module dwsync.problems.claims
local channel_state = require "dwsync.problems.channel_state"
local entries = require "dwsync.problems.entries"
local outbox = require "dwsync.problems.outbox"
local quoted = require("dwsync.history.statements").quoted
local steps = require "dwsync.problems.steps"
local stores = require "dwsync.problems.store"

local M = {}

--- Within how many seconds of its claim a message may begin to be sent: what is left of the lease is for the request.
M.BEGIN_WITHIN = 45

local literal = entries.literal
local ONE_DAY = 86400000
local LEASE = 90000 -- milliseconds
local LONGEST_LEASE = 600000 -- beyond this the clock was wrong when the row was written
local AT_ONCE = 5 -- messages of their own that one claim takes
local DIED = "the program that was sending it ended before there was an answer"
local MOST_ITEMS = 50 -- of a message that sums up: receivers take 20 KB
local MOST_CANDIDATES = 5000 -- where only some of them are meant
local DAMAGED_PAUSE = 600000
local AT_IT = 100 -- milliseconds after which a channel that another sender has locked is free again

local DUE = [[o.channel = %s AND o.state = 'owed' AND o.next_at <= %s
    AND (o.claimed_until IS NULL OR o.claimed_until <= %s OR o.claimed_until > %s)]]

local function due_condition(channel, now)
    return DUE:format(literal(channel.name), literal(now), literal(now), literal(now + LONGEST_LEASE))
end

-- What waits for another one of the same problem and channel would keep the rest from its turn. The state is not looked
-- for by its index, which has all that is owed to the channel, but among the few entries of the problem.
local BEHIND = [[EXISTS (SELECT 1 FROM dwsync_outbox e WHERE e.cluster_id = o.cluster_id AND e.source = o.source
    AND e.rule = o.rule AND e.channel = o.channel AND e.state || '' = 'owed'
    AND (e.episode < o.episode AND e.next_at <= %s
    OR e.episode = o.episode AND e.claimed_until > %s AND e.claimed_until <= %s))]]

local function behind_condition(now)
    return BEHIND:format(literal(now), literal(now), literal(now + LONGEST_LEASE))
end

local ORDER = [[CASE WHEN o.step = 'resolved' THEN 0 WHEN p.severity = 'critical' THEN 3
    WHEN p.severity = 'warning' THEN 2 ELSE 1 END DESC, o.created_at, o.cluster_id, o.source, o.rule]]

local function candidates_of(session, channel, now, limit)
    return session:rows(("SELECT %s FROM dwsync_outbox o LEFT JOIN dwsync_problems p USING (cluster_id, source, "
        .. "rule) WHERE %s AND NOT %s ORDER BY %s LIMIT %d"):format(entries.COLUMNS,
        due_condition(channel, now), behind_condition(now), ORDER, limit))
end

-- Decides about candidates, in their order. Returns what is to be sent, the errors of what cannot be read, whether
-- others made room, and what may have arrived at a channel that must not be asked twice.
local function judge(session, channel, list, how, now)
    local candidates, keyed, wrong, chosen, unknown, made_room = {}, {}, {}, {}, {}, false
    local function put_aside(entry, change)
        entries.set(session, entry, change)
        made_room = true
    end
    for _, cells in ipairs(list) do
        local entry, err = entries.entry_of(cells)
        if err then
            wrong[#wrong + 1] = err
            session:rows(("UPDATE dwsync_outbox SET next_at = %s WHERE cluster_id = %s AND source = %s AND rule = %s "
                .. "AND channel = %s"):format(literal(now + DAMAGED_PAUSE), quoted(tostring(cells[1])),
                quoted(tostring(cells[2])), quoted(tostring(cells[3])), literal(channel.name)))
        else
            candidates[#candidates + 1] = entry
        end
    end
    if not candidates[1] then
        return chosen, wrong, wrong[1] ~= nil, unknown
    end
    local clusters = {}
    for i, entry in ipairs(candidates) do
        clusters[i] = entry.cluster_id
    end
    local rows, bad = stores.rows_in(session, ("WHERE cluster_id IN (%s)"):format(entries.among(clusters)))
    for _, row in ipairs(rows) do
        keyed[entries.name_of(row)] = row
    end
    local is_bad = {}
    for _, err in ipairs(bad) do
        is_bad[err.problem] = err
    end
    local lists = entries.by_problem(session, candidates)
    for _, found in ipairs(candidates) do
        local name = entries.name_of(found)
        local row, entry, all = keyed[name], nil, lists[name] or {}
        for _, one in ipairs(all) do
            entry = one.channel == found.channel and one.episode == found.episode and one.step == found.step and one
                or entry
        end
        if not row and is_bad[name] then
            wrong[#wrong + 1] = is_bad[name]
            put_aside(found, "next_at = " .. literal(now + DAMAGED_PAUSE))
        elseif not row or not entry then
            put_aside(found, "state = 'dropped'")
        elseif not how.is_meant or how.is_meant(row) then
            local plan = how.plan and how.plan(row, now)
            local verdict, step = steps.due(row, entry, all, plan, now)
            if verdict == "send" and channel.is_not_idempotent and entry.doubtful == 1 then
                entry.state = "given_up"
                put_aside(entry, "state = 'given_up', claimed_until = NULL, last_error = " .. literal(DIED))
                unknown[#unknown + 1] = { row = row, entry = entry, step = step }
            elseif verdict == "send" then
                chosen[#chosen + 1] = { row = row, entry = entry, step = step }
            elseif verdict == "drop" then
                entry.state = "dropped"
                put_aside(entry, "state = 'dropped', claimed_until = NULL")
            elseif steps.held_until(row, entry, plan, now) then
                entries.hold_until(session, entry, step, now)
                made_room = true
            end
        end
    end
    return chosen, wrong, made_room, unknown
end

-- Adds what another channel owes in its place. Returns whether something was added.
local function hand_on(session, channel, item, how, now)
    local row = stores.rows_in(session, "WHERE " .. entries.problem_condition(item.row))[1]
    if not row or not how.plan or not channel.options.fallback then
        return false
    end
    local condition = (" FROM dwsync_outbox WHERE cluster_id = %s AND channel = %s AND state = 'owed'"):format(
        literal(row.cluster_id), literal(channel.options.fallback))
    local before = tonumber(session:rows("SELECT count(*)" .. condition)[1][1])
    outbox.add(session, { row }, how.plan, now)
    return tonumber(session:rows("SELECT count(*)" .. condition)[1][1]) > before
end

-- What may have arrived, and is not sent again. Returns what `report` of a sender takes, or nothing.
local function give_up_unknown(session, channel, items, how, now)
    local handed_on = false
    for _, item in ipairs(items) do
        handed_on = hand_on(session, channel, item, how, now) or handed_on
    end
    return items[1] and { items = items, reason = DIED, handed_on = handed_on } or nil
end

-- Of those that were summed up together and are sent again: all, by the same key.
local function batch_of(session, channel, batch, now)
    return session:rows(("SELECT %s FROM dwsync_outbox o WHERE %s AND NOT %s AND o.batch = %s "
        .. "ORDER BY o.created_at"):format(entries.COLUMNS, due_condition(channel, now),
        behind_condition(now), literal(batch)))
end

local function first(list, most)
    local some = {}
    for i = 1, math.min(#list, most) do
        some[i] = list[i]
    end
    return some
end

local function claim_items(session, channel, items, how, now, batch)
    local till = math.min(now + LEASE + (channel.longest or 0) * 1000, now + LONGEST_LEASE)
    for _, item in ipairs(items) do
        entries.set(session, item.entry, ("claimed_until = %s, claimed_by = %s, attempts = attempts + 1, doubtful = 1, "
            .. "batch = %s"):format(literal(till), literal(how.name), literal(batch)))
    end
end

--- Claims what a channel is to be told next, within a transaction.
-- @tparam table session
-- @tparam table channel `name`, `mark`, `rate`; `longest`: seconds that sending one message may take, where that is
-- more than a few requests do; `is_not_idempotent`: it is not told again what it may have been told
-- @tparam table how `name` of the sender, `plan(row, now)`, `is_meant(row)`, `batch_key(items)`
-- @tparam integer now
-- @treturn table claim: `items` with `row`, `entry`, `step`; `batch`: the key of the one message that sums them up;
-- `wait`: until when there is nothing to do; `paused`: whether because the channel is in trouble; `more`: whether
-- there may be more behind what was put aside; `wrong`: errors of rows that cannot be read; `unknown`: what was given
-- up, as its sender died while it was being sent: `items`, `reason`, `handed_on`
function M.claim(session, channel, how, now)
    if not session:rows(("SELECT 1 FROM dwsync_outbox o WHERE %s LIMIT 1"):format(due_condition(channel, now)))[1] then
        return { items = {}, wrong = {} }
    end
    local state = channel_state.lock(session, channel)
    local paused = state and channel_state.pause_of(session, channel, now)
    if not state or paused then
        return { items = {}, wrong = {}, wait = paused or now + AT_IT, paused = paused ~= nil }
    end
    local tokens, each = channel_state.tokens_of(state, channel.rate, now)
    if tokens < 1 then
        return { items = {}, wrong = {}, wait = now + math.ceil((1 - tokens) / each) }
    end
    local list = candidates_of(session, channel, now, how.is_meant and MOST_CANDIDATES or MOST_ITEMS)
    local batch = list[1] and entries.entry_of(list[1]).batch
    local chosen, wrong, made_room, unknown = judge(session, channel,
        batch and batch_of(session, channel, batch, now) or list, how, now)
    local claim = { wrong = wrong, items = chosen, batch = batch, more = made_room,
        unknown = give_up_unknown(session, channel, unknown, how, now) }
    if batch or channel.rate and #chosen > math.max(1, math.floor(tokens)) then
        claim.items = first(chosen, MOST_ITEMS)
        claim.batch = batch or how.batch_key(claim.items)
    else
        claim.items = first(chosen, math.min(channel.is_not_idempotent and 1 or AT_ONCE, tokens))
    end
    if claim.items[1] then
        claim_items(session, channel, claim.items, how, now, claim.batch)
        channel_state.spend(session, channel, tokens - (claim.batch and 1 or #claim.items), now)
    end
    return claim
end

-- ---- what became of it ---------------------------------------------------------------------------

local function was_sent(session, item, now)
    local row, entry = item.row, item.entry
    session:rows(("UPDATE dwsync_outbox SET state = 'sent', sent_at = %s, claimed_until = NULL, last_error = NULL "
        .. "WHERE %s"):format(literal(now), entries.condition(entry)))
    if entry.step ~= "resolved" then
        session:rows(("UPDATE dwsync_problems SET state = 'told' WHERE %s AND episode = %s AND state = 'firing'")
            :format(entries.problem_condition(row), literal(entry.episode)))
    end
end

-- Returns whether it is given up.
local function was_not_sent(session, channel, item, result, now)
    local entry = item.entry
    local is_final = result.outcome ~= "later" or now - entries.due_since(entry) >= ONE_DAY
    local is_doubtful = result.outcome == "unknown" or result.is_doubtful or entry.doubtful == 1
    session:rows(([[UPDATE dwsync_outbox SET state = '%s', claimed_until = NULL, doubtful = %d, last_error = %s,
        refused_by = %s, attempts = attempts - %d WHERE %s AND state = 'owed' AND claimed_by = %s]]):format(
        is_final and "given_up" or "owed", is_doubtful and 1 or 0, literal(result.reason),
        result.outcome == "refused" and ("coalesce(refused_by || ' ', '') || %s"):format(literal(channel.mark))
        or is_final and "NULL" or "refused_by", result.is_untried and 1 or 0, entries.condition(entry),
        literal(result.sender)))
    return is_final
end

-- One of what was summed up may be what a receiver refuses: each half is sent by itself, down to one.
local function split(session, items, result, how)
    local half = math.ceil(#items / 2)
    for begin = 1, #items, half do
        local part = {}
        for i = begin, math.min(#items, begin + half - 1) do
            part[#part + 1] = items[i]
        end
        local batch = literal(how.batch_key(part))
        for _, item in ipairs(part) do
            session:rows(([[UPDATE dwsync_outbox SET claimed_until = NULL, doubtful = %d, last_error = %s, batch = %s
                WHERE %s AND state = 'owed' AND claimed_by = %s]]):format(item.entry.doubtful, literal(result.reason),
                batch, entries.condition(item.entry), literal(result.sender)))
        end
    end
    return { split = true }
end

--- Says what became of claimed items, within a transaction.
-- @tparam table session
-- @tparam table channel
-- @tparam {table,...} items of the claim
-- @tparam table result of all of them: `outcome` ("sent", "later", "refused", "unknown"), `reason`, `paused`,
-- `is_doubtful`: whether they may have arrived all the same, `is_untried`: they were only given back,
-- `is_about_address`: whether whatever else is sent there will be refused, too, `sender`
-- @tparam table how `random()`; `plan(row, now)`; `batch_key(items)`; `till`: of a command that ends, whose next run
-- tries again unless the channel asked to be left alone
-- @tparam integer now
-- @treturn table `given_up`: whether all of them are; `handed_on`: whether another channel owes it now;
-- `paused`: until when the channel is left alone; `split`: whether they are sent again, in parts
function M.settle(session, channel, items, result, how, now)
    if items[2] and result.outcome == "refused" and not (result.paused or result.is_about_address) then
        return split(session, items, result, how)
    end
    local settled = { given_up = true }
    for _, item in ipairs(items) do
        if result.outcome == "sent" then
            was_sent(session, item, now)
        elseif not was_not_sent(session, channel, item, result, now) then
            settled.given_up = false
        elseif hand_on(session, channel, item, how, now) then
            settled.handed_on = true
        end
    end
    settled.paused = channel_state.note(session, channel, result, how, now)
    return settled
end

--- When a message may be sent at the earliest: not while a sender has it, which may be gone.
-- @tparam table entry of `read`
-- @tparam integer now milliseconds
-- @treturn integer milliseconds
function M.free_at(entry, now)
    local till = entry.claimed_until
    return till and till > now and till <= now + LONGEST_LEASE and math.max(till, entry.next_at) or entry.next_at
end

return M
