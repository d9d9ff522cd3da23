--- Rule "data": records that cannot be true: an end before the start, a time in the future, an unknown status, a count
-- below zero, one id for different content.
-- No other rule sees what is wrong with a record: it is taken out before.
-- @module dwsync.health.rules.data
local flaws = require "dwsync.health.flaws"
local quantities = require "dwsync.quantities"

local M = {}

M.unit = "records"

M.options = {
    warning = { kind = "whole", default = 1, level = true },
    critical = { kind = "whole", level = true },
    tolerance = { kind = "duration", default = 300 }, -- how far clocks may differ before a time is in the future
    window = { kind = "duration", default = 7 * 86400 },
}

local Tracker = {}
Tracker.__index = Tracker

--- When a flawed record is noticed. One without a usable time, or one from the future, is always noticed.
-- @tparam table flaw
-- @treturn number milliseconds, or nil
function M.noticed_at(flaw)
    local time = flaw.run.start_time or flaw.run.end_time
    return not flaw.kinds.future and time or nil
end

function M.follow(options)
    return setmetatable({ options = options, length = options.window * 1000, always = {}, timed = {}, first = 1 },
        Tracker)
end

--- A flawed record came; those with a time come in its order.
function Tracker:flawed(flaw)
    local list = M.noticed_at(flaw) and self.timed or self.always
    list[#list + 1] = flaw
end

function M.judge(tracker, _, now)
    local timed, first = tracker.timed, tracker.first
    while timed[first] and now - M.noticed_at(timed[first]) >= tracker.length do
        first = first + 1
    end
    tracker.first = first
    local newest = timed[#timed >= first and #timed or 0] or tracker.always[1]
    return {
        value = #timed - first + 1 + #tracker.always,
        warning = tracker.options.warning,
        critical = tracker.options.critical,
        run = newest and newest.run,
        since = newest and M.noticed_at(newest),
        recheck = timed[first] and M.noticed_at(timed[first]) + tracker.length,
        tracker = tracker,
    }
end

local function count_kinds(tracker)
    local counts = {}
    local function count(list, from)
        for i = from, #list do
            local kind = flaws.gravest(list[i].kinds)
            counts[kind] = (counts[kind] or 0) + 1
        end
    end
    count(tracker.timed, tracker.first)
    count(tracker.always, 1)
    return counts
end

function M.describe(finding)
    if finding.value == 0 then
        return "no flawed records"
    end
    local counts, parts = count_kinds(finding.tracker), {}
    for _, kind in ipairs(flaws.kinds) do
        if counts[kind] then
            parts[#parts + 1] = quantities.count(counts[kind], flaws.names[kind][1], flaws.names[kind][2])
        end
    end
    return ("%s cannot be true: %s"):format(quantities.count(finding.value, "record"), table.concat(parts, ", ")),
        counts.future and "Check this machine's clock; if it is right, report the record's id to the service." or
        "Look at the raw records; if nothing between here and the service changed them, report their ids to the "
        .. "service."
end

--- How many flawed records there are, and how long each is told.
function M.explain(tracker, _, _, finding)
    local facts = { { name = "flawed", text = quantities.count(finding.value, "record"), value = finding.value,
        unit = "records" } }
    local counts = count_kinds(tracker)
    for _, kind in ipairs(flaws.kinds) do
        if counts[kind] then
            facts[#facts + 1] = { name = kind, text = quantities.count(counts[kind], flaws.names[kind][1],
                flaws.names[kind][2]), value = counts[kind], unit = "records" }
        end
    end
    return facts
end

return M
