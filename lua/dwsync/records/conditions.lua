--- The conditions of `where`, for records that are Lua tables: the core checks them, as those of its decoder.
-- @module dwsync.records.conditions
local core = require "dwsync.core"
local record_fields = require "dwsync.record_fields"

local M = {}

local function set_of(values)
    local set = {}
    for _, value in ipairs(values) do
        set[value] = true
    end
    return function(value)
        return set[value]
    end
end

local function range_of(range)
    local least, greatest = range.min or -math.huge, range.max or math.huge
    return function(value)
        return type(value) == "number" and value >= least and value <= greatest
    end
end

local function test_of(condition)
    if type(condition) ~= "table" then
        return set_of { condition }
    elseif #condition > 0 then
        return set_of(condition)
    end
    return range_of(condition)
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
    local good, message = core.check_choice { where = wanted }
    if not good then
        return nil, message .. record_fields.guess { where = wanted }
    end
    local tests = {}
    for name, condition in pairs(wanted) do
        tests[name] = test_of(condition)
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
