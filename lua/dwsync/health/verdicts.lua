--- Verdicts: what rules find of a source, in words and in order.
-- @module dwsync.health.verdicts
local Reasons = require "dwsync.health.reasons"
local explanation = require "dwsync.health.explanation"
local rules = require "dwsync.health.rules"
local severities = require "dwsync.severity"

local M = {}

-- The reason that the runs behind a verdict give; those of runs that FINISHED, too.
local function reason_of(module, finding, judgement, rule)
    local runs = module.behind and finding.run and module.behind(finding, judgement.model, judgement.states[rule])
    local group = runs and Reasons.explaining(runs)
    return group and { text = group.sample, speaker = group.speaker, class = group.class, cause = group.cause,
        next_step = group.next_step, record_id = group.record_id } or nil
end

--- Words for what a rule found of a source.
-- @tparam string rule
-- @tparam table finding
-- @tparam table judgement see dwsync.health.judgement
-- @tparam table context `checked` rules, `ms`: now; `explained`: the names of the rules to explain
-- @treturn dwsync.verdict
function M.make(rule, finding, judgement, context)
    local model = judgement.model
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
    if verdict.severity ~= "ok" then
        verdict.advice, verdict.reason = advice, reason_of(module, finding, judgement, rule)
    end
    if context.explained and context.explained[rule] then
        verdict.explanation = explanation.of(rule, judgement.states[rule], model, context.ms, finding,
            context.checked[rule])
    end
    return verdict
end

--- Worst first, causes before what follows from others, then by source (the cluster before its sources), then by rule.
-- @tparam dwsync.verdict a
-- @tparam dwsync.verdict b
-- @treturn boolean
function M.comes_first(a, b)
    if a.severity ~= b.severity then
        return severities.is_worse(a.severity, b.severity)
    elseif not a.follows ~= not b.follows then
        return not a.follows
    elseif a.source ~= b.source then
        return a.source == nil or b.source ~= nil and a.source < b.source
    end
    return a.rule < b.rule
end

-- Those of one source are few, and come by rule; most are ok.
local function put(verdicts, count, verdict)
    local at = count
    while at > 0 and M.comes_first(verdict, verdicts[at]) do
        verdicts[at + 1], at = verdicts[at], at - 1
    end
    verdicts[at + 1] = verdict
end

--- The earlier of two times, either of which may be missing.
-- @tparam ?number a
-- @tparam ?number b
-- @treturn ?number
function M.earlier(a, b)
    return a and b and math.min(a, b) or a or b
end

--- The verdicts on a source.
-- @tparam table judgement see dwsync.health.judgement
-- @tparam table context see `make`
-- @tparam[opt] {[string]=table} findings of that time, where they are known
-- @treturn {dwsync.verdict,...} worst first
-- @treturn ?number when time alone would change one, milliseconds since the epoch
function M.of(judgement, context, findings)
    local list, next_at = {}, nil
    findings = findings or judgement:judge(context.ms)
    for i, rule in ipairs(judgement.names) do
        put(list, i - 1, M.make(rule, findings[rule], judgement, context))
        next_at = M.earlier(next_at, findings[rule].recheck)
    end
    return list, next_at
end

return M
