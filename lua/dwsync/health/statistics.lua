--- Numbers about runs: how many, how they went, how long they took, when the next is due.
-- @module dwsync.health.statistics
local median = require "dwsync.health.median"
local order = require "dwsync.health.order"
local place = require "dwsync.health.model.place"

local M = {}

local DAY = 86400 * 1000

--- The windows, the shortest first: name and milliseconds.
M.windows = { { "24h", DAY }, { "7d", 7 * DAY }, { "30d", 30 * DAY } }

local SUMS = { "added", "updated", "deleted", "failed" }

local OUTCOMES = { "ok", "partial", "failed", "running" }

local function add_ratio(counts)
    local finished = counts.ok + counts.partial
    local ended = finished + counts.failed
    counts.success_ratio = ended > 0 and finished / ended or nil
end

local function new_counts()
    return { runs = 0, ok = 0, partial = 0, failed = 0, running = 0 }
end

-- How many runs are looked at between two pauses.
local SLICE = 200

-- Runs by start, from the newest back; each window contains the shorter ones. Sums are over the longest.
local function count_one_by_one(result, runs, now, pause)
    local last, i, ok, partial, failed, running = #runs, #runs, 0, 0, 0, 0
    local added, updated, deleted, fails = 0, 0, 0, 0
    for _, window in ipairs(M.windows) do
        local oldest = now - window[2]
        local run = runs[i]
        while run and (run.start_time or run.end_time or 0) >= oldest do
            local status, fail_count = run.status, run.failed_count or 0
            if status == "FINISHED" then
                if fail_count > 0 then
                    partial = partial + 1
                else
                    ok = ok + 1
                end
            elseif status == "FAILED" then
                failed = failed + 1
            elseif status == "RUNNING" then
                running = running + 1
            end
            added, updated = added + (run.add_count or 0), updated + (run.update_count or 0)
            deleted, fails = deleted + (run.delete_count or 0), fails + fail_count
            i = i - 1
            run = runs[i]
            if i % SLICE == 0 then
                pause()
            end
        end
        local counts = result.windows[window[1]]
        counts.runs, counts.ok, counts.partial, counts.failed, counts.running = last - i, ok, partial, failed, running
        add_ratio(counts)
    end
    result.added, result.updated, result.deleted, result.failed = added, updated, deleted, fails
end

-- How many places of a rising list are beyond one, and how many accounts failed in the runs there.
local function beyond(model, places, before)
    local count, fails = 0, 0
    for i = #places, 1, -1 do
        if places[i] <= before then
            break
        end
        count, fails = count + 1, fails + (model.run[places[i]].failed_count or 0)
    end
    return count, fails
end

-- The same where all runs have ended, in the order in which they began: the model has the sums.
local function count_in_step(result, model, now)
    local last, before, partial_fails, failed_fails = model.count
    for _, window in ipairs(M.windows) do
        local counts = result.windows[window[1]]
        before = place.before(model.starts, last, now - window[2])
        counts.runs = last - before
        counts.partial, partial_fails = beyond(model, model.partials, before)
        counts.failed, failed_fails = beyond(model, model.failures, before)
        counts.ok = counts.runs - counts.partial - counts.failed
        add_ratio(counts)
    end
    local function sum(row)
        return (row[last] or 0) - (row[before] or 0)
    end
    result.added, result.deleted, result.failed = sum(model.added), sum(model.deleted), partial_fails + failed_fails
    result.updated = sum(model.changed) - result.added
end

local function new_result()
    local windows = {}
    for _, window in ipairs(M.windows) do
        windows[window[1]] = new_counts()
    end
    return { runs = 0, windows = windows, added = 0, updated = 0, deleted = 0, failed = 0 }
end

-- Seconds; of two values in the middle, the mean.
local function seconds_at(values, first, last, ranks, pause)
    local found = median.ranked(values, first, last, ranks, pause)
    return (found[1] / 1000 + found[2] / 1000) / 2, found[3] and found[3] / 1000
end

-- From durations and gaps between two places each.
local function add_spread(self, result, duration, gap)
    local durations, gaps = self.duration_count - duration, self.gap_count - gap
    if durations > 0 then
        local low, high = median.middle(durations)
        result.duration_p50, result.duration_p95 = seconds_at(self.durations, duration + 1, self.duration_count,
            { low, high, median.rank(durations, 0.95) }, self.pause)
    end
    if gaps > 0 then
        result.median_gap = seconds_at(self.gaps, gap + 1, self.gap_count, { median.middle(gaps) }, self.pause)
    end
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

local Statistics = {}
Statistics.__index = Statistics

--- The statistics of the sources of a cluster, of none yet.
-- @tparam number now milliseconds
-- @tparam function pause called now and then
-- @tparam[opt] boolean alone there is one source, which need not be copied to be seen together with others
-- @treturn table with `add` and `together`
function M.new(now, pause, alone)
    return setmetatable({ now = now, pause = pause, alone = alone, results = {}, durations = {}, duration_count = 0,
        gap_count = 0 }, Statistics)
end

local function add_durations(self, model)
    if self.alone and model.undated == 0 then
        self.durations, self.duration_count = model.duration, model.count
        return
    end
    local from, into, at = model.duration, self.durations, self.duration_count
    for i = 1, model.count do
        local duration = from[i]
        if duration then
            at = at + 1
            into[at] = duration
        end
    end
    self.duration_count = at
end

-- Between the starts of successive runs.
local function add_gaps(self, model)
    self.gaps = self.gaps or model.rows.gap -- all models of an evaluation have the same rows
    local starts, into, before = model.starts, self.gaps, self.gap_count - 1
    local previous = starts[1]
    for i = 2, model.begun do
        local start = starts[i]
        into[before + i] = start - previous
        previous = start
    end
    self.gap_count = before + math.max(model.begun, 1)
end

--- Statistics of one source.
-- @tparam table source as dwsync.health.sources gives it
-- @tparam table model that has taken in all of it
-- @tparam number|nil next_expected when the next run is due, milliseconds
-- @treturn table statistics
function Statistics:add(source, model, next_expected)
    local result, runs = new_result(), source.runs
    local last, success = runs[#runs], model.success and model.run[model.success]
    local duration, gap = self.duration_count, self.gap_count
    add_durations(self, model)
    add_gaps(self, model)
    result.runs = #runs
    if source.in_step then
        count_in_step(result, model, self.now)
    else
        count_one_by_one(result, runs, self.now, self.pause)
    end
    add_spread(self, result, duration, gap)
    add_last(result, last, success)
    result.next_expected = next_expected and math.floor(next_expected)
    self.results[#self.results + 1] = result
    if last and (not self.last or order.starts_before(self.last, last)) then
        self.last = last
    end
    if success and (not self.success or order.ends_before(self.success, success)) then
        self.success = success
    end
    return result
end

local function add_counts(into, result)
    into.runs = into.runs + result.runs
    for _, name in ipairs(SUMS) do
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

--- Statistics of all sources together. Gaps are those within a source; the next run is the first that is due.
-- @treturn table statistics
function Statistics:together()
    local sum, next_expected = new_result(), math.huge
    for _, result in ipairs(self.results) do
        add_counts(sum, result)
        next_expected = math.min(next_expected, result.next_expected or math.huge)
    end
    sum.next_expected = next_expected < math.huge and next_expected or nil
    local only = #self.results == 1 and self.results[1]
    if only then
        sum.duration_p50, sum.duration_p95, sum.median_gap = only.duration_p50, only.duration_p95, only.median_gap
    else
        add_spread(self, sum, 0, 0)
    end
    add_last(sum, self.last, self.success)
    return sum
end

return M
