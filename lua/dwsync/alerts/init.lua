--- Alert and recording rules for Prometheus, made from the rules by which `dwsync check` judges.
-- It must not judge otherwise than those, nor need a metric that dwsync.report.verdicts.prometheus does not write.
-- @module dwsync.alerts
-- @usage
-- local rules = assert(require("dwsync.health").rules { stale = { critical = "12h" } })
-- io.write(require("dwsync.alerts").render(rules, { job = "dwsync" }))
local promql = require "dwsync.alerts.promql"
local recordings = require "dwsync.alerts.recordings"
local sources = require "dwsync.alerts.sources"
local watchers = require "dwsync.alerts.watchers"
local yaml = require "dwsync.alerts.yaml"

local M = {}

local HEADER = [[
# Alert and recording rules of dwsync for Prometheus. Made by `dwsync alert-rules`: change its options, not this file.
#
# Warnings go on when they become critical. An inhibition of Alertmanager keeps them quiet meanwhile:
#   inhibit_rules:
#     - source_matchers: ['severity="critical"', 'alertname=~"Dwsync.*"']
#       target_matchers: ['severity="warning"']
#       equal: [alertname, job, cluster, source]
]]

-- Each option: its default, what it takes, in words and as a function.
local OPTIONS = {
    job = { "dwsync", "a text of printable ASCII", function(value)
        return type(value) == "string" and value:find "^[\32-\126]+$" ~= nil
    end },
    data_age = { 900, "a number of seconds above 0", function(value)
        return type(value) == "number" and value > 0 and value < math.huge
    end },
    patience = { 1, "a number between 0 and 100", function(value)
        return type(value) == "number" and value >= 0 and value <= 100
    end },
    interval = { 60, "a number of seconds above 0 and up to 240", function(value)
        return type(value) == "number" and value > 0 and value <= 240 -- series older than 300 are gone for PromQL
    end },
}

local function check(options)
    for name in pairs(options) do
        if not OPTIONS[name] then
            error(("render: unknown option '%s'; there are data_age, interval, job and patience"):format(
                tostring(name)), 3)
        end
    end
    local checked = {}
    for name, option in pairs(OPTIONS) do
        local value = options[name]
        if value ~= nil and not option[3](value) then
            error(("render: %s is %s, expected %s"):format(name, tostring(value), option[2]), 3)
        end
        checked[name] = value == nil and option[1] or value
    end
    return checked
end

local function recording(item)
    return { { "record", item.record }, { "expr", item.expr } }
end

local function alerting(item, patience)
    local labels = { { "severity", item.severity } }
    labels[2] = item.rule and { "rule", item.rule } or nil
    local map = { { "alert", item.alert }, { "expr", item.expr } }
    local hold = item.patience * patience
    if hold > 0 then
        map[3] = { "for", promql.duration(hold) }
    end
    map[#map + 1] = { "labels", labels }
    map[#map + 1] = { "annotations", { { "summary", item.summary }, { "description", item.description },
        { "runbook", item.runbook } } }
    return map
end

local function group(name, interval, list)
    return { { "name", name }, { "interval", promql.duration(interval) }, { "rules", { list = list } } }
end

--- Makes the rules file.
-- @tparam table rules checked, as dwsync.health.rules gives them
-- @tparam[opt] table options `job`: the job under which dwsync is scraped ("dwsync"); `data_age`: seconds after which
-- verdicts are old (900); `patience`: factor for the time that alerts wait before they fire, 0 for none (1);
-- `interval`: seconds between evaluations (60)
-- @treturn string YAML
function M.render(rules, options)
    if type(rules) ~= "table" then
        error("render: expected the rules that dwsync.health.rules gives, got " .. type(rules), 2)
    end
    local checked = check(options or {})
    local about_sources, about_dwsync = {}, {}
    for i, item in ipairs(recordings.list()) do
        about_sources[i] = recording(item)
    end
    for _, item in ipairs(sources.list(rules)) do
        about_sources[#about_sources + 1] = alerting(item, checked.patience)
    end
    for i, item in ipairs(watchers.list(checked)) do
        about_dwsync[i] = alerting(item, checked.patience)
    end
    return HEADER .. yaml.write { { "groups", { list = {
        group("dwsync", checked.interval, about_sources),
        group("dwsync itself", checked.interval, about_dwsync),
    } } } }
end

return M
