-- nightly_report.lua DIRECTORY [KEEP]: a page a day about all clusters, the last KEEP of them (14) kept.
--
--    dwsync run nightly_report.lua /var/lib/dwsync/reports 30
--
-- Writes DIRECTORY/dwsync-2025-05-19.html (the day in UTC) whole or not at all, then removes the oldest pages, and
-- prints one line. With --dry-run it says what it would write and remove.
-- Exit status: 0 all is well; 1 or 2 it failed, stderr says why; 3 the page is written and worth reading: a cluster is
-- neither ok nor disabled, or could not be read.
-- To change: the format ("markdown" for a ticket) together with NAME and PATTERN, by which our pages are recognised.
local files = require "dwsync.files"
local uv = require "luv"

local FORMAT, NAME, PATTERN = "html", "!dwsync-%Y-%m-%d.html", "^dwsync%-%d%d%d%d%-%d%d%-%d%d%.html$"

local directory, keep = arg[1], tonumber(arg[2] or 14)
if not directory or not keep or keep < 1 or keep % 1 ~= 0 then
    io.stderr:write "usage: dwsync run nightly_report.lua DIRECTORY [KEEP]\n"
    return 2
end

-- All clusters at once. One that cannot be read is a finding in the report, and does not hide the others.
local function overview_of(clusters)
    local functions, items = {}, {}
    for i, cluster in ipairs(clusters) do
        functions[i] = function()
            return client:all_sync_records { cluster_id = cluster.id }
        end
    end
    local lists, failures = dwsync.gather(functions)
    local now = os.time() + client:clock_skew()
    for i, cluster in ipairs(clusters) do
        if failures[i] and not dwsync.is_error(failures[i]) then
            error(failures[i], 0) -- Ctrl-C or a bug, nothing about the cluster
        end
        items[i] = { cluster = { id = cluster.id, name = cluster.name }, records = lists[i], error = failures[i],
            evaluation = lists[i] and health.evaluate(with_history(cluster.id, lists[i]), settings.thresholds, now) }
    end
    return health.overview(items, now, settings.thresholds)
end

local function summary(overview)
    local counts, parts = records.count_by(overview.clusters, "severity"), {}
    for _, severity in ipairs { "critical", "warning", "unknown", "ok", "disabled" } do
        parts[#parts + 1] = counts[severity] and ("%d %s"):format(counts[severity], severity)
    end
    return ("%s: %s"):format(overview.severity, #parts > 0 and table.concat(parts, ", ") or "no clusters")
end

local function remove_oldest(today)
    local names, handle = { today }, uv.fs_scandir(directory)
    for name in function() return handle and (uv.fs_scandir_next(handle)) end do
        names[#names + 1] = name:find(PATTERN) and name ~= today and name or nil
    end
    table.sort(names) -- by date
    for i = 1, #names - keep do
        print((dry_run and "would remove " or "removed ") .. names[i])
        if not dry_run then
            assert(os.remove(directory .. "/" .. names[i]))
        end
    end
end

local clusters, err = client:list_clusters()
if not clusters then
    return nil, err
end
local overview, parts = overview_of(clusters), {}
report.render_health(FORMAT, overview, function(text)
    parts[#parts + 1] = text
end)
local today = os.date(NAME, math.floor(overview.now))
local path = directory .. "/" .. today
if not dry_run then
    local written, reason = files.write(path, table.concat(parts))
    if not written then
        return nil, ("cannot write %s: %s"):format(path, reason)
    end
end
print(("%s; %s %s"):format(summary(overview), dry_run and "would write" or "wrote", path))
remove_oldest(today)
return (overview.severity == "ok" or overview.severity == "disabled") and 0 or 3
