-- compare_clusters.lua CLUSTER OTHER: how the synchronisations of two clusters went, side by side.
--
--    dwsync run compare_clusters.lua production staging
--
-- Exit status: 0 both could be read, whatever they show; 1 one could not; 2 wrong usage.
-- To change: MEASURES; an evaluation has more: see docs/lua.md, or print it with `dwsync health CLUSTER -o json`. The
-- format of the last line: "markdown", "csv", "html".
local quantities = require "dwsync.quantities"

local function window(name)
    return function(evaluation)
        local counts = evaluation.statistics.windows[name]
        return ("%s of %d"):format(quantities.percent(counts.success_ratio), counts.runs)
    end
end

local function statistic(name, show)
    return function(evaluation)
        return show(evaluation.statistics[name], evaluation.now)
    end
end

local MEASURES = {
    { "verdict", function(evaluation) return evaluation.severity end },
    { "finished, 24 h", window "24h" },
    { "finished, 7 d", window "7d" },
    { "finished, 30 d", window "30d" },
    { "last success", statistic("last_success", quantities.distance) },
    { "a run every", statistic("median_gap", quantities.duration) },
    { "takes (median)", statistic("duration_p50", quantities.duration) },
    { "takes (95 of 100)", statistic("duration_p95", quantities.duration) },
    { "added, 30 d", statistic("added", quantities.number) },
    { "updated, 30 d", statistic("updated", quantities.number) },
    { "deleted, 30 d", statistic("deleted", quantities.number) },
    { "failed, 30 d", statistic("failed", quantities.number) },
    { "why (most often)", function(evaluation)
        local reason = evaluation.reasons[1]
        return reason and ("%d × %s"):format(reason.count, reason.class) or "–"
    end },
}

local names = { arg[1], arg[2] }
if #names < 2 or names[1] == names[2] then
    io.stderr:write "usage: dwsync run compare_clusters.lua CLUSTER OTHER\n"
    return 2
end

local functions, ids = {}, {}
for i, name in ipairs(names) do
    ids[i] = settings.clusters[name] or name
    functions[i] = function()
        return client:all_sync_records { cluster = name }
    end
end
local lists, failures = dwsync.gather(functions) -- both at once
local evaluations = {}
for i in ipairs(names) do
    if not lists[i] then
        return nil, failures[i]
    end
    evaluations[i] = health.evaluate(with_history(ids[i], lists[i]), settings.thresholds,
        os.time() + client:clock_skew())
end

local rows = {}
for i, measure in ipairs(MEASURES) do
    rows[i] = { measure = measure[1], [names[1]] = measure[2](evaluations[1]), [names[2]] = measure[2](evaluations[2]) }
end
report.render("table", { name = "measures", rows = rows, columns = { "measure", names[1], names[2] } }, function(text)
    io.write(text)
end)
