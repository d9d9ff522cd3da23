--- The rules, their options with ranges and defaults, and the errors that name what is wrong with those given.
-- It must not read a file; a rule is looked at with its own module.
-- @module dwsync.health.rules
local errors = require "dwsync.errors"
local text = require "dwsync.text"
local timestamps = require "dwsync.timestamps"

local M = {}

--- Names of the rules, in alphabetical order.
M.names = { "churn", "data", "failing", "mass_delete", "never", "overlap", "partial", "slow", "stale", "stuck",
    "volume" }

--- The rules by name; README.md in this folder says what a rule has.
M.by_name = {}
for _, name in ipairs(M.names) do
    M.by_name[name] = require("dwsync.health.rules." .. name)
end

local function shown(value)
    if type(value) == "string" then
        return ('"%s"'):format(text.excerpt(value, 40))
    end
    return type(value) == "number" and ("%.14g"):format(value) or type(value) == "boolean" and tostring(value)
        or type(value)
end

local function number_between(low, high)
    return function(value)
        return type(value) == "number" and value >= low and value <= high and value or nil
    end
end

local function integer_from(low)
    return function(value)
        return type(value) == "number" and value % 1 == 0 and value >= low and value <= 2147483647 and value or nil
    end
end

local function duration(value)
    local seconds = type(value) == "string" and timestamps.duration(value) or value
    return number_between(0, 1e9)(seconds)
end

-- A number of accounts for every source, or a table with one for each.
local function population(value)
    if type(value) ~= "table" then
        return integer_from(1)(value)
    end
    local copy = {}
    for source, accounts in pairs(value) do
        if type(source) ~= "string" or not integer_from(1)(accounts) then
            return nil
        end
        copy[source] = accounts
    end
    return copy
end

local KINDS = {
    duration = { duration, 'a length of time: seconds, or "90m", "6h", "2d"' },
    accounts = { integer_from(0), "an integer of 0 or more" },
    whole = { integer_from(1), "an integer above 0" },
    ratio = { number_between(0, 1), "a ratio between 0 and 1" },
    factor = { number_between(0, 1e6), "a number between 0 and 1e6" },
    population = { population, "an integer above 0, or a table of such by source id" },
}

local function config_error(message, hint)
    return nil, errors.new { kind = "config", message = message, hint = hint }
end

local function sorted_names(set)
    local names = {}
    for name in pairs(set) do
        names[#names + 1] = name
    end
    table.sort(names)
    return table.concat(names, ", ")
end

local function check_option(rule, name, value)
    local option = M.by_name[rule].options[name]
    local kind = KINDS[option.kind]
    if value == nil then
        return option.default
    elseif value == false and option.level then
        return false
    end
    local checked = kind[1](value)
    -- What a threshold of 0 would mean is not "anything at all": nothing reaches it as well.
    if checked == nil or checked == 0 and option.level then
        return config_error(("rules: %s.%s is %s, expected %s"):format(rule, name, shown(value), kind[2]
            .. (option.level and checked == 0 and ", above 0" or option.level and ", or false" or "")))
    end
    return checked
end

-- Pairs of options of which the first must not be above the second.
local PAIRS = { { "warning", "critical" }, { "warning_ratio", "critical_ratio" } }

local function check_pairs(rule, checked)
    for _, pair in ipairs(PAIRS) do
        local low, high = checked[pair[1]], checked[pair[2]]
        if low and high and low > high then
            return config_error(("rules: %s.%s (%.14g) is above %s.%s (%.14g)"):format(rule, pair[1], low, rule,
                pair[2], high))
        end
    end
    return checked
end

local function check_rule(rule, given)
    local options = M.by_name[rule].options
    if given == true or given == nil then
        given = {}
    elseif type(given) ~= "table" then
        return config_error(("rules: %s is %s, expected a table of options, or false for off"):format(rule,
            shown(given)))
    end
    for name in pairs(given) do
        if not options[name] then
            return config_error(("rules: %s has no option '%s'"):format(rule, text.excerpt(tostring(name))),
                ("Its options are %s."):format(sorted_names(options)))
        end
    end
    local checked = {}
    for name in pairs(options) do
        local value, err = check_option(rule, name, given[name])
        if err then
            return nil, err
        end
        checked[name] = value
    end
    return check_pairs(rule, checked)
end

--- Checks rules and fills in what they leave out.
-- @tparam[opt] table given by rule: a table of options, or false for off
-- @treturn table by rule: its options, lengths of time in seconds, or false; nil when something is wrong
-- @treturn dwsync.error kind "config"
function M.check(given)
    given = given == nil and {} or given
    if type(given) ~= "table" then
        return config_error(("rules are %s, expected a table"):format(shown(given)))
    end
    for name in pairs(given) do
        if not M.by_name[name] then
            return config_error(("rules: there is no rule '%s'"):format(text.excerpt(tostring(name))),
                ("The rules are %s."):format(table.concat(M.names, ", ")))
        end
    end
    local checked = {}
    for _, name in ipairs(M.names) do
        if given[name] == false then
            checked[name] = false
        else
            local options, err = check_rule(name, given[name])
            if err then
                return nil, err
            end
            checked[name] = options
        end
    end
    return checked
end

return M
