--- A cluster of which new records come now and then: they advance what was judged, so that weeks of history need not be
-- judged again. The verdicts are those of an evaluation of all its records together.
-- It must not guess: what it cannot go on with, such as a flaw or a run from before others, has to be judged anew.
-- @module dwsync.health.following
local Judgement = require "dwsync.health.judgement"
local core = require "dwsync.core"
local order = require "dwsync.health.order"
local severities = require "dwsync.severity"
local sources = require "dwsync.health.sources"
local verdicts = require "dwsync.health.verdicts"

local M = {}

local Following = {}
Following.__index = Following

local function no_pause() end

-- What is dated later is in the future.
local function latest_of(checked, now)
    return now * 1000 + (checked.data and checked.data.tolerance or 300) * 1000
end

-- Only runs with an id and a start can be known again, and put in order behind others.
local function is_plain(run)
    return type(run.id) == "string" and run.id ~= "" and run.start_time ~= nil
end

-- Takes in what is known of a source. Returns false where something about it is not plain.
local function begin_source(self, source)
    local own = {}
    if source.flaws[1] or not source.runs[1] then
        return false
    end
    for i, run in ipairs(source.runs) do
        if not is_plain(run) or self.ids[run.id] then
            return false
        end
        self.ids[run.id], own[i] = run.status == "RUNNING" and run or true, run
    end
    source.runs = own -- those that ended may be the same list, which grows otherwise
    local judgement = Judgement.new(source, self.checked)
    judgement:take_all(no_pause)
    self.judgements[#self.judgements + 1], self.by_source[source.id] = judgement, judgement
    self.records = self.records + #own
    return true
end

--- Judges the records of one cluster, to go on with those that come later.
-- @tparam {dwsync.record,...} list all of them
-- @tparam table checked rules, as dwsync.health.rules gives them
-- @tparam number now seconds
-- @treturn ?table following; nil where it must be judged by dwsync.health.evaluate
function M.begin(list, checked, now)
    local self = setmetatable({ checked = checked, ids = {}, judgements = {}, by_source = {}, records = 0, now = now },
        Following)
    local found, cluster = sources.read(list, latest_of(checked, now))
    if list.ledger or not found[1] then
        return nil
    end
    for _, source in ipairs(found) do
        if not begin_source(self, source) then
            return nil
        end
    end
    return self.records == cluster.records and self or nil
end

-- The judgement of a record's source, if it can go on with that.
local function judgement_of(self, record)
    local judgement = self.by_source[record.identity_source_id or ""]
    return judgement and record.identity_source_type == judgement.model.source.type and judgement
end

local function place_of(list, item)
    for i = #list, 1, -1 do
        if list[i] == item then
            return i
        end
    end
end

-- A run that was RUNNING, as it is now.
local function go_on(self, judgement, before, record)
    local model, runs = judgement.model, judgement.model.source.runs
    local at, open = place_of(runs, before), place_of(model.open, before)
    if not at or not open or before.start_time ~= record.start_time then
        return false
    end
    runs[at], model.open[open] = record, record
    self.ids[record.id] = record
    return true
end

local function add(self, judgement, record)
    local runs = judgement.model.source.runs
    if not order.starts_before(runs[#runs], record) then
        return false
    end
    runs[#runs + 1] = record
    judgement:began(record)
    self.ids[record.id], self.records = record, self.records + 1
    return true
end

local function take_begun(self, record)
    local judgement, before = judgement_of(self, record), self.ids[record.id]
    if not judgement or before == true then
        return nil
    end
    return (before and go_on(self, judgement, before, record) or not before and add(self, judgement, record))
        and judgement
end

local function take_ended(self, judgement, record)
    local last = judgement.model.run[judgement.model.count]
    if last and not order.ends_before(last, record) then
        return false
    end
    judgement:ended(record)
    self.ids[record.id] = true
    return true
end

--- Takes in records that are new, and those of runs that were RUNNING.
-- @tparam {dwsync.record,...} given in any order
-- @tparam number now seconds
-- @treturn boolean false: it cannot go on with these, and is of no use any more
function Following:advance(given, now)
    local list, ended, judged_by, seen = {}, {}, {}, {}
    if core.take_runs(given, 1, #given, latest_of(self.checked, now)) then
        return false
    end
    for i, record in ipairs(given) do
        if not is_plain(record) or seen[record.id] then
            return false -- it cannot be put in order
        end
        list[i], seen[record.id] = record, true
    end
    order.sort(list, order.starts_before)
    for _, record in ipairs(list) do
        judged_by[record] = take_begun(self, record)
        if not judged_by[record] then
            return false
        end
        ended[#ended + 1] = record.status ~= "RUNNING" and record or nil
    end
    order.sort(ended, order.ends_before)
    for _, record in ipairs(ended) do
        if not take_ended(self, judged_by[record], record) then
            return false
        end
    end
    return true
end

--- Whether every run that is RUNNING is among these.
-- @tparam {[string]=any} ids
-- @treturn boolean
function Following:has_open_in(ids)
    for _, judgement in ipairs(self.judgements) do
        for _, run in ipairs(judgement.model.open) do
            if not ids[run.id] then
                return false
            end
        end
    end
    return true
end

-- What the rules find of each source. Returns also when time alone would change that, and whether all is ok.
local function find(self, ms)
    local found, first, is_well = {}, nil, false
    for i, judgement in ipairs(self.judgements) do
        local findings = judgement:judge(ms)
        for k, name in ipairs(judgement.names) do
            local finding = findings[name]
            first = verdicts.earlier(first, finding.recheck)
            is_well = finding.severity == "ok" and (is_well or i == 1 and k == 1)
        end
        found[i] = findings
    end
    return found, first, is_well
end

local function put_into_words(self, found, ms)
    local context, all = { checked = self.checked, ms = ms }, {}
    for i, judgement in ipairs(self.judgements) do
        for _, verdict in ipairs((verdicts.of(judgement, context, found[i]))) do
            all[#all + 1] = verdict
        end
    end
    if #self.judgements > 1 then
        table.sort(all, verdicts.comes_first)
    end
    return all
end

--- What is found now, the part of an evaluation that is said of a cluster: `now`, `severity`, `verdicts`, `records`,
-- `next_at`. Time must not go back.
-- @tparam number now seconds
-- @tparam[opt] boolean is_brief whether verdicts that are all ok are left out, not put into words; `is_brief` then
-- @treturn ?table nil where it went back
function Following:judge(now, is_brief)
    if now < self.now then
        return nil
    end
    self.now = now
    local found, first, is_well = find(self, now * 1000)
    is_brief = is_brief and is_well or nil
    local all = is_brief and {} or put_into_words(self, found, now * 1000)
    return { now = now, severity = is_brief and "ok" or severities.worst(all), verdicts = all, records = self.records,
        next_at = first and math.ceil(first), is_brief = is_brief }
end

return M
