--- What the service gave together with what is kept: the records by which a cluster is judged. Of those that are kept,
-- only as many as the models of dwsync.health look at are read.
-- @module dwsync.history.together
local accounts = require("dwsync.lazy") "dwsync.history.accounts"
local content = require "dwsync.history.content"
local identity = require "dwsync.history.identity"
local lookback = require "dwsync.health.lookback"
local merge = require "dwsync.history.merge"
local reading = require "dwsync.history.reading"
local record_fields = require "dwsync.record_fields"
local transaction = require "dwsync.history.transaction"

local M = {}

-- The name under which a record would be kept.
local function name_of(record)
    if type(record.id) == "string" and record.id ~= "" then
        return identity.of_id(record.id)
    end
    local text = content.encode(record)
    return text and identity.of(record, text)
end

-- Adds what a query finds: by name where the service gave a record of that name, else to the rest. A record that was
-- skipped is represented by the service's. Returns the error, if there was one; what came before it stays.
local function collect(saved, engine, context, query)
    local rest, given, kept, texts, count = saved.rest, saved.given, saved.kept, saved.texts, saved.count
    local good, err = pcall(function()
        for record, name, text in reading.each(engine, context, query) do
            count = count + 1
            if given[name] then
                kept[name], texts[name] = record or given[name], text
            else
                rest[#rest + 1] = record
            end
        end
    end)
    saved.count = count
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

local function key_of(id, source_type)
    return id .. "\0" .. tostring(source_type)
end

-- How many of the records that were read are of each source.
local function count_runs(saved)
    local counts = {}
    local function add(record)
        local id = record.identity_source_id
        if type(id) == "string" then
            local key = key_of(id, record.identity_source_type)
            counts[key] = (counts[key] or 0) + 1
        end
    end
    for _, record in ipairs(saved.rest) do
        add(record)
    end
    for _, record in pairs(saved.kept) do
        add(record)
    end
    return counts
end

-- What is counted, in one transaction: accounts, and the runs of each source in a period where one is given.
local function count_all(engine, context, cluster, since, period)
    return transaction.run(context, engine, "read", nil, function(session)
        return { ledger = accounts.counts(session, cluster, since, context.show_accounts),
            earlier = period and reading.counts(session, cluster, period.since, period.until_) or {} }
    end)
end

-- Sources of which the weeks that the others need would show too few runs, and that have earlier ones.
local function rare_sources(saved, earlier, wanted)
    local counts, rare = earlier[1] and count_runs(saved), {}
    for _, source in ipairs(earlier) do
        local runs = source.id and source.runs + (counts[key_of(source.id, source.type)] or 0)
        if runs and runs <= lookback.rare_runs and is_wanted(source, wanted) then
            rare[#rare + 1] = source.id
        end
    end
    return rare
end

local function read_saved(engine, context, given, options)
    local saved = { rest = {}, given = given, kept = {}, texts = {}, count = 0 }
    local till = (options.now - lookback.seconds) * 1000
    local query = { cluster_id = options.cluster_id, since = till, source = options.source, limit = options.limit,
        fields = record_fields.names, skips = function(name)
            return given[name] and not merge.may_be_late(given[name].status)
        end }
    local err = collect(saved, engine, context, query)
    query.limit = options.limit - saved.count
    query.since, query.until_ = (options.now - lookback.rare_seconds) * 1000, till
    local counted, uncounted = count_all(engine, context, options.cluster_id, till, query.limit > 0 and query)
    local rare = counted and rare_sources(saved, counted.earlier, options.source) or {}
    saved.ledger = counted and counted.ledger
    saved.since = query.limit > 0 and not rare[1] and till or nil
    if rare[1] then
        query.source = rare
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
-- @treturn {table,...} a list, with `ledger` (see dwsync.health) where lists of accounts are kept, and `since` where
-- all that is kept since then, and nothing older, was read; or nil, err, and a list with what could be read
-- @treturn {[string]=string} the contents of the kept records that were given, too, by name; after an error the fourth
-- result
function M.list(engine, context, given, options)
    local names, by_name, list = {}, {}, {}
    for i, record in ipairs(given) do
        local name = name_of(record)
        names[i] = name
        if name and (not by_name[name] or merge.may_be_late(record.status)) then
            by_name[name] = record
        end
    end
    local saved, err = read_saved(engine, context, by_name, options)
    for i, record in ipairs(given) do
        local kept = saved.kept[names[i] or ""]
        list[i] = kept and merge.is_late(kept.status, record.status) and kept or record
    end
    for i, record in ipairs(saved.rest) do
        list[#given + i] = record
    end
    list.ledger, list.since = saved.ledger, saved.since
    if err then
        return nil, err, list, saved.texts
    end
    return list, nil, nil, saved.texts
end

return M
