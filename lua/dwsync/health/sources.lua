--- Records by identity source: each run once, in order, with the flaws of each.
-- @module dwsync.health.sources
local Repeated = require "dwsync.health.repeated"
local flaws = require "dwsync.health.flaws"
local order = require "dwsync.health.order"

local M = {}

--- How many sources are judged; no cluster has that many, and a hostile list must not cost a verdict per record.
M.MAX_SOURCES = 1000

-- Adds a run to its source, if its id is new there.
local function place(reader, source, run)
    local id = run.id
    local first = id and reader.seen[id]
    if not first then
        source.runs[#source.runs + 1] = run
        if id then
            reader.seen[id] = run
        end
    elseif reader.repeated:add(first, run) then
        source.runs[#source.runs + 1] = run
    end
end

local function read_record(reader, record)
    local run, kinds = record, nil
    if not flaws.sound(record, reader.latest) then
        run, kinds = flaws.clean(record, reader.latest)
    end
    local id = run.identity_source_id or ""
    local source = reader.by_id[id]
    if not source then
        source = { id = id, runs = {}, flaws = {} }
        reader.by_id[id] = source
    end
    place(reader, source, run)
    if kinds and next(kinds) then
        source.flaws[#source.flaws + 1] = { run = run, kinds = kinds }
    end
end

local Reader = {}
Reader.__index = Reader

-- The type named by the newest run that names one.
local function type_of(runs)
    for i = #runs, 1, -1 do
        if runs[i].identity_source_type then
            return runs[i].identity_source_type
        end
    end
end

local function arrange(source, latest)
    local runs, ended = source.runs, {}
    order.sort(runs, order.starts_before)
    source.type = type_of(runs)
    while #runs > 0 and (runs[#runs].start_time or 0) > latest do
        runs[#runs] = nil -- a run of tomorrow proves nothing about today
    end
    for i = 1, #runs do
        local run = runs[i]
        if run.status == "FINISHED" or run.status == "FAILED" then
            ended[#ended + 1] = run
        end
    end
    order.sort(ended, order.ends_before)
    source.ended = ended
    table.sort(source.flaws, function(a, b)
        return order.starts_before(a.run, b.run)
    end)
end

local function newest(source)
    local run = source.runs[#source.runs]
    return run and (run.start_time or run.end_time) or 0
end

local function by_id(a, b)
    return a.id < b.id
end

-- Drops the sources beyond the bound, those with the oldest newest run, and notes it as flaws.
local function bound(list, cluster)
    if #list > M.MAX_SOURCES then
        table.sort(list, function(a, b)
            if newest(a) ~= newest(b) then
                return newest(a) > newest(b)
            end
            return by_id(a, b)
        end)
        for i = #list, M.MAX_SOURCES + 1, -1 do
            cluster.flaws[#cluster.flaws + 1], list[i] = { run = {}, kinds = { source = true } }, nil
        end
    end
    table.sort(list, by_id)
end

--- Begins to read records, each once.
-- @tparam function next_record iterator
-- @tparam number latest milliseconds; what is dated later is in the future
-- @treturn table
function M.reader(next_record, latest)
    return setmetatable({ by_id = {}, seen = {}, repeated = Repeated.new(), latest = latest,
        next_record = next_record, cluster = { flaws = {}, records = 0 } }, Reader)
end

--- Reads some of them.
-- @tparam integer count
-- @treturn boolean whether there may be more
function Reader:read(count)
    local next_record, cluster = self.next_record, self.cluster
    for _ = 1, count do
        local record = next_record()
        if record == nil then
            return false
        end
        cluster.records = cluster.records + 1
        if type(record) == "table" then
            read_record(self, record)
        else
            cluster.flaws[#cluster.flaws + 1] = { run = {}, kinds = { no_record = true } }
        end
    end
    return true
end

--- What was read.
-- @treturn {table,...} sources by id: `id` ("" when records name none), `type`, `runs` by start, `ended` by end,
-- `flaws` ({run =, kinds =})
-- @treturn table the cluster: `records` (how many were read), `flaws` outside of any source
function Reader:sources()
    local list = {}
    self.repeated:settle(self.by_id)
    for _, source in pairs(self.by_id) do
        arrange(source, self.latest)
        list[#list + 1] = source
    end
    bound(list, self.cluster)
    return list, self.cluster
end

--- Reads all records: see `reader` and its `sources`.
-- @tparam function next_record iterator
-- @tparam number latest milliseconds
-- @treturn {table,...} sources
-- @treturn table the cluster
function M.read(next_record, latest)
    local reader = M.reader(next_record, latest)
    while reader:read(1000) do end
    return reader:sources()
end

return M
