--- Lists of records as sequences: filter, sort, group, count; and the duration and outcome of one record.
-- @module dwsync.records
-- @usage
-- local failures = records.from(list, { now = os.time() }):where { status = "FAILED" }:since "24h":to_list()
local checks = require "dwsync.checks"
local conditions = require "dwsync.records.conditions"
local timestamps = require "dwsync.timestamps"
local words = require "dwsync.records.words"

local M = {}

-- A sequence knows how to begin reading, and does so only when its records are asked for; `list` is what it would read
-- where that is all of a list.
local Sequence = { __name = "dwsync.records" }
Sequence.__index = Sequence

local function sequence(begin, now, list)
    return setmetatable({ begin = begin, now = now, list = list }, Sequence)
end

local function derive(self, begin)
    return sequence(begin, self.now)
end

local function walk(list)
    local i = 0
    return function()
        i = i + 1
        return list[i]
    end
end

--- A sequence over records. Nothing is read before its records are asked for.
-- @tparam {dwsync.record,...}|dwsync.records|function():?dwsync.record given a list, an iterator (which can be read
-- once), or a sequence
-- @tparam[opt] table options
-- @tparam[opt] number options.now seconds since the epoch, which relative times ("24h") need
-- @treturn dwsync.records
-- @raise for anything else
function M.from(given, options)
    local now = options and options.now
    if getmetatable(given) == Sequence then
        return sequence(given.begin, now or given.now, given.list)
    elseif type(given) == "function" then
        return sequence(function() return given end, now)
    elseif type(given) == "table" then
        return sequence(function() return walk(given) end, now, given)
    end
    error("records: expected a list, an iterator or a sequence, got " .. type(given), 2)
end

--- A sequence of records. `where`, `since`, `until_`, `sort_by` and `take` return another sequence and read nothing;
-- the other methods read the records. Each method is a function of this module, too, whose first argument is what
-- `from` takes: `records.count_by(list, "status")`.
-- @type dwsync.records
-- @callable {dwsync.record,...}|dwsync.records|function():?dwsync.record

--- An iterator over the records.
-- @treturn function():?dwsync.record
-- @usage for record in sequence:each() do print(record.id) end
function Sequence:each()
    return self.begin()
end

--- Only the records that meet a condition. A table means what `where` means when a page is fetched: by field a value, a
-- list of values, or {min =, max =}; a field that is absent meets nothing.
-- @tparam table|function(record:dwsync.record):any wanted conditions, or a function
-- @treturn dwsync.records
-- @raise for conditions that make no sense; at the end of reading, for a status, source or type that no record has and
-- the service does not document: a typing error
-- @usage sequence:where { status = { "FINISHED", "FAILED" }, delete_count = { min = 1 } }
function Sequence:where(wanted)
    local meets, err = conditions.compile(wanted)
    if not meets then
        error(err, 2)
    end
    return derive(self, function()
        local next_record, looked_for = self.begin(), words.of(wanted)
        return function()
            for record in next_record do
                if looked_for then
                    looked_for:see(record)
                end
                if meets(record) then
                    return record
                end
            end
            local problem = looked_for and looked_for:problem()
            if problem then
                error(problem, 2)
            end
        end
    end)
end

local POINT = { kind = "point" }

-- Milliseconds; raises at the line of who called the method.
local function read_point(point, now, name)
    if not now and type(point) == "string" and (timestamps.duration(point) or point:find "day$") then
        error(("%s: '%s' is relative: pass now to records.from"):format(name, point), 3)
    end
    local ms, wrong = checks.value(POINT, point, name, now)
    if not ms then
        error(wrong, 3)
    end
    return ms
end

-- Lists that were read from somewhere may hold anything, not only records.
local function field_of(record, field)
    if type(record) == "table" then
        return record[field]
    end
end

local function started(record)
    local start = field_of(record, "start_time")
    return type(start) == "number" and start or nil
end

--- Only what started at or after a point: "24h" (before now), an ISO 8601 date, or milliseconds since the epoch.
-- @tparam string|number point
-- @treturn dwsync.records
-- @raise for what is not a point in time, and for "24h" when the sequence has no `now`
function Sequence:since(point)
    local ms = read_point(point, self.now, "since")
    return self:where(function(record)
        local start = started(record)
        return start and start >= ms
    end)
end

--- Only what started before a point.
-- @tparam string|number point as for `since`
-- @treturn dwsync.records
-- @raise as `since` does
function Sequence:until_(point)
    local ms = read_point(point, self.now, "until_")
    return self:where(function(record)
        local start = started(record)
        return start and start < ms
    end)
end

local function getter(field, name)
    if type(field) == "function" then
        return field
    elseif type(field) ~= "string" then
        error(("%s: expected a field or a function, got %s"):format(name, type(field)), 3)
    end
    return function(record)
        return field_of(record, field)
    end
end

local RANKS = { number = 1, string = 2, boolean = 3 }

-- Order of values: numbers, texts, booleans; the rest comes last, NaN included.
local function rank(value)
    return value == value and RANKS[type(value)] or 4
end

-- Of two that differ.
local function before(a, b)
    if type(a) == "boolean" then
        return b
    end
    return a < b
end

local function sorted(list, value_of, descending)
    local order, values, ranks, result = {}, {}, {}, {}
    for i, record in ipairs(list) do
        order[i], values[i] = i, value_of(record)
        ranks[i] = rank(values[i])
    end
    local function comes_first(i, j)
        local a, b = values[i], values[j]
        if ranks[i] == 4 or ranks[i] ~= ranks[j] or a == b then
            -- Equals stay in the order they came in, in both directions; the unordered stay last.
            return ranks[i] < ranks[j] or ranks[i] == ranks[j] and i < j
        end
        return before(descending and b or a, descending and a or b)
    end
    -- The service gives the newest first, which most want them in.
    for i = 2, #order do
        if comes_first(i, i - 1) then
            table.sort(order, comes_first)
            break
        end
    end
    for i, position in ipairs(order) do
        result[i] = list[position]
    end
    return result
end

--- Sorted by a field or by what a function gives; equals keep their order, records without a value come last.
-- @tparam string|function(record:dwsync.record):any field
-- @tparam[opt="asc"] "asc"|"desc" direction
-- @treturn dwsync.records
-- @raise for any other argument
function Sequence:sort_by(field, direction)
    local value_of = getter(field, "sort_by")
    if direction ~= nil and direction ~= "asc" and direction ~= "desc" then
        error("sort_by: the direction is 'asc' or 'desc', not " .. tostring(direction), 2)
    end
    return derive(self, function()
        return walk(sorted(self:to_list(), value_of, direction == "desc"))
    end)
end

--- The first records, and no more are read.
-- @tparam integer count 0 or more
-- @treturn dwsync.records
-- @raise for any other count
function Sequence:take(count)
    if type(count) ~= "number" or count % 1 ~= 0 or count < 0 then
        error("take: expected an integer of 0 or more, got " .. tostring(count), 2)
    end
    return derive(self, function()
        local next_record, left = self.begin(), count
        return function()
            if left > 0 then
                left = left - 1
                return next_record()
            end
        end
    end)
end

--- All records in a new list.
-- @treturn {dwsync.record,...}
function Sequence:to_list()
    local list = {}
    for record in self.begin() do
        list[#list + 1] = record
    end
    return list
end

-- A record without a value, or with NaN, is under "".
local function group_name(value)
    if value == nil or value ~= value then
        return ""
    end
    return value
end

--- Lists by a field or by what a function gives; records without a value are under "".
-- @tparam string|function(record:dwsync.record):any field
-- @treturn {[any]={dwsync.record,...}} the lists by value
-- @treturn {any,...} the values, in the order of their first record
function Sequence:group_by(field)
    local value_of = getter(field, "group_by")
    local groups, names = {}, {}
    for record in self.begin() do
        local name = group_name(value_of(record))
        if not groups[name] then
            groups[name], names[#names + 1] = {}, name
        end
        table.insert(groups[name], record)
    end
    return groups, names
end

--- How many records have which value; those without one are under "".
-- @tparam string|function(record:dwsync.record):any field
-- @treturn {[any]=integer} counts by value
-- @usage local outcomes = records.from(list):count_by(records.outcome)
function Sequence:count_by(field)
    local value_of = getter(field, "count_by")
    local counts = {}
    for record in self.begin() do
        local name = group_name(value_of(record))
        counts[name] = (counts[name] or 0) + 1
    end
    return counts
end

--- The sum of a field, or of what a function gives; anything but a number counts as 0.
-- @tparam string|function(record:dwsync.record):any field
-- @treturn number
function Sequence:sum(field)
    local value_of = getter(field, "sum")
    local total = 0
    for record in self.begin() do
        local value = value_of(record)
        total = total + (type(value) == "number" and value or 0)
    end
    return total
end

--- @section end

-- Each method is a function, too: records.where(list, { status = "FAILED" }).
for _, name in ipairs { "each", "where", "since", "until_", "sort_by", "take", "to_list", "group_by", "count_by",
    "sum" } do
    M[name] = function(given, ...)
        local kind = type(given)
        if kind ~= "table" and kind ~= "function" then
            error(("%s: expected a list, an iterator or a sequence, got %s"):format(name, kind), 2)
        end
        return Sequence[name](M.from(given), ...)
    end
end

--- How long a run took.
-- @tparam dwsync.record record
-- @treturn ?number seconds; nil when it has not ended or its times make no sense
function M.duration(record)
    local start, finish = field_of(record, "start_time"), field_of(record, "end_time")
    if type(start) == "number" and type(finish) == "number" and finish >= start then
        return (finish - start) / 1000
    end
    return nil
end

--- How a run went.
-- @tparam dwsync.record record
-- @treturn string "ok", "partial" (finished, but accounts failed), "failed", "running", or "unknown"
function M.outcome(record)
    local status = field_of(record, "status")
    if status == "FINISHED" then
        local failed = record.failed_count
        return type(failed) == "number" and failed > 0 and "partial" or "ok"
    end
    return status == "FAILED" and "failed" or status == "RUNNING" and "running" or "unknown"
end

return M
