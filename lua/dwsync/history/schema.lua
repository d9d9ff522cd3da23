--- The tables of a history, and the steps from each of their versions to the next.
-- A step that was ever released must not change: existing histories have taken it.
--
-- A step that only adds says from which version on programs may go on beside it: `compatible_from`. So it stops none of
-- those who do not know it; one without stops all. Only `migrate` takes steps of a history that is there.
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

--- Step i leads to version i: a list of statements, in which $serial, $number and $key are types of the engine;
-- `compatible_from`: the oldest version whose programs may go on, by default i.
M.migrations = { TABLES }

local VERSIONS = "dwsync_schema"

local function versions_of(part)
    return part and ("dwsync_%s_schema"):format(part.name) or VERSIONS
end

local function newest_in(session, versions)
    return session:rows("SELECT coalesce(max(version), 0) FROM " .. versions)[1][1]
end

-- 0 when a history has no tables.
local function version_of(session, versions)
    local found = session:rows(session.table_query:format(versions))[1]
    return found and newest_in(session, versions) or 0
end

-- The column came later than the table.
local function has_compatible_from(session, versions)
    return session:rows(session.column_query:format(versions, "compatible_from"))[1] ~= nil
end

-- Whether a program that knows this version may go on with a history that has a newer one.
local function is_compatible(session, versions, known)
    return has_compatible_from(session, versions)
        and session:rows(("SELECT max(coalesce(compatible_from, version)) FROM %s WHERE version > %d"):format(versions,
            known))[1][1] <= known
end

local function is_fit(session, versions, version, known)
    return version == known or version > known and is_compatible(session, versions, known)
end

local function words_of(versions)
    return versions == VERSIONS and "" or (" of %s"):format(versions)
end

local function too_new(context, version, known, versions)
    return nil, errors.new {
        kind = "config",
        message = ("the history %s has schema version %d%s, this dwsync supports versions up to %d"):format(
            context.shown, version, words_of(versions), known),
        hint = "Upgrade dwsync on this machine. Nothing was changed.",
    }
end

local function too_old(context, version, known, versions)
    return nil, errors.new {
        kind = "config",
        message = ("the history %s has the older schema version %d%s, this dwsync needs %d"):format(context.shown,
            version, words_of(versions), known),
        hint = "dwsync history migrate --dry-run says what has to be done, and without --dry-run does it.",
    }
end

-- Those of a step, as the engine gets them.
local function statements_of(engine, step)
    local list = {}
    for i, statement in ipairs(step) do
        list[i] = statement:gsub("%$(%l+)", engine.types)
    end
    return list
end

local function take_steps(context, session, migrations, versions)
    -- Another writer may have been faster. Asked in this order, since a session of PostgreSQL may remember for a moment
    -- that there was no such table.
    session:rows(("CREATE TABLE IF NOT EXISTS %s (version INTEGER PRIMARY KEY, compatible_from INTEGER)"):format(
        versions))
    local version = newest_in(session, versions)
    if version > #migrations and is_compatible(session, versions, #migrations) then
        return version
    elseif version > #migrations then
        return too_new(context, version, #migrations, versions)
    elseif version < #migrations and not has_compatible_from(session, versions) then
        session:rows(("ALTER TABLE %s ADD COLUMN compatible_from INTEGER"):format(versions))
    end
    for step = version + 1, #migrations do
        for _, statement in ipairs(statements_of(session, migrations[step])) do
            session:rows(statement)
        end
        session:rows(("INSERT INTO %s (version, compatible_from) VALUES (%d, %d)"):format(versions, step,
            migrations[step].compatible_from or step))
    end
    return #migrations
end

--- The error of asking where nothing was saved.
-- @tparam string shown the target
-- @treturn dwsync.error kind "config"
function M.absent(shown)
    return errors.new {
        kind = "config",
        code = "absent",
        message = "there is no history at " .. shown,
        hint = "Check the path or URL; dwsync history pull, notify and collect make a history.",
    }
end

-- What is there: its version, and whether this program may go on with it.
local function found_in(context, engine, known, versions)
    return transaction.run(context, engine, "read", nil, function(session)
        local version = version_of(session, versions)
        return { version = version, is_fit = is_fit(session, versions, version, known) }
    end)
end

local function ensure(context, engine, migrations, part)
    local versions = versions_of(part)
    local found, err = found_in(context, engine, #migrations, versions)
    if not found then
        return nil, err
    elseif found.is_fit then
        return found.version
    elseif found.version > #migrations then
        return too_new(context, found.version, #migrations, versions)
    elseif found.version > 0 then
        return too_old(context, found.version, #migrations, versions)
    elseif context.readonly and part then
        return 0
    elseif context.readonly then
        return nil, M.absent(context.shown)
    end
    return transaction.run(context, engine, "write", nil, function(session)
        return take_steps(context, session, migrations, versions)
    end)
end

--- Makes the tables of a new history, unless it is readonly. One that is there is only read.
-- @tparam table context see dwsync.history.transaction; `readonly`: nothing is made
-- @tparam table engine
-- @tparam[opt] {{string,...},...} migrations
-- @treturn integer version, or nil
-- @treturn dwsync.error kind "config" when the history is older than this program, too new for it, or readonly and not
-- there
function M.ensure(context, engine, migrations)
    return ensure(context, engine, migrations or M.migrations)
end

--- The same for a part of it.
-- @tparam table context
-- @tparam table engine
-- @tparam table part `name`, `steps`
-- @treturn integer version, 0 where there is none and the history is readonly; or nil
-- @treturn dwsync.error kind "config" when the part is older than this program, or too new for it
function M.extend(context, engine, part)
    return ensure(context, engine, part.steps, part)
end

--- Whether a history has a part, and this program may go on with it. Makes nothing.
-- @tparam table session see dwsync.history.transaction
-- @tparam table part
-- @treturn boolean
function M.has(session, part)
    local versions = versions_of(part)
    return is_fit(session, versions, version_of(session, versions), #part.steps)
end

-- The history itself, and those of the parts that it has.
local function each_of(parts)
    local list = { { migrations = M.migrations, versions = VERSIONS } }
    for _, part in ipairs(parts) do
        list[#list + 1] = { name = part.name, migrations = part.steps, versions = versions_of(part) }
    end
    return list
end

--- The steps that a history and its parts have not taken.
-- @tparam table context
-- @tparam table engine
-- @tparam {table,...} parts
-- @treturn ?{table,...} `name` (nil for the history itself), `from`, `to`, `statements`, `compatible_from`; or nil
-- @treturn dwsync.error kind "config" when there is no history, or it is too new
function M.plan(context, engine, parts)
    local plan = {}
    for _, one in ipairs(each_of(parts)) do
        local known = #one.migrations
        local found, err = found_in(context, engine, known, one.versions)
        if not found then
            return nil, err
        elseif found.version == 0 and not one.name then
            return nil, M.absent(context.shown)
        elseif found.version > known and not found.is_fit then
            return too_new(context, found.version, known, one.versions)
        end
        for step = found.version + 1, found.version > 0 and known or 0 do
            plan[#plan + 1] = { name = one.name, from = step - 1, to = step,
                compatible_from = one.migrations[step].compatible_from or step,
                statements = statements_of(engine, one.migrations[step]) }
        end
    end
    return plan
end

--- Takes those steps, all in one transaction.
-- @tparam table context
-- @tparam table engine
-- @tparam {table,...} parts
-- @treturn ?boolean true; or nil
-- @treturn dwsync.error
function M.migrate(context, engine, parts)
    return transaction.run(context, engine, "write", nil, function(session)
        for _, one in ipairs(each_of(parts)) do
            if version_of(session, one.versions) > 0 then
                local version, err = take_steps(context, session, one.migrations, one.versions)
                if not version then
                    return nil, err
                end
            end
        end
        return true
    end)
end

return M
