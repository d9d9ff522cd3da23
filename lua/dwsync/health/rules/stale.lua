--- Rule "stale": how long ago the last run FINISHED, against the usual time between such runs.
-- A later success must not make it worse: it can only put off when the rule fires, never bring that forward.
-- @module dwsync.health.rules.stale
local median = require "dwsync.health.median"
local order = require "dwsync.health.order"
local quantities = require "dwsync.quantities"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "seconds"

M.options = {
    warning = { kind = "duration", level = true }, -- absent: computed, as below
    critical = { kind = "duration", level = true }, -- absent: twice the warning
    factor = { kind = "factor", default = 3 },
    minimum = { kind = "duration", default = 2 * 3600 },
}

-- How many gaps decide what is usual; a new schedule is believed after half as many.
local GAPS = 21

local Tracker = {}
Tracker.__index = Tracker

--- Begins to follow a source.
-- @tparam table options checked
-- @treturn table tracker
function M.track(options)
    return setmetatable({
        options = options,
        gaps = median.window(GAPS),
        warns_at = -math.huge,
        alarms_at = -math.huge,
    }, Tracker)
end

-- Thresholds in seconds for one gap in seconds; false where a level is off.
local function thresholds(options, gap)
    local computed = math.max(options.factor * gap, options.minimum)
    local warning, critical = options.warning, options.critical
    if warning == nil then
        warning = computed
    end
    if critical == nil then
        critical = 2 * (warning or computed)
    end
    return critical and warning and math.min(warning, critical) or warning, critical
end

-- Each success grants time until the next is due. What an earlier one granted is never taken back, although the usual
-- gap may have become shorter since.
function Tracker:ended(run)
    local time = order.ended_at(run)
    if run.status ~= "FINISHED" or time == 0 then
        return
    end
    if self.last_time then
        self.gaps:put(time - self.last_time)
    end
    self.last, self.last_time = run, time
    local warning, critical = thresholds(self.options, (median.of_sorted(self.gaps.sorted) or 0) / 1000)
    self.warns_at = math.max(self.warns_at, time + (warning or 0) * 1000)
    self.alarms_at = math.max(self.alarms_at, time + (critical or 0) * 1000)
end

-- The greatest gap between two successes, and when the last one was.
local function survey(successes)
    local widest, last = 0, nil
    for i = 1, #successes do
        local time = successes[i].end_time or successes[i].start_time
        if time then
            if last and time - last > widest then
                widest = time - last
            end
            last = time
        end
    end
    return widest, last
end

--- The same as `ended` for each run. A success that granted, even by the widest gap, less time than until the last one
-- makes no difference, and most are such.
function Tracker:catch_up(course)
    local successes = course.finished
    local widest, last = survey(successes)
    if not last then
        return
    end
    local most = 2 * math.max(self.options.factor * widest, self.options.minimum * 1000)
    local first = #successes
    while first > 1 and order.ended_at(successes[first - 1]) + most >= last do
        first = first - 1
    end
    for i = math.max(1, first - GAPS - 1), #successes do
        self:ended(successes[i])
    end
end

local function next_change(finding, from, now)
    local at = finding.warning and from + finding.warning * 1000
    if not at or at <= now then
        at = finding.critical and from + finding.critical * 1000
    end
    return at and at > now and at or nil
end

--- Judges a source at a point in time.
-- @tparam table tracker
-- @tparam table course
-- @tparam number now milliseconds
-- @treturn table finding
function M.judge(tracker, course, now)
    local options, from = tracker.options, tracker.last_time
    local finding
    if from then
        finding = {
            warning = options.warning ~= false and (tracker.warns_at - from) / 1000,
            critical = options.critical ~= false and (tracker.alarms_at - from) / 1000,
            run = tracker.last,
        }
    else
        from = course.first_time -- it is stale at least since then
        local warning, critical = thresholds(options, 0)
        finding = { warning = warning, critical = critical, run = course.last or course:longest(),
            never = true }
    end
    finding.unknown = not from
    finding.since = from
    finding.value = from and math.max(0, now - from) / 1000
    finding.recheck = from and next_change(finding, from, now)
    return finding
end

--- Says what was found, and what to do.
-- @tparam table finding
-- @tparam table course
-- @treturn string message
-- @treturn string advice
function M.describe(finding, course)
    local source = wording.source(course.source)
    if finding.unknown then
        return "no finished run has a time", ("Look at the records of %s: without times there is no telling whether "
            .. "it is synchronised."):format(source)
    end
    local age = quantities.age(finding.value)
    local advice = ("Accounts are not kept up to date, so leavers keep their access: find out why %s no longer "
        .. "finishes a run (its schedule, its recent failures), then synchronise it by hand."):format(source)
    if finding.never then
        return ("no run has ever finished in the %s on record"):format(age), advice
    end
    return ("the last successful run ended %s ago"):format(age), advice
end

return M
