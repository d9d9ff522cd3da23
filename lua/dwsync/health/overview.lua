--- The evaluations of several clusters as one: what reports, metrics and exit codes are made of.
-- @module dwsync.health.overview
local disabled = require "dwsync.health.disabled"
local severities = require "dwsync.severity"

local M = {}

local PLACE = {}
for place, severity in ipairs(severities.worst_first) do
    PLACE[severity] = place
end

local function name_of(item)
    local cluster = item.cluster or {}
    return tostring(cluster.name or cluster.id or "")
end

local function id_of(item)
    return tostring((item.cluster or {}).id or "")
end

-- A cluster that could not be queried is unknown: it may be well or not; unless it is disabled.
local function graded(item, position, rules)
    if type(item) ~= "table" or not item.evaluation and not item.error then
        error(("overview: item %d has neither an evaluation nor an error"):format(position), 4)
    end
    local copy = {}
    for name, value in pairs(item) do
        copy[name] = value
    end
    local verdicts, severity = disabled.of(item, rules.disabled)
    if verdicts then
        copy.evaluation = nil -- that nothing came since is no news
        copy.verdicts, copy.severity = verdicts, severity
    else
        copy.severity = item.evaluation and item.evaluation.severity or "unknown"
    end
    return copy
end

local function no_pause() end

local ITEMS = 16 -- between two pauses: about 0.1 ms

--- Makes an overview: see dwsync.health.overview.
-- @tparam {dwsync.overview.item,...} items
-- @tparam number now seconds
-- @tparam table rules checked
-- @tparam[opt] function pause
-- @treturn dwsync.overview
function M.make(items, now, rules, pause)
    pause = pause or no_pause
    local keys, by_key, clusters = {}, {}, {}
    for i, item in ipairs(items) do
        local one = graded(item, i, rules)
        keys[i] = ("%d%s\0%s\0%08d"):format(PLACE[severities.known(one.severity)], name_of(one), id_of(one), i)
        by_key[keys[i]] = one
        if i % ITEMS == 0 then
            pause()
        end
    end
    pause()
    table.sort(keys) -- a comparison in Lua takes milliseconds for hundreds
    pause()
    for i, key in ipairs(keys) do
        clusters[i] = by_key[key]
    end
    return { now = now, severity = severities.worst(clusters), clusters = clusters }
end

return M
