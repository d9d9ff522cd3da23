--- What would have fired, when, and for how long: history replayed event by event.
-- It must judge with the code of an evaluation: at any time an alert is open here if and only if the records known at
-- that time give a verdict of that severity.
-- @module dwsync.health.replay
local Judgement = require "dwsync.health.judgement"
local data = require "dwsync.health.rules.data"
local order = require "dwsync.health.order"
local ledgers = require "dwsync.health.model.ledger"
local rules = require "dwsync.health.rules"
local severities = require "dwsync.severity"
local sources = require "dwsync.health.sources"

local M = {}

local ALERTS = { warning = true, critical = true }

-- What happens to a source, in three lists by time; each knows where it has got to.
local function events_of(source)
    local begins = {}
    for _, run in ipairs(source.runs) do
        if run.start_time then
            begins[#begins + 1] = run
        end
    end
    return {
        { list = begins, at = 1, method = "began", time = function(run) return run.start_time end },
        { list = source.ended, at = 1, method = "ended", time = order.ended_at },
        { list = source.flaws, at = 1, method = "flawed", time = function(flaw) return data.noticed_at(flaw) or 0 end },
    }
end

local function next_event(events)
    local first
    for _, kind in ipairs(events) do
        local item = kind.list[kind.at]
        local time = item and kind.time(item)
        first = time and (not first or time < first) and time or first
    end
    return first
end

local function feed_until(events, judgement, now)
    for _, kind in ipairs(events) do
        local item = kind.list[kind.at]
        while item and kind.time(item) <= now do
            judgement[kind.method](judgement, item)
            kind.at = kind.at + 1
            item = kind.list[kind.at]
        end
    end
end

local Replay = {}
Replay.__index = Replay

local function close(alert, till)
    alert.till = till
    alert.seconds = (till - alert.from) / 1000
end

-- The whole millisecond at which to look again: a threshold between two is reached in the later one. Rounding must not
-- give the present one again, which would never end.
local function look_again(recheck, now)
    local at = recheck and math.ceil(recheck - 0.001)
    return at and at > now and at or nil
end

-- What it said, and which run shows it.
local function describe(self, rule, finding)
    local model = self.judgement.model
    local message = rules.by_name[rule].describe(finding, model)
    return message, finding.run and finding.run.id
end

-- Notes what a rule found now, and when time alone may change that.
function Replay:note(rule, finding, now)
    local grade, alert = finding.severity, self.open[rule]
    local recheck = look_again(finding.recheck, now)
    if recheck and recheck < self.recheck then
        self.recheck = recheck
    end
    if not ALERTS[grade] then
        if alert then
            close(alert, now)
            self.open[rule] = nil
        end
        return
    elseif not alert then
        alert = { rule = rule, source = self.source.id, source_type = self.source.type, severity = grade, from = now,
            follows = finding.follows }
        alert.message, alert.record_id = describe(self, rule, finding)
        self.open[rule], self.alerts[#self.alerts + 1] = alert, alert
    elseif severities.is_worse(grade, alert.severity) then
        alert.severity = grade
        alert.message, alert.record_id = describe(self, rule, finding)
    end
    alert.explained_by = finding.follows or alert.explained_by
    alert.follows = finding.follows and alert.follows
end

-- Goes from one point in time where something may change to the next. What is on record is known at the end, also where
-- the service's clock is ahead of ours.
function Replay:run(till)
    local events = events_of(self.source)
    while true do
        local event, recheck = next_event(events), self.recheck
        local now = math.min(event and math.min(event, till) or math.huge, recheck)
        if now > till then
            return
        end
        if event and math.min(event, till) == now then
            feed_until(events, self.judgement, now < till and now or math.huge)
        end
        self.recheck = math.huge
        local findings = self.judgement:judge(now, self.rules)
        for _, rule in ipairs(self.rules) do
            self:note(rule, findings[rule], now)
        end
    end
end

-- "never" is about a list, not about a point in time.
local function replayed(checked)
    local names = {}
    for _, name in ipairs(rules.names) do
        if checked[name] and name ~= "never" then
            names[#names + 1] = name
        end
    end
    return names
end

local function replay_source(source, checked, till, alerts, ledger)
    local replay = setmetatable({ source = source, judgement = Judgement.new(source, checked, nil, ledger),
        rules = replayed(checked), open = {}, recheck = math.huge, alerts = alerts }, Replay)
    replay:run(till)
    for _, alert in pairs(replay.open) do
        alert.seconds = (till - alert.from) / 1000
    end
end

local function newest_time(list)
    local newest = 0
    for _, source in ipairs(list) do
        for _, run in ipairs(source.runs) do
            newest = math.max(newest, run.start_time or 0, run.end_time or 0)
        end
    end
    return newest
end

--- What would have fired: see dwsync.health.replay.
-- @tparam {any,...}|function given a list or an iterator
-- @tparam table checked rules
-- @tparam number|nil now seconds; nil: the newest time of the records
-- @tparam number|nil since milliseconds
-- @tparam[opt] dwsync.ledger ledger
-- @treturn {table,...} alerts by time
function M.replay(given, checked, now, since, ledger)
    local tolerance = (checked.data and checked.data.tolerance or 300) * 1000
    local list = sources.read(given, now and now * 1000 + tolerance or math.huge)
    local till, alerts, kept = now and now * 1000 or newest_time(list), {}, {}
    local parts = ledgers.of(ledger, list)
    for _, source in ipairs(list) do
        replay_source(source, checked, till, alerts, parts[source])
    end
    for _, alert in ipairs(alerts) do
        if not since or (alert.till or math.huge) > since then
            kept[#kept + 1] = alert
        end
    end
    table.sort(kept, function(a, b)
        if a.from ~= b.from then
            return a.from < b.from
        elseif a.source ~= b.source then
            return a.source < b.source
        end
        return a.rule < b.rule
    end)
    return kept
end

return M
