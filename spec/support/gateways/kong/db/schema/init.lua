--- Kong's schemas, as far as the plugin's needs them: defaults, and what is wrong by field.
local M = {}

local Schema = {}
Schema.__index = Schema

-- An attribute that is missing here raises, so that no schema seems to be checked.
local CHECKS = {
    type = function(name, value)
        return type(value) ~= name and "expected a " .. name
    end,
    match = function(pattern, value)
        return not value:match(pattern) and "invalid value: " .. value
    end,
    len_max = function(most, value)
        return #value > most and "length must be at most " .. most
    end,
    required = function() end,
    default = function() end,
    description = function() end,
}

local ORDER = { "type", "match", "len_max" }

--- @tparam table definition with `fields`
function M.new(definition)
    local fields = {}
    for _, item in ipairs(definition.fields) do
        local name, field = next(item)
        for attribute in pairs(field) do
            assert(CHECKS[attribute], attribute)
        end
        fields[name] = field
    end
    return setmetatable({ fields = fields }, Schema)
end

function Schema:process_auto_fields(given)
    local filled = {}
    for name, field in pairs(self.fields) do
        filled[name] = field.default
    end
    for name, value in pairs(given) do
        filled[name] = value
    end
    return filled
end

local function problem_of(field, value)
    if value == nil then
        return field.required and "required field missing"
    end
    for _, attribute in ipairs(ORDER) do
        local problem = field[attribute] ~= nil and CHECKS[attribute](field[attribute], value)
        if problem then
            return problem
        end
    end
end

function Schema:validate(given)
    local problems = {}
    for name in pairs(given) do
        problems[name] = not self.fields[name] and "unknown field" or nil
    end
    for name, field in pairs(self.fields) do
        problems[name] = problem_of(field, given[name]) or nil
    end
    if next(problems) then
        return nil, problems
    end
    return true
end

return M
