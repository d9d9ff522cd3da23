--- What the alerts about sources say: the situation, its consequence, and a runbook, as templates of Prometheus.
-- It must not put text of a record where it could be taken for a command: a runbook names no source.
-- @module dwsync.alerts.wording
local decimal = require "dwsync.decimal"
local quantities = require "dwsync.quantities"
local rules = require "dwsync.health.rules"

local M = {}

-- The last known name, so that an alert has one while dwsync is down.
local CLUSTER = "cluster {{ with printf `last_over_time(dwsync_cluster_info{cluster=%q}[1d])` $labels.cluster "
    .. '| query }}{{ . | first | label "name" }}{{ else }}{{ $labels.cluster }}{{ end }}'

--- What an alert is about.
M.cluster = "{{ if $labels.cluster }}" .. CLUSTER .. "{{ else }}all clusters{{ end }}"
M.subject = "{{ if $labels.source }}{{ $labels.type }} source {{ $labels.source }} of {{ end }}" .. CLUSTER

-- What the rule measured, as `format` shows it; without a measurement the words given instead.
local function measured(rule, format, otherwise)
    return ("{{ with printf `max(last_over_time(dwsync_verdict_value{rule=\"%s\",cluster=%%q,source=%%q}[1h]))` "
        .. "$labels.cluster $labels.source | query }}{{ . | first | value | %s }}{{ else }}%s{{ end }}"):format(rule,
        format, otherwise)
end

local CLASS = "{{ with printf `topk(1, last_over_time(dwsync_fail_reason_runs{cluster=%q,source=%q}[1h]))` "
    .. "$labels.cluster $labels.source | query }} Most of its failed runs have the reason "
    .. '{{ . | first | label "class" }}.{{ end }}'

local LOOK = "Run dwsync health CLUSTER_ID for the verdicts with their evidence."
local FAILURES = "Run dwsync records CLUSTER_ID --status FAILED --since 7d for the reasons in full."

--- By rule: `name` of the alert; `summary`, the situation, behind the subject; `advice`; `runbook`, steps.
M.rules = {
    churn = {
        name = "DwsyncChurn",
        summary = "deleted accounts in one run and added as many in the next",
        advice = "If these are the same people, they lost their grants.",
        runbook = { LOOK, "Compare the deleted with the added accounts: are they the same people?",
            "Check whether the identity source returned only some of its entries (a paging limit, a lagging replica).",
            "Restore the missing grants." },
    },
    data = {
        name = "DwsyncData",
        summary = "has records that cannot be true",
        advice = "Other rules ignore what is wrong in them.",
        runbook = { LOOK, "If times are in the future, check the clock of the machine that runs dwsync.",
            "Otherwise report the ids of the records to the service." },
    },
    failing = {
        name = "DwsyncFailing",
        summary = "has failed in its last " .. measured("failing", "humanize", "several") .. " runs",
        advice = "Accounts are not kept up to date, so leavers keep their access." .. CLASS,
        runbook = { FAILURES, "Do what dwsync health CLUSTER_ID says about the reason.",
            "Start a synchronisation by hand and see it finish." },
    },
    mass_delete = {
        name = "DwsyncMassDelete",
        summary = "deleted " .. measured("mass_delete", "humanize", "many") .. " accounts in one run",
        advice = "Unless this was intended, stop the synchronisation before its next run.",
        runbook = { "Stop the schedule of the identity source in the console.", LOOK,
            "Check whether the base DN, the filter, or the directory itself changed.",
            "Restore the accounts and their grants, then start the schedule again." },
    },
    never = {
        name = "DwsyncNeverSynchronised",
        summary = "has no runs on record: it was never synchronised, or the feature is off",
        advice = "Its accounts may be missing or out of date.",
        runbook = { "Check in the console that an identity source is configured and its synchronisation switched on.",
            "If the cluster is not meant to have one, leave it out of dwsync's clusters." },
    },
    overlap = {
        name = "DwsyncOverlap",
        summary = "has a run still in progress although a newer one has begun",
        advice = "Two runs can undo each other's work.",
        runbook = { LOOK, "Check in the console whether the older run is really still working; if it is, stop it.",
            "If it is not, report the record's id to the service." },
    },
    partial = {
        name = "DwsyncPartial",
        summary = "failed to synchronise " .. measured("partial", "humanizePercentage", "some") .. " of its accounts",
        advice = "The run counts as FINISHED, but these accounts are out of date.",
        runbook = { "Run dwsync records CLUSTER_ID --status FINISHED --since 1d -o ndjson and read fail_reason.",
            "Fix what it names, in the identity source or in the database's roles.", "Synchronise again." },
    },
    slow = {
        name = "DwsyncSlow",
        summary = "takes far longer than usual",
        advice = "A source that gets slower every day ends up stuck.",
        runbook = { LOOK, "Look for many changes at once, load on the directory, and network problems." },
    },
    stale = {
        name = "DwsyncStale",
        summary = "{{ if gt $value 0.0 }}has not been synchronised for {{ $value | humanizeDuration }}"
            .. "{{ else }}has never finished a run on record{{ end }}",
        advice = "Accounts are not kept up to date, so leavers keep their access: disable urgent ones by hand.",
        runbook = { "If DwsyncDown, DwsyncUnreadable or DwsyncDataOld is firing too, fix that first: a success may "
            .. "have gone unseen.", FAILURES,
            "Check whether the schedule is on and whether a run hangs (DwsyncStuck).",
            "Start a synchronisation by hand and see it finish." },
    },
    stuck = {
        name = "DwsyncStuck",
        summary = "has a run that does not end",
        advice = "Nothing new is synchronised while it hangs.",
        runbook = { LOOK, "Check that the identity source answers.",
            "Stop the run in the console and start one by hand.",
            "If it cannot be stopped, open a ticket with the record's id." },
    },
    volume = {
        name = "DwsyncVolume",
        summary = "added or updated far more or fewer accounts than usual in one run",
        advice = "Unless this was expected, stop the synchronisation before its next run.",
        runbook = { LOOK, "Look for a new group or base DN, a bulk import, or an attribute now written differently." },
    },
}

--- Steps as one text.
-- @tparam {string,...} steps
-- @treturn string
function M.steps(steps)
    local lines = {}
    for i, step in ipairs(steps) do
        lines[i] = ("%d. %s"):format(i, step)
    end
    return table.concat(lines, "\n")
end

-- The words of thresholds that differ from source to source.
local COMPUTED = {
    stale = function(options, level)
        local times = level == "critical" and 2 or 1
        return ("from %s times the usual time between two successes, at least %s"):format(
            decimal.exact(options.factor * times), quantities.duration(options.minimum * times))
    end,
    stuck = function(options, level)
        local prefix = level == "critical" and "critical_" or ""
        return ("from %s times what 95 of 100 runs take, at least %s"):format(
            decimal.exact(options[prefix .. "factor"]), quantities.duration(options[prefix .. "minimum"]))
    end,
}

--- Where a level of a rule begins: "from 20 accounts".
-- @tparam string rule
-- @tparam string level "warning" or "critical"
-- @tparam table options of the rule, checked
-- @treturn string
function M.threshold(rule, level, options)
    local value, ratio = options[level], options.population and options[level .. "_ratio"]
    if not value and COMPUTED[rule] then
        return COMPUTED[rule](options, level)
    end
    local parts = {}
    parts[#parts + 1] = value and quantities.value(value, rules.by_name[rule].unit) or nil
    parts[#parts + 1] = ratio and quantities.percent(ratio) .. " of the accounts" or nil
    return "from " .. table.concat(parts, " or ")
end

return M
