--- Records by identity source: each run once, in order, with the flaws of each.
-- @module dwsync.health.sources
local Repeated = require "dwsync.health.repeated"
local core = require "dwsync.core"
local flaws = require "dwsync.health.flaws"
local order = require "dwsync.health.order"

local M = {}

local take_runs = core.take_runs

-- How many runs are looked at between two pauses.
local SLICE = 200

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

-- Most come in step, the oldest or the newest first: they need not be sorted, only turned round.
local function arrange(source, latest, pause, room)
    local runs, step = source.runs, source.step
    source.in_step = step and true
    if step then
        if step < 0 then
            order.reverse(runs, 1, #runs, pause)
            order.reverse(source.starts, 1, #runs, pause)
        end
        source.ended, source.open, source.type = runs, {}, type_of(runs)
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

-- Whether a list has the newest first, as the service gives them. It is read from its end, not to be turned round.
local function is_newest_first(list)
    local first, last = list[1], not getmetatable(list) and list[#list]
    first, last = type(first) == "table" and first.start_time, type(last) == "table" and last.start_time
    return type(first) == "number" and type(last) == "number" and first > last
end

--- Begins to read records, each once.
-- @tparam {any,...}|function given a list or an iterator
-- @tparam number latest milliseconds; what is dated later is in the future
-- @treturn table
function M.reader(given, latest)
    local list = type(given) == "table" and given
    return setmetatable({ back = list and is_newest_first(list), by_id = {},
        seen = core.room(list or {}, SLICE, true), repeated = Repeated.new(), latest = latest,
        next_record = not list and given, list = list or {}, cluster = { flaws = {}, records = 0 } },
        Reader)
end

-- Most clusters have one source. A hostile list has many, which get no room for more than they have.
local function source_of(self, id)
    local most = next(self.by_id) == nil and SLICE or 0
    local source = { id = id, runs = core.room(self.list, most), starts = core.room(self.list, most), step = 0,
        flaws = {} }
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

-- Takes a run that is out of step, since it lacks something or its id was seen.
local function take_apart(self, run)
    local id, source_id = run.id, run.identity_source_id or ""
    local source, first = self.by_id[source_id] or source_of(self, source_id), id and self.seen[id]
    if not first or self.repeated:add(first, run) then -- each run once
        source.step = false
        source.runs[#source.runs + 1] = run
        if id and not first then
            self.seen[id] = run
        end
    end
end

-- Takes a record that needs a closer look: it has flaws, or its id was seen. Without its flaws it may be in step.
local function take(self, record, is_sound)
    local run = is_sound and record or take_flawed(self, record)
    if run and (is_sound or take_runs({ run }, 1, 1, self.latest, self.seen, self.by_id)) then
        take_apart(self, run)
    end
end

-- The places of the next records in `list`: those of an iterator are put there.
local function next_places(self, count)
    if self.back then
        local first = #self.list - self.cluster.records
        return first, math.max(first - count + 1, 1)
    elseif not self.next_record then
        return self.cluster.records + 1, self.cluster.records + count
    end
    local found = 0
    for record in self.next_record do
        found = found + 1
        self.list[found] = record
        if found == count then
            break
        end
    end
    return 1, found
end

--- Reads some of them.
-- @tparam integer count
-- @treturn boolean whether there may be more
function Reader:read(count)
    local list, latest, seen, by_id = self.list, self.latest, self.seen, self.by_id
    local back, first, last = self.back, next_places(self, count)
    local step = back and -1 or 1
    local at, is_sound = take_runs(list, first, last, latest, seen, by_id, back)
    while at do
        local record = list[at]
        if record == nil then -- here the list ends
            last = at - step
            break
        elseif is_sound and not by_id[record.identity_source_id or ""] then
            source_of(self, record.identity_source_id or "")
        else
            take(self, record, is_sound)
            at = at + step
        end
        at, is_sound = take_runs(list, at, last, latest, seen, by_id, back)
    end
    local found = (last - first) * step + 1
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
-- @tparam {any,...}|function given a list or an iterator
-- @tparam number latest milliseconds
-- @treturn {table,...} sources
-- @treturn table the cluster
function M.read(given, latest)
    local reader = M.reader(given, latest)
    while reader:read(1000) do end
    return reader:sources()
end

return M
