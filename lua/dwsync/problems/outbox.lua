--- The outbox: what each channel is owed of each problem, and what all senders together know of a channel.
--
-- Entries are written where a look is completed, in its transaction; and again by senders, for what time alone makes
-- owed. A sender claims entries in one transaction, sends, and says in another one what became of them.
-- It must not hold an address of a channel: only names, and marks that tell addresses apart.
-- @module dwsync.problems.outbox
local decimal = require "dwsync.decimal"
local errors = require "dwsync.errors"
local history_tables = require "dwsync.history.tables"
local identity = require "dwsync.history.identity"
local quoted = require("dwsync.history.statements").quoted
local reading = require "dwsync.history.reading"
local severities = require "dwsync.severity"
local steps = require "dwsync.problems.steps"
local stores = require "dwsync.problems.store"
local text = require "dwsync.text"
local transitions = require "dwsync.problems.transitions"

local M = {}

--- Within how many seconds of its claim a message may begin to be sent: what is left of the lease is for the request.
M.BEGIN_WITHIN = 45

local MINUTE, ONE_DAY = 60000, 86400000

local LEASE = 90000 -- milliseconds
local LONGEST_LEASE = 600000 -- beyond this the clock was wrong when the row was written
local AT_ONCE = 5 -- messages of their own that one claim takes
local DIED = "the program that was sending it ended before there was an answer"
local MOST_ITEMS = 50 -- of a message that sums up: receivers take 20 KB
local MOST_CANDIDATES = 5000 -- where only some of them are meant
local MOST_PRUNED = 500 -- episodes, in one transaction
local TOGETHER = 200 -- problems looked after in one statement
local FIRST_PAUSE, LONGEST_PAUSE = 5000, 5 * MINUTE
local DAMAGED_PAUSE = 10 * MINUTE
local UNNAMED = 10 * MINUTE -- after which a channel that no sender has is one that nobody has
local AT_IT = 100 -- milliseconds after which a channel that another sender has locked is free again

-- ---- rows ----------------------------------------------------------------------------------------

local TEXTS = { "cluster_id", "source", "rule", "step", "channel", "state", "claimed_by", "last_error", "batch",
    "refused_by" }
local NUMBERS = { "episode", "fired_at", "since", "created_at", "next_at", "due_at", "attempts", "doubtful",
    "claimed_until", "sent_at" }
local REQUIRED = { episode = true, created_at = true, next_at = true, attempts = true, doubtful = true }

local columns, IS_NUMBER = {}, {}
for _, names in ipairs { TEXTS, NUMBERS } do
    for _, name in ipairs(names) do
        columns[#columns + 1], IS_NUMBER[name] = name, names == NUMBERS or nil
    end
end
local COLUMNS = table.concat(columns, ", ")

local function literal(value)
    if value == nil then
        return "NULL"
    end
    return type(value) == "number" and decimal.exact(value) or quoted(identity.cell(value))
end

local function name_of(row)
    return table.concat({ row.cluster_id, row.source, row.rule }, "\0")
end

--- What tells the problems of a history apart, as in the result of `read`.
-- @tparam table row `cluster_id`, `source`, `rule`
-- @treturn string
M.name_of = name_of

local function damaged(entry, column)
    return errors.new { kind = "storage",
        message = ("a message about the problem '%s' of cluster %s is damaged: its %s cannot be read"):format(
            text.excerpt(tostring(entry.rule), 60), text.excerpt(tostring(entry.cluster_id), 60), column),
        hint = "Correct or delete its row of dwsync_outbox: no program of dwsync writes such a one." }
end

-- An entry, and what is wrong with it.
local function entry_of(cells)
    local entry, wrong = {}, nil
    for i, name in ipairs(columns) do
        local value = cells[i]
        if IS_NUMBER[name] then
            entry[name] = tonumber(value) and reading.integer(tonumber(value))
            if entry[name] == nil and (value ~= nil or REQUIRED[name]) then
                wrong = name
            end
        else
            entry[name] = value ~= nil and identity.text(tostring(value)) or nil
        end
    end
    return entry, wrong and damaged(entry, wrong)
end

local function key_of(entry)
    return ("cluster_id = %s AND source = %s AND rule = %s AND episode = %s AND step = %s AND channel = %s"):format(
        literal(entry.cluster_id), literal(entry.source), literal(entry.rule), literal(entry.episode),
        literal(entry.step), literal(entry.channel))
end

local function among(values)
    local list, seen = {}, {}
    for _, value in ipairs(values) do
        if not seen[value] then
            seen[value], list[#list + 1] = true, literal(value)
        end
    end
    return table.concat(list, ",")
end

-- Lists of entries by problem. Damaged ones are left to the claim that finds them.
local function entries_by_problem(session, rows)
    local clusters, lists = {}, {}
    for i, row in ipairs(rows) do
        clusters[i] = row.cluster_id
    end
    for _, cells in ipairs(session:rows(("SELECT %s FROM dwsync_outbox WHERE cluster_id IN (%s)"):format(COLUMNS,
        among(clusters)))) do
        local entry, wrong = entry_of(cells)
        local name = name_of(entry)
        lists[name] = lists[name] or {}
        table.insert(lists[name], not wrong and entry or nil)
    end
    return lists
end

local function insert(session, row, entries)
    local values = {}
    for i, entry in ipairs(entries) do
        local cells = {}
        for k, column in ipairs(columns) do
            local value = entry[column]
            cells[k] = literal(value == nil and row[column] or value)
        end
        values[i] = "(" .. table.concat(cells, ",") .. ")"
    end
    if values[1] then
        session:rows(("INSERT INTO dwsync_outbox (%s) VALUES %s ON CONFLICT DO NOTHING"):format(COLUMNS,
            table.concat(values, ",")))
    end
end

-- ---- what is owed --------------------------------------------------------------------------------

local function set(session, entry, changes)
    session:rows(("UPDATE dwsync_outbox SET %s WHERE %s AND state = 'owed'"):format(changes, key_of(entry)))
end

local function due_since(entry)
    return entry.due_at or entry.created_at
end

-- The time for which it is held does not count as that of trouble with its channel.
local function hold_until(session, entry, till, now)
    local due = entry.attempts == 0 and till or due_since(entry) + till - math.max(entry.next_at, now)
    set(session, entry, ("next_at = %s, due_at = %s"):format(literal(till), literal(due)))
end

-- What waits for the end of quiet hours or of a silence, and what need not any more.
local function hold(session, row, entries, plan, now)
    for _, entry in ipairs(entries) do
        if entry.state == "owed" then
            local till = steps.held_until(row, entry, plan, now) or entry.next_at > now and now or nil
            if till and till ~= entry.next_at then
                hold_until(session, entry, till, now)
            end
        end
    end
end

local function bring_up_to_date(session, row, entries, plan, now)
    if next(row.told) then
        local before = steps.told_before(row, now)
        insert(session, row, before)
        session:rows(("UPDATE dwsync_problems SET told = '{}' WHERE cluster_id = %s AND source = %s AND rule = %s")
            :format(literal(row.cluster_id), literal(row.source), literal(row.rule)))
        for _, entry in ipairs(before) do
            entries[#entries + 1] = entry
        end
    end
    hold(session, row, entries, plan, now)
    insert(session, row, steps.owed(row, entries, plan, now))
end

--- Adds what problems owe, within a transaction. Nothing is added twice.
-- @tparam table session see dwsync.history.transaction
-- @tparam {dwsync.problem,...} rows as they are now
-- @tparam ?function plan_of(row,now) see dwsync.problems.steps.owed; nil: nobody is to be told what begins
-- @tparam integer now
function M.add(session, rows, plan_of, now)
    for first = 1, #rows, TOGETHER do
        local some = {}
        for i = first, math.min(#rows, first + TOGETHER - 1) do
            some[#some + 1] = rows[i]
        end
        local lists = entries_by_problem(session, some)
        for _, row in ipairs(some) do
            bring_up_to_date(session, row, lists[name_of(row)] or {}, plan_of and plan_of(row, now), now)
        end
    end
end

local OWING = [[WHERE state IN ('firing', 'told') OR told <> '{}' OR EXISTS (SELECT 1 FROM dwsync_outbox o
    WHERE o.cluster_id = dwsync_problems.cluster_id AND o.source = dwsync_problems.source
    AND o.rule = dwsync_problems.rule AND o.step <> 'resolved' AND (o.state <> 'dropped' OR o.doubtful = 1)
    AND NOT EXISTS (SELECT 1 FROM dwsync_outbox e WHERE e.cluster_id = o.cluster_id AND e.source = o.source
    AND e.rule = o.rule AND e.episode = o.episode AND e.channel = o.channel AND e.step = 'resolved'))]]

-- Of the row that says until when an address is left alone: senders may know a channel by several, in turns. No name
-- of a channel has a slash.
local function address_of(channel)
    return literal(channel.name .. "/" .. channel.mark)
end

-- Notes that a sender has a channel; of a command that it comes back within a day. What other addresses refused is
-- tried at this one, once.
local function name_channel(session, channel, how, now)
    local name, mark = literal(channel.name), literal(channel.mark)
    local named = how.till and now + ONE_DAY - UNNAMED or now
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

--- Adds what time alone makes owed: reminders, the ends of silences, channels that are new, what programs did that know
-- no outbox.
-- @tparam table session
-- @tparam {table,...} channels of this sender
-- @tparam table how `plan(row, now)`, `is_meant(row)`; `till`: of a command that ends
-- @tparam integer now
-- @treturn {dwsync.error,...} problems that cannot be read
function M.sweep(session, channels, how, now)
    for _, channel in ipairs(channels) do
        name_channel(session, channel, how, now)
    end
    local rows, wrong = stores.rows_in(session, OWING)
    local meant = {}
    for _, row in ipairs(rows) do
        meant[#meant + 1] = (not how.is_meant or how.is_meant(row)) and row or nil
    end
    M.add(session, meant, how.plan, now)
    return wrong
end

--- Drops what is owed to channels that no sender has any more.
-- @tparam table session
-- @tparam {table,...} channels of this sender
-- @tparam integer now
-- @treturn {{channel=string,count=integer},...}
function M.drop_orphans(session, channels, now)
    local own, dropped = { "" }, {}
    for i, channel in ipairs(channels) do
        own[i] = channel.name
    end
    local since = literal(now - UNNAMED)
    for _, row in ipairs(session:rows(([[SELECT channel, count(*) FROM dwsync_outbox o WHERE state = 'owed'
        AND channel NOT IN (%s) AND NOT EXISTS (SELECT 1 FROM dwsync_channels c WHERE c.channel = o.channel
        AND c.named_at > %s) GROUP BY channel HAVING min(created_at) <= %s ORDER BY channel]]):format(among(own), since,
        since))) do
        session:rows(("UPDATE dwsync_outbox SET state = 'dropped', last_error = 'the channel was removed' "
            .. "WHERE channel = %s AND state = 'owed'"):format(quoted(row[1])))
        dropped[#dropped + 1] = { channel = identity.text(row[1]), count = tonumber(row[2]) }
    end
    return dropped
end

-- Whole episodes that a channel knows all of: what is left of one says whom to tell its end.
local OVER = [[FROM dwsync_outbox o WHERE o.created_at < %s AND NOT EXISTS (SELECT 1 FROM dwsync_outbox e
    WHERE e.cluster_id = o.cluster_id AND e.source = o.source AND e.rule = o.rule AND e.episode = o.episode
    AND e.channel = o.channel AND (e.state = 'owed' OR e.created_at >= %s)) AND NOT EXISTS (SELECT 1
    FROM dwsync_problems p WHERE p.cluster_id = o.cluster_id AND p.source = o.source AND p.rule = o.rule
    AND p.episode = o.episode AND p.state IN ('firing', 'told'))]]

local function over_before(before)
    return OVER:format(literal(before), literal(before))
end

local function prunable(session, before)
    return tonumber(session:rows("SELECT count(*) " .. over_before(before))[1][1])
end

--- Removes what is over for long, so much at a time that nobody waits.
-- @tparam table session
-- @tparam integer before milliseconds since the epoch
-- @treturn integer how many entries were removed; 0 when nothing is left to remove
function M.prune(session, before)
    local keys, values, removed = "cluster_id, source, rule, episode, channel", {}, 0
    for i, row in ipairs(session:rows(("SELECT %s, count(*) %s GROUP BY %s LIMIT %d"):format(keys, over_before(before),
        keys, MOST_PRUNED))) do
        values[i] = ("(%s,%s,%s,%d,%s)"):format(quoted(row[1]), quoted(row[2]), quoted(row[3]), row[4], quoted(row[5]))
        removed = removed + tonumber(row[6])
    end
    if values[1] then
        session:rows(("DELETE FROM dwsync_outbox WHERE (%s) IN (VALUES %s)"):format(keys, table.concat(values, ",")))
    end
    session:rows("DELETE FROM dwsync_channels WHERE channel LIKE '%/%' AND named_at < " .. literal(before))
    return removed
end

--- Removes all of it, in a history that may have no outbox.
-- @tparam dwsync.history.store history
-- @tparam integer before milliseconds since the epoch
-- @tparam boolean dry_run only counts
-- @treturn ?integer how many entries
-- @treturn dwsync.error
-- @treturn integer how many were removed before
function M.prune_all(history, before, dry_run)
    local sum = 0
    repeat
        local found, err = history_tables.run(history, dry_run and "read" or "write", false, function(session)
            if not session:rows(session.table_query:format "dwsync_outbox")[1] then
                return 0
            end
            return (dry_run and prunable or M.prune)(session, before)
        end)
        if not found then
            return nil, err, sum
        end
        sum = sum + found
    until dry_run or found == 0
    return sum
end

-- ---- claiming ------------------------------------------------------------------------------------

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
    local names = {}
    for i, name in ipairs(columns) do
        names[i] = "o." .. name
    end
    local list = session:rows(("SELECT %s FROM dwsync_outbox o LEFT JOIN dwsync_problems p USING (cluster_id, source, "
        .. "rule) WHERE %s AND NOT %s ORDER BY %s LIMIT %d"):format(table.concat(names, ", "),
        due_condition(channel, now), behind_condition(now), ORDER, limit))
    return list
end

-- What all senders know of a channel; nil where another one is at it.
local function lock_channel(session, channel)
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

local function pause_of(session, channel, now)
    local till = trouble_of(session, channel).paused_until or 0
    return till > now and till - now <= ONE_DAY and till or nil
end

-- Half of what a receiver takes at once and the other half over time, so that no window holds more than all.
local function tokens_of(state, rate, now)
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

local function spend(session, channel, tokens, now)
    if channel.rate then
        session:rows(("UPDATE dwsync_channels SET tokens = %s, refilled_at = %s WHERE channel = %s"):format(
            literal(tokens), literal(now), literal(channel.name)))
    end
end

-- Decides about candidates, in their order. Returns what is to be sent, the errors of what cannot be read, whether
-- others made room, and what may have arrived at a channel that must not be asked twice.
local function judge(session, channel, list, how, now)
    local entries, keyed, wrong, chosen, unknown, made_room = {}, {}, {}, {}, {}, false
    local function put_aside(entry, change)
        set(session, entry, change)
        made_room = true
    end
    for _, cells in ipairs(list) do
        local entry, err = entry_of(cells)
        if err then
            wrong[#wrong + 1] = err
            session:rows(("UPDATE dwsync_outbox SET next_at = %s WHERE cluster_id = %s AND source = %s AND rule = %s "
                .. "AND channel = %s"):format(literal(now + DAMAGED_PAUSE), quoted(tostring(cells[1])),
                quoted(tostring(cells[2])), quoted(tostring(cells[3])), literal(channel.name)))
        else
            entries[#entries + 1] = entry
        end
    end
    if not entries[1] then
        return chosen, wrong, wrong[1] ~= nil, unknown
    end
    local clusters = {}
    for i, entry in ipairs(entries) do
        clusters[i] = entry.cluster_id
    end
    local rows, bad = stores.rows_in(session, ("WHERE cluster_id IN (%s)"):format(among(clusters)))
    for _, row in ipairs(rows) do
        keyed[name_of(row)] = row
    end
    local is_bad = {}
    for _, err in ipairs(bad) do
        is_bad[err.problem] = err
    end
    local lists = entries_by_problem(session, entries)
    for _, found in ipairs(entries) do
        local name = name_of(found)
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
            local verdict, step = steps.due(row, entry, all, how.plan and how.plan(row, now), now)
            if verdict == "send" and channel.is_not_idempotent and entry.doubtful == 1 then
                entry.state = "given_up"
                put_aside(entry, "state = 'given_up', claimed_until = NULL, last_error = " .. literal(DIED))
                unknown[#unknown + 1] = { row = row, entry = entry, step = step }
            elseif verdict == "send" then
                chosen[#chosen + 1] = { row = row, entry = entry, step = step }
            elseif verdict == "drop" then
                entry.state = "dropped"
                put_aside(entry, "state = 'dropped', claimed_until = NULL")
            elseif steps.held_until(row, entry, how.plan and how.plan(row, now), now) then
                hold_until(session, entry, step, now)
                made_room = true
            end
        end
    end
    return chosen, wrong, made_room, unknown
end

-- Adds what another channel owes in its place. Returns whether something was added.
local function hand_on(session, channel, item, how, now)
    local row = stores.rows_in(session, ("WHERE cluster_id = %s AND source = %s AND rule = %s"):format(
        literal(item.row.cluster_id), literal(item.row.source), literal(item.row.rule)))[1]
    if not row or not how.plan or not channel.options.fallback then
        return false
    end
    local condition = (" FROM dwsync_outbox WHERE cluster_id = %s AND channel = %s AND state = 'owed'"):format(
        literal(row.cluster_id), literal(channel.options.fallback))
    local before = tonumber(session:rows("SELECT count(*)" .. condition)[1][1])
    M.add(session, { row }, how.plan, now)
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
    local names = {}
    for i, name in ipairs(columns) do
        names[i] = "o." .. name
    end
    return session:rows(("SELECT %s FROM dwsync_outbox o WHERE %s AND NOT %s AND o.batch = %s "
        .. "ORDER BY o.created_at"):format(table.concat(names, ", "), due_condition(channel, now),
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
        set(session, item.entry, ("claimed_until = %s, claimed_by = %s, attempts = attempts + 1, doubtful = 1, "
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
    local state = lock_channel(session, channel)
    local paused = state and pause_of(session, channel, now)
    if not state or paused then
        return { items = {}, wrong = {}, wait = paused or now + AT_IT, paused = paused ~= nil }
    end
    local tokens, each = tokens_of(state, channel.rate, now)
    if tokens < 1 then
        return { items = {}, wrong = {}, wait = now + math.ceil((1 - tokens) / each) }
    end
    local list = candidates_of(session, channel, now, how.is_meant and MOST_CANDIDATES or MOST_ITEMS)
    local batch = list[1] and entry_of(list[1]).batch
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
        spend(session, channel, tokens - (claim.batch and 1 or #claim.items), now)
    end
    return claim
end

-- ---- what became of it ---------------------------------------------------------------------------

local function was_sent(session, item, now)
    local row, entry = item.row, item.entry
    session:rows(("UPDATE dwsync_outbox SET state = 'sent', sent_at = %s, claimed_until = NULL, last_error = NULL "
        .. "WHERE %s"):format(literal(now), key_of(entry)))
    if entry.step ~= "resolved" then
        session:rows(("UPDATE dwsync_problems SET state = 'told' WHERE cluster_id = %s AND source = %s AND rule = %s "
            .. "AND episode = %s AND state = 'firing'"):format(literal(row.cluster_id), literal(row.source),
            literal(row.rule), literal(entry.episode)))
    end
end

-- Returns whether it is given up.
local function was_not_sent(session, channel, item, result, now)
    local entry = item.entry
    local is_final = result.outcome ~= "later" or now - due_since(entry) >= ONE_DAY
    local is_doubtful = result.outcome == "unknown" or result.is_doubtful or entry.doubtful == 1
    session:rows(([[UPDATE dwsync_outbox SET state = '%s', claimed_until = NULL, doubtful = %d, last_error = %s,
        refused_by = %s, attempts = attempts - %d WHERE %s AND state = 'owed' AND claimed_by = %s]]):format(
        is_final and "given_up" or "owed", is_doubtful and 1 or 0, literal(result.reason),
        result.outcome == "refused" and ("coalesce(refused_by || ' ', '') || %s"):format(literal(channel.mark))
        or is_final and "NULL" or "refused_by", result.is_untried and 1 or 0, key_of(entry),
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
                batch, key_of(item.entry), literal(result.sender)))
        end
    end
    return { split = true }
end

local function pause_after(trouble, result, how, now)
    if result.paused and result.paused > now then
        return math.min(result.paused, now + ONE_DAY)
    end
    local pause = math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ^ math.min(trouble.failures, 10))
    return math.floor(now + pause * (0.5 + 0.5 * how.random()))
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
    if result.outcome ~= "later" and not result.paused then
        session:rows("DELETE FROM dwsync_channels WHERE channel = " .. address_of(channel))
    elseif not result.is_untried and (result.paused or not how.till) then
        settled.paused = pause_after(trouble_of(session, channel), result, how, now)
        session:rows(([[INSERT INTO dwsync_channels (channel, paused_until, failures, named_at) VALUES (%s, %s, 1, %s)
            ON CONFLICT (channel) DO UPDATE SET failures = dwsync_channels.failures + 1,
            paused_until = excluded.paused_until, named_at = excluded.named_at]]):format(address_of(channel),
            literal(settled.paused), literal(now)))
    end
    return settled
end

-- ---- without sending -----------------------------------------------------------------------------

local function all(session)
    local lists = {}
    for _, cells in ipairs(session:rows(("SELECT %s FROM dwsync_outbox"):format(COLUMNS))) do
        local entry, wrong = entry_of(cells)
        local name = name_of(entry)
        lists[name] = lists[name] or {}
        table.insert(lists[name], not wrong and entry or nil)
    end
    return lists
end

--- All entries, by problem.
-- @tparam table store see dwsync.problems.store
-- @treturn ?{[string]={dwsync.problem.entry,...}}
-- @treturn dwsync.error
function M.read(store)
    if store.is_missing then
        return {}
    end
    return history_tables.run(store.history, "read", nil, all)
end

--- When a message may be sent at the earliest: not while a sender has it, which may be gone.
-- @tparam table entry of `read`
-- @tparam integer now milliseconds
-- @treturn integer milliseconds
function M.free_at(entry, now)
    local till = entry.claimed_until
    return till and till > now and till <= now + LONGEST_LEASE and math.max(till, entry.next_at) or entry.next_at
end

local function level_of(row)
    return transitions.is_firing(row) and severities.level(row.severity) or -1
end

-- What is owed of one problem, as if each were sent in its turn.
local function turns_of(row, entries, plan, now)
    local list, turns = {}, {}
    for _, some in ipairs { entries, steps.told_before(row, now) } do
        for _, entry in ipairs(some) do
            list[#list + 1] = entry
        end
    end
    for _, entry in ipairs(steps.owed(row, list, plan, now)) do
        list[#list + 1] = entry
    end
    for _ = 1, #list do
        for _, entry in ipairs(list) do
            local verdict, step
            if entry.state == "owed" then
                verdict, step = steps.due(row, entry, list, plan, now)
            end
            if verdict == "send" then
                entry.state, entry.sent_at = "sent", now
                turns[#turns + 1] = { row = row, entry = entry, step = step }
            elseif verdict == "drop" then
                entry.state = "dropped"
            end
        end
    end
    return turns
end

--- What would be sent now, the worst first; what is over comes last.
-- @tparam {dwsync.problem,...} rows
-- @tparam {[string]={dwsync.problem.entry,...}} lists of `read`; they are changed
-- @tparam table how `plan(row, now)`, `is_meant(row)`
-- @tparam integer now
-- @treturn {table,...} `row`, `entry`, `step`
function M.preview(rows, lists, how, now)
    local result = {}
    for _, row in ipairs(rows) do
        local is_meant = not how.is_meant or how.is_meant(row)
        for _, turn in ipairs(is_meant and turns_of(row, lists[name_of(row)] or {}, how.plan and how.plan(row, now),
            now) or {}) do
            turn.place = #result
            result[#result + 1] = turn
        end
    end
    table.sort(result, function(a, b)
        local one, other = level_of(a.row), level_of(b.row)
        return one > other or one == other and a.place < b.place
    end)
    return result
end

return M
