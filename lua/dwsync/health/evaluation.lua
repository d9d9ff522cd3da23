--- Verdicts, statistics and reasons from records.
-- It must do no I/O and read no clock: the same records, rules and now give the same evaluation, in whatever order the
-- records come.
-- @module dwsync.health.evaluation
local Judgement = require "dwsync.health.judgement"
local Reasons = require "dwsync.health.reasons"
local ledgers = require "dwsync.health.model.ledger"
local rules = require "dwsync.health.rules"
local severities = require "dwsync.severity"
local sources = require "dwsync.health.sources"
local stale = require "dwsync.health.rules.stale"
local statistics = require "dwsync.health.statistics"
local verdicts = require "dwsync.health.verdicts"

local M = {}

-- The rows of the last model, for the next evaluation. Those of very long histories are not kept.
local spare
local MOST_KEPT = 5000

local function judge_all(source, context, pause)
    local judgement = Judgement.new(source, context.checked, context.rows, context.parts[source])
    context.rows = judgement.model.rows
    judgement:take_all(pause)
    local list, next_at = verdicts.of(judgement, context)
    return list, judgement.model, next_at
end

-- How many failures are read between two pauses; their texts cost more than runs.
local FAILURES = 20

-- Of the runs that failed, and of those in which accounts failed, the newest first.
local function group_reasons(model, pause)
    local reasons, failures, partials = Reasons.new(), model.failures, model.partials
    local failure, partial, done = #failures, #partials, 0
    while failure > 0 or partial > 0 do
        local at = math.max(failures[failure] or 0, partials[partial] or 0)
        if at == failures[failure] then
            failure = failure - 1
        else
            partial = partial - 1
        end
        reasons:add(model.run[at])
        done = done + 1
        if done % FAILURES == 0 then
            pause()
        end
    end
    return reasons
end

-- What is wrong with the list itself belongs to no source: it is empty, or has items that are not records.
local function judge_cluster(cluster, context, pause)
    local checked, found = context.checked, {}
    if cluster.records > 0 and #cluster.flaws == 0 then
        return found
    end
    local judgement = Judgement.new({ runs = {}, ended = {}, open = {}, starts = {}, flaws = cluster.flaws }, checked)
    judgement:take_all(pause)
    local function add(rule)
        found[#found + 1] = verdicts.make(rule, judgement:judge(context.ms, { rule })[rule], judgement, context)
    end
    if checked.never and cluster.records == 0 then
        add "never"
    end
    if checked.data and #cluster.flaws > 0 then
        add "data"
    end
    return found
end

local function append(all, list)
    for i = 1, #list do
        all[#all + 1] = list[i]
    end
end

local Steps = {}
Steps.__index = Steps

-- How many records are read in one step.
local RECORDS = 200

--- Begins to judge the records of one cluster, a slice at a time.
-- @tparam {any,...}|function given a list or an iterator
-- @tparam table checked rules
-- @tparam number now seconds
-- @tparam[opt] {[string]=boolean} explained names of the rules whose verdicts get an explanation
-- @tparam[opt] dwsync.ledger ledger
-- @treturn table
function M.begin(given, checked, now, explained, ledger)
    local ms = now * 1000
    return setmetatable({ context = { checked = checked, ms = ms, explained = explained, ledger = ledger }, now = now,
        reader = sources.reader(given, ms + (checked.data and checked.data.tolerance or 300) * 1000) }, Steps)
end

-- What was found about one source.
local function judge_source(self, source, numbers, reasons, pause)
    local found, model, next_at = judge_all(source, self.context, pause)
    local own_reasons = group_reasons(model, pause)
    reasons:merge(own_reasons)
    return {
        id = source.id,
        type = source.type,
        severity = severities.worst(found),
        verdicts = found,
        statistics = numbers:add(source, model, stale.next_expected(model)),
        reasons = own_reasons:list(),
        next_at = next_at and math.ceil(next_at),
    }
end

local function sort_sources(judged)
    table.sort(judged, function(a, b)
        if a.severity ~= b.severity then
            return severities.is_worse(a.severity, b.severity)
        end
        return a.id < b.id
    end)
    return judged
end

-- Without the rule never an empty list is well; without any rule nothing was judged.
local function severity_of(found, cluster, checked)
    for _, name in ipairs(#found == 0 and cluster.records == 0 and not checked.never and rules.names or {}) do
        if checked[name] then
            return "ok"
        end
    end
    return severities.worst(found)
end

-- What remains when all has been read. Sources are let go when they are judged.
local function judge(self, pause)
    local list, cluster = self.reader:sources(pause)
    self.reader, self.context.parts = nil, ledgers.of(self.context.ledger, list)
    local found, judged, next_at = judge_cluster(cluster, self.context, pause), {}, nil
    self.context.rows, spare = spare, nil
    local numbers, reasons = statistics.new(self.context.ms, pause, #list == 1), Reasons.new()
    for i = 1, #list do
        local result = judge_source(self, list[i], numbers, reasons, pause)
        judged[i], list[i] = result, false
        append(found, result.verdicts)
        next_at = verdicts.earlier(next_at, result.next_at)
        pause()
    end
    spare = cluster.records <= MOST_KEPT and self.context.rows or nil
    if #cluster.flaws > 0 or #list ~= 1 then
        table.sort(found, verdicts.comes_first)
    end
    return {
        now = self.now,
        severity = severity_of(found, cluster, self.context.checked),
        verdicts = found,
        sources = sort_sources(judged),
        statistics = numbers:together(),
        reasons = reasons:list(),
        records = cluster.records,
        next_at = next_at and math.ceil(next_at),
    }
end

--- Does one slice: reads some two hundred records, or goes on judging until as many were looked at.
-- @treturn table|nil the evaluation, once there is nothing left to do
function Steps:step()
    if not self.judging then
        if not self.reader:read(RECORDS) then
            self.judging = coroutine.create(judge)
        end
        return nil
    end
    local good, evaluation = coroutine.resume(self.judging, self, coroutine.yield)
    if not good then
        error(evaluation, 0)
    end
    return evaluation
end

local function no_pause() end

--- Judges the records of one cluster: see dwsync.health.evaluate.
-- @tparam {any,...}|function given a list or an iterator
-- @tparam table checked rules
-- @tparam number now seconds
-- @tparam[opt] {[string]=boolean} explained names of the rules whose verdicts get an explanation
-- @tparam[opt] dwsync.ledger ledger
-- @treturn table evaluation
function M.evaluate(given, checked, now, explained, ledger)
    local steps = M.begin(given, checked, now, explained, ledger)
    while steps.reader:read(RECORDS) do end
    return judge(steps, no_pause)
end

return M
