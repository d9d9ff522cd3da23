--- Alerts of a replay that are one problem: each with those that follow from it.
-- @module dwsync.health.episodes
local severities = require "dwsync.severity"

local M = {}

local function overlap(a, b)
    return a.from <= (b.till or math.huge) and b.from <= (a.till or math.huge)
end

local function key_of(source, rule)
    return source .. "\n" .. rule
end

-- The alert that explains another: of the same source, by the rule that its verdict followed.
local function explaining(alert, by_key)
    local others = alert.explained_by and by_key[key_of(alert.source, alert.explained_by)]
    for _, other in ipairs(others or {}) do
        if overlap(alert, other) then
            return other
        end
    end
end

local function root_of(alert, by_key)
    local cause = explaining(alert, by_key)
    while cause do
        alert, cause = cause, explaining(cause, by_key)
    end
    return alert
end

local function begin(root)
    return { from = root.from, till = root.till, open = root.till == nil, seconds = root.seconds,
        severity = root.severity, source = root.source, source_type = root.source_type, rule = root.rule, also = {},
        headline = root.message, record_id = root.record_id }
end

local function add(episode, alert)
    local known = alert.rule == episode.rule
    for _, rule in ipairs(episode.also) do
        known = known or rule == alert.rule
    end
    if not known then
        episode.also[#episode.also + 1] = alert.rule
    end
    if severities.is_worse(alert.severity, episode.severity) then
        episode.severity = alert.severity
    end
    local ends = math.max(episode.from + episode.seconds * 1000, alert.from + alert.seconds * 1000)
    episode.from = math.min(episode.from, alert.from)
    episode.seconds = (ends - episode.from) / 1000
    episode.open = episode.open or alert.till == nil
    episode.till = not episode.open and math.max(episode.till, alert.till) or nil
end

local function by_time(a, b)
    if a.from ~= b.from then
        return a.from < b.from
    elseif a.source ~= b.source then
        return a.source < b.source
    end
    return a.rule < b.rule
end

--- Puts alerts together.
-- @tparam {dwsync.alert,...} alerts by time
-- @treturn {dwsync.episode,...} by time
function M.of(alerts)
    local list, by_root, by_key = {}, {}, {}
    for _, alert in ipairs(alerts) do
        local key = key_of(alert.source, alert.rule)
        by_key[key] = by_key[key] or {}
        table.insert(by_key[key], alert)
    end
    for _, alert in ipairs(alerts) do
        local root = root_of(alert, by_key)
        if not by_root[root] then
            by_root[root] = begin(root)
            list[#list + 1] = by_root[root]
        end
        add(by_root[root], alert)
    end
    for _, episode in ipairs(list) do
        episode.open = nil
    end
    table.sort(list, by_time)
    return list
end

return M
