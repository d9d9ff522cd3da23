--- Overviews for whole outputs: with few records, so that they can be read, and beyond what any output shows.
local overviews = require "spec.report.overviews"

local M = {}

local NOW_MS, HOUR = overviews.NOW * 1000, 3600000

-- As long as wanted, and one sees where it was cut.
local function long(words, bytes)
    local parts, length = { words }, #words
    while length < bytes do
        local part = (" %d"):format(length)
        parts[#parts + 1], length = part, length + #part
    end
    return table.concat(parts)
end

local function with_records(item, count)
    local list = {}
    for i = 1, math.min(count, #item.records) do
        list[i] = item.records[i]
    end
    item.records = list
    return item
end

local EPISODES = {
    { from = NOW_MS - 71 * HOUR, severity = "critical", source = "79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e",
        source_type = "ldap", rule = "failing", also = { "stale" }, headline = "3 runs did not finish." },
    { from = NOW_MS - 200 * HOUR, to = NOW_MS - 190 * HOUR, severity = "warning", rule = "never", also = {},
        headline = "There was no record." },
}

--- One cluster of each kind, with the runs of a few hours.
-- @treturn table
function M.each_kind()
    local healthy, failing = overviews.healthy(), overviews.failing_for(3)
    healthy.fetched_at, failing.fetched_at = overviews.NOW - 30, overviews.NOW - 0.75
    failing.episodes = EPISODES
    local reason = failing.evaluation.reasons[1]
    failing.evaluation.verdicts[1].reason = { text = reason.sample, speaker = "directory", class = reason.class,
        cause = reason.cause, next_step = reason.next_step, record_id = "r-1" }
    failing.evaluation.verdicts[1].follows = "stale"
    failing.evaluation.verdicts[1].explanation = { { name = "runs", text = "72 failed", value = 72, unit = "runs",
        by = "count" } }
    local old, unread = with_records(overviews.healthy("dws-old", 9), 2), overviews.disabled()
    old.fetched_at, old.error = overviews.NOW - 7200, overviews.unreadable().error
    unread.cluster = { id = "10fedcba-1111-4222-8333-444455556666", name = "dws-off-before" }
    unread.fetched_at, unread.unread = overviews.NOW - 86400, overviews.unreadable().error
    return overviews.overview { with_records(healthy, 5), with_records(failing, 6),
        with_records(overviews.mass_delete(), 4), with_records(overviews.partial(), 8),
        with_records(overviews.stuck(), 3), overviews.never(), overviews.unreadable(), overviews.disabled(), old,
        unread }
end

--- More of everything than is shown: clusters, sources, reasons, verdicts, and longer texts.
-- @treturn table
function M.crowded()
    local items = {}
    for i = 1, 2 do
        local item = with_records(overviews.failing_for(12), 2)
        item.cluster = { id = ("%08x-0000-4000-8000-000000000000"):format(i), name = long("cluster " .. i, 300) }
        local evaluation = item.evaluation
        local first = evaluation.sources[1]
        evaluation.verdicts[1].message = long("message", 600)
        evaluation.verdicts[1].advice = long("advice", 600)
        for _, reason in ipairs(evaluation.reasons) do
            reason.sample, reason.template = long(reason.sample, 600), long(reason.template, 600)
        end
        for k = 2, i == 1 and 52 or 3 do
            local id = ("%08x-52bb-4e0d-9d2c-1f6a4b7c8d9e"):format(k)
            evaluation.sources[k] = { id = id, type = "ldap", severity = "warning", statistics = first.statistics,
                reasons = {}, verdicts = { overviews.verdict("slow", { severity = "warning", source = id,
                    value = 7 + k / 10, unit = "times", warning = 6, critical = 12, since = NOW_MS - k * HOUR,
                    message = "The last run took 7 times as long as usual." }) } }
            table.insert(evaluation.verdicts, k, evaluation.sources[k].verdicts[1])
        end
        items[i] = item
    end
    return overviews.overview(items)
end

return M
