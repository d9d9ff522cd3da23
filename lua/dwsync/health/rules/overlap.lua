--- Rule "overlap": runs of one source that are RUNNING although a newer run began: two at once, or one left behind.
-- The newest run does not count: it may well be running.
-- @module dwsync.health.rules.overlap
local quantities = require "dwsync.quantities"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "runs"

M.options = {
    warning = { kind = "whole", default = 1, level = true },
    critical = { kind = "whole", level = true },
}

function M.track(options)
    return { options = options }
end

function M.judge(tracker, course)
    local value = course:overtaken()
    local run = value > 0 and course:oldest_open() or nil
    return { value = value, warning = tracker.options.warning, critical = tracker.options.critical, run = run,
        since = run and run.start_time, open = course.open }
end

local function situation(finding)
    if finding.open > finding.value then
        return ("%s are running at once"):format(quantities.count(finding.open, "run"))
    elseif finding.value == 1 then
        return "a run is still RUNNING although a newer one has ended"
    end
    return ("%s are still RUNNING although newer ones have ended"):format(quantities.count(finding.value, "run"))
end

function M.describe(finding, course)
    if finding.value == 0 then
        return "no overlapping runs"
    end
    return situation(finding), ("Two runs can undo each other's work: check in the console whether the older run of %s "
        .. "is really still working; if it is, stop it, if not, report it to the service."):format(
        wording.source(course.source))
end

return M
