--- The table dwsync_problems, in the database of a history.
-- It must not hold an address of a channel: only their names.
-- @module dwsync.problems.store
local decimal = require "dwsync.decimal"
local identity = require "dwsync.history.identity"
local json = require "dwsync.json"
local ordered_json = require "dwsync.ordered_json"
local tables = require "dwsync.history.tables"
local quoted = require("dwsync.history.statements").quoted

local M = {}

local Store = { __name = "dwsync.problems.store" }
Store.__index = Store

--- The part of a history that this is, see dwsync.history.schema; a step that was ever released must not change.
M.part = {
    name = "problems",
    steps = {
        { [[CREATE TABLE dwsync_problems (cluster_id $key NOT NULL, source $key NOT NULL, rule $key NOT NULL,
            source_type TEXT, cluster_name TEXT, state TEXT NOT NULL, severity TEXT NOT NULL, episode INTEGER NOT NULL,
            since $number, seen_at $number, fired_at $number, resolved_at $number, changed_at $number NOT NULL,
            message TEXT, advice TEXT, ending TEXT, told TEXT NOT NULL, PRIMARY KEY (cluster_id, source, rule))]] },
    },
}

local KEY = { "cluster_id", "source", "rule" }
local TEXTS = { "source_type", "cluster_name", "state", "severity", "message", "advice", "ending" }
local NUMBERS = { "episode", "since", "seen_at", "fired_at", "resolved_at", "changed_at" }

local columns, changes = {}, {}
for _, names in ipairs { KEY, TEXTS, NUMBERS, { "told" } } do
    for _, name in ipairs(names) do
        columns[#columns + 1] = name
        changes[#changes + 1] = names ~= KEY and ("%s = excluded.%s"):format(name, name) or nil
    end
end

local SELECT = ("SELECT %s FROM dwsync_problems"):format(table.concat(columns, ", "))
local UPSERT = ("INSERT INTO dwsync_problems (%s) VALUES (%%s) ON CONFLICT (%s) DO UPDATE SET %s"):format(
    table.concat(columns, ", "), table.concat(KEY, ", "), table.concat(changes, ", "))

-- ---- rows ----------------------------------------------------------------------------------------

local function literal(name, value)
    if name == "told" then
        return quoted(identity.cell(ordered_json.encode(value)))
    elseif value == nil then
        return "NULL"
    end
    return type(value) == "number" and decimal.exact(value) or quoted(identity.cell(value))
end

local function upsert(row)
    local values = {}
    for i, name in ipairs(columns) do
        values[i] = literal(name, row[name])
    end
    return UPSERT:format(table.concat(values, ", "))
end

local function key_condition(row)
    return ("cluster_id = %s AND source = %s AND rule = %s"):format(literal("cluster_id", row.cluster_id),
        literal("source", row.source), literal("rule", row.rule))
end

local IS_NUMBER = {}
for _, name in ipairs(NUMBERS) do
    IS_NUMBER[name] = true
end

local function row_of(cells)
    local row = {}
    for i, name in ipairs(columns) do
        local value = cells[i]
        if IS_NUMBER[name] then
            value = value and math.floor(tonumber(value))
        elseif name == "told" then
            value = json.decode(identity.text(value)) or {}
        elseif value then
            value = identity.text(value)
        end
        row[name] = value
    end
    return row
end

local function rows_in(session, condition)
    local rows = session:rows(SELECT .. (condition or "") .. " ORDER BY cluster_id, source, rule")
    for i, cells in ipairs(rows) do
        rows[i] = row_of(cells)
    end
    return rows
end

--- Changes problems of one cluster within a transaction that excludes others who do.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster_id
-- @tparam function work gets the rows of the cluster and returns a list of those that changed, and a result
-- @return the result of `work`
function M.change_in(session, cluster_id, work)
    local changed, result = work(rows_in(session, " WHERE cluster_id = " .. literal("cluster_id", cluster_id)))
    for _, row in ipairs(changed) do
        session:rows(row.state == "forgotten" and "DELETE FROM dwsync_problems WHERE " .. key_condition(row)
            or upsert(row))
    end
    return result
end

-- ---- the table -----------------------------------------------------------------------------------

--- The problems of a history. Makes the table where it is missing, unless the history is readonly.
-- @tparam dwsync.history.store history
-- @treturn ?table
-- @treturn dwsync.error
function M.open(history)
    local version, err = tables.extend(history, M.part)
    if not version then
        return nil, err
    end
    return setmetatable({ history = history, is_missing = version == 0 }, Store)
end

--- All problems.
-- @treturn ?{dwsync.problem,...}
-- @treturn dwsync.error
function Store:rows()
    if self.is_missing then
        return {}
    end
    return tables.run(self.history, "read", nil, rows_in)
end

--- Changes problems of one cluster, in one transaction that excludes others who do.
-- @tparam string cluster_id
-- @tparam function work gets the rows of the cluster and returns a list of those that changed, and a result
-- @return the result of `work`, or nil, err
function Store:change(cluster_id, work)
    return tables.run(self.history, "write", cluster_id, function(session)
        return M.change_in(session, cluster_id, work)
    end)
end

return M
