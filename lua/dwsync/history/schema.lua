--- The tables of a history, and the steps from each of their versions to the next.
-- It must not change a step that was ever released: histories out there have taken it.
-- @module dwsync.history.schema
local errors = require "dwsync.errors"
local transaction = require "dwsync.history.transaction"

local M = {}

-- dwsync_clusters: a number for each cluster, since its id in every index entry would make them half as long again.
-- dwsync_records: each record as it is now. The columns are for questions in SQL; what comes back is `content`.
-- dwsync_versions: what ended records were before they changed.
-- dwsync_runs: the view for people.
local TABLES = {
    "CREATE TABLE dwsync_clusters (cluster_no $serial, cluster_id $key NOT NULL UNIQUE)",
    [[CREATE TABLE dwsync_records (cluster_no INTEGER NOT NULL, record_id $key NOT NULL, version INTEGER NOT NULL,
        saved_at $number NOT NULL, status TEXT, identity_source_id TEXT, identity_source_type TEXT, start_time $number,
        end_time $number, add_count $number, update_count $number, delete_count $number, failed_count $number,
        content TEXT NOT NULL, PRIMARY KEY (cluster_no, record_id))]],
    "CREATE INDEX dwsync_records_newest ON dwsync_records (cluster_no, start_time, record_id)",
    [[CREATE TABLE dwsync_versions (cluster_no INTEGER NOT NULL, record_id $key NOT NULL, version INTEGER NOT NULL,
        saved_at $number NOT NULL, content TEXT NOT NULL, PRIMARY KEY (cluster_no, record_id, version))]],
    [[CREATE VIEW dwsync_runs AS SELECT cluster_id, record_id, identity_source_id, identity_source_type, start_time,
        end_time, add_count, update_count, delete_count, failed_count, status, version, saved_at, content
        FROM dwsync_records JOIN dwsync_clusters USING (cluster_no)]],
}

--- Step i leads to version i: a list of statements, in which $serial, $number and $key are types of the engine.
M.migrations = { TABLES }

--- The version of a history; 0 when it has no tables.
-- @tparam table engine within a transaction
-- @treturn ?integer or nil, err, busy
function M.version(engine)
    local there, err, busy = engine:has_table "dwsync_schema"
    if there == nil then
        return nil, err, busy
    elseif not there then
        return 0
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
    if not version then
        return nil, err, busy
    elseif version > #migrations then
        return too_new(context, version, #migrations)
    end
    local statements = { "CREATE TABLE IF NOT EXISTS dwsync_schema (version INTEGER PRIMARY KEY)" }
    for step = version + 1, #migrations do
        for _, statement in ipairs(migrations[step]) do
            statements[#statements + 1] = statement:gsub("%$(%l+)", engine.types)
        end
        statements[#statements + 1] = ("INSERT INTO dwsync_schema (version) VALUES (%d)"):format(step)
    end
    local done
    done, err, busy = apply(engine, statements)
    return done and #migrations, err, busy
end

--- Brings a history to the newest version, all steps in one transaction. One that is there is only read.
-- @tparam table context see dwsync.history.transaction
-- @tparam table engine
-- @tparam[opt] {{string,...},...} migrations
-- @treturn integer version, or nil
-- @treturn dwsync.error kind "config" when the history is newer than this program
function M.migrate(context, engine, migrations)
    migrations = migrations or M.migrations
    local version, err = transaction.run(context, engine, "read", nil, function()
        local found, reason, busy = M.version(engine)
        return found, reason, busy
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
