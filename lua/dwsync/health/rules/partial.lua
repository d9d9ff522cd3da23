--- Rule "partial": which share of the accounts failed in the last run that FINISHED, which is not the same as success.
-- @module dwsync.health.rules.partial
local causes = require "dwsync.health.causes"
local quantities = require "dwsync.quantities"
local text = require "dwsync.text"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "ratio"

M.options = {
    warning = { kind = "ratio", default = 0.01, level = true },
    critical = { kind = "ratio", default = 0.10, level = true },
}

function M.track(options)
    return { options = options }
end

function M.judge(tracker, course)
    local run = course.finished[#course.finished]
    local finding = { warning = tracker.options.warning, critical = tracker.options.critical, run = run }
    if run then
        local failed = run.failed_count or 0
        local all = (run.add_count or 0) + (run.update_count or 0) + (run.delete_count or 0) + failed
        finding.value = failed > 0 and failed / all or 0
        finding.all = all
        finding.since = run.end_time or run.start_time
    end
    return finding
end

function M.describe(finding, course)
    if not finding.run then
        return "no run has finished yet"
    elseif finding.value == 0 then
        return "no accounts failed in the last finished run"
    end
    local explained = causes.explain(finding.run.fail_reason)
    local reason = finding.run.fail_reason and (" (%s)"):format(explained.cause
        or "\"" .. text.excerpt(finding.run.fail_reason, 120) .. "\"") or ""
    return ("%.0f of %s failed in the last finished run, %s%s"):format(finding.run.failed_count,
        quantities.count(finding.all, "account"), quantities.percent(finding.value), reason),
        ("These accounts of %s are out of date: fix what the reason names, in the identity source or in the "
        .. "database's roles, then synchronise again."):format(wording.source(course.source))
end

return M
