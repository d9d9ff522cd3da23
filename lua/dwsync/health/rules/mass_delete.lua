--- Rule "mass_delete": how many accounts one run deleted, in the newest run and in those of the last day.
-- A quiet run an hour later must not hide a mass deletion.
-- @module dwsync.health.rules.mass_delete
local greatest = require "dwsync.health.greatest"
local order = require "dwsync.health.order"
local quantities = require "dwsync.quantities"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "accounts"

M.options = {
    warning = { kind = "whole", default = 20, level = true },
    critical = { kind = "whole", default = 50, level = true },
    population = { kind = "population" }, -- accounts of the source; with it the ratios count, too
    warning_ratio = { kind = "ratio", default = 0.05, level = true },
    critical_ratio = { kind = "ratio", default = 0.20, level = true },
    window = { kind = "duration", default = 24 * 3600 },
}

local Tracker = {}
Tracker.__index = Tracker

-- The lower of two thresholds: either is enough.
local function threshold(accounts, ratio, population)
    local share = population and ratio and ratio * population
    return accounts and share and math.min(accounts, share) or accounts or share or false
end

function M.track(options, source)
    local population = options.population
    if type(population) == "table" then
        population = population[source.id]
    end
    return setmetatable({
        window = options.window,
        population = population,
        warning = threshold(options.warning, options.warning_ratio, population),
        critical = threshold(options.critical, options.critical_ratio, population),
        deletions = greatest.new(options.window),
    }, Tracker)
end

function Tracker:ended(run)
    self.deletions:put(order.ended_at(run), run.delete_count or 0, run)
end

--- A run in progress counts as well: it can still be stopped. What any other run deleted is known only at its end.
function Tracker:began(run)
    self.deletions:put(run.start_time or 0, run.status == "RUNNING" and run.delete_count or 0, run)
end

function M.judge(tracker, _, now)
    local worst, recheck = tracker.deletions:get(now)
    local finding = { value = worst and worst.value, warning = tracker.warning, critical = tracker.critical,
        population = tracker.population }
    if worst then
        finding.run, finding.since = worst.run, worst.time > 0 and worst.time or nil
        finding.recheck = recheck
    end
    return finding
end

function M.describe(finding, course)
    if (finding.value or 0) == 0 then
        return "no accounts deleted"
    end
    local share = finding.population and (" of %.0f (%s)"):format(finding.population,
        quantities.percent(finding.value / finding.population)) or ""
    local message = ("one run deleted %s%s"):format(quantities.count(finding.value, "account"), share)
    return message, ("Unless this was intended, stop the synchronisation of %s before its next run, check whether the "
        .. "base DN, the filter or the directory itself changed, and restore the accounts and their grants."):format(
        wording.source(course.source))
end

return M
