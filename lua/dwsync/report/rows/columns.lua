--- What the fields of records and clusters are called in a heading, and how their values are written for people.
-- It must not escape: that is the format's.
-- @module dwsync.report.rows.columns
local decimal = require "dwsync.decimal"
local record_fields = require "dwsync.record_fields"
local timestamps = require "dwsync.timestamps"

local M = {}

-- What is shown in columns beside the fields of records.
local TITLES = { number_of_node = "NODES", cluster_name = "CLUSTER" }

local TYPES = { first = "time", last = "time", from = "time", till = "time", since = "time", now = "time" }
for _, name in ipairs { "number_of_node", "seconds", "records", "inserted", "updated", "unchanged", "revised", "late",
    "refused" } do
    TYPES[name] = "count"
end
for _, field in ipairs(record_fields.list) do
    TITLES[field.name], TYPES[field.name] = field.title, field.type
end

--- The columns shown when none are asked for.
M.records = { "start_time", "status", "identity_source_type", "add_count", "update_count", "delete_count",
    "failed_count", "fail_reason" }
M.clusters = { "id", "name", "status", "version" }

--- The heading of a field.
-- @tparam string name
-- @treturn string heading
function M.title(name)
    return TITLES[name] or name:upper()
end

--- Whether a column holds numbers, which stand flush right.
-- @tparam string name
-- @treturn boolean
function M.is_number(name)
    return TYPES[name] == "count"
end

--- Whether a column holds points in time.
-- @tparam string name
-- @treturn boolean
function M.is_time(name)
    return TYPES[name] == "time"
end

--- A value as text for people: times in ISO 8601 with zone, absent as "".
-- @tparam string name
-- @param value
-- @treturn string
function M.text(name, value)
    if M.is_time(name) and type(value) == "number" then
        return timestamps.to_iso(value)
    end
    return M.raw(value)
end

--- A value as raw text for programs: numbers unchanged, absent as "".
-- @param value
-- @treturn string
function M.raw(value)
    local kind = type(value)
    if kind == "string" then
        return value
    elseif kind == "number" then
        return decimal.exact(value) or tostring(value)
    elseif kind == "table" then
        return "{…}"
    end
    return value == nil and "" or tostring(value)
end

return M
