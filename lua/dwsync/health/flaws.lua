--- What is wrong with a record, and what is left of it without that.
-- It must not raise, whatever a record holds, nor change the record.
-- @module dwsync.health.flaws
local decimal = require "dwsync.decimal"
local record_fields = require "dwsync.record_fields"

local M = {}

-- From September 2001, since less is seconds by mistake, to year 9999; the service documents counts
-- as 32-bit integers, so sums of them stay exact.
local FIRST_TIME, LAST_TIME, LAST_COUNT = 1000000000000, 253402300799999, 2147483647

local STATUSES = { RUNNING = true, FINISHED = true, FAILED = true }

--- What each kind of flaw is called, for one record and for more; the gravest first.
M.kinds = { "future", "repeated", "order", "status", "count", "unit", "time", "type", "no_record", "source" }
M.names = {
    future = { "is dated in the future", "are dated in the future" },
    repeated = { "shares its id with a different record", "share their id with a different record" },
    order = { "ends before it starts", "end before they start" },
    status = { "has an unknown status", "have an unknown status" },
    count = { "has an invalid count", "have invalid counts" },
    unit = { "has times in seconds instead of milliseconds", "have times in seconds instead of milliseconds" },
    time = { "has an invalid time", "have invalid times" },
    type = { "has a field of the wrong type", "have fields of the wrong type" },
    no_record = { "is not a record at all", "are not records at all" },
    source = { "is a source beyond the first 1000, not judged", "are sources beyond the first 1000, not judged" },
}

local function is_count(value)
    return value == nil or type(value) == "number" and value >= 0 and value <= LAST_COUNT and value % 1 == 0
end

local function is_text(value)
    return value == nil or type(value) == "string"
end

-- JSON's null is a userdata where it was not removed.
local function given(value)
    if type(value) ~= "userdata" then
        return value
    end
end

local function clean_text(value)
    if type(value) == "number" then
        return decimal.format("%.14g", value), "type"
    elseif not is_text(value) then
        return nil, "type"
    end
    return value
end

-- Services write zero where they have no time, which is not a flaw.
local function clean_time(value)
    if value == nil or value == 0 then
        return nil
    elseif type(value) ~= "number" then
        return nil, "type"
    elseif value >= FIRST_TIME / 1000 and value <= LAST_TIME / 1000 then
        return math.floor(value * 1000), "unit"
    elseif not (value >= FIRST_TIME and value <= LAST_TIME) then
        return nil, "time"
    end
    return math.floor(value)
end

local function clean_count(value)
    if is_count(value) then
        return value
    end
    return nil, type(value) == "number" and "count" or "type"
end

local CLEANERS_OF_TYPE = { text = clean_text, time = clean_time, count = clean_count }

local CLEANERS = {}
for _, field in ipairs(record_fields.list) do
    CLEANERS[field.name] = field.name ~= "status" and CLEANERS_OF_TYPE[field.type] or nil
end

--- A copy of a record without its flaws, and their kinds.
-- @tparam table record
-- @tparam number latest milliseconds
-- @treturn table record; a start in the future stays, since it is why the record must not be judged
-- @treturn {[string]=boolean} kinds; empty when only nulls were removed
function M.clean(record, latest)
    local run, kinds = {}, {}
    for name, cleaner in pairs(CLEANERS) do
        local value, kind = cleaner(given(record[name]))
        run[name] = value
        kinds[kind or ""] = true
    end
    kinds[""] = nil
    if STATUSES[record.status] then
        run.status = record.status
    else
        kinds.status = true
    end
    if (run.start_time or 0) > latest then
        kinds.future = true
    elseif (run.end_time or 0) > latest then
        run.end_time, kinds.future = nil, true
    end
    if run.end_time and run.start_time and run.end_time < run.start_time then
        run.end_time, kinds.order = nil, true
    end
    return run, kinds
end

--- The gravest of some kinds.
-- @tparam {[string]=boolean} kinds
-- @treturn string or nil
function M.gravest(kinds)
    for _, kind in ipairs(M.kinds) do
        if kinds[kind] then
            return kind
        end
    end
end

return M
