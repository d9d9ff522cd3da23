--- The tables of a history, and the steps from each of their versions to the next.
-- A step that was ever released must not change: existing histories have taken it.
--
-- A part is tables that only some programs need, such as those of dwsync.problems: it has steps and a table of versions
-- of its own, made when such a program first comes. So it stops nobody who does not know it.
-- @module dwsync.history.schema
local errors = require "dwsync.errors"
local transaction = require "dwsync.history.transaction"

local M = {}

-- dwsync_clusters: a number for each cluster, since its id would make every index entry half as long again.
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

local VERSIONS = "dwsync_schema"

local function newest_in(session, versions)
    return session:rows("SELECT coalesce(max(version), 0) FROM " .. versions)[1][1]
end

-- 0 when a history has no tables.
local function version_of(session, versions)
    local found = session:rows(session.table_query:format(versions))[1]
    return found and newest_in(session, versions) or 0
end

local function too_new(context, version, known, versions)
    local of = versions == VERSIONS and "" or (" of %s"):format(versions)
    return nil, errors.new {
        kind = "config",
        message = ("the history %s has schema version %d%s, this dwsync supports versions up to %d"):format(
            context.shown, version, of, known),
        hint = "Upgrade dwsync on this machine. Nothing was changed.",
    }
end

local function upgrade(context, session, migrations, versions)
    -- Another writer may have been faster. Asked in this order, since a session of PostgreSQL may remember for a moment
    -- that there was no such table.
    session:rows(("CREATE TABLE IF NOT EXISTS %s (version INTEGER PRIMARY KEY)"):format(versions))
    local version = newest_in(session, versions)
    if version > #migrations then
        return too_new(context, version, #migrations, versions)
    end
    for step = version + 1, #migrations do
        for _, statement in ipairs(migrations[step]) do
            session:rows((statement:gsub("%$(%l+)", session.types)))
        end
        session:rows(("INSERT INTO %s (version) VALUES (%d)"):format(versions, step))
    end
    return #migrations
end

-- What cannot be asked as it is.
local function unasked(context, version)
    if version == 0 then
        return nil, M.absent(context.shown)
    end
    return nil, errors.new {
        kind = "config",
        message = ("the history %s has the older schema version %d, and was opened only to be read"):format(
            context.shown, version),
        hint = "dwsync history pull brings it to the present one.",
    }
end

--- The error of asking where nothing was saved.
-- @tparam string shown the target
-- @treturn dwsync.error kind "config"
function M.absent(shown)
    return errors.new {
        kind = "config",
        message = "there is no history at " .. shown,
        hint = "Check the path or URL; dwsync history pull makes a history.",
    }
end

local function bring(context, engine, migrations, versions, unasked_of)
    local version, err = transaction.run(context, engine, "read", nil, function(session)
        return version_of(session, versions)
    end)
    if not version or version == #migrations then
        return version, err
    elseif version > #migrations then
        return too_new(context, version, #migrations, versions)
    elseif context.readonly then
        return unasked_of(context, version)
    end
    return transaction.run(context, engine, "write", nil, function(session)
        return upgrade(context, session, migrations, versions)
    end)
end

--- Brings a history to the newest version, all steps in one transaction. One that has it already is only read.
-- @tparam table context see dwsync.history.transaction; `readonly`: nothing is made or changed
-- @tparam table engine
-- @tparam[opt] {{string,...},...} migrations
-- @treturn integer version, or nil
-- @treturn dwsync.error kind "config" when the history is newer than this program, or readonly and not there or older
function M.migrate(context, engine, migrations)
    return bring(context, engine, migrations or M.migrations, VERSIONS, unasked)
end

--- The same for a part of it.
-- @tparam table context
-- @tparam table engine
-- @tparam table part `name`, `steps`
-- @treturn integer version, 0 where there is none and the history is readonly; or nil
-- @treturn dwsync.error kind "config" when the part is newer than this program, or readonly and older
function M.extend(context, engine, part)
    return bring(context, engine, part.steps, ("dwsync_%s_schema"):format(part.name), function(_, version)
        if version == 0 then
            return 0
        end
        return unasked(context, version)
    end)
end

return M
