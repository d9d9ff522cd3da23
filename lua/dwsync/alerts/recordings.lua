--- The recording rules: what dwsync exports, once for all machines that export it, and remembered while none does.
-- @module dwsync.alerts.recordings
local promql = require "dwsync.alerts.promql"

local M = {}

--- Names of the recorded series.
M.blind = "cluster:dwsync_blind"
M.last_success = "source:dwsync_last_success_timestamp_seconds:max"
M.success_age = "source:dwsync_last_success_age_seconds"
M.stale = { warning = "source:dwsync_stale_warning_timestamp_seconds:max",
    critical = "source:dwsync_stale_critical_timestamp_seconds:max" }
M.severity = "rule:dwsync_verdict_severity:max"

-- Clusters without news: their records cannot be read, or no dwsync is scraped although one was within a day. A cluster
-- that was taken out of a running dwsync is not among them.
local BLIND = "max by (%s) (dwsync_up) == 0\nor (max by (%s) (last_over_time(dwsync_up[1d])) "
    .. "unless on (job) dwsync_evaluation_timestamp_seconds)"

-- Without news the last value holds. The series remembers itself instead of looking into the past, so that a source
-- removed while all was well does not come back.
local function remembered(name, labels, series)
    return { record = name, expr = ("max by (%s) (%s)\nor (%s and on (%s) %s)"):format(labels, series, name,
        promql.cluster, M.blind) }
end

--- The rules, each behind those that it needs.
-- @treturn {table,...} {record =, expr =}
function M.list()
    return {
        { record = M.blind, expr = BLIND:format(promql.cluster, promql.cluster) },
        remembered(M.last_success, promql.source, "dwsync_last_success_timestamp_seconds"),
        { record = M.success_age, expr = "time() - " .. M.last_success },
        remembered(M.stale.warning, promql.source, "dwsync_stale_warning_timestamp_seconds"),
        remembered(M.stale.critical, promql.source, "dwsync_stale_critical_timestamp_seconds"),
        remembered(M.severity, promql.rule, "dwsync_verdict_severity"),
    }
end

return M
