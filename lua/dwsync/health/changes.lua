--- What changed between two looks at the verdicts, as events: flat tables of plain values, fit for a line of JSON.
--
-- An event has `event`: "verdict" (a rule's severity for one source changed; at the first look: every one that is not
-- ok), "failure" (a cluster could not be queried) or "recovery"; `time` (milliseconds), `cluster_id`, `cluster_name`;
-- then the fields of the verdict and `previous`, or `kind`, `message` and `hint` of the error.
-- @module dwsync.health.changes
local disabled = require "dwsync.health.disabled"

local M = {}

local Changes = { __name = "dwsync.health.changes" }
Changes.__index = Changes

--- The fields of an event, in the order they are written.
M.FIELDS = { "event", "time", "cluster_id", "cluster_name", "source", "source_type", "rule", "severity", "previous",
    "value", "unit", "warning", "critical", "since", "record_id", "kind", "message", "advice", "hint" }

local OF_VERDICT = { "source", "source_type", "rule", "severity", "value", "unit", "warning", "critical", "since",
    "record_id", "message", "advice" }

--- A memory of verdicts.
-- @treturn table that has seen nothing yet
function M.new()
    return setmetatable({ seen = {} }, Changes)
end

local function event_of(kind, item, now)
    return { event = kind, time = math.floor(now * 1000), cluster_id = item.cluster.id,
        cluster_name = item.cluster.name }
end

local function verdict_event(verdict, previous, item, now)
    local event = event_of("verdict", item, now)
    for _, name in ipairs(OF_VERDICT) do
        event[name] = verdict[name]
    end
    event.previous = previous
    return event
end

local function key_of(verdict)
    return ("%s\0%s"):format(tostring(verdict.source or ""), verdict.rule)
end

-- The worst verdict of each rule and source, since `data` may give several about one source.
local function worst_of(verdicts)
    local worst = {}
    for _, verdict in ipairs(verdicts) do -- worst first
        local key = key_of(verdict)
        worst[key] = worst[key] or verdict
    end
    return worst
end

local function sorted_keys(map)
    local keys = {}
    for key in pairs(map) do
        keys[#keys + 1] = key
    end
    table.sort(keys)
    return keys
end

-- That synchronisation is off, and always was, is as quiet as ok.
local function grade(verdict)
    return verdict.severity == "disabled" and "ok" or verdict.severity
end

local function compare_verdicts(before, verdicts, item, now, events)
    local worst = worst_of(verdicts)
    local severities = {}
    for _, key in ipairs(sorted_keys(worst)) do
        local verdict = worst[key]
        local previous = before[key]
        severities[key] = grade(verdict)
        if verdict.follows then
            severities[key] = previous or "ok" -- its cause is told instead
        elseif grade(verdict) ~= (previous or "ok") then
            events[#events + 1] = verdict_event(verdict, previous, item, now)
        end
    end
    for _, key in ipairs(sorted_keys(before)) do
        if before[key] ~= "ok" and not severities[key] then
            local source, rule = key:match "^(.-)%z(.*)$"
            events[#events + 1] = verdict_event({ source = source ~= "" and source or nil, rule = rule,
                severity = "ok", message = "no longer reported" }, before[key], item, now)
        end
    end
    return severities
end

--- Compares new verdicts with the last ones.
-- @tparam table items of dwsync.cli.judgement
-- @tparam number now seconds since the epoch
-- @tparam table rules checked
-- @treturn {table,...} events since the last look
function Changes:look(items, now, rules)
    local events = {}
    for _, item in ipairs(items) do
        local seen = self.seen[item.cluster.id] or { severities = {} }
        self.seen[item.cluster.id] = seen
        local verdicts = item.evaluation and item.evaluation.verdicts or disabled.of(item, rules.disabled)
        if verdicts then
            if seen.failure then
                events[#events + 1] = event_of("recovery", item, now)
                events[#events].message = "recovered"
            end
            seen.failure = nil
            seen.severities = compare_verdicts(seen.severities, verdicts, item, now, events)
        elseif seen.failure ~= item.error.message then
            local event = event_of("failure", item, now)
            event.kind, event.message, event.hint = item.error.kind, item.error.message, item.error.hint
            events[#events + 1] = event
            seen.failure = item.error.message
        end
    end
    return events
end

return M
