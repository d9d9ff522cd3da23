--- Rule "churn": accounts deleted in one run and added back in the next, which costs them their grants.
-- Additions after a deletion are not enough: the two numbers must be similar.
-- @module dwsync.health.rules.churn
local greatest = require "dwsync.health.greatest"
local order = require "dwsync.health.order"
local quantities = require "dwsync.quantities"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "accounts"

M.options = {
    warning = { kind = "whole", default = 10, level = true },
    critical = { kind = "whole", level = true },
    similarity = { kind = "ratio", default = 0.8 }, -- the smaller of the two numbers by the larger
    window = { kind = "duration", default = 24 * 3600 },
}

local Tracker = {}
Tracker.__index = Tracker

function M.track(options)
    return setmetatable({ options = options, window = options.window, churned = greatest.new(options.window) }, Tracker)
end

--- "The next" is the next run that FINISHED: a failed one in between changed nothing.
function Tracker:ended(run, course)
    if run.status ~= "FINISHED" then
        return
    end
    local previous = course.finished[#course.finished - 1]
    local deleted, added = previous and previous.delete_count or 0, run.add_count or 0
    local less, more = math.min(deleted, added), math.max(deleted, added)
    local churned = less > 0 and less >= self.options.similarity * more
    self.churned:put(order.ended_at(run), churned and less or 0,
        { run = run, deleted = deleted, added = added, churned = churned })
end

function M.judge(tracker, course, now)
    local finding = { warning = tracker.options.warning, critical = tracker.options.critical }
    local worst, recheck = tracker.churned:get(now)
    if worst and #course.finished > 1 then
        finding.value, finding.recheck, finding.found = worst.value, recheck, worst.run
        finding.run, finding.since = worst.run.run, worst.time > 0 and worst.time or nil
    end
    return finding
end

function M.describe(finding, course)
    if not finding.value then
        return "not enough history: two finished runs are needed"
    elseif not finding.found.churned then
        return "no accounts deleted and added back"
    end
    return ("one run deleted %s and the next added %.0f"):format(quantities.count(finding.found.deleted, "account"),
        finding.found.added), ("If these are the same people, they lost their grants: check whether %s returned only "
        .. "some of its entries to the first run (a paging limit, a lagging replica), then restore the missing "
        .. "grants."):format(wording.source(course.source))
end

return M
