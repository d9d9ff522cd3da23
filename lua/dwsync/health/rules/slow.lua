--- Rule "slow": how far the duration of the last run that FINISHED is above what is usual.
-- Silent until there are enough runs to know what is usual, and about a RUNNING one, which is the rule "stuck"'s.
-- @module dwsync.health.rules.slow
local median = require "dwsync.health.median"
local quantities = require "dwsync.quantities"
local records = require "dwsync.records"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "deviations"

M.options = {
    warning = { kind = "factor", default = 6, level = true },
    critical = { kind = "factor", default = 12, level = true },
    minimum = { kind = "duration", default = 60 }, -- less than this above the median is never slow
    history = { kind = "whole", default = 30 }, -- how many earlier runs decide what is usual
    least_history = { kind = "whole", default = 10 }, -- and how many of them it takes
}

function M.track(options)
    return { options = options, counted = -1 }
end

-- A deviation is at least one second and a tenth of the median: what never varied may vary a little.
local function measure(options, finished)
    local run = finished[#finished]
    local duration = run and records.duration(run)
    local before, i = {}, #finished - 1
    while i >= 1 and #before < options.history do
        before[#before + 1] = records.duration(finished[i])
        i = i - 1
    end
    local known = { run = run, known = #before, duration = duration }
    if duration and #before >= options.least_history then
        table.sort(before)
        known.usual, known.value = median.of_sorted(before), 0
        local above = duration - known.usual
        if above > 0 and above >= options.minimum then
            local middle, deviation = median.spread(before)
            known.value = above / math.max(deviation, 1, middle / 10)
        end
    end
    return known
end

function M.judge(tracker, course)
    local options = tracker.options
    if tracker.counted ~= #course.finished then
        tracker.counted, tracker.last = #course.finished, measure(options, course.finished)
    end
    local last = tracker.last
    return { value = last.value, warning = options.warning, critical = options.critical, run = last.run,
        since = last.run and last.run.start_time, last = last, needed = options.least_history }
end

function M.describe(finding, course)
    local last = finding.last
    if not last.duration then
        return "no finished run has a duration"
    elseif not last.value then
        return ("not enough history: %.0f of %.0f earlier runs"):format(last.known, finding.needed)
    end
    return ("the last finished run took %s; usual is %s"):format(quantities.duration(last.duration),
        quantities.duration(last.usual)), ("Find out what slowed %s down: many changes at once, load on the directory, "
        .. "or the network; runs that get slower every day end up stuck."):format(wording.source(course.source))
end

return M
