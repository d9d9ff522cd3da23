--- Rule "failing": how many of the newest ended runs failed in a row. A run that is RUNNING neither breaks nor adds.
-- @module dwsync.health.rules.failing
local causes = require "dwsync.health.causes"
local quantities = require "dwsync.quantities"
local text = require "dwsync.text"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "runs"

M.options = {
    warning = { kind = "whole", default = 2, level = true },
    critical = { kind = "whole", default = 4, level = true },
}

function M.track(options)
    return { options = options }
end

function M.judge(tracker, course)
    local first = course.first_failure
    return {
        value = course.failures,
        warning = tracker.options.warning,
        critical = tracker.options.critical,
        since = first and (first.start_time or first.end_time),
        run = course.last,
    }
end

function M.describe(finding, course)
    if finding.value == 0 then
        return finding.run and "the last run finished" or "no run has ended yet"
    end
    local explained = causes.explain(finding.run.fail_reason)
    local happened = finding.value == 1 and "the last run failed" or ("the last %s failed"):format(
        quantities.count(finding.value, "run"))
    local why = explained.cause or finding.run.fail_reason and ("the reason given is \"%s\""):format(
        text.excerpt(finding.run.fail_reason, 120)) or "the service gave no reason"
    return ("%s: %s"):format(happened, why), ("%s Then synchronise %s again."):format(explained.next_step
        or "Read the record's fail_reason, and look for it in the identity source's own log.",
        wording.source(course.source))
end

return M
