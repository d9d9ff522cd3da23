-- gone_accounts.lua CLUSTER FILE: after a mass deletion, the list of the accounts that went: in FILE, and to a webhook.
--
--    dwsync run gone_accounts.lua warehouse /var/lib/dwsync/gone.csv
--
-- The service says how many were deleted, not who. So this saves the records and looks at the accounts at each call,
-- hourly from cron: who was there before a run and not after it went with it. Where the rule mass_delete warns, FILE
-- is written, whole or not at all, readable by its owner alone; and where GONE_WEBHOOK_URL is set in the environment
-- (not an argument, which everybody on this machine could read), the same goes there as JSON. Once a run: FILE names
-- it, and is left alone until another run deletes too many. With --dry-run nothing is looked at, written or sent.
-- Exit status: 0 no mass deletion, or FILE has it already; 3 FILE is new; 4 who went is not known, since nobody looked
-- before; 1 or 2 it failed, stderr says why.
-- To change: the columns of FILE and of the message. Both name people: see who may read what the webhook feeds.
local cjson = require "cjson"
local files = require "dwsync.files"
local quantities = require "dwsync.quantities"
local runtime = require "dwsync.runtime"
local text = require "dwsync.text"

local OWNER_ONLY = 384 -- octal 600
local SECONDS = 30

local cluster, path = arg[1], arg[2]
local webhook = os.getenv "GONE_WEBHOOK_URL"
if not cluster or not path then
    io.stderr:write "usage: dwsync run gone_accounts.lua CLUSTER FILE\n"
    return 2
elseif not settings.history then
    io.stderr:write "gone_accounts.lua needs a history: set DWSYNC_HISTORY, or history in the configuration file\n"
    return 2
end

local id = settings.clusters[cluster] or cluster
local list, err = client:all_sync_records { cluster_id = id }
if not list then
    return nil, err
end
local store
if not dry_run then
    store, err = history.open(settings.history)
    local saved = store
    if saved then
        saved, err = store:save(id, list)
    end
    if saved then
        saved, err = store:pull_accounts(id, function() return client:all_database_users { cluster_id = id } end)
    end
    if not saved then
        return nil, err
    end
end

local function deletion_of(evaluation)
    for _, verdict in ipairs(evaluation.verdicts) do
        if verdict.rule == "mass_delete" and verdict.severity ~= "ok" and verdict.record_id then
            return verdict
        end
    end
end

local thresholds = settings.thresholds and settings.thresholds.mass_delete
local verdict = deletion_of(health.evaluate(with_history(id, list), { mass_delete = thresholds },
    os.time() + client:clock_skew()))
if not verdict then
    print(cluster .. ": no mass deletion")
    return 0
end
local run = verdict.record_id
local heading = ("# run %s"):format(text.safe(run))
if (files.read(path) or ""):match "^[^\n]*" == heading then
    print(("%s: %s has the accounts that went with run %s"):format(cluster, path, text.safe(run)))
    return 0
end

if dry_run then
    print(("%s: %s; would look who went, write %s%s"):format(cluster, verdict.message, path,
        webhook and " and send it" or ""))
    return 3
end
local found
found, err = store:accounts { cluster_id = id, run = run }
store:close()
if not found then
    return nil, err
elseif not found.went or not found.went[1] then
    io.stderr:write(("%s: %s; who went is not known: nobody looked at the accounts before\n"):format(cluster,
        verdict.message))
    return 4
end

-- A name may hold a quote; a spreadsheet must not take one for a formula.
local function cell(value)
    local shown = text.safe(tostring(value or ""))
    return '"' .. shown:gsub("^[=+@-]", "'%0"):gsub('"', '""') .. '"'
end

local lines, names = { heading, "name,user_type,last_seen,missed_at" }, {}
for i, account in ipairs(found.went) do
    lines[i + 2] = table.concat({ cell(account.name), cell(account.user_type),
        cell(quantities.instant(account.last_seen)), cell(quantities.instant(account.gone_at)) }, ",")
    names[i] = text.safe(account.name)
end
local line = ("%s: %s; the lists show who went: %s"):format(cluster, verdict.message, quantities.count(#names,
    "account"))
-- First the message: where it fails FILE is not written, and the next call tries again.
if webhook then
    local answer, failure = runtime.new().perform { method = "POST", url = webhook, timeout = SECONDS,
        headers = { ["Content-Type"] = "application/json" }, body = cjson.encode { cluster_id = id, run = run,
        message = verdict.message, accounts = names } }
    if not answer or answer.status >= 300 then
        return nil, "the webhook did not take the list: " .. (answer and "status " .. answer.status or failure.kind)
    end
end
local written, why = files.write(path, table.concat(lines, "\n") .. "\n", OWNER_ONLY)
if not written then
    return nil, ("cannot write %s: %s"):format(path, why)
end
print(("%s: written to %s"):format(line, path))
return 3
