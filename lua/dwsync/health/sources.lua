--- Records by identity source: each run once, in order, and what is wrong with which.
-- It must not judge.
-- @module dwsync.health.sources
local flaws = require "dwsync.health.flaws"
local order = require "dwsync.health.order"

local M = {}

--- How many sources are judged; no cluster has that many, and a hostile list shall not cost a verdict per record.
M.MAX_SOURCES = 1000

local function new_source(id)
    return { id = id, runs = {}, flaws = {} }
end

local function same(a, b)
    for _, name in ipairs(order.fields) do
        if a[name] ~= b[name] then
            return false
        end
    end
    return true
end

local function is_open(run)
    return run.status == "RUNNING"
end

-- Of two records with one id: what has ended over what still ran, then the later one.
local function better(a, b)
    if is_open(a) ~= is_open(b) then
        return is_open(b) and a or b
    end
    return order.ends_before(a, b) and b or a
end

-- A run that was seen RUNNING and is seen again has gone on, which is no contradiction.
local function went_on(a, b)
    return (is_open(a) or is_open(b)) and a.start_time == b.start_time
end

-- Records with one id, kept by source, since a list may hold such of several.
local Repeated = {}
Repeated.__index = Repeated

local function source_id(run)
    return run.identity_source_id or ""
end

function Repeated:add(first, run)
    local by_source = self.ids[run.id]
    if not by_source then
        by_source = { [source_id(first)] = { first = first, kept = first } }
        self.ids[run.id] = by_source
    end
    if not by_source[source_id(run)] then
        by_source[source_id(run)] = { first = run, kept = run }
        for _, entry in pairs(by_source) do
            entry.differs = true
        end
        return true
    end
    local entry = by_source[source_id(run)]
    entry.differs = entry.differs or not same(entry.kept, run) and not went_on(entry.kept, run)
    local kept = better(entry.kept, run)
    self.dropped[kept == run and entry.kept or run] = true
    entry.kept = kept
    return false
end

-- Puts what was kept in the place of what came first, and drops the flaws of what was not kept.
function Repeated:settle(by_id)
    for _, by_source in pairs(self.ids) do
        for id, entry in pairs(by_source) do
            self.instead[entry.first] = entry.kept
            if entry.differs then
                table.insert(by_id[id].flaws, { run = entry.kept, kinds = { repeated = true } })
            end
        end
    end
    if next(self.ids) then
        for _, source in pairs(by_id) do
            self:settle_source(source)
        end
    end
end

function Repeated:settle_source(source)
    for i, run in ipairs(source.runs) do
        source.runs[i] = self.instead[run] or run
    end
    local by_run, kept = {}, {}
    for _, flaw in ipairs(source.flaws) do
        if not self.dropped[flaw.run] and not by_run[flaw.run] then
            kept[#kept + 1], by_run[flaw.run] = flaw, flaw
        elseif by_run[flaw.run] then
            for kind in pairs(flaw.kinds) do
                by_run[flaw.run].kinds[kind] = true
            end
        end
    end
    source.flaws = kept
end

local function read(next_record, latest, cluster)
    local by_id, seen, count = {}, {}, 0
    local repeated = setmetatable({ ids = {}, dropped = {}, instead = {} }, Repeated)
    for record in next_record do
        count = count + 1
        if type(record) ~= "table" then
            cluster.flaws[#cluster.flaws + 1] = { run = {}, kinds = { no_record = true } }
        else
            local run, kinds = record, nil
            if not flaws.sound(record, latest) then
                run, kinds = flaws.clean(record, latest)
            end
            local id = run.id
            local source = by_id[run.identity_source_id or ""]
            if not source then
                source = new_source(run.identity_source_id or "")
                by_id[source.id] = source
            end
            local first = id and seen[id]
            if not first or repeated:add(first, run) then
                source.runs[#source.runs + 1] = run
            end
            if id and not first then
                seen[id] = run
            end
            if kinds and next(kinds) then
                source.flaws[#source.flaws + 1] = { run = run, kinds = kinds }
            end
        end
    end
    repeated:settle(by_id)
    return by_id, count
end

-- The newest name of its type that a source was given.
local function type_of(runs)
    for i = #runs, 1, -1 do
        if runs[i].identity_source_type then
            return runs[i].identity_source_type
        end
    end
end

local function arrange(source, latest)
    local judged, ended = {}, {}
    order.sort(source.runs, order.starts_before)
    source.type = type_of(source.runs)
    for _, run in ipairs(source.runs) do
        if (run.start_time or 0) <= latest then -- a run of tomorrow proves nothing about today
            judged[#judged + 1] = run
            if run.status == "FINISHED" or run.status == "FAILED" then
                ended[#ended + 1] = run
            end
        end
    end
    order.sort(ended, order.ends_before)
    source.runs, source.ended = judged, ended
    table.sort(source.flaws, function(a, b)
        return order.starts_before(a.run, b.run)
    end)
end

local function newest(source)
    local run = source.runs[#source.runs]
    return run and (run.start_time or run.end_time) or 0
end

--- Reads records once.
-- @tparam function next_record iterator
-- @tparam number latest milliseconds; what is dated later is in the future
-- @treturn {table,...} sources by id: `id` ("" when records name none), `type`, `runs` by start, `ended` by end, `flaws`
-- ({run =, kinds =})
-- @treturn table the cluster: `records` (how many were read), `flaws` that belong to no source
function M.read(next_record, latest)
    local cluster, list = { flaws = {} }, {}
    local by_id, count = read(next_record, latest, cluster)
    for _, source in pairs(by_id) do
        arrange(source, latest)
        list[#list + 1] = source
    end
    cluster.records = count
    table.sort(list, function(a, b)
        if newest(a) ~= newest(b) and #list > M.MAX_SOURCES then
            return newest(a) > newest(b)
        end
        return a.id < b.id
    end)
    for i = #list, M.MAX_SOURCES + 1, -1 do
        cluster.left_out, list[i] = (cluster.left_out or 0) + 1, nil
    end
    return list, cluster
end

return M
