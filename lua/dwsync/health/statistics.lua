--- Numbers about runs: how many, how they went, how long they took, when the next is due.
-- @module dwsync.health.statistics
local median = require "dwsync.health.median"
local order = require "dwsync.health.order"
local records = require "dwsync.records"

local M = {}

local outcome_of = records.outcome

local DAY = 86400 * 1000

--- The windows, the shortest first: name and milliseconds.
M.windows = { { "24h", DAY }, { "7d", 7 * DAY }, { "30d", 30 * DAY } }

local SUMS = { added = "add_count", updated = "update_count", deleted = "delete_count", failed = "failed_count" }

local OUTCOMES = { "ok", "partial", "failed", "running" }

local function add_ratio(counts)
    local finished = counts.ok + counts.partial
    local ended = finished + counts.failed
    counts.success_ratio = ended > 0 and finished / ended or nil
    return counts
end

local function new_counts()
    return { runs = 0, ok = 0, partial = 0, failed = 0, running = 0 }
end

-- Runs by start, from the newest back; each window contains the shorter ones. Sums are over the longest.
local function count(result, runs, now)
    local totals, i = new_counts(), #runs
    local added, updated, deleted, failed = 0, 0, 0, 0
    for _, window in ipairs(M.windows) do
        local oldest = now - window[2]
        local run = runs[i]
        while run and (run.start_time or run.end_time or 0) >= oldest do
            local outcome = outcome_of(run)
            totals.runs = totals.runs + 1
            totals[outcome] = (totals[outcome] or 0) + 1
            added, updated = added + (run.add_count or 0), updated + (run.update_count or 0)
            deleted, failed = deleted + (run.delete_count or 0), failed + (run.failed_count or 0)
            i = i - 1
            run = runs[i]
        end
        local counts = result.windows[window[1]]
        counts.runs = totals.runs
        for _, outcome in ipairs(OUTCOMES) do
            counts[outcome] = totals[outcome]
        end
        add_ratio(counts)
    end
    result.added, result.updated, result.deleted, result.failed = added, updated, deleted, failed
end

local function durations_of(ended)
    local durations = {}
    for i = 1, #ended do
        local start, finish = ended[i].start_time, ended[i].end_time
        if start and finish then
            durations[#durations + 1] = (finish - start) / 1000
        end
    end
    return durations
end

-- Seconds between the starts of successive runs.
local function gaps_of(runs)
    local gaps, previous = {}, nil
    for i = 1, #runs do
        local start = runs[i].start_time
        if start and previous then
            gaps[#gaps + 1] = (start - previous) / 1000
        end
        previous = start or previous
    end
    return gaps
end

local function last_finished(ended)
    for i = #ended, 1, -1 do
        if ended[i].status == "FINISHED" then
            return ended[i]
        end
    end
end

local function new_result()
    local windows = {}
    for _, window in ipairs(M.windows) do
        windows[window[1]] = new_counts()
    end
    return { runs = 0, windows = windows, added = 0, updated = 0, deleted = 0, failed = 0 }
end

local function add_spread(result, durations, gaps)
    table.sort(durations)
    table.sort(gaps)
    result.duration_p50 = median.of_sorted(durations)
    result.duration_p95 = median.percentile(durations, 0.95)
    result.median_gap = median.of_sorted(gaps)
end

local function add_last(result, run, success)
    if run then
        result.last_run = run.start_time or run.end_time
        result.last_run_id, result.last_status = run.id, run.status
    end
    if success then
        result.last_success = success.end_time or success.start_time
        result.last_success_id = success.id
    end
end

--- Statistics of one source.
-- @tparam table source as dwsync.health.sources gives it
-- @tparam number now milliseconds
-- @tparam number|nil next_expected when the next run is due, milliseconds
-- @treturn table statistics
-- @treturn table their parts, for `together`
function M.of(source, now, next_expected)
    local result = new_result()
    local runs, ended = source.runs, source.ended
    local last, success = runs[#runs], last_finished(ended)
    local durations, gaps = durations_of(ended), gaps_of(runs)
    result.runs = #runs
    count(result, runs, now)
    add_spread(result, durations, gaps)
    add_last(result, last, success)
    result.next_expected = next_expected and math.floor(next_expected)
    return result, { result = result, durations = durations, gaps = gaps, last = last, success = success }
end

local function append(all, list)
    for i = 1, #list do
        all[#all + 1] = list[i]
    end
end

local function add_counts(into, result)
    into.runs = into.runs + result.runs
    for name in pairs(SUMS) do
        into[name] = into[name] + result[name]
    end
    for name, counts in pairs(result.windows) do
        local sum = into.windows[name]
        sum.runs = sum.runs + counts.runs
        for _, outcome in ipairs(OUTCOMES) do
            sum[outcome] = sum[outcome] + counts[outcome]
        end
        add_ratio(sum)
    end
end

--- Statistics of several sources together. Gaps are those within a source; the next run is the first that is due.
-- @tparam {table,...} list the parts of each
-- @treturn table statistics
function M.together(list)
    local result, durations, gaps, last, success = new_result(), {}, {}, nil, nil
    for _, parts in ipairs(list) do
        add_counts(result, parts.result)
        append(durations, parts.durations)
        append(gaps, parts.gaps)
        if parts.last and (not last or order.starts_before(last, parts.last)) then
            last = parts.last
        end
        if parts.success and (not success or order.ends_before(success, parts.success)) then
            success = parts.success
        end
        result.next_expected = math.min(result.next_expected or math.huge, parts.result.next_expected or math.huge)
    end
    result.next_expected = result.next_expected ~= math.huge and result.next_expected or nil
    add_spread(result, durations, gaps)
    add_last(result, last, success)
    return result
end

return M
