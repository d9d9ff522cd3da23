--- The alerts about dwsync itself: who watches must be seen to watch.
-- It must not rest on what dwsync remembers: these have to fire when nothing comes from it.
-- @module dwsync.alerts.watchers
local promql = require "dwsync.alerts.promql"
local quantities = require "dwsync.quantities"
local wording = require "dwsync.alerts.wording"

local M = {}

local MINUTE, HOUR = 60, 3600

local function absent(job)
    return {
        alert = "DwsyncAbsent",
        expr = ("absent(dwsync_evaluation_timestamp_seconds{job=%s})"):format(job),
        patience = 15 * MINUTE,
        severity = "critical",
        summary = "No dwsync is scraped",
        description = "Nobody watches the synchronisations. What was known last holds for a day, and DwsyncStale goes "
            .. "on by the last success known.",
        runbook = wording.steps { "Look at Status > Targets in Prometheus: is the job there, and what does it say?",
            "A new nginx answers 503 until its first sweep has ended; its error log says what keeps it." },
    }
end

-- The job may have other targets, as node_exporter's has when it collects what dwsync writes to a file.
local function down(job)
    return {
        alert = "DwsyncDown",
        expr = ("up{job=%s} == 0\nand on (job, instance) last_over_time(dwsync_evaluation_timestamp_seconds[1d])")
            :format(job),
        patience = 5 * MINUTE,
        severity = "warning", -- another machine may watch on; if none does, DwsyncAbsent is critical
        summary = "dwsync on {{ $labels.instance }} cannot be scraped",
        description = "If another machine runs dwsync for the same clusters, that one watches on.",
        runbook = wording.steps { "Look at Status > Targets in Prometheus for the reason.",
            "See whether nginx runs there, and read its error log." },
    }
end

local function old(job, age, severity)
    return {
        alert = "DwsyncDataOld",
        expr = ("time() - dwsync_evaluation_timestamp_seconds{job=%s} > %s"):format(job, promql.number(age)),
        patience = 0, -- the age is the patience
        severity = severity,
        summary = "dwsync on {{ $labels.instance }} has looked at nothing for {{ $value | humanizeDuration }}",
        description = ("Its verdicts are older than %s. Only DwsyncStale goes on by itself."):format(
            quantities.duration(age)),
        runbook = wording.steps { "Read the error log of nginx there, or of what else runs dwsync.",
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
        description = "Nobody knows how its synchronisations go. What was known last holds, and DwsyncStale goes on by "
            .. "the last success known.",
        runbook = wording.steps { "Run dwsync doctor CLUSTER_ID with the same configuration: it says what fails, and "
            .. "what to do.", "If the cluster was deleted, leave it out of dwsync's clusters." },
    }
end

-- What each cluster's own alert does not tell: their list cannot be read, or not all is published.
local function failing_refresh(job)
    return {
        alert = "DwsyncRefreshFailing",
        expr = ("dwsync_refresh_success{job=%s} == 0 unless on (job, instance) dwsync_up == 0"):format(job),
        patience = 30 * MINUTE,
        severity = "warning",
        summary = "The sweeps of dwsync on {{ $labels.instance }} do not end well",
        description = "Every cluster that it knows can be read, so that it may not know all of them.",
        runbook = wording.steps { "Read the error log of nginx there.",
            "If it may not list clusters, grant dws:cluster:list, or name the clusters in its setup." },
    }
end

local function too_small(job)
    return {
        alert = "DwsyncDictTooSmall",
        expr = ("dwsync_dict_too_small{job=%s} == 1"):format(job),
        patience = 15 * MINUTE,
        severity = "warning",
        summary = "The lua_shared_dict of dwsync on {{ $labels.instance }} is too small",
        description = "Part of what it found is not published: its handlers go on with what they had.",
        runbook = wording.steps { "The error log of nginx there says how large lua_shared_dict has to be: make it so.",
            "Reload nginx; until its first sweep has ended it answers 503." },
    }
end

--- The alerts.
-- @tparam table options `job`, `data_age` in seconds
-- @treturn {table,...} as dwsync.alerts.sources gives them, without `rule`
function M.list(options)
    local job = promql.text(options.job)
    return {
        absent(job),
        down(job),
        old(job, 4 * options.data_age, "critical"),
        old(job, options.data_age, "warning"),
        unreadable(4 * HOUR, "critical"),
        unreadable(15 * MINUTE, "warning"),
        failing_refresh(job),
        too_small(job),
    }
end

return M
