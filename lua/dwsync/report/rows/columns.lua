--- What the fields of records and clusters are called in a heading, and how their values are written for people.
-- It must not escape: that is the format's.
-- @module dwsync.report.rows.columns
local causes = require "dwsync.health.causes"
local decimal = require "dwsync.decimal"
local record_fields = require "dwsync.record_fields"
local records = require "dwsync.records"
local timestamps = require "dwsync.timestamps"

local M = {}

-- What is shown in columns beside the fields of records.
local TITLES = { number_of_node = "NODES", cluster_name = "CLUSTER", reason_class = "CLASS",
    user_type = "TYPE", first_seen = "FIRST SEEN", came_after = "CAME AFTER", last_seen = "LAST SEEN",
    gone_at = "GONE AT" }

--- How points in time may be written; "iso" is UTC, "local" the machine's zone, "ms" milliseconds since the epoch.
M.times = { "iso", "ms", "local" }

local TYPES = { first = "time", last = "time", from = "time", till = "time", since = "time", now = "time",
    first_seen = "time", came_after = "time", last_seen = "time", gone_at = "time" }
for _, name in ipairs { "number_of_node", "seconds", "duration", "records", "inserted", "updated", "unchanged",
    "revised", "late", "refused", "accounts", "came", "went" } do
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

local WRITERS = { iso = timestamps.to_iso, ["local"] = timestamps.to_local_iso }

--- What writes the numbers of a column that holds points in time.
-- @tparam string name
-- @tparam[opt="iso"] string time one of `times`
-- @treturn ?function(ms:number):string nil for other columns, and where they stay numbers
function M.time_writer(name, time)
    return M.is_time(name) and WRITERS[time or "iso"] or nil
end

--- A value as text for people: times in ISO 8601 with zone, absent as "".
-- @tparam string name
-- @param value
-- @tparam[opt="iso"] string time one of `times`
-- @treturn string
function M.text(name, value, time)
    local writer = type(value) == "number" and M.time_writer(name, time)
    return writer and writer(value) or M.raw(value)
end

-- What is worked out of a record.
local COMPUTED = {
    duration = records.duration,
    reason_class = function(record)
        local reason = record.fail_reason
        return type(reason) == "string" and causes.explain(reason).class or nil
    end,
    cluster = function(record)
        return record.cluster_name or record.cluster_id
    end,
}

-- The names of columns that are worked out of a record: `duration` (seconds), `reason_class`, `cluster` (its name, else
-- its id).
M.computed = {}
for name in pairs(COMPUTED) do
    M.computed[#M.computed + 1] = name
end
table.sort(M.computed)

--- Rows with what is worked out of them, where columns ask for it. What a row has already stays.
-- @tparam {table,...} rows
-- @tparam {string,...} names of columns
-- @treturn {table,...} the same list where nothing was asked for; else copies
function M.complete(rows, names)
    local wanted = {}
    for _, name in ipairs(names) do
        wanted[#wanted + 1] = COMPUTED[name] and name or nil
    end
    if not wanted[1] then
        return rows
    end
    local list = {}
    for i, row in ipairs(rows) do
        local copy = {}
        for name, value in pairs(row) do
            copy[name] = value
        end
        for _, name in ipairs(wanted) do
            if copy[name] == nil then
                copy[name] = COMPUTED[name](row)
            end
        end
        list[i] = copy
    end
    return list
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
