--- Rule "stale": whether a success is overdue, by the cadence learned from the source's own runs. Nights, weekends and
-- windows that recur are no silence. Where the cadence is not known, nothing is guessed, and it says so.
-- @module dwsync.health.rules.stale
local order = require "dwsync.health.order"
local quantities = require "dwsync.quantities"
local schedule = require "dwsync.health.model.schedule"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "seconds"

M.options = {
    warning = { kind = "duration", level = true, learned = true }, -- since the last success; absent: by the cadence
    critical = { kind = "duration", level = true, learned = true },
    factor = { kind = "factor", default = 1.5 }, -- late by so many of the silences that are usual then
    minimum = { kind = "duration", default = 1800 }, -- but by no less than this
    maximum = { kind = "duration", default = 2 * 3600 }, -- and no more
}

--- At the earliest so long after a run was due it is critical, in milliseconds.
M.CRITICAL_LATE = 4 * 3600000

-- How many of the newest successes decide how long one may take.
local RUNS = 10

function M.follow(options)
    return { options = options }
end

-- After a pause, clocks may have been changed for summer meanwhile.
local AFTER_PAUSE = 75 * 60000

local function lateness(options, cadence, silence)
    local late = options.factor * math.min(silence, cadence.gap)
    if silence > 3 * cadence.gap then
        late = math.max(late, AFTER_PAUSE)
    end
    return math.max(options.minimum * 1000, math.min(late, options.maximum * 1000))
end

local function longest_duration(model)
    local longest, seen, i = 0, 0, model.success
    while i >= 1 and seen < RUNS do
        local run = model.run[i]
        if run.status == "FINISHED" and run.start_time and run.end_time then
            longest, seen = math.max(longest, run.end_time - run.start_time), seen + 1
        end
        i = i - 1
    end
    return longest
end

-- While runs come as they should, though none succeeds, "failing" and "stuck" speak first.
local function excused(state, model, plan, start, duration)
    local newest = model.starts[model.begun]
    if newest <= start then
        return plan.warns_at
    end
    local silence = plan.cadence:silence(newest) or plan.silence
    local due = newest + silence + lateness(state.options, plan.cadence, silence) + duration
    return math.max(plan.warns_at, math.min(due, plan.alarms_at))
end

--- What is expected of a source after its last success; the same until another run begins or ends.
-- @tparam table state
-- @tparam table model
-- @treturn table|nil plan: `cadence`, `due`, `by`, `warns_at`, `alarms_at`, in milliseconds; nil when nothing succeeded
local function plan_of(state, model)
    if not model.success then
        return nil
    end
    if state.success == model.success and state.begun == model.begun then
        return state.plan
    end
    local run = model.run[model.success]
    local plan, start = { cadence = model:cadence() }, run.start_time
    if start and plan.cadence.known then
        local silence, by = plan.cadence:silence(start)
        if silence then
            local options, duration = state.options, longest_duration(model)
            local due = start + silence
            local after = plan.cadence:silence(due) or silence
            plan.due, plan.by, plan.silence = due, by, silence
            plan.warns_at = due + lateness(options, plan.cadence, silence) + duration
            plan.alarms_at = duration
                + math.max(due + after + lateness(options, plan.cadence, after), due + M.CRITICAL_LATE)
            plan.alarms_at = math.max(plan.alarms_at, plan.warns_at)
            if by == "gaps" and start - model.starts[1] < 25 * 3600000 then
                plan.alarms_at = math.huge -- nobody has seen its nights
            end
            plan.warns_at = excused(state, model, plan, start, duration)
        end
    end
    state.success, state.begun, state.plan = model.success, model.begun, plan
    return plan
end

--- When the next run is expected to begin: the one due after the newest that has begun.
-- @tparam table model
-- @treturn number|nil milliseconds
function M.next_expected(model)
    local cadence = model:cadence()
    local newest = model.starts[model.begun]
    local silence = cadence.known and cadence:silence(newest)
    return silence and newest + silence or nil
end

local function seconds_from(from, at)
    return at and at < math.huge and math.max(1, (at - from) / 1000)
end

-- Thresholds in seconds since the last success; false where a level is off, nil where the cadence is not known.
local function thresholds(options, plan, from)
    local warning, critical = options.warning, options.critical
    if warning == nil then
        warning = seconds_from(from, plan.warns_at)
    end
    if critical == nil then
        critical = options.warning and 2 * options.warning or seconds_from(from, plan.alarms_at)
    end
    return critical and warning and math.min(warning, critical) or warning, critical
end

local function next_change(finding, from, now)
    local at = finding.warning and from + finding.warning * 1000
    if not at or at <= now then
        at = finding.critical and from + finding.critical * 1000
    end
    return at and at > now and at or nil
end

function M.judge(state, model, now)
    local plan = plan_of(state, model)
    local from = plan and order.ended_at(model.run[model.success])
    local finding
    if from and from > 0 then
        finding = { run = model.run[model.success] }
    else
        from = model.first_time -- it is stale at least since then
        plan = plan or {}
        finding = { run = model.run[model.count] or model:longest(), never = true }
    end
    finding.unknown = not from
    finding.since, finding.plan = from, plan
    if from then
        finding.warning, finding.critical = thresholds(state.options, plan, from)
        finding.value = math.max(0, now - from) / 1000
        finding.recheck = next_change(finding, from, now)
    end
    return finding
end

-- A verdict that rests on less than weeks says so.
local RESTS_ON = { days = ", going by the last days", gaps = ", going by the last few runs" }

function M.describe(finding, model)
    local source = wording.source(model.source)
    if finding.unknown then
        return "no finished run has a time", ("Look at the records of %s: without times there is no telling whether "
            .. "it is synchronised."):format(source)
    end
    local age, plan = quantities.age(finding.value), finding.plan
    local advice = ("Accounts are not kept up to date, so leavers keep their access: find out why %s no longer "
        .. "finishes a run (its schedule, its recent failures), then synchronise it by hand."):format(source)
    if finding.never then
        return ("no run has ever finished in the %s on record"):format(age), advice
    elseif not plan.due then
        return ("the last successful run ended %s ago; its cadence is not known yet from %s"):format(age,
            quantities.count(model.begun, "run")), advice
    end
    local due = plan.due / 1000 - (finding.since / 1000 + finding.value)
    return ("the last successful run ended %s ago; the next %s%s"):format(age,
        due > 0 and "is due in " .. quantities.age(due) or "was due " .. quantities.age(-due) .. " ago",
        finding.severity ~= "ok" and RESTS_ON[plan.by] or ""), advice
end

local function instant(ms, now)
    return ("%s (%s)"):format(quantities.instant(ms), quantities.due(ms, now / 1000))
end

local BY = { weeks = "by the same hour of the last weeks", days = "by the same hour of the last days",
    gaps = "by the last few gaps, since no earlier day compares" }

local function explain_cadence(model, cadence, add)
    if not cadence.known then
        add("cadence", ("not known: %s so far, too few or without a plan"):format(
            quantities.count(model.begun, "run")), nil, nil)
    else
        add("cadence", "a run about every " .. quantities.cadence(cadence.gap / 1000), cadence.gap / 1000, "seconds")
    end
    if model.begun > 0 then
        local text, by_weekday = schedule.week(model.starts, model.begun)
        add("by_weekday", text .. " (UTC)", by_weekday, "runs an hour")
    end
    local parts, pauses = {}, cadence.gap and schedule.pauses(model.starts, model.begun, cadence.gap) or {}
    for i = 1, math.min(#pauses, 4) do
        parts[i] = ("%s (%s)"):format(quantities.cadence(pauses[i].seconds),
            quantities.count(pauses[i].times, "time"))
    end
    if cadence.gap then
        add("pauses", #pauses > 0 and table.concat(parts, ", ") .. " in four weeks" or "none",
            #pauses > 0 and pauses or nil)
    end
end

--- The cadence, when the next run is expected, and when it would be late.
function M.explain(state, model, now, finding)
    local facts = {}
    local function add(name, text, value, unit)
        facts[#facts + 1] = { name = name, text = text, value = value, unit = unit }
    end
    local cadence = model:cadence()
    explain_cadence(model, cadence, add)
    local next_at, plan = M.next_expected(model), finding.plan or {}
    if next_at then
        add("next_run", instant(next_at, now), math.floor(next_at), "time")
    end
    if plan.due then
        add("usual_silence", ("%s after the last success, %s"):format(quantities.cadence(plan.silence / 1000),
            BY[plan.by]), plan.silence / 1000, "seconds")
    end
    if finding.since then
        for _, level in ipairs { "warning", "critical" } do
            local at = finding[level] and finding.since + finding[level] * 1000
            add(level .. "_at", at and instant(at, now) or state.options[level] == false and "off" or "never",
                at and math.floor(at), at and "time")
        end
    end
    return facts
end

return M
