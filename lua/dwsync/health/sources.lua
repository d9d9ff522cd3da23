--- Records by identity source: each run once, in order, with the flaws of each.
-- @module dwsync.health.sources
local Repeated = require "dwsync.health.repeated"
local flaws = require "dwsync.health.flaws"
local order = require "dwsync.health.order"

local M = {}

--- How many sources are judged; no cluster has that many, and a hostile list must not cost a verdict per record.
M.MAX_SOURCES = 1000

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

-- How many runs are looked at between two pauses.
local SLICE = 200

-- Sorts out what ended and what is RUNNING, and notes the starts. Runs that ended together keep their order.
local function sort_out(source, pause, room)
    local runs, ended, open, starts = source.runs, {}, {}, {}
    local count, begun, newest, sorted = 0, 0, 0, true
    for slice = 1, #runs, SLICE do
        for i = slice, math.min(slice + SLICE - 1, #runs) do
            local run = runs[i]
            local status, start = run.status, run.start_time
            if start then
                begun = begun + 1
                starts[begun] = start
            end
            if status == "FINISHED" or status == "FAILED" then
                local time = run.end_time or start or 0
                sorted = sorted and time >= newest
                newest, count = time, count + 1
                ended[count] = run
            elseif status == "RUNNING" then
                open[#open + 1] = run
            end
        end
        pause()
    end
    if not sorted then
        order.sort(ended, order.ends_before, pause, room)
    end
    source.ended, source.open, source.starts = ended, open, starts
end

-- The starts of runs of which each began and ended after the one before, the oldest or the newest first, as most come:
-- they need not be sorted, only turned round. Returns nothing for others.
local function in_step(runs, latest, pause)
    local count, starts, at, step, before, ended = #runs, {}, 1, 1, -math.huge, -math.huge
    if count > 1 and (runs[1].start_time or 0) > (runs[count].start_time or 0) then
        at, step = count, -1
    end
    local newest = runs[step < 0 and 1 or count]
    if newest and newest.status == "RUNNING" then
        return
    end
    for slice = 1, count, SLICE do
        for i = slice, math.min(slice + SLICE - 1, count) do
            local run = runs[at]
            local start, time, status = run.start_time, run.end_time, run.status
            if not start or start <= before or start > latest or (time or start) < ended
                or status ~= "FINISHED" and status ~= "FAILED" then
                return
            end
            at, before, ended, starts[i] = at + step, start, time or start, start
        end
        pause()
    end
    if step < 0 then
        order.reverse(runs, 1, count)
    end
    return starts
end

local function arrange(source, latest, pause, room)
    local runs = source.runs
    local starts = in_step(runs, latest, pause)
    source.in_step = starts and true
    if starts then
        source.starts, source.ended, source.open, source.type = starts, runs, {}, type_of(runs)
    else
        order.sort(runs, order.starts_before, pause, room)
        source.type = type_of(runs)
        while #runs > 0 and (runs[#runs].start_time or 0) > latest do
            runs[#runs] = nil -- a run of tomorrow proves nothing about today
        end
        sort_out(source, pause, room)
    end
    table.sort(source.flaws, function(a, b)
        return order.starts_before(a.run, b.run)
    end)
end

local function newest(source)
    local run = source.runs[#source.runs]
    return run and (run.start_time or run.end_time) or 0
end

local function id_before(a, b)
    return a.id < b.id
end

-- Drops the sources beyond the bound, those with the oldest newest run, and notes it as flaws.
local function bound(list, cluster)
    if #list > M.MAX_SOURCES then
        table.sort(list, function(a, b)
            if newest(a) ~= newest(b) then
                return newest(a) > newest(b)
            end
            return id_before(a, b)
        end)
        for i = #list, M.MAX_SOURCES + 1, -1 do
            cluster.flaws[#cluster.flaws + 1], list[i] = { run = {}, kinds = { source = true } }, nil
        end
    end
    table.sort(list, id_before)
end

--- Begins to read records, each once.
-- @tparam function next_record iterator
-- @tparam number latest milliseconds; what is dated later is in the future
-- @treturn table
function M.reader(next_record, latest)
    return setmetatable({ by_id = {}, seen = {}, repeated = Repeated.new(), latest = latest,
        next_record = next_record, batch = {}, cluster = { flaws = {}, records = 0 } }, Reader)
end

local function source_of(self, id)
    local source = { id = id, runs = {}, count = 0, flaws = {} }
    self.by_id[id] = source
    return source
end

-- A record that has flaws, and one that is none.
local function take_flawed(self, record)
    if type(record) ~= "table" then
        local list = self.cluster.flaws
        list[#list + 1] = { run = {}, kinds = { no_record = true } }
        return nil
    end
    local run, kinds = flaws.clean(record, self.latest)
    if next(kinds) then
        local id = run.identity_source_id or ""
        local list = (self.by_id[id] or source_of(self, id)).flaws
        list[#list + 1] = { run = run, kinds = kinds }
    end
    return run
end

--- Reads some of them.
-- @tparam integer count
-- @treturn boolean whether there may be more
function Reader:read(count)
    local next_record, by_id, seen, batch, found = self.next_record, self.by_id, self.seen, self.batch, 0
    for record in next_record do
        found = found + 1
        batch[found] = record
        if found == count then
            break
        end
    end
    local unsound, source, last_id = flaws.first_unsound(batch, 1, found, self.latest), nil, nil
    for i = 1, found do
        local run = batch[i]
        if i == unsound then
            run, unsound = take_flawed(self, run), flaws.first_unsound(batch, i + 1, found, self.latest)
        end
        if run then
            local id, source_id = run.id, run.identity_source_id or ""
            if source_id ~= last_id then -- most records have the source of the one before
                source, last_id = by_id[source_id] or source_of(self, source_id), source_id
            end
            local first = id and seen[id]
            if not first or self.repeated:add(first, run) then -- each run once
                local at = source.count + 1
                source.count, source.runs[at] = at, run
                if id and not first then
                    seen[id] = run
                end
            end
        end
    end
    self.cluster.records = self.cluster.records + found
    return found == count
end

local function no_pause() end

--- What was read.
-- @tparam[opt] function pause called now and then, since there may be much to sort
-- @treturn {table,...} sources by id: `id` ("" when records name none), `type`, `runs` by start, `ended` by end,
-- `open` (those that are RUNNING) and `starts` in the order of `runs`, `in_step` (whether all have a start and ended in
-- the order in which they began), `flaws` ({run =, kinds =})
-- @treturn table the cluster: `records` (how many were read), `flaws` outside of any source
function Reader:sources(pause)
    local list = {}
    self.repeated:settle(self.by_id)
    for _, source in pairs(self.by_id) do
        list[#list + 1] = source
    end
    local room = order.room()
    for _, source in ipairs(list) do
        arrange(source, self.latest, pause or no_pause, room)
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
