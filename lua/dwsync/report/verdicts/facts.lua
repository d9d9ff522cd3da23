--- What all the health formats read out of an overview: verdicts as flat rows, names for clusters and sources.
-- It must not trust the types of values from records.
-- @module dwsync.report.verdicts.facts
local decimal = require "dwsync.decimal"
local display = require "dwsync.text"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local wording = require "dwsync.health.wording"

local M = {}

--- The fields of a row, in the order of the columns.
M.columns = { "cluster_id", "cluster_name", "severity", "rule", "source", "source_type", "value", "unit", "warning",
    "critical", "since", "record_id", "message", "advice", "now" }

--- Text of any value; "" for what is neither text, number nor boolean.
-- @param value
-- @treturn string
function M.text(value)
    local kind = type(value)
    if kind == "string" then
        return value
    elseif kind == "number" then
        return decimal.exact(value) or tostring(value)
    end
    return kind == "boolean" and tostring(value) or ""
end

--- The same as the beginning of a line for people.
-- @param value
-- @treturn string
function M.sentence(value)
    return (M.text(value):gsub("^%l", string.upper))
end

--- The name of a cluster, else its id.
-- @tparam table item of an overview
-- @treturn string
function M.cluster_name(item)
    local cluster = type(item.cluster) == "table" and item.cluster or {}
    local name = M.text(cluster.name)
    if name == "" then
        name = M.text(cluster.id)
    end
    return name ~= "" and name or "cluster without a name"
end

--- The id of an item's cluster.
-- @tparam table item
-- @treturn string id, "" for an item without one
function M.cluster_id(item)
    return type(item.cluster) == "table" and M.text(item.cluster.id) or ""
end

local MAX_ID = 36

--- The first group of a UUID, enough to distinguish sources; other ids as they are.
-- @param id identity_source_id
-- @treturn string
function M.short_id(id)
    id = M.text(id)
    return id:match "^(%x%x%x%x%x%x%x%x)%-%x%x%x%x%-" or id
end

--- A short name for a source: "ldap 79d6458e".
-- @param type_ identity_source_type
-- @param id identity_source_id
-- @treturn string
function M.source_name(type_, id)
    type_, id = M.text(type_), M.short_id(id)
    if type_ == "" then
        return id ~= "" and id or "unnamed source"
    end
    return id ~= "" and type_ .. " " .. display.cut(id, MAX_ID) or type_
end

--- What a verdict is about: a source, or the cluster.
-- @tparam table verdict
-- @treturn string
function M.subject(verdict)
    if verdict.source == nil and verdict.source_type == nil then
        return "cluster"
    end
    return M.source_name(verdict.source_type, verdict.source)
end

--- The verdict about a cluster that could not be queried, of rule "query".
-- @param err why
-- @tparam[opt] table handled what people do about it, see dwsync.problems.handled
-- @treturn table
function M.of_failure(err, handled)
    err = type(err) == "table" and err or { message = err }
    handled = handled or {}
    return {
        acknowledged_at = handled.acknowledged_at,
        acknowledged_by = handled.acknowledged_by,
        acknowledged_note = handled.acknowledged_note,
        silenced_until = handled.silenced_until,
        silenced_by = handled.silenced_by,
        rule = "query",
        severity = "unknown",
        message = "the records could not be read: " .. M.text(err.message),
        advice = M.text(err.hint) ~= "" and M.text(err.hint) or nil,
    }
end

--- The verdicts about one cluster, worst first; one of rule "query" when it could not be queried, and of rule
-- "disabled", or none, when synchronisation is off.
-- @tparam table item of an overview
-- @treturn {table,...}
function M.of(item)
    if item.evaluation then
        return item.evaluation.verdicts
    end
    return item.verdicts or { M.of_failure(item.error, item.handled) }
end

--- Splits verdicts into those that need attention and those that are ok.
-- @tparam {table,...} verdicts
-- @treturn {table,...} not ok
-- @treturn {table,...} ok
function M.split(verdicts)
    local bad, good = {}, {}
    for _, verdict in ipairs(verdicts) do
        local list = verdict.severity == "ok" and good or bad
        list[#list + 1] = verdict
    end
    return bad, good
end

--- Splits verdicts into those that are shown and those that are only named: an explanation is shown though all is well.
-- @tparam {table,...} verdicts
-- @treturn {table,...} shown
-- @treturn {table,...} the others, all ok
function M.shown(verdicts)
    local bad, good = M.split(verdicts)
    local named = {}
    for _, verdict in ipairs(good) do
        local list = verdict.explanation and bad or named
        list[#list + 1] = verdict
    end
    return bad, named
end

local MAX_QUOTED = 200

--- What the runs behind a verdict say: who says what; then what it means, unless the message says so.
-- @tparam table verdict
-- @treturn string|nil "The directory says: …"; nil without a reason
-- @treturn string|nil the cause
-- @treturn string|nil the next step
function M.reason(verdict)
    local reason = verdict.reason
    if type(reason) ~= "table" then
        return nil
    end
    local known = reason.cause and M.text(verdict.message):find(M.text(reason.cause), 1, true)
    return M.said(reason, MAX_QUOTED), not known and reason.cause or nil, reason.next_step
end

--- A reason with who says it, if that is known.
-- @tparam table reason `text` or `sample`, `speaker`
-- @tparam integer width
-- @treturn string "The directory says: …"
function M.said(reason, width)
    local text, says = M.text(reason.text or reason.sample or reason.template), wording.says(reason.speaker)
    return (says and M.sentence(says) .. ": " or "") .. display.cut(display.safe(text), width)
end

--- What a fact of an explanation is called.
-- @tparam table fact
-- @treturn string "By weekday"
function M.label(fact)
    return M.sentence(M.text(fact.name):gsub("_", " "))
end

--- The rules of verdicts, each once.
-- @tparam {table,...} verdicts
-- @treturn string names, in the order in which they occur first
function M.rules(verdicts)
    local seen, names = {}, {}
    for _, verdict in ipairs(verdicts) do
        local name = M.text(verdict.rule)
        if not seen[name] then
            seen[name] = true
            names[#names + 1] = name
        end
    end
    return table.concat(names, ", ")
end

--- What people do about it.
-- @tparam table verdict
-- @tparam number now seconds since the epoch
-- @treturn ?string who acknowledged it, when, and with what words
-- @treturn ?string until when it is silenced, and who did that
function M.handled(verdict, now)
    local note = M.text(verdict.acknowledged_note)
    return verdict.acknowledged_at and ("by %s %s%s"):format(M.text(verdict.acknowledged_by),
        quantities.distance(verdict.acknowledged_at, now), note ~= "" and ": " .. note or "") or nil,
        verdict.silenced_until and ("until %s, by %s"):format(quantities.instant(verdict.silenced_until),
        M.text(verdict.silenced_by)) or nil
end

--- The facts that back a verdict: from what it follows, since when, the thresholds, the record.
-- @tparam table verdict
-- @tparam number now seconds since the epoch
-- @tparam function write_id writes the id of a record in the format at hand
-- @treturn {string,...}
function M.evidence(verdict, now, write_id)
    local list, thresholds = {}, quantities.thresholds(verdict)
    list[1] = verdict.follows and "follows from " .. M.text(verdict.follows) or nil
    list[#list + 1] = verdict.since and ("since %s (%s)"):format(quantities.instant(verdict.since),
        quantities.distance(verdict.since, now)) or nil
    list[#list + 1] = thresholds ~= "" and thresholds or nil
    list[#list + 1] = verdict.record_id ~= nil and "record " .. write_id(verdict.record_id) or nil
    return list
end

local function number(value)
    return quantities.is_finite(value) and value or nil
end

local function row_of(verdict, item, now)
    return {
        cluster_id = M.cluster_id(item),
        cluster_name = M.text(type(item.cluster) == "table" and item.cluster.name or nil),
        severity = severities.known(verdict.severity),
        rule = verdict.rule,
        follows = verdict.follows,
        source = verdict.source ~= nil and M.text(verdict.source) or nil,
        source_type = verdict.source_type ~= nil and M.text(verdict.source_type) or nil,
        value = number(verdict.value),
        unit = verdict.unit,
        warning = number(verdict.warning),
        critical = number(verdict.critical),
        since = number(verdict.since),
        record_id = verdict.record_id ~= nil and M.text(verdict.record_id) or nil,
        message = M.text(verdict.message),
        advice = verdict.advice,
        now = number(now) and math.floor(now * 1000) or nil,
    }
end

--- All verdicts of an overview as a document of rows; times in milliseconds.
-- @tparam table overview
-- @treturn table
function M.document(overview)
    local rows = {}
    for _, item in ipairs(overview.clusters) do
        for _, verdict in ipairs(M.of(item)) do
            rows[#rows + 1] = row_of(verdict, item, overview.now)
        end
    end
    return { name = "verdicts", rows = rows, columns = M.columns }
end

return M
