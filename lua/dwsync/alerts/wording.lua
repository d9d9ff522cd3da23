--- What the alerts about sources say: the situation, its consequence, and a runbook, as templates of Prometheus.
-- It must not put text of a record where it could be taken for a command: a runbook names no source.
-- @module dwsync.alerts.wording
local decimal = require "dwsync.decimal"
local quantities = require "dwsync.quantities"
local rules = require "dwsync.health.rules"

local UNKNOWN, CRITICAL_LATE = rules.by_name.mass_delete.UNKNOWN, rules.by_name.stale.CRITICAL_LATE

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
    disabled = {
        name = "DwsyncDisabled",
        summary = "is not synchronised: synchronisation was turned off, or is refused",
        advice = "Accounts are not kept up to date, so leavers keep their access.",
        runbook = { "Find out who turned it off, or lost the right to use it.",
            "Turn it on in the console and see a run finish.",
            "If it is meant to stay off, leave the cluster out of dwsync's clusters." },
    },
    failing = {
        name = "DwsyncFailing",
        summary = "has " .. measured("failing", "humanize", "several") .. " failed runs of late",
        advice = "Accounts are not kept up to date, so leavers keep their access." .. CLASS,
        runbook = { FAILURES, "Do what dwsync health CLUSTER_ID says about the reason.",
            "Start a synchronisation by hand and see it finish." },
    },
    mass_delete = {
        name = "DwsyncMassDelete",
        summary = "deleted " .. measured("mass_delete", "humanize", "many") .. " accounts within a day",
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
        summary = "has runs at the same time",
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
        summary = "takes far longer than usual, run after run",
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
        summary = "adds or updates far more or fewer accounts than usual",
        advice = "Far more: unless this was expected, stop the synchronisation. Far fewer: runs finish, but hardly "
            .. "anything arrives.",
        runbook = { LOOK, "If it is more: look for a new group or base DN, a bulk import, or an attribute now written "
            .. "differently.", "If it is less: check whether the base DN, the filter and the bind user's rights still "
            .. "reach everybody." },
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

local function accounts(count)
    return quantities.count(count, "account")
end

-- The words of thresholds with conditions, or that differ from source to source.
local WORDS = {
    disabled = function(chosen, level)
        return chosen == level and "where synchronisation is off" or "where synchronisation is off after runs were seen"
    end,
    failing = function(options, level)
        local streak = ("from %s in a row over %s"):format(quantities.count(options[level], "failed run"),
            quantities.duration(options[level == "critical" and "critical_minimum" or "minimum"]))
        local share = level == "warning" and options.share
        return streak .. (share and (", or from %s of the last day's runs"):format(quantities.percent(share)) or "")
    end,
    mass_delete = function(options, level)
        local given, ratio = options[level], options[level .. "_ratio"]
        local is_known, parts = options.population ~= nil, {}
        parts[1] = given and "from " .. accounts(given) or nil
        if (given == nil or is_known) and ratio then
            parts[#parts + 1] = ("from %s of the accounts"):format(quantities.percent(ratio))
        end
        if given == nil and not is_known then
            parts[#parts + 1] = ("from %s where it is not known how many there are"):format(accounts(UNKNOWN[level]))
        end
        return ("%s, deleted within %s"):format(table.concat(parts, " or "), quantities.duration(options.window))
    end,
    partial = function(options, level)
        return ("from %s of the accounts of a run, at least %s"):format(quantities.percent(options[level]),
            accounts(options.minimum))
    end,
    slow = function(options, level)
        return ("from %s times the usual duration in %s in a row, at least %s above it"):format(
            decimal.exact(options[level]), quantities.count(options.runs, "run"), quantities.duration(options.minimum))
    end,
    stale = function(options, level)
        if options[level] then
            return ("from %s after the last success"):format(quantities.duration(options[level]))
        elseif level == "critical" then
            return ("when the run after the one that is late is late as well, at the earliest %s after that was due")
                :format(quantities.duration(CRITICAL_LATE / 1000))
        end
        return ("when a run is late by the cadence learned of the source: by %s of its usual gaps, at least %s and at "
            .. "most %s"):format(decimal.exact(options.factor), quantities.duration(options.minimum),
            quantities.duration(options.maximum))
    end,
    volume = function(options, level)
        return ("from %s times as many as usual at that time of the week, or as few, at least %s apart"):format(
            decimal.exact(options[level]), accounts(options.minimum))
    end,
    stuck = function(options, level)
        if options[level] then
            return "from " .. quantities.duration(options[level])
        end
        local prefix = level == "critical" and "critical_" or ""
        return ("from %s times what 95 %% of runs take, at least %s"):format(
            decimal.exact(options[prefix .. "factor"]), quantities.duration(options[prefix .. "minimum"]))
    end,
}

--- Where a level of a rule begins: "from 20 accounts".
-- @tparam string rule
-- @tparam string level "warning" or "critical"
-- @tparam table options of the rule, checked
-- @treturn string
function M.threshold(rule, level, options)
    if WORDS[rule] then
        return WORDS[rule](options, level)
    end
    return "from " .. quantities.value(options[level], rules.by_name[rule].unit)
end

return M
