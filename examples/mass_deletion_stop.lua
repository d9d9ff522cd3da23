-- mass_deletion_stop.lua CLUSTER STOP_FILE [ALLOWED]: halts a pipeline when more than ALLOWED accounts of a source were
-- deleted within a day.
--
--    dwsync run mass_deletion_stop.lua CLUSTER /var/lib/pipeline/STOP 50 && ./pipeline
--
-- It adds up the runs of a day, of all days within WINDOW, so that neither a quiet run hides the one before it nor many
-- small ones go by. Too many deletions write STOP_FILE (whole or not at all) and say what to restore; with --dry-run
-- nothing is written. As long as STOP_FILE is there the answer stays 2. When the deletions were meant:
--
--    cat STOP >> STOP.accepted && rm STOP        which accepts these very records and nothing that comes later
--
-- Exit status: 0 go on; 2 halt; 1 the records could not be read, 3 the list is empty: neither is a reason to go on.
-- To change: WINDOW, which must be longer than the time between two calls. Without ALLOWED the configuration file's
-- mass_delete decides (critical from 20 % of the accounts there are unless it says otherwise).
local display = require "dwsync.text"
local files = require "dwsync.files"
local quantities = require "dwsync.quantities"

local WINDOW = "2d"

local cluster, stop_file, allowed = arg[1], arg[2], tonumber(arg[3])
if not cluster or not stop_file or arg[3] and not (allowed and allowed >= 0 and allowed % 1 == 0) then
    io.stderr:write "usage: dwsync run mass_deletion_stop.lua CLUSTER STOP_FILE [ALLOWED]\n"
    return 2
end

local stopped, reason, missing = files.read(stop_file)
if stopped or not missing then
    io.stderr:write(("%s is still there:\n%s"):format(stop_file, stopped or reason .. "\n"))
    return 2
end
local accepted = {}
for id in (files.read(stop_file .. ".accepted") or ""):gmatch "; record ([^\n]+)\n" do
    accepted[id] = true
end

local list, err = client:all_sync_records { cluster = cluster }
if not list then
    return nil, err
elseif #list == 0 then
    io.stderr:write(cluster, ": no runs on record, so nothing is known about deletions\n")
    return 3
end

local configured = settings.thresholds and settings.thresholds.mass_delete
local rule = { memory = WINDOW } -- and never off
for name, value in pairs(allowed and { warning = allowed + 1, critical = allowed + 1, minimum = 0 }
    or type(configured) == "table" and configured or {}) do
    rule[name] = value
end
local left = records.where(list, function(record)
    return not accepted[display.safe(tostring(record.id))]
end)
local evaluation = health.evaluate(left, { mass_delete = rule }, os.time() + client:clock_skew())
local too_many = records.where(evaluation.verdicts, function(verdict)
    return verdict.rule == "mass_delete" and verdict.severity == "critical"
end):to_list()
if #too_many == 0 then
    print(cluster .. ": not too many accounts were deleted")
    return 0
end

-- The runs whose deletions a verdict may have added up, the newest first.
local DAY = 24 * 3600 * 1000
local function runs_of(verdict)
    return records.where(left, function(run)
        return run.identity_source_id == verdict.source and (run.delete_count or 0) > 0
            and (run.id == verdict.record_id or (run.start_time or 0) >= verdict.since - DAY)
    end):to_list()
end

-- The records count accounts and do not name them: what they were is in a backup from before these runs.
local lines = {}
for _, verdict in ipairs(too_many) do
    local runs, first = runs_of(verdict), nil
    lines[#lines + 1] = ("%s: %s\n"):format(cluster, verdict.message)
    for _, run in ipairs(runs) do
        lines[#lines + 1] = ("  %s deleted at %s; record %s\n"):format(quantities.number(run.delete_count),
            quantities.instant(run.end_time or run.start_time), display.safe(tostring(run.id or "without an id")))
        first = run.delete_count * 10 >= verdict.value and run or first
    end
    lines[#lines + 1] = ("  Restore: the accounts and grants of source %s as they were before %s.\n"):format(
        display.safe(tostring(verdict.source)), quantities.instant((first or runs[#runs]).start_time))
    lines[#lines + 1] = ("  Next: %s\n"):format(verdict.advice)
end
local text = table.concat(lines)
io.stderr:write(text)
if not dry_run then
    local written, why = files.write(stop_file, text)
    if not written then
        return nil, ("cannot write %s: %s"):format(stop_file, why)
    end
end
return 2
