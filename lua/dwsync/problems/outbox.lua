--- The outbox: what each channel is owed of each problem.
--
-- Entries are written where a look is completed, in its transaction; and again by senders, for what time alone makes
-- owed. How they are sent: dwsync.problems.claims.
-- It must not hold an address of a channel: only names.
-- @module dwsync.problems.outbox
local channel_state = require "dwsync.problems.channel_state"
local entries = require "dwsync.problems.entries"
local history_tables = require "dwsync.history.tables"
local identity = require "dwsync.history.identity"
local quoted = require("dwsync.history.statements").quoted
local steps = require "dwsync.problems.steps"
local stores = require "dwsync.problems.store"

local M = {}

local MOST_PRUNED = 500 -- episodes, in one transaction
local TOGETHER = 200 -- problems looked after in one statement

-- What waits for the end of quiet hours or of a silence, and what need not any more.
local function hold(session, row, kept, plan, now)
    for _, entry in ipairs(kept) do
        if entry.state == "owed" then
            local till = steps.held_until(row, entry, plan, now) or entry.next_at > now and now or nil
            if till and till ~= entry.next_at then
                entries.hold_until(session, entry, till, now)
            end
        end
    end
end

local function bring_up_to_date(session, row, kept, plan, now)
    if next(row.told) then
        local before = steps.told_before(row, now)
        entries.insert(session, row, before)
        session:rows("UPDATE dwsync_problems SET told = '{}' WHERE " .. entries.problem_condition(row))
        for _, entry in ipairs(before) do
            kept[#kept + 1] = entry
        end
    end
    hold(session, row, kept, plan, now)
    entries.insert(session, row, steps.owed(row, kept, plan, now))
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
        local lists = entries.by_problem(session, some)
        for _, row in ipairs(some) do
            bring_up_to_date(session, row, lists[entries.name_of(row)] or {}, plan_of and plan_of(row, now), now)
        end
    end
end

local OWING = [[WHERE state IN ('firing', 'told') OR told <> '{}' OR EXISTS (SELECT 1 FROM dwsync_outbox o
    WHERE o.cluster_id = dwsync_problems.cluster_id AND o.source = dwsync_problems.source
    AND o.rule = dwsync_problems.rule AND o.step <> 'resolved' AND (o.state <> 'dropped' OR o.doubtful = 1)
    AND NOT EXISTS (SELECT 1 FROM dwsync_outbox e WHERE e.cluster_id = o.cluster_id AND e.source = o.source
    AND e.rule = o.rule AND e.episode = o.episode AND e.channel = o.channel AND e.step = 'resolved'))]]

--- Adds what time alone makes owed: reminders, the ends of silences, channels that are new, what programs did that know
-- no outbox.
-- @tparam table session
-- @tparam {table,...} channels of this sender
-- @tparam table how `plan(row, now)`, `is_meant(row)`; `till`: of a command that ends
-- @tparam integer now
-- @treturn {dwsync.error,...} problems that cannot be read
function M.sweep(session, channels, how, now)
    for _, channel in ipairs(channels) do
        channel_state.name(session, channel, how, now)
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
    local since = entries.literal(now - channel_state.UNNAMED)
    local orphans = session:rows(([[SELECT channel, count(*) FROM dwsync_outbox o WHERE state = 'owed'
        AND channel NOT IN (%s) AND NOT EXISTS (SELECT 1 FROM dwsync_channels c WHERE c.channel = o.channel
        AND c.named_at > %s) GROUP BY channel HAVING min(created_at) <= %s ORDER BY channel]]):format(
        entries.among(own), since, since))
    for _, row in ipairs(orphans) do
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
    return OVER:format(entries.literal(before), entries.literal(before))
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
    session:rows("DELETE FROM dwsync_channels WHERE channel LIKE '%/%' AND named_at < " .. entries.literal(before))
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

--- All entries, by problem.
-- @tparam table store see dwsync.problems.store
-- @treturn ?{[string]={dwsync.problem.entry,...}}
-- @treturn dwsync.error
function M.read(store)
    if store.is_missing then
        return {}
    end
    return history_tables.run(store.history, "read", nil, entries.by_problem)
end

return M
