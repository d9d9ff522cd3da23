--- Numbers about runs: how many, how they went, how long they took, when the next is due.
-- It must not judge.
-- @module dwsync.health.statistics
local median = require "dwsync.health.median"
local order = require "dwsync.health.order"
local records = require "dwsync.records"

local M = {}

local DAY = 86400 * 1000

--- The windows, the shortest first: name and milliseconds.
M.windows = { { "24h", DAY }, { "7d", 7 * DAY }, { "30d", 30 * DAY } }

local LONGEST = M.windows[#M.windows][2]

local SUMS = { added = "add_count", updated = "update_count", deleted = "delete_count", failed = "failed_count" }

-- The windows a run is in, given its age in milliseconds: all from the shortest that holds it.
local function count_run(windows, outcome, age)
    for _, window in ipairs(M.windows) do
        if age <= window[2] then
            local counts = windows[window[1]]
            counts.runs = counts.runs + 1
            counts[outcome] = (counts[outcome] or 0) + 1
        end
    end
end

local function new_windows()
    local windows = {}
    for _, window in ipairs(M.windows) do
        windows[window[1]] = { runs = 0, ok = 0, partial = 0, failed = 0, running = 0 }
    end
    return windows
end

local function finish_windows(windows)
    for _, counts in pairs(windows) do
        local finished = counts.ok + counts.partial
        local ended = finished + counts.failed
        counts.success_ratio = ended > 0 and finished / ended or nil
    end
    return windows
end

-- Runs by start, from the newest back to where no window reaches.
local function count(result, runs, now)
    for i = #runs, 1, -1 do
        local run = runs[i]
        local age = now - (run.start_time or run.end_time or 0)
        if age > LONGEST then
            break
        end
        count_run(result.windows, records.outcome(run), age)
        for name, field in pairs(SUMS) do
            result[name] = result[name] + (run[field] or 0)
        end
    end
end

local function durations_of(ended)
    local durations = {}
    for _, run in ipairs(ended) do
        durations[#durations + 1] = records.duration(run)
    end
    return durations
end

-- Seconds between the starts of successive runs.
local function gaps_of(runs)
    local gaps, previous = {}, nil
    for _, run in ipairs(runs) do
        local start = run.start_time
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
    return { runs = 0, windows = new_windows(), added = 0, updated = 0, deleted = 0, failed = 0 }
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
-- @tparam table source as dwsync.health.sources gives it @tparam number now milliseconds
-- @treturn table statistics @treturn table their parts, for `together`
function M.of(source, now)
    local result = new_result()
    local runs, ended = source.runs, source.ended
    local last, success = runs[#runs], last_finished(ended)
    local durations, gaps = durations_of(ended), gaps_of(runs)
    result.runs = #runs
    count(result, runs, now)
    finish_windows(result.windows)
    add_spread(result, durations, gaps)
    add_last(result, last, success)
    if last and last.start_time and result.median_gap then
        result.next_expected = math.floor(last.start_time + result.median_gap * 1000)
    end
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
        for outcome, number in pairs(counts) do
            if outcome ~= "success_ratio" then
                into.windows[name][outcome] = (into.windows[name][outcome] or 0) + number
            end
        end
    end
end

--- Statistics of several sources together. Gaps are those within a source; the next run is the first that is due.
-- @tparam {table,...} list the parts of each @treturn table statistics
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
    finish_windows(result.windows)
    add_spread(result, durations, gaps)
    add_last(result, last, success)
    return result
end

return M
