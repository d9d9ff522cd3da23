--- How a problem goes from one state to the next, and what each look at it makes owed to which channels.
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
-- What a channel is owed lies in the outbox, see dwsync.problems.store: `owed` says what to add to it, `due` what to do
-- with an entry when its turn comes. Looks, senders and people come in any order: an entry is sent only if it is still
-- true then, and an end goes to those channels of the episode that were told, or may have been; in place of one of them
-- that gave its end up, to the channel which that names, and so on, but to none twice.
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

local MINUTE, HOUR, ONE_DAY = 60000, 3600000, 86400000
local LONGEST_LATENESS = 600000 -- beyond this the clock was wrong when the row was written

-- So many changes in so long are flapping, until there was none for a while.
local FEW_FLIPS, SHORTLY, MANY_FLIPS = 3, 15 * MINUTE, 6
local MOST_FLIPS = 12
local QUIET = 15 * MINUTE
local MOST_DOUBLINGS = 20

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

local function is_silenced(row, now)
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
    return is_silenced(row, now) and "silenced" or row.acknowledged_at and "acknowledged" or row.state
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

-- ---- what is owed --------------------------------------------------------------------------------

--- An entry of the outbox, see dwsync.problems.store.
-- @table dwsync.problem.entry
-- @tfield string channel
-- @tfield integer episode
-- @tfield string step a severity, "flapping-" or "reminder-" with more, "resolved"
-- @tfield integer fired_at
-- @tfield integer since
-- @tfield integer created_at
-- @tfield integer next_at not before that
-- @tfield ?integer due_at since when it could have been sent, without the time for which it was held
-- @tfield integer attempts
-- @tfield integer doubtful 1 when it may have arrived
-- @tfield[opt] integer claimed_until
-- @tfield string state "owed", "sent", "given_up", "dropped"
-- @tfield[opt] integer sent_at

-- The severity of which a step tells; nil for those that tell of none.
local function severity_of(step)
    local severity = step:match "^flapping%-(%a+)$" or step
    return severities.known(severity) == severity and severity or nil
end

-- Of one channel and episode: what was told, and what is there to be told.
local function sum_of(entries, channel, episode)
    local sum = { reminders = 0, left = {} }
    for _, entry in ipairs(entries) do
        if entry.channel == channel and entry.episode == episode then
            local severity = severity_of(entry.step)
            local may_be_told = entry.state == "sent" or entry.doubtful == 1
            local is_reminder = entry.step:find "^reminder%-" ~= nil
            sum.reminders = sum.reminders + (is_reminder and 1 or 0)
            if entry.step == "resolved" then
                sum.ended = true
            elseif entry.state ~= "dropped" or may_be_told then
                sum.left[#sum.left + 1] = entry
                sum.is_told = sum.is_told or may_be_told
                sum.is_owed = sum.is_owed or entry.state == "owed"
                sum.flapping = sum.flapping or entry.step:find "^flapping" ~= nil
                if severity and (not sum.worst or severities.is_worse(severity, sum.worst)) then
                    sum.worst = severity
                end
                if severity and entry.state == "sent" and (not sum.told or severities.is_worse(severity, sum.told)) then
                    sum.told = severity
                end
            end
        end
    end
    return sum
end

--- Until when an entry has to wait, whatever the channel says: for the end of quiet hours, or of the silence.
-- @tparam dwsync.problem row
-- @tparam dwsync.problem.entry entry
-- @tparam ?table plan
-- @tparam integer now
-- @treturn ?integer nil when it may go
function M.held_until(row, entry, plan, now)
    local till = math.max(plan and plan.held_until or 0, entry.step ~= "resolved" and row.silenced_until or 0)
    return till > now and till or nil
end

local function entry_of(row, channel, step, now, more)
    local entry = { channel = channel, episode = row.episode, step = step, fired_at = row.fired_at, since = row.since,
        created_at = now, next_at = now, due_at = now, attempts = 0, doubtful = 0, state = "owed" }
    for name, value in pairs(more or {}) do
        entry[name] = value
    end
    return entry
end

--- What programs told that knew no outbox, as entries of it. A reminder counts from now.
-- @tparam dwsync.problem row
-- @tparam integer now
-- @treturn {dwsync.problem.entry,...}
function M.told_before(row, now)
    local entries = {}
    for channel, told in pairs(row.told) do
        if type(told) == "table" and told.step and told.episode then
            entries[#entries + 1] = entry_of(row, channel, told.step, now, { episode = told.episode, state = "sent",
                sent_at = now, ended = told.ended, fired_at = told.fired_at or row.fired_at,
                since = told.since or row.since })
        end
    end
    table.sort(entries, function(a, b) return a.channel < b.channel end)
    return entries
end

-- Whether a channel knows of an episode, or stands in for one that does and gave the end up.
local function is_owed_end(entries, channel, episode, fallbacks, seen)
    if seen[channel] then
        return false
    end
    seen[channel] = true
    if sum_of(entries, channel, episode).is_told then
        return true
    end
    for _, entry in ipairs(entries) do
        if entry.step == "resolved" and entry.state == "given_up" and entry.episode == episode
            and fallbacks[entry.channel] == channel
            and is_owed_end(entries, entry.channel, episode, fallbacks, seen) then
            return true
        end
    end
    return false
end

-- Ends that channels gave up, for those that they name.
local function add_ends_handed_on(added, row, entries, fallbacks, now)
    for _, entry in ipairs(entries) do
        local name = entry.step == "resolved" and entry.state == "given_up" and fallbacks[entry.channel]
        if name and not sum_of(entries, name, entry.episode).ended and not sum_of(added, name, entry.episode).ended
            and is_owed_end(entries, name, entry.episode, fallbacks, {}) then
            added[#added + 1] = entry_of(row, name, "resolved", now, { episode = entry.episode,
                fired_at = entry.fired_at, since = entry.since, created_at = entry.created_at })
        end
    end
end

-- Ends of episodes that channels may know of.
local function add_ends(added, row, entries, now)
    local seen = {}
    for _, entry in ipairs(entries) do
        local id = entry.channel .. "\0" .. entry.episode
        if not seen[id] and not (FIRING[row.state] and entry.episode == row.episode) then
            seen[id] = true
            local sum = sum_of(entries, entry.channel, entry.episode)
            if sum.left[1] and not sum.ended then
                added[#added + 1] = entry_of(row, entry.channel, "resolved", now, { episode = entry.episode,
                    fired_at = entry.fired_at, since = entry.since, created_at = entry.ended or now })
            end
        end
    end
end

local function next_reminder(sum, remind, now)
    local told, reminders = nil, 0
    for _, entry in ipairs(sum.left) do
        if entry.state == "sent" and not entry.step:find "^reminder" then
            told = math.max(told or 0, entry.sent_at or entry.created_at)
        end
    end
    local last = told
    for _, entry in ipairs(told and sum.left or {}) do
        if entry.step:find "^reminder" and entry.created_at >= told then
            last, reminders = math.max(last, entry.sent_at or entry.created_at), reminders + 1
        end
    end
    return last and now >= last + remind * 2 ^ math.min(reminders, MOST_DOUBLINGS)
        and ("reminder-%d"):format(sum.reminders + 1) or nil
end

-- What a channel of the plan is to be told of an episode that goes on, beyond what it was.
local function next_step(row, sum, plan, now)
    if not sum.worst or severities.is_worse(row.severity, sum.worst) then
        return row.flapping == 1 and not sum.flapping and "flapping-" .. row.severity or row.severity
    elseif row.acknowledged_at then
        return nil
    elseif row.flapping == 1 and not sum.flapping then
        return "flapping-" .. row.severity
    end
    return plan.remind and sum.is_told and not sum.is_owed and next_reminder(sum, plan.remind, now) or nil
end

-- Whether a channel did not take the last that it was told of an episode.
local function gave_up(entries, channel, episode)
    local last
    for _, entry in ipairs(entries) do
        local counts = entry.channel == channel and entry.episode == episode and entry.state ~= "dropped"
        last = counts and (not last or entry.created_at >= last.created_at) and entry or last
    end
    return last ~= nil and last.state == "given_up"
end

-- Those of the plan; and for one that gave up that which it names, and so on.
local function receivers_of(row, entries, plan)
    local list, seen = {}, {}
    for _, named in ipairs(plan.to) do
        local name = named
        while name and not seen[name] do
            list[#list + 1], seen[name] = name, true
            name = plan.fallbacks and gave_up(entries, name, row.episode) and plan.fallbacks[name] or nil
        end
    end
    return list
end

--- What the outbox lacks of a problem. While it is silenced nothing is added but ends.
-- @tparam dwsync.problem row
-- @tparam {dwsync.problem.entry,...} entries of that problem
-- @tparam ?table plan `to`: names of channels; `fallbacks`: by name the channel that is told in its place; `remind` in
-- milliseconds; `held_until`; nil where nobody is to be told
-- @tparam integer now
-- @treturn {dwsync.problem.entry,...}
function M.owed(row, entries, plan, now)
    local added = {}
    add_ends(added, row, entries, now)
    add_ends_handed_on(added, row, entries, plan and plan.fallbacks or {}, now)
    if plan and FIRING[row.state] and not is_silenced(row, now) then
        for _, channel in ipairs(receivers_of(row, entries, plan)) do
            local step = next_step(row, sum_of(entries, channel, row.episode), plan, now)
            added[#added + 1] = step and entry_of(row, channel, step, now) or nil
        end
    end
    for _, entry in ipairs(added) do
        if plan and plan.held_until then
            entry.next_at = math.max(now, plan.held_until)
            entry.due_at = entry.next_at
        end
    end
    return added
end

-- ---- when its turn comes -------------------------------------------------------------------------

local function comes_before(a, b)
    if a.episode ~= b.episode then
        return a.episode < b.episode
    elseif (a.step == "resolved") ~= (b.step == "resolved") then
        return b.step == "resolved"
    end
    return a.created_at < b.created_at
end

-- Until when an earlier one of the same channel may still be under way.
local function waits_for(entry, entries, now)
    for _, other in ipairs(entries) do
        if other.channel == entry.channel and other.state == "owed" and other ~= entry
            and comes_before(other, entry) then
            return math.max(other.claimed_until or 0, other.next_at, now + 1000)
        end
    end
end

local function end_due(row, entry, entries, plan, now)
    local ended = entry.episode == row.episode and row.resolved_at or entry.created_at
    local sum = sum_of(entries, entry.channel, entry.episode)
    local is_owed = is_owed_end(entries, entry.channel, entry.episode, plan and plan.fallbacks or {}, {})
    if not is_owed or now - ended >= M.END_IS_NEWS then
        return "drop"
    end
    return "send", { event = "resolved", step = "resolved", severity = "ok", previous = sum.told, ended = ended }
end

-- A later step says what this one would.
local function is_superseded(row, entry, sum)
    for _, other in ipairs(sum.left) do
        if other ~= entry and other.state == "owed" and comes_before(entry, other) and severity_of(other.step) then
            return true
        end
    end
    return severity_of(entry.step) == nil and row.acknowledged_at ~= nil
end

-- What may not have arrived is no reason to speak as if it had.
local function event_of(entry, sum)
    if entry.step:find "^flapping" then
        return "flapping"
    elseif entry.step:find "^reminder" then
        return "reminder"
    end
    return sum.told and "escalated" or "firing"
end

--- What to do with an entry of the outbox now.
-- @tparam dwsync.problem row
-- @tparam dwsync.problem.entry entry
-- @tparam {dwsync.problem.entry,...} entries of that problem, this one among them
-- @tparam ?table plan see `owed`
-- @tparam integer now
-- @treturn string "send", "wait" or "drop"
-- @treturn ?table step for dwsync.problems.messages: `event`, `step`, `severity`, `episode`, `fired_at`, `since`,
-- `previous` (the severity told before), `ended`; or until when to wait
function M.due(row, entry, entries, plan, now)
    local sum = sum_of(entries, entry.channel, entry.episode)
    local is_end = entry.step == "resolved"
    if not is_end and (not FIRING[row.state] or entry.episode ~= row.episode or is_superseded(row, entry, sum)) then
        return "drop"
    end
    local till = M.held_until(row, entry, plan, now) or waits_for(entry, entries, now)
    if till then
        return "wait", till
    end
    local verdict, step
    if is_end then
        verdict, step = end_due(row, entry, entries, plan, now)
    else
        verdict, step = "send", { event = event_of(entry, sum), step = entry.step,
            severity = severity_of(entry.step) or row.severity, previous = sum.told }
    end
    if step then
        step.episode, step.fired_at, step.since = entry.episode, entry.fired_at or row.fired_at,
            entry.since or row.since
    end
    return verdict, step
end

return M
