--- Alert and recording rules for Prometheus, made from the rules by which `dwsync check` judges.
-- They must judge as those do, and need only metrics that dwsync.report.verdicts.prometheus and dwsync.nginx write, and
-- for a fleet those of dwsync.fleet.metrics.
-- @module dwsync.alerts
-- @usage
-- local rules = assert(require("dwsync.health").rules { stale = { critical = "12h" } })
-- io.write(require("dwsync.alerts").render(rules, { job = "dwsync" }))
local checks = require "dwsync.checks"
local fleet = require "dwsync.alerts.fleet"
local promql = require "dwsync.alerts.promql"
local recordings = require "dwsync.alerts.recordings"
local sources = require "dwsync.alerts.sources"
local watchers = require "dwsync.alerts.watchers"
local yaml = require "dwsync.alerts.yaml"

local M = {}

local HEADER = [[
# Alert and recording rules of dwsync for Prometheus. Made by `dwsync alert-rules`: change its options, not this file.
#
# A warning keeps firing when it becomes critical. An inhibition of Alertmanager silences it meanwhile:
#   inhibit_rules:
#     - source_matchers: ['severity="critical"', 'alertname=~"Dwsync.*"']
#       target_matchers: ['severity="warning"']
#       equal: [alertname, job, cluster, source]
]]

--- Declarations of the options of `render`; see dwsync.checks.
M.OPTIONS = {
    job = { kind = "string", pattern = "^[\32-\126]+$", expected = "a text of printable ASCII", default = "dwsync" },
    data_age = { kind = "number", noun = "a number of seconds", above = 0, default = 900 },
    patience = { kind = "number", from = 0, to = 100, default = 1 },
    interval = { kind = "number", noun = "a number of seconds", above = 0, to = 240, -- PromQL forgets older samples
        default = 60 },
}

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
    local checked = checks.arguments(M.OPTIONS, options or {}, "render")
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

--- Makes the rules file about the collectors of a fleet, which goes beside the other.
-- @tparam[opt] table options as of `render`: `job`, `patience`, `interval`
-- @treturn string YAML
function M.render_fleet(options)
    local checked, list = checks.arguments(M.OPTIONS, options or {}, "render_fleet"), {}
    for i, item in ipairs(fleet.list(checked)) do
        list[i] = alerting(item, checked.patience)
    end
    return HEADER .. yaml.write { { "groups", { list = { group("dwsync fleet", checked.interval, list) } } } }
end

return M
