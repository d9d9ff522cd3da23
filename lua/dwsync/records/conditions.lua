--- The conditions of `where`, for records that are Lua tables: the same rules as the C decoder's (src/lua/filter.c).
-- It must not read a record before it is asked to.
-- @module dwsync.records.conditions
local M = {}

local TEXT, INTEGER = "texts", "integers"

local FIELDS = {
    id = TEXT,
    identity_source_id = TEXT,
    identity_source_type = TEXT,
    start_time = INTEGER,
    end_time = INTEGER,
    add_count = INTEGER,
    update_count = INTEGER,
    delete_count = INTEGER,
    failed_count = INTEGER,
    status = TEXT,
    fail_reason = TEXT,
}

local function fits(value, kind)
    if kind == TEXT then
        return type(value) == "string"
    end
    return type(value) == "number" and value % 1 == 0
end

local function set_of(values, name)
    local set, kind = {}, FIELDS[name]
    for _, value in ipairs(values) do
        if not fits(value, kind) then
            local got = type(value) == "number" and kind == INTEGER and "another number" or type(value)
            return nil, ("where: %s is compared with %s, got %s"):format(name, kind, got)
        end
        set[value] = true
    end
    return function(value)
        return set[value]
    end
end

local function bound(value, name, otherwise)
    if value == nil then
        return otherwise
    elseif type(value) ~= "number" or value ~= value then
        return nil, ("where: %s of a range must be a number, got %s"):format(name, value ~= value and "NaN"
            or type(value))
    end
    return value
end

local function range_of(range, name)
    local kind = FIELDS[name]
    local stray = next(range) == nil
    for key in pairs(range) do
        stray = stray or key ~= "min" and key ~= "max"
    end
    if stray or kind == TEXT then
        return nil, ("where: %s wants a value, a list of values%s"):format(name,
            kind == TEXT and "" or ", or {min =, max =}")
    end
    local least, bad_least = bound(range.min, "min", -math.huge)
    local greatest, bad_greatest = bound(range.max, "max", math.huge)
    if bad_least or bad_greatest then
        return nil, bad_least or bad_greatest
    end
    return function(value)
        return type(value) == "number" and value >= least and value <= greatest
    end
end

local function test_of(condition, name)
    if type(condition) ~= "table" then
        return set_of({ condition }, name)
    elseif #condition > 0 then
        return set_of(condition, name)
    end
    return range_of(condition, name)
end

--- Turns conditions into a predicate.
-- @tparam table|function wanted by field a value, a list of values, or {min =, max =}; or a predicate already
-- @treturn function(record) → boolean, or nil
-- @treturn string what is wrong with them
function M.compile(wanted)
    if type(wanted) == "function" then
        return wanted
    elseif type(wanted) ~= "table" then
        return nil, "where: expected a table of conditions or a function, got " .. type(wanted)
    end
    local tests = {}
    for name, condition in pairs(wanted) do
        if not FIELDS[name] then
            return nil, ("where: a record has no field '%s'"):format(tostring(name))
        end
        local test, err = test_of(condition, name)
        if not test then
            return nil, err
        end
        tests[name] = test
    end
    return function(record)
        if type(record) ~= "table" then
            return false -- lists that were read from somewhere may hold anything
        end
        for name, test in pairs(tests) do
            local value = record[name]
            if value == nil or not test(value) then
                return false
            end
        end
        return true
    end
end

return M
