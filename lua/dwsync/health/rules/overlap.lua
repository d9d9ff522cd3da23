--- Rule "overlap": runs of one source that are RUNNING although a newer run began: two at once, or one left behind.
-- It must not count the newest run, which may well be running.
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

local function what_is_so(finding)
    if finding.open > finding.value then
        return ("%s are running at once"):format(quantities.count(finding.open, "run"))
    elseif finding.value == 1 then
        return "a run is still RUNNING although a newer one ended"
    end
    return ("%s are still RUNNING although newer ones ended"):format(quantities.count(finding.value, "run"))
end

function M.describe(finding, course)
    if finding.value == 0 then
        return "no two runs at once"
    end
    return what_is_so(finding), ("Two runs can undo each other's work: see in the console whether the older run of %s "
        .. "really works still; stop it if it does, and report it to the service if it only says so."):format(
        wording.source(course.source))
end

return M
