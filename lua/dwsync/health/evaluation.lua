--- Verdicts, statistics and reasons from records.
-- It must do no I/O and read no clock: the same records, rules and now give the same evaluation, in whatever order the
-- records come.
-- @module dwsync.health.evaluation
local Reasons = require "dwsync.health.reasons"
local Watch = require "dwsync.health.watch"
local rules = require "dwsync.health.rules"
local severities = require "dwsync.severity"
local sources = require "dwsync.health.sources"
local statistics = require "dwsync.health.statistics"

local M = {}

local function make_verdict(rule, watch, now)
    local module, finding, source = rules.by_name[rule], watch:judge(rule, now), watch.course.source
    local verdict = {
        rule = rule,
        severity = Watch.severity(finding),
        source = source.id,
        source_type = source.type,
        value = finding.value or nil,
        unit = module.unit,
        warning = finding.warning or nil,
        critical = finding.critical or nil,
        since = finding.since or nil,
        record_id = finding.run and finding.run.id,
    }
    local message, advice = module.describe(finding, watch.course)
    verdict.message = message
    verdict.advice = verdict.severity ~= "ok" and advice or nil
    return verdict
end

-- Worst first, then by source (the cluster before its sources), then by rule.
local function sort_verdicts(verdicts)
    table.sort(verdicts, function(a, b)
        if a.severity ~= b.severity then
            return severities.is_worse(a.severity, b.severity)
        elseif a.source ~= b.source then
            return a.source == nil or b.source ~= nil and a.source < b.source
        end
        return a.rule < b.rule
    end)
    return verdicts
end

local function judge_all(source, checked, now)
    local watch, verdicts = Watch.new(source, checked), {}
    watch:catch_up(now)
    for _, rule in ipairs(rules.names) do
        if checked[rule] then
            verdicts[#verdicts + 1] = make_verdict(rule, watch, now)
        end
    end
    return sort_verdicts(verdicts)
end

local function group_reasons(source)
    local reasons = Reasons.new()
    for i = #source.ended, 1, -1 do
        reasons:add(source.ended[i])
    end
    return reasons
end

local function evaluate_source(source, checked, now)
    local verdicts = judge_all(source, checked, now)
    local numbers, parts = statistics.of(source, now)
    local reasons = group_reasons(source)
    return {
        id = source.id,
        type = source.type,
        severity = severities.worst(verdicts),
        verdicts = verdicts,
        statistics = numbers,
        reasons = reasons:list(),
    }, parts, reasons
end

-- What is wrong with the list itself belongs to no source: it is empty, or has items that are not records.
local function judge_cluster(cluster, checked, now)
    local none = { runs = {}, ended = {}, flaws = cluster.flaws }
    local watch, verdicts = Watch.new(none, checked), {}
    watch:catch_up(now)
    if checked.never and cluster.records == 0 then
        verdicts[1] = make_verdict("never", watch, now)
    end
    if checked.data and #cluster.flaws > 0 then
        verdicts[#verdicts + 1] = make_verdict("data", watch, now)
    end
    return verdicts
end

local function append(all, list)
    for i = 1, #list do
        all[#all + 1] = list[i]
    end
end

--- Judges the records of one cluster: see dwsync.health.evaluate.
-- @tparam function next_record iterator
-- @tparam table checked rules
-- @tparam number now seconds
-- @treturn table evaluation
function M.evaluate(next_record, checked, now)
    local ms = now * 1000
    local list, cluster = sources.read(next_record, ms + (checked.data and checked.data.tolerance or 300) * 1000)
    local verdicts, judged, parts, reasons = judge_cluster(cluster, checked, ms), {}, {}, Reasons.new()
    for i, source in ipairs(list) do
        local result, own_parts, own_reasons = evaluate_source(source, checked, ms)
        judged[i], parts[i] = result, own_parts
        reasons:merge(own_reasons)
        append(verdicts, result.verdicts)
    end
    table.sort(judged, function(a, b)
        if a.severity ~= b.severity then
            return severities.is_worse(a.severity, b.severity)
        end
        return a.id < b.id
    end)
    return {
        now = now,
        severity = severities.worst(verdicts),
        verdicts = sort_verdicts(verdicts),
        sources = judged,
        statistics = statistics.together(parts),
        reasons = reasons:list(),
        records = cluster.records,
    }
end

return M
