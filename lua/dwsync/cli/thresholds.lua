--- The thresholds of the rules: the configuration file's, with those of the command line on top.
-- It must not know any rule: dwsync.health does.
-- @module dwsync.cli.thresholds
local checks = require "dwsync.checks"
local health_rules = require "dwsync.health.rules"
local severities = require "dwsync.severity"

local M = {}

local WORDS = { off = false, no = false, ["false"] = false, on = true, yes = true, ["true"] = true }

local function value_of(text)
    if WORDS[text] ~= nil then
        return WORDS[text]
    end
    local percent = tonumber(text:match "^([%d.]+)%%$")
    return percent and percent / 100 or tonumber(text) or text
end

local SEVERITIES = {}
for _, word in ipairs(severities.worst_first) do
    SEVERITIES[word] = true
end

-- "stale.warning=6h", "churn=off", or "disabled=warning".
local function change(text)
    local name, value = text:match "^([%w_.]+)=(.+)$"
    local rule, option = (name or ""):match "^([%w_]+)%.([%w_]+)$"
    if rule then
        return { rule = rule, option = option, value = value_of(value) }
    elseif name and not name:find("%.") and type(WORDS[value]) == "boolean" then
        return { rule = name, on = WORDS[value] }
    elseif name and not name:find("%.") and SEVERITIES[value] then
        return { rule = name, severity = value }
    end
end

local SET = { expected = "rule.option=value, such as stale.warning=6h, rule=off, or disabled=warning", read = change }

--- Adds the option.
-- @param command an argparse command
function M.configure(command)
    command:group("Verdicts",
        command:option("--set", "Threshold: stale.warning=6h, churn=off, disabled=warning; repeatable.", nil,
            checks.reader(SET, "--set")):count "*":argname "<rule.option=value>")
end

local function copy(rules)
    local result = {}
    for rule, settings in pairs(rules or {}) do
        result[rule] = settings
        if type(settings) == "table" then
            result[rule] = {}
            for name, value in pairs(settings) do
                result[rule][name] = value
            end
        end
    end
    return result
end

--- The rules in force.
-- @tparam table args parsed options
-- @tparam table settings see dwsync.cli.configuration
-- @treturn table rules for health.evaluate, or nil
-- @treturn dwsync.error kind "config"
function M.rules(args, settings)
    local rules = copy(settings.thresholds)
    for _, item in ipairs(args.set or {}) do
        local given = rules[item.rule]
        if item.option then
            rules[item.rule] = type(given) == "table" and given or {}
            rules[item.rule][item.option] = item.value
        elseif not (item.on and given) then
            rules[item.rule] = item.severity or item.on
        end
    end
    return health_rules.check(rules, { prefix = "--set: ", path = "" })
end

return M
