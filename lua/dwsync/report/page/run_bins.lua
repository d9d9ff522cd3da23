--- Runs counted by spans of time, so that a picture of thousands of them stays small.
-- It must not trust a field of a record.
-- @module dwsync.report.page.run_bins
local quantities = require "dwsync.quantities"
local records = require "dwsync.records"

local M = {}

local MINUTE = 60 * 1000
local HOUR = 60 * MINUTE
local DAY = 24 * HOUR

local LONGEST = 30 * DAY

local BETWEEN_PAUSES = 32 -- runs

-- Spans that divide a day or are made of days, so that their borders are hours people know.
local STEPS = { 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 6 * HOUR,
    8 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY }

M.outcomes = { "failed", "partial", "running", "unknown", "ok" }
M.counts = { "add_count", "update_count", "delete_count", "failed_count" }

--- When a record started.
-- @param record
-- @treturn ?number milliseconds since the epoch; nil when it is not a record, or has no usable start
function M.start_of(record)
    local start = type(record) == "table" and record.start_time
    return quantities.is_finite(start) and start or nil
end

--- The span of time that is drawn: from the oldest run within 30 days to now.
-- @tparam {table,...} list records
-- @tparam number now seconds since the epoch
-- @tparam[opt] function pause called every tenth of a millisecond or so
-- @treturn number from, milliseconds since the epoch; nil without a run in the last 30 days
-- @treturn number till
function M.span(list, now, pause)
    local till = now * 1000
    local from
    for i, record in ipairs(list) do
        local start = M.start_of(record)
        if start and start >= till - LONGEST and start <= till and (not from or start < from) then
            from = start
        end
        if pause and i % BETWEEN_PAUSES == 0 then
            pause()
        end
    end
    return from, till
end

local function empty_bin()
    local bin = { runs = 0 }
    for _, outcome in ipairs(M.outcomes) do
        bin[outcome] = 0
    end
    for _, name in ipairs(M.counts) do
        bin[name] = 0
    end
    return bin
end

local function step_for(length, limit)
    for _, step in ipairs(STEPS) do
        if length / step <= limit - 1 then -- one more, since the first and the last may be cut
            return step
        end
    end
    return STEPS[#STEPS]
end

local function add(bin, record)
    local outcome = records.outcome(record)
    bin.runs = bin.runs + 1
    bin[outcome] = bin[outcome] + 1
    for _, name in ipairs(M.counts) do
        local count = record[name]
        if quantities.is_finite(count) and count > 0 then
            bin[name] = bin[name] + count
        end
    end
end

--- Counts runs.
-- @tparam {table,...} list records
-- @tparam number from milliseconds since the epoch
-- @tparam number till
-- @tparam integer limit bins at most
-- @tparam[opt] function pause called every tenth of a millisecond or so
-- @treturn table the bins in the order of time, each with `runs`, the number of runs of each outcome and the sum of
-- each count; beside them `from`, `till`, `step` (milliseconds), `left_out`: runs outside the span or without a start,
-- and `total`: a bin of all
function M.count(list, from, till, limit, pause)
    local step = step_for(till - from, limit)
    local first = math.floor(from / step)
    local bins = { from = first * step, step = step, left_out = 0, total = empty_bin() }
    for i = 1, math.max(1, math.ceil(till / step) - first) do
        bins[i] = empty_bin()
    end
    bins.till = bins.from + #bins * step
    for i, record in ipairs(list) do
        if pause and i % BETWEEN_PAUSES == 0 then
            pause()
        end
        local start = M.start_of(record)
        if start and start >= from and start <= till then
            local bin = bins[math.min(#bins, math.floor(start / step) - first + 1)] -- the last ends with `till`
            add(bin, record)
            add(bins.total, record)
        else
            bins.left_out = bins.left_out + 1
        end
    end
    return bins
end

return M
