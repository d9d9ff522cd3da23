--- The tables of a history, and the steps from each of their versions to the next.
-- It must not change a step that was ever released: histories out there have taken it.
-- @module dwsync.history.schema
local errors = require "dwsync.errors"
local transaction = require "dwsync.history.transaction"

local M = {}

-- dwsync_records: each record as it is now. The columns are for questions in SQL; what comes back is `content`.
-- dwsync_versions: what ended records were before they changed.
local function first(types)
    local number, key = types.number, types.key
    return {
        ([[CREATE TABLE dwsync_records (cluster_id %s NOT NULL, record_id %s NOT NULL, version INTEGER NOT NULL,
            saved_at %s NOT NULL, status TEXT, identity_source_id TEXT, identity_source_type TEXT, start_time %s,
            end_time %s, add_count %s, update_count %s, delete_count %s, failed_count %s, content TEXT NOT NULL,
            PRIMARY KEY (cluster_id, record_id))]]):format(key, key, number, number, number, number, number, number,
            number),
        "CREATE INDEX dwsync_records_newest ON dwsync_records (cluster_id, start_time, record_id)",
        ([[CREATE TABLE dwsync_versions (cluster_id %s NOT NULL, record_id %s NOT NULL, version INTEGER NOT NULL,
            saved_at %s NOT NULL, content TEXT NOT NULL, PRIMARY KEY (cluster_id, record_id, version))]]):format(key,
            key, number),
    }
end

--- Step i leads to version i: function(types of columns) → list of statements.
M.migrations = { first }

--- The version of a history; 0 when it has no tables.
-- @tparam table engine within a transaction
-- @treturn integer; or nil, err, busy
function M.version(engine)
    local there, err, busy = engine:has_table "dwsync_schema"
    if not there then
        return there == false and 0 or nil, err, busy
    end
    local rows
    rows, err, busy = engine:rows "SELECT coalesce(max(version), 0) FROM dwsync_schema"
    return rows and math.floor(tonumber(rows[1][1])), err, busy
end

local function too_new(context, version, known)
    return nil, errors.new {
        kind = "config",
        message = ("the history %s has schema version %d, this dwsync knows versions up to %d"):format(context.shown,
            version, known),
        hint = "Upgrade dwsync on this machine; nothing was changed.",
    }
end

local function apply(engine, statements)
    for _, statement in ipairs(statements) do
        local done, err, busy = engine:execute(statement)
        if not done then
            return nil, err, busy
        end
    end
    return true
end

local function upgrade(context, engine, migrations)
    local version, err, busy = M.version(engine) -- again: another writer may have been faster
    if version == 0 then
        version, err, busy = apply(engine, { "CREATE TABLE IF NOT EXISTS dwsync_schema (version INTEGER PRIMARY KEY)" })
            and 0
    end
    if not version then
        return nil, err, busy
    elseif version > #migrations then
        return too_new(context, version, #migrations)
    end
    for step = version + 1, #migrations do
        local statements = migrations[step](engine.types)
        statements[#statements + 1] = ("INSERT INTO dwsync_schema (version) VALUES (%d)"):format(step)
        local done
        done, err, busy = apply(engine, statements)
        if not done then
            return nil, err, busy
        end
    end
    return #migrations
end

--- Brings a history to the newest version, all steps in one transaction. One that is there is only read.
-- @tparam table context see dwsync.history.transaction
-- @tparam table engine
-- @tparam[opt] {function,...} migrations
-- @treturn integer version, or nil
-- @treturn dwsync.error kind "config" when the history is newer than this program
function M.migrate(context, engine, migrations)
    migrations = migrations or M.migrations
    local version, err = transaction.run(context, engine, "read", nil, function()
        return M.version(engine)
    end)
    if not version or version == #migrations then
        return version, err
    elseif version > #migrations then
        return too_new(context, version, #migrations)
    end
    return transaction.run(context, engine, "write", nil, function()
        return upgrade(context, engine, migrations)
    end)
end

return M
