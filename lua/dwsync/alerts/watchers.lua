--- The alerts about dwsync itself: what watches must be seen to watch.
-- They must not rest on what dwsync remembers, since they have to fire when nothing comes from it.
-- @module dwsync.alerts.watchers
local promql = require "dwsync.alerts.promql"
local quantities = require "dwsync.quantities"
local wording = require "dwsync.alerts.wording"

local M = {}

local MINUTE, HOUR = 60, 3600

local KEPT = "The last known state is kept%s, and DwsyncStale keeps counting from the last known success."

local function old(age, severity)
    return {
        alert = "DwsyncDataOld",
        expr = "time() - dwsync_evaluation_timestamp_seconds{job=$job} > " .. promql.number(age),
        patience = 0, -- the age is the patience
        severity = severity,
        summary = "dwsync on {{ $labels.instance }} has evaluated nothing for {{ $value | humanizeDuration }}",
        description = ("Its verdicts are older than %s. Only DwsyncStale keeps counting by itself."):format(
            quantities.duration(age)),
        runbook = { "Read the error log of nginx there, or of whatever else runs dwsync.",
            "Run dwsync doctor CLUSTER_ID with the same configuration." },
    }
end

local function unreadable(patience, severity)
    return {
        alert = "DwsyncUnreadable",
        expr = ("max by (%s) (dwsync_up) == 0"):format(promql.cluster),
        patience = patience,
        severity = severity,
        summary = "dwsync cannot read the records of " .. wording.cluster,
        description = "How its synchronisations go is unknown. " .. KEPT:format "",
        runbook = { "Run dwsync doctor CLUSTER_ID with the same configuration: it says what fails, and what to do.",
            "If the cluster was deleted, leave it out of dwsync's clusters." },
    }
end

local function alerts(data_age)
    return {
        {
            alert = "DwsyncAbsent",
            expr = "absent(dwsync_evaluation_timestamp_seconds{job=$job})",
            patience = 15 * MINUTE,
            severity = "critical",
            summary = "No dwsync is scraped",
            description = "The synchronisations are not being watched. " .. KEPT:format " for a day",
            runbook = { "Look at Status > Targets in Prometheus: is the job there, and what does it say?",
                "A new nginx answers 503 until its first sweep has ended; its error log says what delays it." },
        },
        -- The job may have other targets, as node_exporter's has when it collects what dwsync writes to a file.
        {
            alert = "DwsyncDown",
            expr = "up{job=$job} == 0\n"
                .. "and on (job, instance) last_over_time(dwsync_evaluation_timestamp_seconds[1d])",
            patience = 5 * MINUTE,
            severity = "warning", -- another machine may keep watching; if none does, DwsyncAbsent is critical
            summary = "dwsync on {{ $labels.instance }} cannot be scraped",
            description = "If another machine runs dwsync for the same clusters, that one keeps watching.",
            runbook = { "Look at Status > Targets in Prometheus for the reason.",
                "Check whether nginx is running there, and read its error log." },
        },
        old(4 * data_age, "critical"),
        old(data_age, "warning"),
        unreadable(4 * HOUR, "critical"),
        unreadable(15 * MINUTE, "warning"),
        -- What the alerts about single clusters miss: the list of clusters cannot be read, or not all is published.
        {
            alert = "DwsyncRefreshFailing",
            expr = "dwsync_refresh_success{job=$job} == 0 unless on (job, instance) dwsync_up == 0",
            patience = 30 * MINUTE,
            severity = "warning",
            summary = "dwsync on {{ $labels.instance }} cannot complete its sweeps",
            description = "Every cluster it knows can be read, but it may not know all of them.",
            runbook = { "Read the error log of nginx there.",
                "If it may not list clusters, grant dws:cluster:list, or name the clusters in its setup." },
        },
        {
            alert = "DwsyncDictTooSmall",
            expr = "dwsync_dict_too_small{job=$job} == 1",
            patience = 15 * MINUTE,
            severity = "warning",
            summary = "The lua_shared_dict of dwsync on {{ $labels.instance }} is too small",
            description = "Some results are not published: its handlers keep serving older ones.",
            runbook = { "Enlarge lua_shared_dict: the error log of nginx there says how large it must be.",
                "Reload nginx; until its first sweep has ended it answers 503." },
        },
    }
end

--- The alerts.
-- @tparam table options `job`, `data_age` in seconds
-- @treturn {table,...} as dwsync.alerts.sources gives them, without `rule`
function M.list(options)
    local list, job = alerts(options.data_age), { ["$job"] = promql.text(options.job) }
    for _, item in ipairs(list) do
        item.expr, item.runbook = item.expr:gsub("%$job", job), wording.steps(item.runbook)
    end
    return list
end

return M
