--- Verdicts, statistics and reasons from records.
-- It must do no I/O and read no clock: the same records, rules and now give the same evaluation, in whatever order the
-- records come.
-- @module dwsync.health.evaluation
local Judgement = require "dwsync.health.judgement"
local Reasons = require "dwsync.health.reasons"
local rules = require "dwsync.health.rules"
local severities = require "dwsync.severity"
local sources = require "dwsync.health.sources"
local stale = require "dwsync.health.rules.stale"
local statistics = require "dwsync.health.statistics"

local M = {}

local function make_verdict(rule, finding, model)
    local module, source = rules.by_name[rule], model.source
    local verdict = {
        rule = rule,
        severity = finding.severity,
        follows = finding.follows,
        source = source.id,
        source_type = source.type,
        value = finding.value or nil,
        unit = module.unit,
        warning = finding.warning or nil,
        critical = finding.critical or nil,
        since = finding.since or nil,
        record_id = finding.run and finding.run.id,
    }
    local message, advice = module.describe(finding, model)
    verdict.message = message
    verdict.advice = verdict.severity ~= "ok" and advice or nil
    return verdict
end

-- Worst first, causes before what follows from others, then by source (the cluster before its sources), then by rule.
local function sort_verdicts(verdicts)
    table.sort(verdicts, function(a, b)
        if a.severity ~= b.severity then
            return severities.is_worse(a.severity, b.severity)
        elseif not a.follows ~= not b.follows then
            return not a.follows
        elseif a.source ~= b.source then
            return a.source == nil or b.source ~= nil and a.source < b.source
        end
        return a.rule < b.rule
    end)
    return verdicts
end

-- The earlier of two times, either of which may be missing.
local function earlier(a, b)
    return a and b and math.min(a, b) or a or b
end

local function judge_all(source, checked, now)
    local judgement, verdicts, next_at = Judgement.new(source, checked), {}, nil
    judgement:take_all()
    local findings = judgement:judge(now)
    for _, rule in ipairs(judgement.names) do
        verdicts[#verdicts + 1] = make_verdict(rule, findings[rule], judgement.model)
        next_at = earlier(next_at, findings[rule].recheck)
    end
    return sort_verdicts(verdicts), judgement.model, next_at
end

local function group_reasons(source)
    local reasons = Reasons.new()
    for i = #source.ended, 1, -1 do
        reasons:add(source.ended[i])
    end
    return reasons
end

local function evaluate_source(source, checked, now)
    local verdicts, model, next_at = judge_all(source, checked, now)
    local numbers, parts = statistics.of(source, now, stale.next_expected(model))
    local reasons = group_reasons(source)
    return {
        id = source.id,
        type = source.type,
        severity = severities.worst(verdicts),
        verdicts = verdicts,
        statistics = numbers,
        reasons = reasons:list(),
        next_at = next_at and math.ceil(next_at),
    }, parts, reasons
end

-- What is wrong with the list itself belongs to no source: it is empty, or has items that are not records.
local function judge_cluster(cluster, checked, now)
    local none = { runs = {}, ended = {}, flaws = cluster.flaws }
    local judgement, verdicts = Judgement.new(none, checked), {}
    judgement:take_all()
    local function add(rule)
        verdicts[#verdicts + 1] = make_verdict(rule, judgement:judge(now, { rule })[rule], judgement.model)
    end
    if checked.never and cluster.records == 0 then
        add "never"
    end
    if checked.data and #cluster.flaws > 0 then
        add "data"
    end
    return verdicts
end

local function append(all, list)
    for i = 1, #list do
        all[#all + 1] = list[i]
    end
end

local Steps = {}
Steps.__index = Steps

-- How many records are read in one step.
local RECORDS = 500

--- Begins to judge the records of one cluster, a slice at a time.
-- @tparam function next_record iterator
-- @tparam table checked rules
-- @tparam number now seconds
-- @treturn table
function M.begin(next_record, checked, now)
    local ms = now * 1000
    return setmetatable({ checked = checked, now = now, ms = ms,
        reader = sources.reader(next_record, ms + (checked.data and checked.data.tolerance or 300) * 1000),
        judged = {}, parts = {}, reasons = Reasons.new(), verdicts = {} }, Steps)
end

function Steps:judge_next()
    self.at = self.at + 1
    local result, own_parts, own_reasons = evaluate_source(self.list[self.at], self.checked, self.ms)
    self.judged[self.at], self.parts[self.at], self.list[self.at] = result, own_parts, false
    self.reasons:merge(own_reasons)
    append(self.verdicts, result.verdicts)
    self.next_at = earlier(self.next_at, result.next_at)
end

function Steps:finish()
    table.sort(self.judged, function(a, b)
        if a.severity ~= b.severity then
            return severities.is_worse(a.severity, b.severity)
        end
        return a.id < b.id
    end)
    return {
        now = self.now,
        severity = severities.worst(self.verdicts),
        verdicts = sort_verdicts(self.verdicts),
        sources = self.judged,
        statistics = statistics.together(self.parts),
        reasons = self.reasons:list(),
        records = self.cluster.records,
        next_at = self.next_at and math.ceil(self.next_at),
    }
end

--- Reads some records, or judges a source.
-- @treturn table|nil the evaluation, once there is nothing left to do
function Steps:step()
    if not self.list then
        if self.reader:read(RECORDS) then
            return nil
        end
        self.list, self.cluster = self.reader:sources()
        self.verdicts, self.at = judge_cluster(self.cluster, self.checked, self.ms), 0
    elseif self.at < #self.list then
        self:judge_next()
    else
        return self:finish()
    end
end

--- Judges the records of one cluster: see dwsync.health.evaluate.
-- @tparam function next_record iterator
-- @tparam table checked rules
-- @tparam number now seconds
-- @treturn table evaluation
function M.evaluate(next_record, checked, now)
    local steps = M.begin(next_record, checked, now)
    local evaluation
    repeat
        evaluation = steps:step()
    until evaluation
    return evaluation
end

return M
