--- Rule "failing": runs that fail, by how long nothing was brought up to date and by how large a share of the runs.
-- A run that is RUNNING neither breaks nor adds. One failure that heals with the next run is none, unless runs are so
-- rare that it costs half a day.
-- @module dwsync.health.rules.failing
local causes = require "dwsync.health.causes"
local place = require "dwsync.health.model.place"
local quantities = require "dwsync.quantities"
local text = require "dwsync.text"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "runs"

M.options = {
    warning = { kind = "whole", default = 2, level = true }, -- in a row, and for as long as `minimum`
    critical = { kind = "whole", default = 4, level = true }, -- in a row, and for as long as `critical_minimum`
    minimum = { kind = "duration", default = 1800 },
    critical_minimum = { kind = "duration", default = 3 * 3600 },
    share = { kind = "ratio", default = 0.25, level = true }, -- of the last day's runs, or of the last ten
}

local HOUR, DAY = 3600000, 86400000

-- Runs rarer than this: each one counts.
local RARE = 12 * HOUR

-- A share is looked at over at least so many runs, with so many failures after a success between them.
local SHARE_RUNS, SEPARATE = 10, 3

-- Below this part of the share that told it, failing now and then is over.
local OVER = 0.4

function M.follow(options)
    return { options = options, seen = 0, streak = 0, separate = {}, told = 0 }
end

-- How long a stretch is in which a share is counted.
local function window_of(gap)
    return math.min(math.max(DAY, SHARE_RUNS * (gap or 0)), 30 * DAY)
end

-- Failures, runs and separate failures within a window that ends at a place.
local function share_at(state, model, at, window)
    local from = place.last(model.time, at, model.time[at] - window)
    local failures, separate = 0, 0
    for i = state.seen, 1, -1 do
        local failure = model.failures[i]
        if failure <= from then
            break
        end
        failures = failures + 1
        separate = separate + (model.failures[i - 1] ~= failure - 1 and 1 or 0)
    end
    return failures, at - from, separate
end

-- Whether failing now and then is over at a place before which nothing new has failed.
local function settle(state, model, at)
    if state.often then
        local failures, runs = share_at(state, model, at, state.often.window)
        if failures < OVER * state.options.share * runs then
            state.often = nil
        end
    end
    local well = at - (model.failures[state.seen] or at)
    if well >= state.told then
        state.told = 0
    end
    return well
end

local function enough(state, model, at, gap)
    local options, streak = state.options, state.streak
    local failing = model.time[at] - state.since
    local rare = gap and gap >= RARE
    local warning = options.warning and (streak >= options.warning and failing >= options.minimum * 1000
        or rare and options.warning <= 2)
    local critical = options.critical and (streak >= options.critical and failing >= options.critical_minimum * 1000
        or rare and streak >= math.max(2, options.critical / 2))
    return warning, critical
end

local function note_failure(state, model, at)
    local settled = settle(state, model, at - 1)
    local run = model.run[at]
    if settled > 0 or state.streak == 0 then
        state.streak, state.since = 0, run.start_time or model.time[at]
    end
    state.seen, state.streak = state.seen + 1, state.streak + 1
    local gap = model:gap(at)
    local warning, critical = enough(state, model, at, gap)
    if warning then
        state.told = state.told > 0 and state.told or math.min(state.streak, 6)
        state.told_since = state.since
    end
    state.critical, state.rare = critical, gap and gap >= RARE
    if state.options.share then
        local window = window_of(gap)
        local failures, runs, separate = share_at(state, model, at, window)
        local needed = state.rare and SEPARATE - 1 or SEPARATE
        if separate >= needed and failures >= state.options.share * math.max(runs, SHARE_RUNS - 2)
            or state.rare and separate >= 2 and share_at(state, model, at, 5.5 * gap) >= 2 then
            state.often = { window = window, since = state.often and state.often.since or state.since }
        end
    end
end

function M.advance(state, model)
    local failures = model.failures
    local failure = failures[state.seen + 1]
    while failure do
        note_failure(state, model, failure)
        failure = failures[state.seen + 1]
    end
end

function M.judge(state, model)
    local options, count = state.options, model.count
    local finding = { value = 0, warning = options.warning, critical = options.critical, run = model.run[count],
        severity = "ok" }
    local latest = model.failures[state.seen]
    if not latest then
        return finding
    end
    local often = state.often and { window = state.often.window, since = state.often.since }
    local judged = { options = options, often = state.often, told = state.told, seen = state.seen }
    finding.well = settle(judged, model, count)
    if finding.well == 0 then
        finding.value, finding.since = state.streak, state.since
        finding.severity = state.critical and "critical" or judged.told > 0 and "warning" or "ok"
    elseif judged.told > 0 and options.warning then
        finding.value, finding.since, finding.severity = state.streak, state.told_since, "warning"
        finding.healing, finding.run = judged.told, model.run[latest]
    end
    if often and judged.often and options.warning and finding.severity ~= "critical" then
        local failures, runs = share_at(state, model, count, often.window)
        finding.value, finding.of = failures, runs
        finding.since, finding.severity, finding.run = often.since, "warning", model.run[latest]
    end
    return finding
end

local function happened(finding)
    if finding.of then
        return ("%s of the last %s failed"):format(quantities.number(finding.value),
            quantities.count(finding.of, "run"))
    elseif finding.healing then
        return ("%s failed, then %s finished"):format(quantities.count(finding.value, "run"),
            quantities.number(finding.well))
    end
    return finding.value == 1 and "the last run failed" or ("the last %s failed"):format(
        quantities.count(finding.value, "run"))
end

function M.describe(finding, model)
    if finding.value == 0 then
        return finding.run and "the last run finished" or "no run has ended yet"
    end
    local explained = causes.explain(finding.run.fail_reason)
    local why = explained.cause or finding.run.fail_reason and ("%s \"%s\""):format(
        wording.says(explained.speaker) or "the reason given is", text.excerpt(finding.run.fail_reason, 120))
        or "the service gave no reason"
    return ("%s: %s"):format(happened(finding), why), ("%s Then synchronise %s again."):format(explained.next_step
        or "Read the record's fail_reason, and look for it in the identity source's own log.",
        wording.source(model.source))
end

--- The newest streak, the share of a day, and for how long it must last.
function M.explain(state, model)
    local gap = model:gap(model.count)
    local window = window_of(gap)
    local failures, runs, separate = 0, 0, 0
    if model.count > 0 then
        failures, runs, separate = share_at(state, model, model.count, window)
    end
    local streak = model.failures[state.seen] == model.count and state.streak or 0
    return {
        { name = "in_a_row", text = streak == 0 and "the last run did not fail"
            or ("%s failed in a row, since %s"):format(quantities.count(streak, "run"),
            quantities.instant(state.since)), value = streak, unit = "runs" },
        { name = "share", text = ("%s of %s failed within %s, in %s"):format(quantities.number(failures),
            quantities.count(runs, "run"), quantities.duration(window / 1000),
            quantities.count(separate, "separate failure")), value = runs > 0 and failures / runs or nil,
            unit = "ratio" },
        { name = "usual_gap", text = gap and ("a run ends every %s%s"):format(quantities.cadence(gap / 1000),
            gap >= RARE and ": so rare that each one counts" or "") or "not known", value = gap and gap / 1000,
            unit = "seconds" },
        { name = "well_after", text = state.told > 0 and ("%s without a failure"):format(
            quantities.count(state.told, "run")) or "nothing to recover from", value = state.told, unit = "runs" },
    }
end

return M
