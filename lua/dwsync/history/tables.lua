--- Tables of other rooms beside the records: in the same database, by the same engines and transactions.
-- @module dwsync.history.tables
local accounts = require("dwsync.lazy") "dwsync.history.accounts"
local content = require "dwsync.history.content"
local identity = require "dwsync.history.identity"
local lookback = require "dwsync.health.lookback"
local merge = require "dwsync.history.merge"
local reading = require "dwsync.history.reading"
local schema = require "dwsync.history.schema"
local statements = require "dwsync.history.statements"
local together = require "dwsync.history.together"
local transaction = require "dwsync.history.transaction"

local unpack = table.unpack or unpack -- luacheck: ignore (Lua 5.1)

local M = {}

local ACCOUNTS = "dwsync_account_looks"

--- Makes the tables of a part where they are missing.
-- @tparam dwsync.history.store store
-- @tparam table part see dwsync.history.schema
-- @treturn ?integer version; 0 where there are none and the history is readonly
-- @treturn dwsync.error
function M.extend(store, part)
    return schema.extend(store.context, store.engine, part)
end

--- Runs work in one transaction.
-- @tparam dwsync.history.store store
-- @tparam string mode "read" or "write"
-- @tparam ?string|false cluster_id whose other writers are excluded; false: nobody is
-- @tparam function work see dwsync.history.transaction
-- @return its result, or nil, err
function M.run(store, mode, cluster_id, work)
    return transaction.run(store.context, store.engine, mode, cluster_id and identity.cell(cluster_id), work)
end

--- When the newest record that is kept of a cluster began.
-- @tparam dwsync.history.store store
-- @tparam string cluster_id
-- @treturn ?integer milliseconds since the epoch; false where none is kept; nil when that cannot be read
-- @treturn dwsync.error
function M.last_start(store, cluster_id)
    return M.run(store, "read", nil, function(session)
        return reading.integer(session:rows(statements.last_start(identity.cell(cluster_id)))[1][1]) or false
    end)
end

local function take_traces(traces, session, one, row)
    traces.records = traces.records + (reading.integer(row[2]) or 0)
    traces.versions, traces.number = reading.integer(row[3]) or 0, row[5]
    traces.has_kept, traces.more = traces.has_kept or row[6] ~= 0, { select(7, unpack(row)) }
    traces.has_ledger = row[4] ~= nil and accounts.counts(session, one.cluster, one.since) ~= nil
end

--- By what it shows whether others wrote of clusters, or removed something, since their records were read.
-- @tparam table session see dwsync.history.transaction
-- @tparam {table,...} asked `cluster_id`, `since` (milliseconds since the epoch), `names` of records (optional)
-- @tparam[opt] {string,...} more expressions, see dwsync.history.statements.traces; none of them NULL
-- @treturn {table,...} of each `records` (how many began since then), `versions` (how many earlier versions of records
-- there are), `has_ledger` (whether lists of accounts are kept), `has_kept` (whether a record of those names is kept),
-- `number` (of the cluster, if it has one), `more` (values)
function M.traces(session, asked, more)
    local all, cells = {}, {}
    for i, one in ipairs(asked) do
        all[i] = { records = 0, versions = 0, has_ledger = false, has_kept = false, more = {} }
        cells[i] = { cluster = identity.cell(one.cluster_id), since = one.since, names = one.names }
    end
    for _, statement in ipairs(statements.traces(cells, session.table_query:format(ACCOUNTS), more or {})) do
        for _, row in ipairs(session:rows(statement)) do
            take_traces(all[row[1]], session, cells[row[1]], row)
        end
    end
    return all
end

--- A store beside another one, which does not wait for its transactions; the same one where the engine has one
-- connection only.
-- @tparam dwsync.history.store store
-- @treturn dwsync.history.store
function M.beside(store)
    local engine = store.engine.beside and store.engine:beside()
    return engine and setmetatable({ engine = engine, context = store.context, schema_version = store.schema_version },
        getmetatable(store)) or store
end

-- Asks for one record, where it was not among those that were read.
local function kept_content(store, cluster_id, name)
    return M.run(store, "read", nil, function(session)
        local number = session:rows(statements.cluster_number(identity.cell(cluster_id)))[1]
        local row = number and session:rows(statements.kept(number[1], { name })[1])[1]
        return row and row[5] or false
    end)
end

--- What the service gave together with what is kept, see dwsync.history.store.together.
-- @tparam dwsync.history.store store
-- @tparam string cluster_id
-- @tparam {dwsync.record,...} records
-- @tparam number now seconds since the epoch
-- @treturn {dwsync.record,...} what could be read, even after an error
-- @treturn ?dwsync.error kind "storage" or "timeout"
-- @treturn {[string]=string} contents of those of `records` that are kept, by name, for `has`
function M.together(store, cluster_id, records, now)
    local list, err, rest, contents = together.list(store.engine, store.context, records, {
        cluster_id = identity.cell(cluster_id), now = now, limit = lookback.records,
        texts = true })
    return list or rest, err, contents
end

--- Whether a record is kept with this very content.
-- @tparam dwsync.history.store store
-- @tparam string cluster_id
-- @tparam dwsync.record record
-- @tparam {[string]=string} contents of `together`; what is not among them is asked for
-- @treturn ?boolean
-- @treturn dwsync.error kind "storage" or "timeout"
function M.has(store, cluster_id, record, contents)
    local page = merge.read { record }
    local name = page.names[1]
    local kept, err = name and contents[name] or false, nil
    if name and not kept then
        kept, err = kept_content(store, cluster_id, name)
    end
    if kept == nil then
        return nil, err
    end
    return kept and content.same(kept, page.contents[name])
end

return M
