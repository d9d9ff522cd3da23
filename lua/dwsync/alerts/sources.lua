--- The alerts about sources: one for each rule and level that `dwsync check` would report.
-- It must not have thresholds of its own: they come from the rules, or from what dwsync exports for each source.
-- @module dwsync.alerts.sources
local promql = require "dwsync.alerts.promql"
local recordings = require "dwsync.alerts.recordings"
local relations = require "dwsync.health.relations"
local severities = require "dwsync.severity"
local wording = require "dwsync.alerts.wording"

local M = {}

local MINUTE, HOUR = 60, 3600

-- How long a verdict must last before its alert fires, in seconds: longer than a scrape that went wrong. Rules that
-- need more than one run, or some time, wait for that themselves.
local PATIENCE = {
    churn = { warning = 5 * MINUTE, critical = 5 * MINUTE },
    data = { warning = 15 * MINUTE, critical = 15 * MINUTE },
    disabled = { warning = 15 * MINUTE, critical = 15 * MINUTE, unknown = HOUR },
    failing = { warning = 5 * MINUTE, critical = 5 * MINUTE },
    mass_delete = { warning = 0, critical = 0 }, -- the run may still be stopped
    never = { unknown = HOUR },
    overlap = { warning = 15 * MINUTE, critical = 15 * MINUTE },
    partial = { warning = 15 * MINUTE, critical = 15 * MINUTE },
    slow = { warning = 15 * MINUTE, critical = 15 * MINUTE },
    stale = { warning = 5 * MINUTE, critical = 5 * MINUTE, unknown = HOUR },
    stuck = { warning = 5 * MINUTE, critical = 5 * MINUTE },
    volume = { warning = 5 * MINUTE, critical = 5 * MINUTE },
}

-- Not written inside the loop's header: LuaJIT 2.1 of 2022 sometimes compiles that loop wrongly, and an alert is lost
-- (found by comparing 300 renderings).
local LEVEL_NAMES = { "critical", "warning", "unknown" }

local function verdict(rule, level)
    return ('%s{rule="%s"} %s %d'):format(recordings.severity, rule, level == "unknown" and "==" or ">=",
        severities.level(level))
end

-- Prometheus has a clock of its own, so a success is overdue even when dwsync is down or its data is old. The value is
-- its age; 0 where nothing ever finished.
local function stale(level)
    local overdue = "time() >= " .. recordings.stale[level]
    return ("%s and on (%s) (%s)\nor on (%s) 0 * (%s)"):format(recordings.success_age, promql.source, overdue,
        promql.source, overdue)
end

-- Whether a rule has a level of its own. Some thresholds are computed or learned when they are not given.
local COMPUTED = { mass_delete = true, stale = true, stuck = true }

local function has_level(rule, options, level)
    if rule == "disabled" then -- its options are the severity where there never were runs; a warning where there were
        return level == options or level == "warning"
    elseif rule == "mass_delete" and options.population and options[level .. "_ratio"] then
        return true
    end
    return options[level] or options[level] == nil and COMPUTED[rule]
end

-- Whether a rule can have a level at all: a cause is as grave as the gravest of what follows from it. The alert of
-- stale goes by the time alone.
local function can_reach(rule, rules, level)
    if level == "unknown" and rule ~= "disabled" or has_level(rule, rules[rule], level) then
        return true
    elseif level ~= "critical" or rule == "stale" or not has_level(rule, rules[rule], "warning") then
        return false
    end
    for _, other in ipairs(relations.followers(rule)) do
        if rules[other] and has_level(other, rules[other], level) then
            return true
        end
    end
    return false
end

-- A critical age that is not given is twice the warning, if that is given.
local function settle(rule, options)
    if rule == "stale" and options.warning and options.critical == nil then
        local settled = { critical = 2 * options.warning }
        for name, value in pairs(options) do
            settled[name] = value
        end
        return settled
    end
    return options
end

local function description(rule, level, options)
    local text = wording.rules[rule]
    if level == "unknown" then
        return ("The verdict of rule %s is unknown. %s"):format(rule, text.advice)
    elseif not has_level(rule, options, level) then
        return ("Rule %s is critical where a verdict that follows from it is. %s"):format(rule, text.advice)
    end
    return ("Rule %s %s %s. %s"):format(rule, level == "warning" and "warns" or "is critical",
        wording.threshold(rule, level, options), text.advice)
end

local function summary(rule, level)
    if rule == "stale" and level == "unknown" then
        return "has no finished run with a time"
    end
    return wording.rules[rule].summary
end

local function alert(rule, level, options)
    local text = wording.rules[rule]
    return {
        alert = text.name .. (level == "unknown" and rule ~= "never" and "Unknown" or ""),
        expr = rule == "stale" and level ~= "unknown" and stale(level) or verdict(rule, level),
        patience = PATIENCE[rule][level],
        -- Routes know warning and critical only, and an unknown state that is not reported passes for ok.
        severity = level == "unknown" and "warning" or level,
        rule = rule,
        summary = wording.subject .. " " .. summary(rule, level),
        description = description(rule, level, options),
        runbook = wording.steps(text.runbook),
    }
end

--- The alerts.
-- @tparam table rules checked, as dwsync.health.rules gives them
-- @treturn {table,...} `alert` (name), `expr`, `patience` in seconds, `severity`, `rule`, `summary`, `description`,
-- `runbook`
function M.list(rules)
    local names, list = {}, {}
    for rule, options in pairs(rules) do
        names[#names + 1] = options and PATIENCE[rule] and rule or nil
    end
    table.sort(names)
    for _, rule in ipairs(names) do
        local options = settle(rule, rules[rule])
        for _, level in ipairs(LEVEL_NAMES) do
            if PATIENCE[rule][level] and can_reach(rule, rules, level) then
                list[#list + 1] = alert(rule, level, options)
            end
        end
    end
    return list
end

return M
