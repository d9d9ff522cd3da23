-- mass_deletion_stop.lua CLUSTER STOP_FILE [ALLOWED]: halts a pipeline when more than ALLOWED accounts of an identity
-- source were deleted within WINDOW.
--
--    dwsync run mass_deletion_stop.lua CLUSTER /var/lib/pipeline/STOP 50 && ./pipeline
--
-- It adds up all runs within WINDOW, so that neither a quiet run hides the one before it nor many small ones go by. Too
-- many deletions write STOP_FILE (whole or not at all) and say what to restore; with --dry-run nothing is written. As
-- long as STOP_FILE is there the answer stays 2. When the deletions were meant:
--
--    cat STOP >> STOP.accepted && rm STOP        which accepts these very records and nothing that comes later
--
-- Exit status: 0 go on; 2 halt; 1 the records could not be read, 3 the list is empty: neither is a reason to go on.
-- To change: WINDOW, which must be longer than the time between two calls. Without ALLOWED the configuration file's
-- mass_delete decides (a fifth of the accounts within a day, 50 where nobody knows how many there are).
local display = require "dwsync.text"
local files = require "dwsync.files"
local quantities = require "dwsync.quantities"
local timestamps = require "dwsync.timestamps"

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
list = list and with_history(settings.clusters[cluster] or cluster, list)
if not list then
    return nil, err
elseif #list == 0 then
    io.stderr:write(cluster, ": no runs on record, so nothing is known about deletions\n")
    return 3
end

local now = os.time() + client:clock_skew()
local left = records.where(list, function(run)
    return not accepted[display.safe(tostring(run.id))]
end)

-- The runs of a source that deleted accounts and ended since a time, or whose time is not known; the newest first.
local function deletions_since(time)
    return left:where(function(run)
        return (run.delete_count or 0) > 0 and (run.end_time or run.start_time or time) >= time
    end):group_by "identity_source_id"
end

-- By ALLOWED: however many accounts there are, and whatever was added since.
local function more_than_allowed()
    local by_source, sources = deletions_since((now - timestamps.duration(WINDOW)) * 1000)
    local found = {}
    for _, source in ipairs(sources) do
        local deleted = records.from(by_source[source]):sum "delete_count"
        if deleted > allowed then
            found[#found + 1] = { source = source, runs = by_source[source], deleted = deleted,
                message = ("%s deleted within %s, %s allowed"):format(quantities.count(deleted, "account"), WINDOW,
                    quantities.number(allowed)) }
        end
    end
    return found
end

local DAY = 24 * 3600 * 1000

-- By the rule mass_delete, which is never off here. The runs are those that its verdict may have added up.
local function more_than_configured()
    local configured, rule, found = settings.thresholds and settings.thresholds.mass_delete, { memory = WINDOW }, {}
    for name, value in pairs(type(configured) == "table" and configured or {}) do
        rule[name] = value
    end
    for _, verdict in ipairs(health.evaluate(left, { mass_delete = rule }, now).verdicts) do
        if verdict.rule == "mass_delete" and verdict.severity == "critical" then
            found[#found + 1] = { source = verdict.source, deleted = verdict.value, message = verdict.message,
                runs = deletions_since(verdict.since - DAY)[verdict.source or ""] or {} }
        end
    end
    return found
end

local too_many = (allowed and more_than_allowed or more_than_configured)()
if #too_many == 0 then
    print(cluster .. ": not too many accounts were deleted")
    return 0
end

-- The records count accounts and do not name them: what they were is in a backup from before these runs.
local lines = {}
for _, found in ipairs(too_many) do
    local first = found.runs[#found.runs]
    lines[#lines + 1] = ("%s: %s\n"):format(cluster, found.message)
    for _, run in ipairs(found.runs) do
        lines[#lines + 1] = ("  %s deleted at %s; record %s\n"):format(quantities.number(run.delete_count),
            quantities.instant(run.end_time or run.start_time), display.safe(tostring(run.id or "without an id")))
    end
    for i = #found.runs, 1, -1 do -- what a few leavers had is not wanted back
        if found.runs[i].delete_count * 10 >= found.deleted then
            first = found.runs[i]
            break
        end
    end
    lines[#lines + 1] = ("  Restore: the accounts and grants of source %s as they were before %s.\n"):format(
        display.safe(tostring(found.source)), quantities.instant(first and first.start_time))
    lines[#lines + 1] = "  Next: unless this was intended, stop the synchronisation before its next run, check whether "
        .. "the base DN, the filter or the directory itself changed, and restore the accounts.\n"
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
