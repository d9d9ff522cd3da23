--- Verdicts as metrics for Prometheus: points in time rather than ages, and labels of few values only.
-- It must not put text of a record into a label, except ids and types; failure reasons show only their class.
-- @module dwsync.report.verdicts.prometheus
local exposition = require "dwsync.report.exposition"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local function with(labels, more)
    local all = {}
    for _, part in ipairs { labels, more } do
        for name, value in pairs(part) do
            all[name] = value
        end
    end
    return all
end

-- The readers of the families below. Samples of a cluster get its labels, those of a source also the source's.

local function each_cluster(read)
    return function(overview, add)
        for _, item in ipairs(overview.clusters) do
            read(item, { cluster = verdicts.cluster_id(item) }, add, overview)
            add()
        end
    end
end

-- A cluster that cannot be read now may be judged by what was read before; then it has an error as well. That its
-- synchronisation is off is an answer.
local function is_readable(item)
    return item.unread == nil and (item.error == nil or item.verdicts ~= nil)
end

local function each_source(read)
    return each_cluster(function(item, labels, add)
        for _, source in ipairs(item.evaluation and item.evaluation.sources or {}) do
            read(source, with(labels, { source = source.id or "", type = source.type or "" }), add)
        end
    end)
end

local function statistic(name, factor)
    return each_source(function(source, labels, add)
        local value = (source.statistics or {})[name]
        add(labels, quantities.is_finite(value) and value * factor or nil)
    end)
end

local SECONDS, MILLISECONDS = 1, 0.001

local function windows(read)
    return each_source(function(source, labels, add)
        for _, span in ipairs { "24h", "7d", "30d" } do
            local window = ((source.statistics or {}).windows or {})[span]
            if window then
                read(window, with(labels, { window = span }), add)
            end
        end
    end)
end

local function verdict_labels(verdict, labels)
    return with(labels, { source = verdict.source or "", type = verdict.source_type or "", rule = verdict.rule })
end

-- What follows from another verdict raises nothing of its own: its cause is as grave. That synchronisation is off where
-- it never was on has a family of its own.
local function verdict_severities(item, labels, add)
    for _, verdict in ipairs(verdicts.of(item)) do
        local level = verdict.severity ~= "disabled" and severities.level(verdict.severity) or nil
        add(verdict_labels(verdict, labels), level and verdict.follows and 0 or level)
    end
end

-- An age is out of date as soon as it is written, so ages are left to the points in time. The age from which a rule
-- fires is written, since it may differ from source to source and alerts need it.
local function verdict_values(item, labels, add)
    for _, verdict in ipairs(verdicts.of(item)) do
        add(verdict_labels(verdict, labels), verdict.unit ~= "seconds" and verdict.value or nil)
    end
end

local function verdict_thresholds(item, labels, add)
    for _, verdict in ipairs(verdicts.of(item)) do
        for _, level in ipairs(verdict.unit == "seconds" and { "warning", "critical" } or {}) do
            add(with(verdict_labels(verdict, labels), { level = level }), verdict[level])
        end
    end
end

-- When rule stale fires if nothing happens until then. Prometheus has a clock of its own, so its alert needs no dwsync.
local function stale_times(level)
    return each_cluster(function(item, labels, add)
        for _, verdict in ipairs(verdicts.of(item)) do
            local length, since = verdict[level], verdict.since
            if verdict.rule == "stale" and not verdict.follows and quantities.is_finite(length)
                and quantities.is_finite(since) then
                add(with(labels, { source = verdict.source or "", type = verdict.source_type or "" }),
                    since * MILLISECONDS + length)
            end
        end
    end)
end

local STATUSES = { "finished", "failed", "running", "unknown" }

local function last_status(source, labels, add)
    local statistics = source.statistics or {}
    if statistics.last_run == nil and statistics.last_status == nil then
        return
    end
    local current = verdicts.text(statistics.last_status):lower()
    current = (current == "finished" or current == "failed" or current == "running") and current or "unknown"
    for _, status in ipairs(STATUSES) do
        add(with(labels, { status = status }), status == current and 1 or 0)
    end
end

-- A class is one word of a fixed set; anything else would make a label without bounds.
local function class_of(reason)
    local class = verdicts.text(reason.class)
    return #class <= 40 and class:find "^%l[%l%d_]*$" and class or "other"
end

local function reasons(source, labels, add)
    local counts, order = {}, {}
    for _, reason in ipairs(source.reasons or {}) do
        local class = class_of(reason)
        if not counts[class] then
            order[#order + 1] = class
        end
        counts[class] = (counts[class] or 0) + (quantities.is_finite(reason.count) and reason.count or 0)
    end
    for _, class in ipairs(order) do
        add(with(labels, { class = class }), counts[class])
    end
end

local function account_changes(source, labels, add)
    for _, change in ipairs { "added", "updated", "deleted", "failed" } do
        add(with(labels, { window = "30d", change = change }), (source.statistics or {})[change])
    end
end

local FAMILIES = {
    { "dwsync_evaluation_timestamp_seconds", "When the verdicts were made.", function(overview, add)
        add({}, overview.now)
    end },
    { "dwsync_up", "Whether the records of the cluster could be read (1) or not (0).",
        each_cluster(function(item, labels, add)
            add(labels, is_readable(item) and 1 or 0)
        end) },
    { "dwsync_records_timestamp_seconds", "When the records of the cluster were read.",
        each_cluster(function(item, labels, add, overview)
            add(labels, item.fetched_at or is_readable(item) and overview.now or nil)
        end) },
    { "dwsync_cluster_info", "The name of the cluster.", each_cluster(function(item, labels, add)
        add(with(labels, { name = verdicts.cluster_name(item) }), 1)
    end) },
    { "dwsync_cluster_severity", "The worst verdict of the cluster: 0 ok or disabled, 1 unknown, 2 warning, 3 "
        .. "critical.",
        each_cluster(function(item, labels, add)
            add(labels, severities.level(item.severity))
        end) },
    { "dwsync_cluster_disabled", "Whether synchronisation is switched off for the cluster, and always was (1), or not "
        .. "(0).", each_cluster(function(item, labels, add)
            add(labels, item.severity == "disabled" and 1 or 0)
        end) },
    { "dwsync_verdict_severity", "The verdict of one rule: 0 ok, 1 unknown, 2 warning, 3 critical. Verdicts about the "
        .. "whole cluster have no source.", each_cluster(verdict_severities) },
    { "dwsync_verdict_value", "What one rule measured: accounts, runs, records, times, or a ratio of 0 to 1.",
        each_cluster(verdict_values) },
    { "dwsync_verdict_threshold_seconds", "The age from which one rule warns or is critical.",
        each_cluster(verdict_thresholds) },
    { "dwsync_stale_warning_timestamp_seconds", "When rule stale warns unless a run succeeds; absent where the cadence "
        .. "is not known.", stale_times "warning" },
    { "dwsync_stale_critical_timestamp_seconds", "When rule stale is critical unless a run succeeds; absent where the "
        .. "cadence is not known.", stale_times "critical" },
    { "dwsync_last_success_timestamp_seconds", "When the newest FINISHED run ended.",
        statistic("last_success", MILLISECONDS) },
    { "dwsync_last_run_timestamp_seconds", "When the newest run started.", statistic("last_run", MILLISECONDS) },
    { "dwsync_next_expected_timestamp_seconds", "When the next run is expected, by the learned cadence.",
        statistic("next_expected", MILLISECONDS) },
    { "dwsync_last_run_status", "The status of the newest run: 1 for the one it has.", each_source(last_status) },
    { "dwsync_run_gap_median_seconds", "The usual time between the starts of two runs.",
        statistic("median_gap", SECONDS) },
    { "dwsync_run_duration_median_seconds", "The duration that half of the runs do not exceed.",
        statistic("duration_p50", SECONDS) },
    { "dwsync_run_duration_p95_seconds", "The duration that 95 % of the runs do not exceed.",
        statistic("duration_p95", SECONDS) },
    { "dwsync_runs", "Runs within the window, by outcome.", windows(function(window, labels, add)
        for _, outcome in ipairs { "ok", "partial", "failed", "running" } do
            add(with(labels, { outcome = outcome }), window[outcome])
        end
    end) },
    { "dwsync_success_ratio", "Share of FINISHED among the runs that ended within the window, 0 to 1.",
        windows(function(window, labels, add)
            add(labels, window.success_ratio)
        end) },
    { "dwsync_account_changes", "Accounts that runs of the window added, updated, deleted, or failed to process.",
        each_source(account_changes) },
    { "dwsync_fail_reason_runs", "Runs with a failure reason, by the class of the reason.", each_source(reasons) },
}

--- The names of the metrics, in the order in which they are written.
M.names = {}
for i, family in ipairs(FAMILIES) do
    M.names[i] = family[1]
end

--- Writes verdicts.
-- @tparam table overview
-- @tparam function write
function M.render(overview, write)
    exposition.write(FAMILIES, overview, write)
end

return M
