--- The recording rules: what dwsync exports, once for all machines that export it, and remembered while none does.
-- It must not judge.
-- @module dwsync.report.alerts.recordings
local promql = require "dwsync.report.alerts.promql"

local M = {}

--- Names of the recorded series.
M.last_success = "source:dwsync_last_success_timestamp_seconds:max"
M.success_age = "source:dwsync_last_success_age_seconds"
M.stale_threshold = "source:dwsync_stale_threshold_seconds:max"
M.severity = "rule:dwsync_verdict_severity:max"

-- While dwsync is down nobody knows better than what it said last; when it runs, what it no longer says is no longer
-- so. Reaching further back costs Prometheus one sample for each scrape and series.
local function remembered(labels, series, memory)
    return ("max by (%s) (%s)\nor (max by (%s) (last_over_time(%s[%s]))\nunless on (job) (up == 1))"):format(labels,
        series, labels, series, promql.duration(memory))
end

local DAY, HOUR = 86400, 3600

--- The rules. @treturn {table,...} {record =, expr =}
function M.list()
    return {
        { record = M.last_success, expr = remembered(promql.source, "dwsync_last_success_timestamp_seconds", DAY) },
        { record = M.success_age, expr = "time() - " .. M.last_success },
        { record = M.stale_threshold,
            expr = remembered(promql.source .. ", level", 'dwsync_verdict_threshold_seconds{rule="stale"}', DAY) },
        { record = M.severity, expr = remembered(promql.rule, "dwsync_verdict_severity", HOUR) },
    }
end

return M
