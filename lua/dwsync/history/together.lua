--- What the service gave together with what is kept: the records by which a cluster is judged. Of those that are kept,
-- only as many as the models of dwsync.health look at are read.
-- @module dwsync.history.together
local content = require "dwsync.history.content"
local identity = require "dwsync.history.identity"
local lookback = require "dwsync.health.lookback"
local merge = require "dwsync.history.merge"
local reading = require "dwsync.history.reading"
local record_fields = require "dwsync.record_fields"

local M = {}

-- The name under which a record would be kept.
local function name_of(record)
    if type(record.id) == "string" and record.id ~= "" then
        return identity.of_id(record.id)
    end
    local text = content.encode(record)
    return text and identity.of(record, text)
end

-- Adds what a query finds. Returns the error, if there was one; what came before it stays.
local function collect(saved, engine, context, query)
    local good, err = pcall(function()
        for record, name in reading.each(engine, context, query) do
            saved.list[#saved.list + 1], saved.names[#saved.names + 1] = record, name
            saved.by_name[name] = record
        end
    end)
    if not good and type(err) ~= "table" then
        error(err, 0)
    end
    return not good and err or nil
end

local function is_wanted(source, wanted)
    for _, name in ipairs(wanted or {}) do
        if source.id == name or source.type == name then
            return true
        end
    end
    return wanted == nil
end

-- Sources of which the weeks that the others need would show too few runs.
local function rare_sources(engine, context, cluster, since, wanted)
    local counts, err = reading.counts(engine, context, cluster, since)
    local rare = {}
    for _, source in ipairs(counts or {}) do
        if source.runs <= lookback.rare_runs and source.id and is_wanted(source, wanted) then
            rare[#rare + 1] = source.id
        end
    end
    return rare, err
end

local function read_saved(engine, context, options)
    local saved = { list = {}, names = {}, by_name = {} }
    local till = (options.now - lookback.seconds) * 1000
    local query = { cluster_id = options.cluster_id, since = till, source = options.source, limit = options.limit,
        fields = record_fields.names }
    local err = collect(saved, engine, context, query)
    local since = (options.now - lookback.rare_seconds) * 1000
    local rare, uncounted = rare_sources(engine, context, options.cluster_id, since, options.source)
    local left = options.limit - #saved.list
    if rare[1] and left > 0 then
        query.since, query.until_, query.source, query.limit = since, till, rare, left
        err = collect(saved, engine, context, query) or err
    end
    return saved, err or uncounted
end

--- Adds what is kept to what the service gave. For a run that both have, the service's word counts, unless it is a late
-- answer from before the end of the run.
-- @tparam table engine
-- @tparam table context see dwsync.history.transaction
-- @tparam {table,...} given by the service
-- @tparam table options `cluster_id` (as a column holds it), `now` (seconds), `limit`, `source`
-- @treturn {table,...} a list; or nil, err, and a list with what could be read
function M.list(engine, context, given, options)
    local saved, err = read_saved(engine, context, options)
    local list, taken = {}, {}
    for i, record in ipairs(given) do
        local name = name_of(record)
        local kept = name and saved.by_name[name]
        if kept then
            taken[name] = true
        end
        list[i] = kept and merge.is_late(kept.status, record.status) and kept or record
    end
    for i, record in ipairs(saved.list) do
        list[#list + 1] = not taken[saved.names[i]] and record or nil
    end
    if err then
        return nil, err, list
    end
    return list
end

return M
