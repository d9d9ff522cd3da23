--- What the fields of records and clusters are called in a heading, and how their values are written for people.
-- It must not escape: that is the format's.
-- @module dwsync.report.rows.columns
local timestamps = require "dwsync.timestamps"

local M = {}

local function time(value)
    return type(value) == "number" and timestamps.to_iso(value) or tostring(value)
end

-- "%d" for integers, which "%.0f" would round above 2^53; "%.0f" for the whole floats that Lua 5.1 has instead.
local function digits(number)
    return (math.type and math.type(number) == "integer" and "%d" or "%.0f"):format(number)
end

local function whole(value)
    return type(value) == "number" and value % 1 == 0 and digits(value) or tostring(value)
end

local TITLES = {
    id = "ID",
    identity_source_id = "SOURCE",
    identity_source_type = "TYPE",
    start_time = "START",
    end_time = "END",
    add_count = "ADD",
    update_count = "UPD",
    delete_count = "DEL",
    failed_count = "FAIL",
    fail_reason = "REASON",
    number_of_node = "NODES",
    cluster_name = "CLUSTER",
}

local FORMATS = {
    start_time = time,
    end_time = time,
    first = time,
    last = time,
    from = time,
    till = time,
    since = time,
    now = time,
    add_count = whole,
    update_count = whole,
    delete_count = whole,
    failed_count = whole,
    number_of_node = whole,
    seconds = whole,
    records = whole,
    inserted = whole,
    updated = whole,
    unchanged = whole,
    revised = whole,
    late = whole,
    refused = whole,
}

--- The columns shown when none are asked for.
M.records = { "start_time", "status", "identity_source_type", "add_count", "update_count", "delete_count",
    "failed_count", "fail_reason" }
M.clusters = { "id", "name", "status", "version" }

--- All fields of a record, in the order of the service's documentation.
M.record_fields = { "id", "identity_source_id", "identity_source_type", "start_time", "end_time", "add_count",
    "update_count", "delete_count", "failed_count", "status", "fail_reason" }

--- Whether a record has a field of that name, present or not.
-- @tparam string name
-- @treturn boolean
function M.is_record_field(name)
    for _, field in ipairs(M.record_fields) do
        if field == name then
            return true
        end
    end
    return false
end

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
    return FORMATS[name] == whole
end

--- A value as text for people: times in ISO 8601 with zone, absent as "".
-- @tparam string name
-- @param value
-- @treturn string
function M.text(name, value)
    if value == nil then
        return ""
    elseif FORMATS[name] then
        return FORMATS[name](value)
    elseif type(value) == "table" then
        return "{…}"
    end
    return tostring(value)
end

--- A value as raw text for programs: numbers unchanged, absent as "".
-- @param value
-- @treturn string
function M.raw(value)
    if value == nil then
        return ""
    elseif type(value) == "number" and value % 1 == 0 then
        return digits(value)
    elseif type(value) == "table" then
        return "{…}"
    end
    return tostring(value)
end

return M
