--- How a problem goes from one state to the next.
--
--               not ok for `after`                       sent
--    (none) ──► pending ─────────────────────► firing ──────► told
--                  │ ok: forgotten                │              │ ok for `recover`
--                  ▼                              ▼              ▼
--    resolved (keeps the number of the episode)
--
-- Two things are said beside the state, so that programs which know nothing of them go on: a problem that is
-- acknowledged is not reminded of, until it gets worse or ends; of one that is silenced nothing is told but its end.
-- One that changes again and again ("flapping") goes on until it is quiet, and says so once.
--
-- What a channel is told of it: dwsync.problems.steps.
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
-- @tfield[opt] string account of a fleet
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
-- @tfield[opt] integer recovering_since the first of the looks that found it ok, while it is not over
-- @tfield[opt] integer acknowledged_at
-- @tfield[opt] string acknowledged_by
-- @tfield[opt] string acknowledged_note
-- @tfield[opt] integer silenced_until
-- @tfield[opt] string silenced_by
-- @tfield {integer,...} flips when it changed between ok and not, of the last hour
-- @tfield[opt] integer flapping 1 while it does so again and again
-- @tfield {[string]=table} told what programs told that knew no outbox: by channel `step` (a severity or "resolved"),
-- `episode`, `fired_at`, `since`, `ended`

local OPEN = { pending = true, firing = true, told = true }
local FIRING = { firing = true, told = true }

local MINUTE, HOUR = 60000, 3600000
local LONGEST_LATENESS = 600000 -- beyond this the clock was wrong when the row was written

-- So many changes in so long are flapping, until there was none for a while.
local FEW_FLIPS, SHORTLY, MANY_FLIPS = 3, 15 * MINUTE, 6
local MOST_FLIPS = 12
local QUIET = 15 * MINUTE

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

local function unacknowledged(row)
    row.acknowledged_at, row.acknowledged_by, row.acknowledged_note = nil, nil, nil
    return row
end

local function take(row, seen, now)
    for _, name in ipairs(OF_LOOK) do
        row[name] = seen[name]
    end
    row.account = seen.account or row.account -- which who looks at one cluster does not know
    row.changed_at = now
    return unacknowledged(row)
end

local function flip(row, now)
    local kept, shortly = {}, 1
    for _, time in ipairs(row.flips or {}) do
        if time > now - HOUR and time <= now then
            kept[#kept + 1] = time
            shortly = shortly + (time > now - SHORTLY and 1 or 0)
        end
    end
    kept[#kept + 1] = now
    while #kept > MOST_FLIPS do
        table.remove(kept, 1)
    end
    row.flips = kept
    if shortly >= FEW_FLIPS or #kept >= MANY_FLIPS then
        row.flapping = 1
    end
end

local function last_flip(row)
    local flips = row.flips or {}
    return flips[#flips] or 0
end

-- Who was told of the episode before is still owed its end, which the row forgets now.
local function fire(row, now)
    for _, entry in pairs(row.told) do
        entry.ended = entry.ended or row.resolved_at
    end
    row.state, row.episode, row.fired_at = "firing", row.episode + 1, now
    row.resolved_at, row.ending, row.recovering_since = nil, nil, nil
    flip(row, now)
    return row
end

local function begin(before, key, seen, now)
    local row = before and copy(before) or { cluster_id = key.cluster_id, source = key.source, rule = key.rule,
        episode = 0, told = {}, flips = {} }
    row.state, row.since, row.seen_at = "pending", seen.since or now, now
    take(row, seen, now)
    return (seen.patience or 0) > 0 and row or fire(row, now)
end

local function go_on(before, seen, now)
    local row, changed = copy(before), false
    if row.state == "pending" then
        return seen.raises and now - row.seen_at >= (seen.patience or 0) and fire(take(row, seen, now), now) or nil
    end
    local says_nothing = seen.severity == "unknown" and row.severity ~= "unknown"
    if row.recovering_since and not says_nothing then
        row.recovering_since, row.changed_at, changed = nil, now, true
        flip(row, now)
    elseif row.flapping == 1 and not row.recovering_since and now - last_flip(row) >= QUIET then
        row.flapping, row.changed_at, changed = 0, now, true
    end
    if severities.is_worse(seen.severity, row.severity) then
        take(row, seen, now)
        changed = true
    end
    return changed and row or nil
end

-- How long it must be ok before it is over.
local function patience_of_end(row, recover)
    return row.flapping == 1 and math.max(recover or 0, QUIET) or recover or 0
end

local function finish(row, seen, now)
    row.state, row.resolved_at, row.ending, row.changed_at = "resolved", now, seen.message, now
    row.recovering_since, row.flapping = nil, 0
    return unacknowledged(row)
end

local function recover(before, seen, now)
    local row = copy(before)
    if row.state == "pending" then
        row.changed_at, row.state = now, row.episode > 0 and "resolved" or "forgotten"
        return row
    end
    local began = not row.recovering_since
    if began then
        row.recovering_since, row.changed_at = now, now
        flip(row, now)
    end
    if seen.is_final or now - row.recovering_since >= patience_of_end(row, seen.recover) then
        return finish(row, seen, now)
    end
    return began and row or nil
end

--- Looks at a problem.
-- @tparam ?dwsync.problem row as it was kept
-- @tparam table key `cluster_id`, `source`, `rule`
-- @tparam table seen `severity`, `message`, `advice`, `since`, `source_type`, `cluster_name`, `account`; `raises`:
-- whether it is grave enough to begin a problem; `patience`: how long it may last before it is one; `recover`: how long
-- it must be ok before it is over; `is_final`: nobody will look again
-- @tparam integer now
-- @treturn ?dwsync.problem the new row; nil when nothing changes
function M.look(row, key, seen, now)
    if is_late(row, now) then
        return nil
    end
    local open = row and OPEN[row.state]
    if seen.severity == "ok" then
        return open and recover(row, seen, now) or nil
    elseif open then
        return go_on(row, seen, now)
    end
    return seen.raises and begin(row, key, seen, now) or nil
end

--- When the next look would change a problem by time alone.
-- @tparam dwsync.problem row
-- @tparam integer patience how long it may last before it is one, milliseconds
-- @tparam integer recovery how long it must be ok before it is over
-- @treturn ?integer
function M.next_look(row, patience, recovery)
    if row.state == "pending" then
        return row.seen_at + patience
    elseif FIRING[row.state] and row.recovering_since then
        return row.recovering_since + patience_of_end(row, recovery)
    end
end

--- Whether a problem has begun and not ended.
-- @tparam dwsync.problem row
-- @treturn boolean
function M.is_open(row)
    return OPEN[row.state] or false
end

--- Whether it is worth telling.
-- @tparam dwsync.problem row
-- @treturn boolean
function M.is_firing(row)
    return FIRING[row.state] or false
end

-- ---- what people do ------------------------------------------------------------------------------

--- Whether nothing is told of it now but its end.
-- @tparam dwsync.problem row
-- @tparam integer now
-- @treturn boolean
function M.is_silenced(row, now)
    return (row.silenced_until or 0) > now
end

--- What people call its state: that of the row; or "silenced", "acknowledged".
-- @tparam dwsync.problem row
-- @tparam integer now
-- @treturn string
function M.state_of(row, now)
    if not FIRING[row.state] then
        return row.state
    end
    return M.is_silenced(row, now) and "silenced" or row.acknowledged_at and "acknowledged" or row.state
end

--- Somebody takes care of it: no reminders until it gets worse or ends.
-- @tparam dwsync.problem row
-- @tparam string who
-- @tparam ?string note
-- @tparam integer now
-- @treturn ?dwsync.problem nil when it has not begun, or is over
function M.acknowledge(row, who, note, now)
    if not FIRING[row.state] then
        return nil
    end
    local changed = copy(row)
    changed.acknowledged_at, changed.acknowledged_by, changed.acknowledged_note = now, who, note
    return changed
end

--- Nothing of it is told until then, but its end; also not of episodes that begin meanwhile.
-- @tparam dwsync.problem row
-- @tparam integer till
-- @tparam string who
-- @tparam integer now
-- @treturn ?dwsync.problem nil when that is in the past
function M.silence(row, till, who, now)
    if till <= now then
        return nil
    end
    local changed = copy(row)
    changed.silenced_until, changed.silenced_by = till, who
    return changed
end

--- Takes that back.
-- @tparam dwsync.problem row
-- @treturn dwsync.problem
function M.unsilence(row)
    local changed = copy(row)
    changed.silenced_until, changed.silenced_by = nil, nil
    return changed
end

return M
