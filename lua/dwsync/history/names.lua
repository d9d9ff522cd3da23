--- What clusters are called, beside their records: a part of the history, see dwsync.history.schema.
-- It must not make anything fail: records are saved, and found by ids, where names cannot be kept or read.
-- @module dwsync.history.names
local identity = require "dwsync.history.identity"
local quoted = require("dwsync.history.statements").quoted
local reading = require "dwsync.history.reading"
local schema = require "dwsync.history.schema"
local transaction = require "dwsync.history.transaction"

local M = {}

local LONGEST = 256 -- bytes; what is longer is no name

--- The part that this is; a step that was ever released must not change. `seen_at`: when a program first met the
-- cluster under this name, in milliseconds since the epoch.
M.part = {
    name = "names",
    steps = {
        { "CREATE TABLE dwsync_names (cluster_id $key NOT NULL PRIMARY KEY, name TEXT NOT NULL, "
            .. "seen_at $number NOT NULL)" },
    },
}

-- A collector keeps the names that it lists with what it looks at.
local OF_FLEET = "SELECT cluster_id, name, coalesce(looked_at, 0) FROM dwsync_schedule WHERE kind = 'cluster' "
    .. "AND name IS NOT NULL"

local UPSERT = "INSERT INTO dwsync_names (cluster_id, name, seen_at) VALUES (%s, %s, %.0f) ON CONFLICT (cluster_id) DO "

local function is_name(name)
    return name and name ~= "" and #name <= LONGEST
end

local function add(names, session, sql)
    for _, row in ipairs(session:rows(sql)) do
        local id, at = identity.text(row[1]), reading.integer(row[3])
        local before = names[id]
        if not before or at > before.at then
            names[id] = { name = identity.text(row[2]), at = at }
        end
    end
end

--- The names of all clusters that have one, the newest of each.
-- @tparam dwsync.history.store store
-- @treturn ?{[string]=string,...} by id; nil when they cannot be read
-- @treturn dwsync.error
function M.all(store)
    local found, err = transaction.run(store.context, store.engine, "read", nil, function(session)
        local names = {}
        if schema.has(session, M.part) then
            add(names, session, "SELECT cluster_id, name, seen_at FROM dwsync_names")
        end
        if session:rows(session.table_query:format "dwsync_schedule")[1] then
            add(names, session, OF_FLEET)
        end
        return names
    end)
    for id, entry in pairs(found or {}) do
        found[id] = entry.name
    end
    return found, err
end

--- Takes over a name that another table will not hold any longer, within a transaction, where this part is there.
-- @tparam table session see dwsync.history.transaction
-- @tparam string id
-- @tparam ?string name
-- @tparam number at when it was last met, milliseconds since the epoch
function M.take_over(session, id, name, at)
    if is_name(name) then
        session:rows((UPSERT .. "UPDATE SET name = excluded.name, seen_at = excluded.seen_at WHERE excluded.seen_at > "
            .. "dwsync_names.seen_at"):format(quoted(identity.cell(id)), quoted(identity.cell(name)), at))
    end
end

local function write(store, id, name, is_spare)
    local version, err = schema.extend(store.context, store.engine, M.part)
    if not version then
        return nil, err
    end
    local cell = identity.cell(id)
    return transaction.run(store.context, store.engine, "write", cell, function(session)
        session:rows((UPSERT .. "%s"):format(quoted(cell), quoted(identity.cell(name)),
            store.context.runtime.now() * 1000, is_spare and "NOTHING"
            or "UPDATE SET name = excluded.name, seen_at = excluded.seen_at"))
        return true
    end)
end

--- Keeps the name of a cluster. Writes nothing when that is known.
-- @tparam dwsync.history.store store
-- @tparam string id
-- @tparam table given `name`, or `spare_name`, which only counts while no name is known: it is not the service's own
-- word of now. Nothing is kept of an empty one, or of one that is too long
-- @treturn ?boolean nil when that failed
-- @treturn dwsync.error
function M.keep(store, id, given)
    local name, is_spare = given.name or given.spare_name, not given.name
    if not is_name(name) then
        return true
    end
    if store.names_failure then
        return nil, store.names_failure
    end
    local names, err, done = store.names_known, nil, nil
    if not names then
        names, err = M.all(store)
        store.names_known = names
    end
    local known = names and names[id]
    if known == name or known and is_spare then
        return true
    elseif names then
        done, err = write(store, id, name, is_spare)
    end
    if done then
        names[id] = name
    elseif not err.retryable then
        store.names_failure = err -- the next name would fare no better
    end
    return done, err
end

return M
