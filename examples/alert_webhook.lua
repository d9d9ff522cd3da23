-- alert_webhook.lua CLUSTER STATE_FILE: notifies a webhook when runs begin to fail in a row, get worse, and recover.
--
--    DWSYNC_WEBHOOK_URL=https://… dwsync run alert_webhook.lua CLUSTER /var/lib/dwsync/CLUSTER.state
--
-- For cron or a timer, every few minutes. It posts once for a streak, not once for a run: only when the state
-- differs from the one in STATE_FILE. The URL is a secret, so it comes from the environment and is never shown. With
-- --dry-run it prints what it would post, and remembers nothing.
-- Exit status: 0 it posted or there is nothing new; 1 records, webhook or file failed: the next call tries again;
-- 2 wrong usage.
-- To change: RULES; when they fire, in the configuration file (failing = { warning = 2, critical = 4 }); the fields of
-- the message in `message` (Slack, Mattermost and Teams read "text").
local core = require "dwsync.core"
local files = require "dwsync.files"

local RULES = { failing = true, never = true } -- also: stale, stuck, mass_delete, partial, …
local FIELDS = { "text", "severity", "cluster", "cluster_id", "findings" }

local cluster, state_file, url = arg[1], arg[2], os.getenv "DWSYNC_WEBHOOK_URL"
if not cluster or not state_file or not (url or dry_run) then
    io.stderr:write "usage: DWSYNC_WEBHOOK_URL=https://… dwsync run alert_webhook.lua CLUSTER STATE_FILE\n"
    return 2
end
local found, unknown = client:find_clusters { clusters = { cluster } }
if not found then
    return nil, unknown
end
local cluster_id = found[1].id

local function findings_of(list)
    local evaluation = health.evaluate(with_history(cluster_id, list), settings.thresholds,
        os.time() + client:clock_skew())
    return records.where(evaluation.verdicts, function(verdict)
        return RULES[verdict.rule] and verdict.severity ~= "ok"
    end):to_list()
end

-- What must change before another message: not the number of runs or the wording, which change with every run.
local function state_of(findings)
    local lines = {}
    for i, finding in ipairs(findings) do
        lines[i] = ("%s %s %s\n"):format(finding.severity, finding.rule, tostring(finding.source or ""))
    end
    return table.concat(lines)
end

-- What chats act upon: <!channel>, <http://…|link>, @all. The text of a record is the directory's, not ours.
local SPOKEN = { ["<"] = "‹", [">"] = "›", ["@"] = "＠" }

-- The format ndjson is valid JSON whatever the records hold.
local function message(findings)
    local worst, lines, details = findings[1] and findings[1].severity or "ok", {}, {}
    lines[1] = ("%s: %s%s"):format(worst:upper(), cluster, findings[1] and "" or " has recovered")
    for i, finding in ipairs(findings) do
        lines[#lines + 1] = ("%s. Next: %s"):format(finding.message, finding.advice):gsub("[<>@]", SPOKEN)
        details[i] = { rule = finding.rule, severity = finding.severity, source = finding.source,
            record_id = finding.record_id, since = finding.since, next = finding.advice }
    end
    local row = { text = table.concat(lines, "\n"), severity = worst, cluster = cluster, cluster_id = cluster_id,
        findings = details[1] and details }
    local line = {}
    report.render("ndjson", { name = "alerts", rows = { row }, columns = FIELDS }, function(text)
        line[#line + 1] = text
    end)
    return table.concat(line)
end

local function post(body)
    local pool = core.pool { timeout = 10 }
    local submitted, wrong = pool:submit("alert", { method = "POST", url = url, body = body,
        headers = { ["Content-Type"] = "application/json" } })
    if not submitted then
        return nil, "the webhook: " .. wrong.message
    end
    local _, response, err = pool:next()
    pool:close()
    if not response then
        return nil, "the webhook: " .. err.message
    elseif response.status < 200 or response.status > 299 then
        return nil, ("the webhook answered HTTP %d"):format(response.status)
    end
    return true
end

local list, err = client:all_sync_records { cluster_id = cluster_id }
if not list then
    return nil, err
end
local findings = findings_of(list)
local state = state_of(findings)
local known, reason, missing = files.read(state_file)
if not known and not missing then
    return nil, ("cannot read %s: %s"):format(state_file, reason)
elseif state == (known or "") then
    return 0
elseif dry_run then
    io.write(message(findings))
    return 0
end
local posted, failure = post(message(findings))
if not posted then
    return nil, failure
end
-- Remembered only now: an alert sent twice is better than one lost.
local written, why = files.write(state_file, state)
if not written then
    return nil, ("posted, but cannot write %s: %s"):format(state_file, why)
end
print("posted: " .. (findings[1] and findings[1].severity or "ok"))
