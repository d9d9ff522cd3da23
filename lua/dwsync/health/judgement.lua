--- One source under all rules: what is known goes into its model, findings come out.
-- It must not look ahead: the same code judges today and any day of history.
-- @module dwsync.health.judgement
local Model = require "dwsync.health.model"
local relations = require "dwsync.health.relations"
local rules = require "dwsync.health.rules"

local M = {}

local Judgement = {}
Judgement.__index = Judgement

local function population_of(checked, source)
    local given = checked.mass_delete and checked.mass_delete.population
    if type(given) == "table" then
        return given[source.id]
    end
    return given or nil
end

--- Begins to judge a source of which nothing is known yet.
-- @tparam table source as dwsync.health.sources gives it
-- @tparam table checked rules, as rules.check gives them
-- @tparam[opt] table rows of the model of a source that was judged, see dwsync.health.model
-- @tparam[opt] table ledger what lists of accounts showed of it, see dwsync.health.model.ledger
-- @treturn table
function M.new(source, checked, rows, ledger)
    local self = setmetatable({ model = Model.new(source, population_of(checked, source), rows, ledger), states = {},
        names = {} }, Judgement)
    for _, name in ipairs(rules.names) do
        if checked[name] then
            self.names[#self.names + 1] = name
            self.states[name] = rules.by_name[name].follow(checked[name], self.model)
        end
    end
    return self
end

--- A run began; runs begin in the order of their starts.
-- @tparam table run
function Judgement:began(run)
    if run.start_time then
        self.model:began(run.start_time)
    end
    if run.status == "RUNNING" or run.status == "FINISHED" or run.status == "FAILED" then
        self.model:opened(run)
    end
end

local function advance(self, upto)
    local model = self.model
    local before = model.count
    model:take(upto)
    for _, name in ipairs(self.names) do
        local rule = rules.by_name[name]
        if rule.advance then
            rule.advance(self.states[name], model, before + 1, model.count)
        end
    end
end

--- The next run of the source ended, in the order of the ends.
-- @tparam table run
function Judgement:ended(run)
    local model = self.model
    model:closed(run)
    model.run[model.count + 1] = run
    advance(self, model.count + 1)
end

--- A flawed record came.
function Judgement:flawed(flaw)
    if self.states.data then
        self.states.data:flawed(flaw)
    end
end

-- How many runs are taken in between two pauses.
local SLICE = 200

--- Takes in everything known about the source at once: the same as event by event.
-- @tparam function pause called now and then
function Judgement:take_all(pause)
    local model, source = self.model, self.model.source
    local ended = source.ended
    model.run = ended -- the rows are the same, so they need not be copied
    model.starts, model.begun = source.starts, #source.starts
    for _, run in ipairs(source.open) do
        model:opened(run)
    end
    for first = 1, #ended, SLICE do
        advance(self, math.min(first + SLICE - 1, #ended))
        pause()
    end
    for _, flaw in ipairs(source.flaws) do
        self:flawed(flaw)
    end
end

-- How bad a finding is, unless the rule said so: a threshold is reached, not passed.
local function severity_of(finding)
    local value = finding.value
    if finding.unknown then
        return "unknown"
    elseif finding.severity then
        return finding.severity
    elseif not value then
        return "ok" -- too little to judge by
    elseif finding.critical and value >= finding.critical then
        return "critical"
    end
    return finding.warning and value >= finding.warning and "warning" or "ok"
end

--- What the rules find.
-- @tparam number now milliseconds
-- @tparam[opt] {string,...} names of rules; all that are on when left out
-- @treturn {[string]=table} findings by rule: `severity`, `follows`, `value`, `warning`, `critical`, `since`, `run`,
-- `recheck` (when time alone may change it)
function Judgement:judge(now, names)
    local findings = {}
    self.model.now = now
    for _, name in ipairs(names or self.names) do
        local finding = rules.by_name[name].judge(self.states[name], self.model, now)
        finding.severity = severity_of(finding)
        findings[name] = finding
    end
    relations.mark(findings)
    return findings
end

return M
