--- The steps of a problem that each channel is owed: `owed` says what to add to the outbox, `due` what to do with an
-- entry when its turn comes.
--
-- Looks, senders and people come in any order: an entry is sent only if it is still true then, and an end goes to
-- those channels of the episode that were told, or may have been; in place of one of them that gave its end up, to the
-- channel which that names, and so on, but to none twice.
--
-- It must do no I/O and read no clock. Times are milliseconds since the epoch.
-- @module dwsync.problems.steps
local severities = require "dwsync.severity"
local transitions = require "dwsync.problems.transitions"

local M = {}

--- How long an end is still worth telling.
M.END_IS_NEWS = 86400000

local MOST_DOUBLINGS = 20

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

local function is_reminder(entry)
    return entry.step:find "^reminder%-" ~= nil
end

local function worse_of(severity, other)
    return severity and (not other or severities.is_worse(severity, other)) and severity or other
end

-- Of one channel and episode: what was told, and what is there to be told.
local function sum_of(entries, channel, episode)
    local sum = { reminders = 0, left = {} }
    for _, entry in ipairs(entries) do
        if entry.channel == channel and entry.episode == episode then
            local severity = severity_of(entry.step)
            local may_be_told = entry.state == "sent" or entry.doubtful == 1
            sum.reminders = sum.reminders + (is_reminder(entry) and 1 or 0)
            if entry.step == "resolved" then
                sum.ended = true
            elseif entry.state ~= "dropped" or may_be_told then
                sum.left[#sum.left + 1] = entry
                sum.is_told = sum.is_told or may_be_told
                sum.is_owed = sum.is_owed or entry.state == "owed"
                sum.flapping = sum.flapping or entry.step:find "^flapping" ~= nil
                sum.worst = worse_of(severity, sum.worst)
                sum.told = worse_of(entry.state == "sent" and severity or nil, sum.told)
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

local function end_of(row, channel, told, created_at, now)
    return entry_of(row, channel, "resolved", now, { episode = told.episode, fired_at = told.fired_at,
        since = told.since, created_at = created_at })
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
            added[#added + 1] = end_of(row, name, entry, entry.created_at, now)
        end
    end
end

-- Ends of episodes that channels may know of.
local function add_ends(added, row, entries, now)
    local seen = {}
    for _, entry in ipairs(entries) do
        local id = entry.channel .. "\0" .. entry.episode
        if not seen[id] and not (transitions.is_firing(row) and entry.episode == row.episode) then
            seen[id] = true
            local sum = sum_of(entries, entry.channel, entry.episode)
            if sum.left[1] and not sum.ended then
                added[#added + 1] = end_of(row, entry.channel, entry, entry.ended or now, now)
            end
        end
    end
end

local function next_reminder(sum, remind, now)
    local told, reminders = nil, 0
    for _, entry in ipairs(sum.left) do
        if entry.state == "sent" and not is_reminder(entry) then
            told = math.max(told or 0, entry.sent_at or entry.created_at)
        end
    end
    local last = told
    for _, entry in ipairs(told and sum.left or {}) do
        if is_reminder(entry) and entry.created_at >= told then
            last, reminders = math.max(last, entry.sent_at or entry.created_at), reminders + 1
        end
    end
    return last and now >= last + remind * 2 ^ math.min(reminders, MOST_DOUBLINGS)
        and ("reminder-%d"):format(sum.reminders + 1) or nil
end

-- What a channel of the plan is to be told of an episode that goes on, beyond what it was.
local function next_step(row, sum, plan, now)
    local is_worse = not sum.worst or severities.is_worse(row.severity, sum.worst)
    if row.acknowledged_at and not is_worse then
        return nil
    elseif row.flapping == 1 and not sum.flapping then
        return "flapping-" .. row.severity
    elseif is_worse then
        return row.severity
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
    if plan and transitions.is_firing(row) and not transitions.is_silenced(row, now) then
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

local function is_news(entry, entries, ended, plan, now)
    return now - ended < M.END_IS_NEWS
        and is_owed_end(entries, entry.channel, entry.episode, plan and plan.fallbacks or {}, {})
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
    elseif is_reminder(entry) then
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
    if not is_end and (not transitions.is_firing(row) or entry.episode ~= row.episode
        or is_superseded(row, entry, sum)) then
        return "drop"
    end
    local till = M.held_until(row, entry, plan, now) or waits_for(entry, entries, now)
    if till then
        return "wait", till
    end
    local step = { step = entry.step, episode = entry.episode, fired_at = entry.fired_at or row.fired_at,
        since = entry.since or row.since, previous = sum.told }
    if is_end then
        step.event, step.severity, step.ended = "resolved", "ok", entry.episode == row.episode and row.resolved_at
            or entry.created_at
        if not is_news(entry, entries, step.ended, plan, now) then
            return "drop"
        end
    else
        step.event, step.severity = event_of(entry, sum), severity_of(entry.step) or row.severity
    end
    return "send", step
end

return M
