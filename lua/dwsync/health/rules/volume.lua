--- Rule "volume": how far a run's added or updated accounts are from what is usual, in the newest run and in those of
-- the last day.
-- Silent until there are enough runs to know what is usual.
-- @module dwsync.health.rules.volume
local decimal = require "dwsync.decimal"
local greatest = require "dwsync.health.greatest"
local median = require "dwsync.health.median"
local order = require "dwsync.health.order"
local quantities = require "dwsync.quantities"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "deviations"

M.options = {
    warning = { kind = "factor", default = 6, level = true },
    critical = { kind = "factor", default = 12, level = true },
    minimum = { kind = "accounts", default = 20 }, -- nearer to the median than this is never unusual
    history = { kind = "whole", default = 30 }, -- how many earlier runs decide what is usual
    least_history = { kind = "whole", default = 10 }, -- and how many of them it takes
    window = { kind = "duration", default = 24 * 3600 },
}

local FIELDS = { "add_count", "update_count" }

local Tracker = {}
Tracker.__index = Tracker

function M.track(options)
    return setmetatable({
        options = options,
        window = options.window,
        unusual = greatest.new(options.window),
        known = 0,
    }, Tracker)
end

-- A deviation is at least one account and a tenth of the median: what never varied may vary a little.
local function deviation_of(value, values)
    local middle, deviation = median.spread(values)
    return math.abs(value - middle) / math.max(deviation, 1, middle / 10), middle
end

-- Whether any of the values is that far from one given; most are not, and then nothing needs sorting.
local function may_be_far(value, values, distance)
    for i = 1, #values do
        if values[i] - value >= distance or value - values[i] >= distance then
            return true
        end
    end
    return false
end

function Tracker:ended(run, course)
    if run.status ~= "FINISHED" then
        return
    end
    local options, finished = self.options, course.finished
    local last = #finished - 1 -- this run is the last of them
    self.known = math.max(self.known, last)
    local worst, found = 0, nil
    for _, field in ipairs(last >= options.least_history and FIELDS or {}) do
        local values, value = {}, run[field] or 0
        for i = math.max(1, last - options.history + 1), last do
            values[#values + 1] = finished[i][field] or 0
        end
        if may_be_far(value, values, options.minimum) then
            local deviations, middle = deviation_of(value, values)
            if deviations > worst and math.abs(value - middle) >= options.minimum then
                worst, found = deviations, { run = run, field = field, value = value, usual = middle }
            end
        end
    end
    self.unusual:put(order.ended_at(run), worst, found)
end

function M.judge(tracker, _, now)
    local options = tracker.options
    local finding = { warning = options.warning, critical = options.critical, known = tracker.known,
        needed = options.least_history }
    local worst, recheck = tracker.unusual:get(now)
    if worst and tracker.known >= options.least_history then
        finding.value, finding.recheck, finding.found = worst.value, recheck, worst.run
        if worst.run then
            finding.run, finding.since = worst.run.run, worst.time > 0 and worst.time or nil
        end
    end
    return finding
end

local VERBS = { add_count = "added", update_count = "updated" }

function M.describe(finding, course)
    if not finding.value then
        return ("not enough history: %.0f of %.0f earlier runs"):format(finding.known, finding.needed)
    elseif not finding.found then
        return "as many accounts added and updated as usual"
    end
    local found = finding.found
    return ("one run %s %s; usual is %s"):format(VERBS[found.field], quantities.count(found.value, "account"),
        decimal.format("%.14g", found.usual)),
        ("Find out what changed in %s: a new group or base DN, a bulk import, or an attribute that is now written "
        .. "differently; if this was not expected, stop the synchronisation."):format(wording.source(course.source))
end

return M
