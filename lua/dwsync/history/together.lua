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

-- What the service gave, by the names under which it would be kept; `are_ids`: all those that are kept are ids.
-- `is_open`: the names of what may be a late answer; of others what is kept decides nothing.
local function note_given(saved, are_ids)
    local named, is_open = {}, {}
    for _, record in ipairs(saved.given) do
        local id = record.id
        local name = are_ids and type(id) == "string" and id or not are_ids and name_of(record)
        local may_be_late = name and merge.may_be_late(record.status)
        if may_be_late or name and not named[name] then
            named[name], is_open[name] = record, may_be_late or nil
        end
    end
    saved.named, saved.is_open = named, is_open
end

-- Takes what is kept under names.
local function take(saved, names, texts)
    local read, of_read = {}, {}
    for i, name in ipairs(names) do
        local is_given = saved.named[name] ~= nil
        if saved.is_open[name] or not is_given then
            read[#read + 1], of_read[#of_read + 1] = name, texts[i]
        end
        saved.texts[name] = is_given and texts[i] or nil
    end
    local records = content.decode(of_read, record_fields.names)
    for i, name in ipairs(read) do
        local record = records[i]
        if not record then
            saved.damaged[#saved.damaged + 1] = name
        elseif saved.is_open[name] then
            saved.kept[name] = record
        else
            saved.rest[#saved.rest + 1] = record
        end
    end
end

-- The names of which the contents are needed.
local function undecided(saved, names)
    local named, is_open, list = saved.named, saved.is_open, {}
    for _, name in ipairs(names) do
        if saved.wants_texts or not named[name] or is_open[name] then
            list[#list + 1] = name
        end
    end
    return list
end

-- Adds what a query finds: by name where it decides about what the service gave, else to the rest. Returns the names:
-- where most of them are the service's, only those are read. Where not, asking for them first would be in vain.
local function collect(saved, session, context, query)
    local most = 2 * #saved.given
    local names, are_ids = reading.names(session, query, math.min(query.limit, most + 1))
    note_given(saved, are_ids and #names <= most)
    local wanted = #names <= most and undecided(saved, names)
    if wanted and 2 * #wanted <= #names then
        for found, texts in reading.contents_under(session, query.cluster_id, wanted) do
            take(saved, found, texts)
        end
        return names
    end
    names = {}
    for found, texts in reading.contents(session, context, query) do
        take(saved, found, texts)
        for _, name in ipairs(found) do
            names[#names + 1] = name
        end
    end
    return names
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

-- How many of the records that are kept under names are of each source.
local function count_runs(saved, names)
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
    for _, name in ipairs(names) do
        local record = saved.kept[name] or saved.named[name]
        if record then
            add(record)
        end
    end
    return counts
end

-- Sources of which the weeks that the others need would show too few runs, and that have earlier ones.
local function rare_sources(saved, names, earlier, wanted)
    local counts, rare = earlier[1] and count_runs(saved, names), {}
    for _, source in ipairs(earlier) do
        local runs = source.id and source.runs + (counts[key_of(source.id, source.type)] or 0)
        if runs and runs <= lookback.rare_runs and is_wanted(source, wanted) then
            rare[#rare + 1] = source.id
        end
    end
    return rare
end

local function read_saved(session, context, given, options)
    local saved = { rest = {}, given = given, kept = {}, texts = {}, damaged = {}, wants_texts = options.texts }
    local till = (options.now - lookback.seconds) * 1000
    local query = { cluster_id = options.cluster_id, since = till, source = options.source, limit = options.limit }
    local names = collect(saved, session, context, query)
    saved.ledger = accounts.counts(session, options.cluster_id, till, context.show_accounts)
    query.limit = options.limit - #names
    if query.limit > 0 then
        query.since, query.until_ = (options.now - lookback.rare_seconds) * 1000, till
        local earlier = reading.counts(session, query.cluster_id, query.since, till)
        query.source = rare_sources(saved, names, earlier, options.source)
        saved.since = not query.source[1] and till or nil
        if query.source[1] then
            collect(saved, session, context, query)
        end
    end
    return saved
end

--- Adds what is kept to what the service gave. For a run that both have, the service's word counts, unless it is a late
-- answer from before the end of the run.
-- @tparam table engine
-- @tparam table context see dwsync.history.transaction
-- @tparam {table,...} given by the service
-- @tparam table options `cluster_id` (as a column holds it), `now` (seconds), `limit`, `source`; `texts`: whether the
-- contents of what is kept are wanted
-- @treturn {table,...} a list, with `ledger` (see dwsync.health) where lists of accounts are kept, and `since` where
-- all that is kept since then, and nothing older, was read; or nil, err, and a list with what could be read
-- @treturn {[string]=string} the contents of the kept records that were given, too, by name; after an error the fourth
-- result
function M.list(engine, context, given, options)
    local saved, err = transaction.run(context, engine, "read", nil, function(session)
        return read_saved(session, context, given, options)
    end)
    saved = saved or { rest = {}, kept = {}, damaged = {}, texts = {} }
    local list, are_open = {}, next(saved.kept) ~= nil
    for i, record in ipairs(given) do
        local kept = are_open and merge.may_be_late(record.status) and saved.kept[name_of(record) or ""]
        list[i] = kept and merge.is_late(kept.status, record.status) and kept or record
    end
    for i, record in ipairs(saved.rest) do
        list[#given + i] = record
    end
    list.ledger, list.since = saved.ledger, saved.since
    err = err or saved.damaged[1] and reading.damage(context, options.cluster_id, saved.damaged)
    if err then
        return nil, err, list, saved.texts
    end
    return list, nil, nil, saved.texts
end

return M
