--- The alerts about sources: one for each rule and level that `dwsync check` would report.
-- It must not have thresholds of its own: they come from the rules, or from what dwsync exports for each source.
-- @module dwsync.alerts.sources
local promql = require "dwsync.alerts.promql"
local recordings = require "dwsync.alerts.recordings"
local severities = require "dwsync.severity"
local wording = require "dwsync.alerts.wording"

local M = {}

local MINUTE, HOUR = 60, 3600

-- How long a verdict must last before its alert fires, in seconds. Rules that look back over a day, or count runs
-- themselves, fire soon: their verdicts do not come and go with each run. Those about the last run alone wait for more
-- than one hourly run to agree, unless it is grave.
local PATIENCE = {
    churn = { warning = 5 * MINUTE, critical = 5 * MINUTE },
    data = { warning = 15 * MINUTE, critical = 15 * MINUTE },
    failing = { warning = 5 * MINUTE, critical = 5 * MINUTE },
    mass_delete = { warning = 0, critical = 0 }, -- the run may still be stopped
    never = { unknown = HOUR },
    overlap = { warning = 15 * MINUTE, critical = 15 * MINUTE },
    partial = { warning = 2 * HOUR, critical = 15 * MINUTE },
    slow = { warning = 2 * HOUR, critical = 2 * HOUR },
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

-- Prometheus has a clock of its own, so the age of a success counts on even when dwsync is down or its data is old.
-- Where nothing ever finished there is no such time: then the verdict decides, with 0 for the age.
local function stale(options, level)
    local threshold = options[level] and promql.number(options[level])
        or ('on (%s) %s{level="%s"}'):format(promql.source, recordings.stale_threshold, level)
    return ("%s >= %s\nor on (%s) 0 * (%s unless on (%s) %s)"):format(recordings.success_age, threshold, promql.source,
        verdict("stale", level), promql.source, recordings.success_age)
end

-- Whether a rule can have a level at all. The thresholds of stale and stuck are computed when they are not given.
local function can_reach(rule, options, level)
    if level == "unknown" then
        return true
    elseif rule == "stale" or rule == "stuck" then
        return options[level] ~= false
    end
    return options[level] or options.population and options[level .. "_ratio"]
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
        expr = rule == "stale" and level ~= "unknown" and stale(options, level) or verdict(rule, level),
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
        names[#names + 1] = options and rule or nil
    end
    table.sort(names)
    for _, rule in ipairs(names) do
        local options = settle(rule, rules[rule])
        for _, level in ipairs(LEVEL_NAMES) do
            if PATIENCE[rule][level] and can_reach(rule, options, level) then
                list[#list + 1] = alert(rule, level, options)
            end
        end
    end
    return list
end

return M
