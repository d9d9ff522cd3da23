--- Records that share an id: which is kept, and whether they contradict each other. Their order must not matter.
-- @module dwsync.health.repeated
local order = require "dwsync.health.order"
local record_fields = require "dwsync.record_fields"

local M = {}

local function same(a, b)
    for _, name in ipairs(record_fields.names) do
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

-- A run that was seen RUNNING and is seen again has gone on, which is not a contradiction.
local function went_on(a, b)
    return (is_open(a) or is_open(b)) and a.start_time == b.start_time
end

-- Records with one id, kept by source, because one list may mix records of several sources.
local Repeated = {}
Repeated.__index = Repeated

--- An empty collection; most lists leave it so.
-- @treturn table
function M.new()
    return setmetatable({ ids = {}, dropped = {}, instead = {} }, Repeated)
end

local function source_id(run)
    return run.identity_source_id or ""
end

--- Notes a record whose id was seen before.
-- @tparam table first the first record with that id
-- @tparam table run
-- @treturn boolean whether it is the first of its source with this id
function Repeated:add(first, run)
    local variants = self.ids[run.id]
    if not variants then
        variants = { by_source = { [source_id(first)] = { first = first, kept = first } } }
        self.ids[run.id] = variants
    end
    local entry = variants.by_source[source_id(run)]
    if not entry then
        variants.by_source[source_id(run)] = { first = run, kept = run }
        variants.shared = true
        return true
    end
    entry.differs = entry.differs or not same(entry.kept, run) and not went_on(entry.kept, run)
    if run ~= entry.kept then
        local kept = better(entry.kept, run)
        self.dropped[kept == run and entry.kept or run] = true
        entry.kept = kept
    end
    return false
end

--- Puts the kept record in the place of the first, and drops the flaws of the others.
-- @tparam {[string]=table} by_id sources
function Repeated:settle(by_id)
    for _, variants in pairs(self.ids) do
        for id, entry in pairs(variants.by_source) do
            self.instead[entry.first] = entry.kept
            if entry.differs or variants.shared then
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
        local kept = self.instead[run] or run
        source.runs[i], source.step = kept, kept == run and source.step
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

return M
