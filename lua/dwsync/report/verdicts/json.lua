--- An overview as one JSON document with its fields in a fixed order; every point in time in milliseconds. It has no
-- records, which `dwsync records` gives, and stays valid JSON whatever those hold.
--
--     {"now", "severity", "clusters": [
--       {"id", "name", "severity", "error": {"kind", "message", "hint", "code", "status", "request_id"},
--        "records": number, "verdicts": [{"severity", "rule", "follows", "source", "source_type", "value", "unit",
--        "warning", "critical", "since", "record_id", "message", "advice", "acknowledged_at", "acknowledged_by",
--        "acknowledged_note", "silenced_until", "silenced_by",
--        "reason": {"text", "speaker", "class", "cause", "next_step", "record_id"},
--        "explanation": [{"name", "text", "value", "unit", "by"}]}],
--        "sources": [{"id", "type", "severity", "statistics": {…}, "reasons": […]}],
--        "statistics": {…}, "reasons": [{…}],
--        "episodes": [{"from", "till", "seconds", "severity", "source", "source_type", "rule", "headline", "record_id",
--        "also": […]}]}]}
--
-- Clusters that could not be queried have "error", and those whose synchronisation is off "verdicts", too; the others
-- have everything from "records" on. Absent values are left out,
-- empty lists are not. "verdicts" are all of the cluster and its sources, worst first.
-- @module dwsync.report.verdicts.json
local ordered_json = require "dwsync.ordered_json"
local severities = require "dwsync.severity"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local VERDICT = { "severity", "rule", "follows", "source", "source_type", "value", "unit", "warning", "critical",
    "since", "record_id", "message", "advice", "acknowledged_at", "acknowledged_by", "acknowledged_note",
    "silenced_until", "silenced_by" }
local VERDICT_REASON = { "text", "speaker", "class", "cause", "next_step", "record_id" }
local FACT = { "name", "text", "value", "unit", "by" }
local STATISTICS = { "runs", "duration_p50", "duration_p95", "median_gap", "last_run", "last_run_id",
    "last_status", "last_success", "last_success_id", "next_expected", "added", "updated", "deleted", "failed" }
local WINDOW = { "runs", "ok", "partial", "failed", "running", "success_ratio" }
local REASON = { "template", "class", "speaker", "count", "first_seen", "last_seen", "sample", "record_id", "cause",
    "next_step" }
local EPISODE = { "from", "till", "seconds", "severity", "source", "source_type", "rule", "headline", "record_id" }
local ERROR = { "kind", "message", "hint", "code", "status", "request_id" }

local object, members = ordered_json.object, ordered_json.members

local function pair(name, text)
    return ordered_json.text(name) .. ":" .. text
end

local function braces(parts)
    return "{" .. table.concat(parts, ",") .. "}"
end

local function list(items, encode, separator)
    local parts = {}
    for i, item in ipairs(items or {}) do
        parts[i] = encode(item)
    end
    return "[" .. table.concat(parts, separator or ",") .. "]"
end

local function flat(names)
    return function(item)
        return object(item, names)
    end
end

local function verdict_object(verdict)
    local parts = members(verdict, VERDICT)
    if type(verdict.reason) == "table" then
        parts[#parts + 1] = pair("reason", object(verdict.reason, VERDICT_REASON))
    end
    if verdict.explanation then
        parts[#parts + 1] = pair("explanation", list(verdict.explanation, flat(FACT)))
    end
    return braces(parts)
end

local function statistics(value)
    local windows = {}
    for _, span in ipairs { "24h", "7d", "30d" } do
        local window = (value.windows or {})[span]
        windows[#windows + 1] = window and pair(span, object(window, WINDOW)) or nil
    end
    local parts = members(value, STATISTICS)
    table.insert(parts, math.min(2, #parts + 1), pair("windows", braces(windows)))
    return braces(parts)
end

local function source(item)
    local parts = members({ id = item.id, type = item.type, severity = severities.known(item.severity) },
        { "id", "type", "severity" })
    parts[#parts + 1] = pair("statistics", statistics(item.statistics or {}))
    parts[#parts + 1] = pair("reasons", list(item.reasons, flat(REASON)))
    return braces(parts)
end

-- An empty list would be an empty object, since a table does not say which it is.
local function episode(item)
    local parts = members(item, EPISODE)
    parts[#parts + 1] = pair("also", list(item.also, ordered_json.text))
    return braces(parts)
end

local function cluster(item)
    local parts = members({ id = verdicts.cluster_id(item),
        name = type(item.cluster) == "table" and item.cluster.name or nil,
        severity = severities.known(item.severity) }, { "id", "name", "severity" })
    local evaluation = item.evaluation
    if not evaluation then
        local err = type(item.error) == "table" and item.error or { message = verdicts.text(item.error) }
        parts[#parts + 1] = pair("error", object(err, ERROR))
        parts[#parts + 1] = item.verdicts and pair("verdicts", list(item.verdicts, verdict_object, ",\n")) or nil
        return braces(parts)
    end
    parts[#parts + 1] = pair("records", ordered_json.encode(evaluation.records) or "0")
    parts[#parts + 1] = pair("verdicts", list(evaluation.verdicts, verdict_object, ",\n"))
    parts[#parts + 1] = pair("sources", list(evaluation.sources, source, ",\n"))
    parts[#parts + 1] = pair("statistics", statistics(evaluation.statistics or {}))
    parts[#parts + 1] = pair("reasons", list(evaluation.reasons, flat(REASON), ",\n"))
    if item.episodes then
        parts[#parts + 1] = pair("episodes", list(item.episodes, episode, ",\n"))
    end
    return braces(parts)
end

--- Writes verdicts.
-- @tparam table overview
-- @tparam function write
function M.render(overview, write)
    local head = members({ now = math.floor(overview.now * 1000), severity = severities.known(overview.severity) },
        { "now", "severity" })
    write("{" .. table.concat(head, ",") .. ',"clusters":[')
    for i, item in ipairs(overview.clusters) do
        write((i > 1 and ",\n" or "\n") .. cluster(item))
    end
    write "\n]}\n"
end

return M
