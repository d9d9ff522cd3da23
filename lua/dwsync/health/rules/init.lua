--- The rules, their options with ranges and defaults, and the errors that name what is wrong with those given.
-- @module dwsync.health.rules
local checks = require "dwsync.checks"
local decimal = require "dwsync.decimal"
local errors = require "dwsync.errors"
local quantities = require "dwsync.quantities"

local M = {}

--- Names of the rules, in alphabetical order.
M.names = { "churn", "data", "failing", "mass_delete", "never", "overlap", "partial", "slow", "stale", "stuck",
    "volume" }

--- The rules by name; README.md in this folder says what a rule has.
M.by_name = {}
for _, name in ipairs(M.names) do
    M.by_name[name] = require("dwsync.health.rules." .. name)
end

-- Chosen as a rule is, though it judges no runs: how grave it is that synchronisation is switched off for a cluster.
local DISABLED = { kind = "one_of", values = { "disabled", "ok", "unknown", "warning", "critical" }, off = true }

local KNOWN = { disabled = DISABLED }
for name, rule in pairs(M.by_name) do
    KNOWN[name] = rule
end

local WHOLE = { kind = "integer", above = 0 }

-- A number of accounts for every source, or a table with one for each.
local function population(value)
    if type(value) ~= "table" then
        return (checks.value(WHOLE, value, "population"))
    end
    local copy = {}
    for source, accounts in pairs(value) do
        if type(source) ~= "string" or not checks.value(WHOLE, accounts, source) then
            return nil
        end
        copy[source] = accounts
    end
    return copy
end

-- The kinds that rules name, as dwsync.checks knows them.
local KINDS = {
    duration = { kind = "duration", from = 0 },
    accounts = { kind = "integer", from = 0 },
    whole = WHOLE,
    ratio = { kind = "number", noun = "a ratio", from = 0, to = 1 },
    factor = { kind = "number", from = 0, to = 1e6 },
    population = { read = population, expected = "an integer above 0, or a table of them by source id" },
}

-- Thresholds may be off, and are above 0: what 0 would mean is not "anything at all", since nothing reaches it as well.
local function declare(option)
    local declared = { default = option.default }
    for name, value in pairs(KINDS[option.kind]) do
        declared[name] = value
    end
    if option.level then
        declared.off, declared.above, declared.from = true, 0, nil
    end
    return declared
end

-- By rule: the declarations of its options.
local DECLARED = {}
for name, rule in pairs(M.by_name) do
    DECLARED[name] = {}
    for option, described in pairs(rule.options) do
        DECLARED[name][option] = declare(described)
    end
end

-- Pairs of options; the first must not be above the second.
local PAIRS = { { "warning", "critical" }, { "warning_ratio", "critical_ratio" } }

local function check_pairs(path, checked)
    local options = M.by_name[path:match "[^.]*$"].options
    for _, pair in ipairs(PAIRS) do
        local low, high = checked[pair[1]], checked[pair[2]]
        if low and high and low > high then
            local shown = options[pair[1]].kind == "duration" and quantities.duration or decimal.exact
            return nil, { kind = "config", option = pair[1], message = ("%s.%s (%s) is above %s.%s (%s)"):format(
                path, pair[1], shown(low), path, pair[2], shown(high)) }
        end
    end
    return checked
end

-- An option that is gone must not be a riddle to a configuration that was good once.
local function replaced(rule, given, path)
    for name, by in pairs(M.by_name[rule].replaced or {}) do
        if given[name] ~= nil then
            return { kind = "config", option = name, message = ("%s.%s is gone: %s"):format(path, name, by),
                hint = "Leave it out." }
        end
    end
end

local function check_rule(rule, given, path)
    if given == false then
        return false
    elseif given == true or given == nil then
        given = {}
    elseif type(given) ~= "table" then
        return nil, { kind = "config", option = rule,
            message = ("%s is %s, expected a table of options, or false for off"):format(path, checks.shown(given)) }
    end
    local gone = replaced(rule, given, path)
    if gone then
        return nil, gone
    end
    local checked, problem = checks.read(DECLARED[rule], given, { path = path .. "." })
    if not checked then
        return nil, problem
    end
    return check_pairs(path, checked)
end

local function check_disabled(given, path)
    if given == nil or given == true then
        return DISABLED.values[1]
    end
    local checked, message = checks.value(DISABLED, given, path .. "disabled")
    return checked, message and { kind = "config", option = "disabled", message = message }
end

local function check_all(given, path)
    if type(given) ~= "table" then
        return nil, { kind = "config", option = "rules",
            message = ("rules are %s, expected a table"):format(checks.shown(given)) }
    end
    local checked, problem = {}, checks.unknown(given, KNOWN, { path = path, noun = "rule" })
    if problem then
        return nil, problem
    end
    for _, name in ipairs(M.names) do
        checked[name], problem = check_rule(name, given[name], path .. name)
        if problem then
            return nil, problem
        end
    end
    checked.disabled, problem = check_disabled(given.disabled, path)
    if problem then
        return nil, problem
    end
    return checked
end

--- Checks rules and fills in what they leave out.
-- @tparam[opt] table given by rule: a table of options, or false for off; `disabled`: a severity, or false
-- @tparam[opt] table door how messages name a rule: `path` before its name ("rules."), `prefix` before the message ("")
-- @treturn table by rule: its options, lengths of time in seconds, or false; `disabled`; nil when something is wrong
-- @treturn dwsync.error kind "config"
function M.check(given, door)
    door = door or { path = "rules." }
    local checked, problem = check_all(given == nil and {} or given, door.path)
    if problem then
        problem.message = (door.prefix or "") .. problem.message
        return nil, errors.new(problem)
    end
    return checked
end

return M
