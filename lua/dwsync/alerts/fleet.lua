--- The alerts about a fleet: that its clusters are looked at, and on time. They need what dwsync.fleet.metrics writes.
-- Each collector says what the database says of all of it, so that any one of them is enough.
-- @module dwsync.alerts.fleet
local promql = require "dwsync.alerts.promql"
local wording = require "dwsync.alerts.wording"

local M = {}

local MINUTE, HOUR = 60, 3600

local STATUS = "Run dwsync fleet status: it says what is wrong, and what to do next."

local function late(expression, patience, severity)
    return {
        alert = "DwsyncFleetLate",
        expr = expression,
        patience = patience,
        severity = severity,
        summary = "Clusters of account {{ $labels.account }} are not looked at on time",
        description = "Verdicts, pages and messages about them are older than they should be.",
        runbook = { STATUS, "Run dwsync fleet explain CLUSTER for one of those it lists.",
            "If collectors are missing, start them; if the rate is too small, raise it or the interval." },
    }
end

local function alerts()
    return {
        {
            alert = "DwsyncFleetAbsent",
            expr = "absent(dwsync_fleet_database_up{job=$job})",
            patience = 10 * MINUTE,
            severity = "critical",
            summary = "No collector is scraped",
            description = "Perhaps no cluster is looked at any more.",
            runbook = { "Look at Status > Targets in Prometheus: is the job there, and what does it say?", STATUS,
                "Start dwsync collect on one machine or more." },
        },
        {
            alert = "DwsyncFleetCollectorDown",
            expr = "up{job=$job} == 0\nand on (job, instance) last_over_time(dwsync_fleet_database_up[1d])",
            patience = 5 * MINUTE,
            severity = "warning",
            summary = "The collector on {{ $labels.instance }} cannot be scraped",
            description = "If another collector runs, it has taken over. The next loss may be one too many.",
            runbook = { "Read its log: journalctl -u dwsync-collect.", STATUS },
        },
        {
            alert = "DwsyncFleetDatabaseDown",
            expr = "max by (job) (dwsync_fleet_database_up{job=$job}) == 0",
            patience = 5 * MINUTE,
            severity = "critical",
            summary = "No collector reaches the database",
            description = "Nothing is looked at until it answers; then everything goes on by itself.",
            runbook = { "Look at the database: does it run, is there a primary, is its disk full?",
                "The collectors' logs have its message." },
        },
        {
            alert = "DwsyncFleetDatabaseDown",
            expr = "dwsync_fleet_database_up{job=$job} == 0",
            patience = 10 * MINUTE,
            severity = "warning",
            summary = "The collector on {{ $labels.instance }} does not reach the database",
            description = "If others do, they do its work.",
            runbook = { "Look at the network between that machine and the database." },
        },
        late("max by (job, account) (dwsync_fleet_overdue_seconds{job=$job})\n"
            .. "> 10 * max by (job, account) (dwsync_fleet_paced_seconds)", 10 * MINUTE, "critical"),
        late("max by (job, account) (dwsync_fleet_late{job=$job}) > 0", 10 * MINUTE, "warning"),
        {
            alert = "DwsyncFleetKeyRefused",
            expr = "max by (job, account) (dwsync_fleet_account_blocked{job=$job}) == 1",
            patience = MINUTE,
            severity = "critical",
            summary = "The key of account {{ $labels.account }} is refused",
            description = "No cluster of it is looked at. All collectors stop before the service locks the key.",
            runbook = { STATUS, "Correct the credentials of that account; the next try is within five minutes." },
        },
        {
            alert = "DwsyncFleetThrottled",
            expr = "sum by (job) (increase(dwsync_fleet_throttled_total{job=$job}[15m])) > 3",
            patience = 30 * MINUTE,
            severity = "warning",
            summary = "The service refuses looks as too many",
            description = "Each refusal pauses an account.",
            runbook = { STATUS, "Lower the rate of the account that it names." },
        },
        {
            alert = "DwsyncFleetStretched",
            expr = "max by (job, account) (dwsync_fleet_paced_seconds{job=$job})\n"
                .. "> 1.5 * max by (job, account) (dwsync_fleet_interval_seconds)",
            patience = HOUR,
            severity = "warning",
            summary = "The rate of account {{ $labels.account }} is too small for its clusters",
            description = "Each is looked at every {{ $value | humanizeDuration }} only.",
            runbook = { "Raise its rate in the inventory, if the service allows that, or its interval.", STATUS },
        },
        {
            alert = "DwsyncFleetFenced",
            expr = "sum by (job) (increase(dwsync_fleet_fenced_total{job=$job}[1h])) > 10",
            patience = 0,
            severity = "warning",
            summary = "Collectors lose their leases",
            description = "{{ $value | humanize }} looks of the last hour came too late and were thrown away. No "
                .. "harm is done, but work is done twice.",
            runbook = { "Look for a machine that is paused or overloaded, and for a slow database.",
                "If there is none, lengthen lease in the inventory." },
        },
        {
            alert = "DwsyncFleetMessagesUnsent",
            expr = "max by (job) (dwsync_fleet_messages_oldest_seconds{job=$job}) > 600",
            patience = 2 * MINUTE,
            severity = "critical",
            summary = "Messages about problems cannot be sent",
            description = "The oldest waits for {{ $value | humanizeDuration }}: people do not hear of problems.",
            runbook = { "Run dwsync alerts list: it says which channel, and why.",
                "Run dwsync alerts test CHANNEL with that channel.", STATUS },
        },
        {
            alert = "DwsyncFleetMessagesLost",
            expr = "max by (job) (dwsync_fleet_messages_lost{job=$job}) > 0",
            patience = 0,
            severity = "critical",
            summary = "A channel refused messages for good",
            description = "Nobody was told of {{ $value }} messages of the last day.",
            runbook = { "Run dwsync alerts list: it says which channel, and why.",
                "Correct the channel in the inventory, and try it with dwsync alerts test CHANNEL." },
        },
        {
            alert = "DwsyncFleetHeartbeatMissing",
            expr = "max by (job) (dwsync_fleet_timestamp_seconds{job=$job})\n"
                .. "- max by (job) (dwsync_fleet_heartbeat_timestamp_seconds{job=$job}) > 600",
            patience = 0,
            severity = "warning",
            summary = "The dead man's switch got no heartbeat for {{ $value | humanizeDuration }}",
            description = "Either the chain is broken, and another alert says where, or the way to who waits for it.",
            runbook = { STATUS, "Look at alerts.heartbeat in the inventory." },
        },
    }
end

--- The alerts.
-- @tparam table options `job`
-- @treturn {table,...} as dwsync.alerts.sources gives them, without `rule`
function M.list(options)
    local list = alerts()
    for _, item in ipairs(list) do
        item.expr = item.expr:gsub("%$job", { ["$job"] = promql.text(options.job) })
        item.runbook = wording.steps(item.runbook)
    end
    return list
end

return M
