--- How a problem goes from one state to the next: what a look changes, which messages are owed to which channels, and
-- what sending one changes.
--
--               seen, for as long as it may last        sent
--    (none) ──► pending ─────────────────────► firing ──────► told
--                  │ ok: forgotten                │ ok          │ ok
--                  ▼                              ▼             ▼
--    resolved (keeps the number of the episode; owes the end to each channel that was told)
--
-- It must do no I/O and read no clock: rows come in and new rows go out. Times are milliseconds since the epoch.
-- @module dwsync.problems.transitions
local severities = require "dwsync.severity"

local M = {}

--- What a problem is and how far it got; a row of the table dwsync_problems. One for each cluster, source and rule.
-- @table dwsync.problem
-- @tfield string cluster_id
-- @tfield string source id of the identity source, "" when it is about the cluster itself
-- @tfield string rule
-- @tfield[opt] string source_type
-- @tfield[opt] string cluster_name
-- @tfield string state "pending", "firing", "told", "resolved"; "forgotten" is not kept
-- @tfield string severity the worst of the episode
-- @tfield integer episode how often it fired
-- @tfield integer since when what it is about began
-- @tfield integer seen_at when it was first seen
-- @tfield[opt] integer fired_at
-- @tfield[opt] integer resolved_at
-- @tfield integer changed_at by the clock of the look that changed it
-- @tfield string message
-- @tfield[opt] string advice
-- @tfield[opt] string ending the words with which it ended
-- @tfield {[string]=table} told by channel: `step` (the last one told: a severity or "resolved"), `episode`,
-- `fired_at`, `since`, `ended` (when that episode ended, once another began), `claimed_until` (somebody is sending),
-- `refused` (identifies a message that must not be sent again), `paused` (`till` when the address with that `mark`
-- asked to be left alone)

local OPEN = { pending = true, firing = true, told = true }
local FIRING = { firing = true, told = true }

local ONE_DAY = 86400000
local LONGEST_LATENESS = 600000 -- beyond this the clock was wrong when the row was written
local LONGEST_PAUSE = ONE_DAY -- the same

--- How long an end is still worth telling.
M.END_IS_NEWS = ONE_DAY

local function copy(value)
    if type(value) ~= "table" then
        return value
    end
    local result = {}
    for name, item in pairs(value) do
        result[name] = copy(item)
    end
    return result
end

-- ---- looking -------------------------------------------------------------------------------------

-- A look that was overtaken by a later one.
local function is_late(row, now)
    local lateness = row and row.changed_at - now or 0
    return lateness > 0 and lateness < LONGEST_LATENESS
end

local OF_LOOK = { "severity", "message", "advice", "source_type", "cluster_name" }

local function take(row, seen, now)
    for _, name in ipairs(OF_LOOK) do
        row[name] = seen[name]
    end
    row.changed_at = now
    return row
end

-- Who was told of the episode before is still owed its end, which the row forgets now.
local function fire(row, now)
    for _, entry in pairs(row.told) do
        entry.ended = entry.ended or row.resolved_at
    end
    row.state, row.episode, row.fired_at, row.resolved_at, row.ending = "firing", row.episode + 1, now, nil, nil
    return row
end

local function begin(before, key, seen, now)
    local row = before and copy(before) or { cluster_id = key.cluster_id, source = key.source, rule = key.rule,
        episode = 0, told = {} }
    row.state, row.since, row.seen_at = "pending", seen.since or now, now
    take(row, seen, now)
    return (seen.patience or 0) > 0 and row or fire(row, now)
end

local function go_on(before, seen, now)
    local row = copy(before)
    if row.state == "pending" then
        return seen.raises and now - row.seen_at >= (seen.patience or 0) and fire(take(row, seen, now), now) or nil
    end
    return severities.is_worse(seen.severity, row.severity) and take(row, seen, now) or nil
end

local function finish(before, seen, now)
    local row = copy(before)
    row.changed_at = now
    if row.state == "pending" then
        row.state = row.episode > 0 and "resolved" or "forgotten"
    else
        row.state, row.resolved_at, row.ending = "resolved", now, seen.message
    end
    return row
end

--- Looks at a problem.
-- @tparam ?dwsync.problem row as it was kept
-- @tparam table key `cluster_id`, `source`, `rule`
-- @tparam table seen `severity`, `message`, `advice`, `since`, `source_type`, `cluster_name`; `raises`: whether it is
-- grave enough to begin a problem; `patience`: how long it may last before it is one
-- @tparam integer now
-- @treturn ?dwsync.problem the new row; nil when nothing changes
function M.look(row, key, seen, now)
    if is_late(row, now) then
        return nil
    end
    local open = row and OPEN[row.state]
    if seen.severity == "ok" then
        return open and finish(row, seen, now) or nil
    elseif open then
        return go_on(row, seen, now)
    end
    return seen.raises and begin(row, key, seen, now) or nil
end

--- Whether a problem has begun and not ended.
-- @tparam dwsync.problem row
-- @treturn boolean
function M.is_open(row)
    return OPEN[row.state] or false
end

-- ---- what is owed ---------------------------------------------------------------------------------

--- A step of a problem that a channel has to be told.
-- @table dwsync.problem.step
-- @tfield string event "firing", "escalated" or "resolved"
-- @tfield string step the severity, or "resolved"
-- @tfield integer episode
-- @tfield integer fired_at
-- @tfield integer since
-- @tfield[opt] string previous the severity told before
-- @tfield[opt] integer ended

local function end_of(row, entry)
    return { event = "resolved", step = "resolved", episode = entry.episode, fired_at = entry.fired_at,
        since = entry.since, previous = entry.step, ended = entry.ended or row.resolved_at or row.changed_at }
end

-- Whether a channel was told that it began and not that it ended.
local function believes_it_lasts(entry)
    return entry.step ~= nil and entry.step ~= "resolved"
end

local function next_step(row, entry, now)
    local is_firing = FIRING[row.state]
    if believes_it_lasts(entry) and (entry.episode < row.episode or not is_firing) then
        local step = end_of(row, entry)
        if now - step.ended < M.END_IS_NEWS then
            return step
        end
        entry = {} -- it is too late for that; what began since is news
    end
    if not is_firing then
        return nil
    end
    local is_new = entry.episode ~= row.episode or entry.step == nil
    if not is_new and not severities.is_worse(row.severity, entry.step) then
        return nil
    end
    return { event = is_new and "firing" or "escalated", step = row.severity, episode = row.episode,
        fired_at = row.fired_at, since = row.since, previous = not is_new and entry.step or nil }
end

--- What a channel has to be told next of a problem.
-- @tparam dwsync.problem row
-- @tparam string channel
-- @tparam integer now
-- @treturn ?dwsync.problem.step nil when there is nothing, or somebody is sending it
function M.owed(row, channel, now)
    local entry = row.told[channel] or {}
    local left = (entry.claimed_until or 0) - now
    if left > 0 and left < LONGEST_LATENESS then
        return nil
    end
    return next_step(row, entry, now)
end

-- ---- sending --------------------------------------------------------------------------------------

local function with_entry(row, channel, change)
    local changed = copy(row)
    changed.told[channel] = changed.told[channel] or {}
    change(changed.told[channel], changed)
    return changed
end

--- Claims a step, so that nobody else sends it meanwhile.
-- @tparam dwsync.problem row
-- @tparam string channel
-- @tparam integer till when it may be tried again although nothing was heard of this
-- @treturn dwsync.problem
function M.claimed(row, channel, till)
    return with_entry(row, channel, function(entry)
        entry.claimed_until = till
    end)
end

--- A step was sent.
-- @tparam dwsync.problem row
-- @tparam string channel
-- @tparam dwsync.problem.step step
-- @treturn dwsync.problem
function M.sent(row, channel, step)
    return with_entry(row, channel, function(_, changed)
        changed.told[channel] = { step = step.step, episode = step.episode, fired_at = step.fired_at,
            since = step.since }
        if changed.state == "firing" and changed.episode == step.episode then
            changed.state = "told"
        end
    end)
end

--- A step was not sent.
-- @tparam dwsync.problem row
-- @tparam string channel
-- @tparam[opt] table why `refused`: identifies what the receiver refused for good and must not get again; `paused`:
-- `till` when the receiver with the `mark` asked to be left alone
-- @treturn dwsync.problem
function M.unsent(row, channel, why)
    return with_entry(row, channel, function(entry)
        entry.claimed_until, entry.refused = nil, why and why.refused or entry.refused
        entry.paused = why and why.paused
    end)
end

--- Until when a channel asked to be left alone.
-- @tparam dwsync.problem row the one that it answered so
-- @tparam string channel
-- @tparam string mark of the channel's present address
-- @tparam integer now
-- @treturn ?integer nil when it may be told
function M.paused(row, channel, mark, now)
    local paused = (row.told[channel] or {}).paused
    local left = paused and paused.mark == mark and paused.till - now or 0
    return left > 0 and left <= LONGEST_PAUSE and paused.till or nil
end

return M
