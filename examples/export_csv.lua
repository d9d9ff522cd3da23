-- export_csv.lua DIRECTORY [DAYS]: the runs of the last DAYS (30) of every cluster, a CSV file for each.
--
--    dwsync run export_csv.lua /srv/export 90
--
-- First it pulls what is new into the history (DWSYNC_HISTORY, the configuration file's, else
-- DIRECTORY/history.sqlite), so that the files reach back further than the service's records. A file is written whole
-- or not at all. Cells that a spreadsheet would take for a formula begin with an apostrophe; times are ISO 8601, UTC.
-- With --dry-run it reads and counts, and keeps nothing.
-- Exit status: 0 every cluster is exported; 1 some could not be read (what was saved of them before is exported all
-- the same), or none; 2 wrong usage or configuration.
-- That synchronisation is off for a cluster is said, and not a failure.
-- To change: COLUMNS; any field of a record may be one.
local display = require "dwsync.text"
local errors = require "dwsync.errors"
local files = require "dwsync.files"
local timestamps = require "dwsync.timestamps"

local COLUMNS = { "started", "ended", "seconds", "outcome", "identity_source_type", "identity_source_id", "add_count",
    "update_count", "delete_count", "failed_count", "fail_reason", "id" }

local directory, days = arg[1], tonumber(arg[2] or 30)
if not directory or not days or days <= 0 then
    io.stderr:write "usage: dwsync run export_csv.lua DIRECTORY [DAYS]\n"
    return 2
end

local function iso(ms)
    return type(ms) == "number" and timestamps.to_iso(ms) or nil
end

local function csv(store, cluster_id, since)
    local rows, parts = {}, {}
    for record in store:each { cluster_id = cluster_id, since = since } do
        record.started, record.ended = iso(record.start_time), iso(record.end_time)
        record.seconds, record.outcome = records.duration(record), records.outcome(record)
        rows[#rows + 1] = record
    end
    report.render("csv", { name = "sync_records", rows = rows, columns = COLUMNS }, function(text)
        parts[#parts + 1] = text
    end)
    return table.concat(parts), #rows
end

local clusters, err = client:list_clusters()
if not clusters then
    return nil, err
end
local named = os.getenv "DWSYNC_HISTORY"
local target = named ~= "" and named or settings.history or directory .. "/history.sqlite"
local store, failure = history.open(dry_run and ":memory:" or target)
if not store then
    return nil, failure
end

local function write(path, text)
    if dry_run then
        return true
    end
    return files.write(path, text)
end

local status = 0
local since = math.floor((os.time() + client:clock_skew() - days * 86400) * 1000)
for _, cluster in ipairs(clusters) do
    local pulled, reason = store:pull(cluster.id, client:sync_records { cluster_id = cluster.id })
    if not pulled then
        local is_off = errors.is_feature_off(reason)
        local why = is_off and ("identity-source synchronisation is off (%s)"):format(reason.code) or tostring(reason)
        io.stderr:write(display.safe(("%s: %s"):format(cluster.name or cluster.id, why)), "\n")
        status = is_off and status or 1
    end
    local text, count = csv(store, cluster.id, since)
    local path = ("%s/%s.csv"):format(directory, cluster.id)
    if pulled or count > 0 then -- an empty file would say that there was no run
        local written, why = write(path, text)
        if not written then
            return nil, ("cannot write %s: %s"):format(path, why)
        end
        print(("%d runs, %d of them new to the history: %s"):format(count, pulled and pulled.inserted or 0, path))
    end
end
store:close()
return status
