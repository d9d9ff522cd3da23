--- Every statement about records, in the SQL that SQLite and PostgreSQL share, and a COPY for PostgreSQL alone.
-- A text must not get into a statement unquoted.
--
-- SQLite's driver takes statements as C strings and binds integers as doubles. So values are literals, for both: texts
-- come without NUL (content, identity.cell), quotes are doubled, backslashes mean nothing (PostgreSQL:
-- standard_conforming_strings, which the engine sets).
-- @module dwsync.history.statements
local core = require "dwsync.core"
local decimal = require "dwsync.decimal"
local identity = require "dwsync.history.identity"
local record_fields = require "dwsync.record_fields"

local unpack = table.unpack or unpack -- luacheck: ignore (Lua 5.1)

local M = {}

local LONGEST = 65536 -- bytes of the rows of one statement; a longer row gets one of its own

--- A text as a literal. Only a damaged row of SQLite holds NUL, which would end the statement there.
-- @tparam string text
-- @treturn string
function M.quoted(text)
    if text:find("\0", 1, true) then
        return "CAST(x'" .. text:gsub(".", function(byte)
            return ("%02x"):format(byte:byte())
        end) .. "' AS TEXT)"
    end
    return "'" .. (text:find("'", 1, true) and text:gsub("'", "''") or text) .. "'"
end

local quoted = M.quoted

local function text_column(value)
    return type(value) == "string" and quoted(identity.cell(value)) or "NULL"
end

local function number_column(value)
    return type(value) == "number" and decimal.exact(value) or "NULL"
end

local function each(list, convert, ...)
    local parts = {}
    for i, item in ipairs(list) do
        parts[i] = convert(item, ...)
    end
    return parts
end

local function joined(list)
    return table.concat(each(list, text_column), ",")
end

--- Statements of rows after one head, each with rows of no more than LONGEST bytes, or with one.
-- @tparam string head
-- @tparam {string,...} rows
-- @tparam string tail
-- @tparam[opt=","] string separator
-- @treturn {string,...} statements
function M.in_chunks(head, rows, tail, separator)
    local statements, first, size = {}, 1, 0
    for i, row in ipairs(rows) do
        size = size + #row + 1
        local after = rows[i + 1]
        if not after or size + #after >= LONGEST then
            statements[#statements + 1] = head .. table.concat(rows, separator or ",", first, i) .. tail
            first, size = i + 1, 0
        end
    end
    return statements
end

local in_chunks = M.in_chunks

-- ---- writing --------------------------------------------------------------------------------------

--- Assigns a number to a cluster.
-- @tparam string cluster as a column holds it
-- @treturn string
function M.add_cluster(cluster)
    return ("INSERT INTO dwsync_clusters (cluster_id) VALUES (%s) ON CONFLICT (cluster_id) DO NOTHING"):format(
        quoted(cluster))
end

-- The fields with columns of their own: not the id, which is the record's name, nor the reason, which no query names.
local TEXTS, NUMBERS = {}, {}
for _, field in ipairs(record_fields.list) do
    local list = field.type == "text" and TEXTS or NUMBERS
    list[#list + 1] = field.name ~= "id" and field.name ~= "fail_reason" and field.name or nil
end

-- A text as COPY reads it.
local COPIED = { ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function copied(text)
    return (text:gsub("[\\\n\r\t]", COPIED))
end

local function copied_text(value)
    return type(value) == "string" and copied(identity.cell(value)) or "\\N"
end

local function copied_number(value)
    return type(value) == "number" and decimal.exact(value) or "\\N"
end

-- Rows for core.write_rows, whose columns go by their numbers.
local columns, changes = {}, {}
local layout = { close = ")", separator = ",", columns = {} }
local copy_layout = { close = "\n", separator = "\t", columns = {} }

-- `special`: what cannot be in a literal as it is, beside control characters and what is beyond ASCII.
local function add_column(name, literal, copy, special)
    columns[#columns + 1] = name
    changes[#changes + 1] = ("%s = excluded.%s"):format(name, name)
    layout.columns[#columns] = { name = #columns, text = literal, absent = "NULL", quote = "'",
        special = special, integer = literal == text_column and literal or nil }
    copy_layout.columns[#columns] = { name = #columns, text = copy, absent = "\\N",
        special = special and "\\", integer = copy == copied_text and copy or nil }
end

add_column("record_id", quoted, copied, "'")
add_column("version", number_column, copied_number)
add_column("saved_at", number_column, copied_number)
for _, name in ipairs(TEXTS) do
    add_column(name, text_column, copied_text, "'\\")
end
for _, name in ipairs(NUMBERS) do
    add_column(name, number_column, copied_number)
end
add_column("content", quoted, copied, "'")

local SAVE_HEAD = ("INSERT INTO dwsync_records (cluster_no, %s) VALUES "):format(table.concat(columns, ", "))
local SAVE_TAIL = " ON CONFLICT (cluster_no, record_id) DO UPDATE SET " .. table.concat(changes, ", ", 2)

local COPY = ("COPY dwsync_records (cluster_no, %s) FROM STDIN"):format(table.concat(columns, ", "))

local ARCHIVE_HEAD = "INSERT INTO dwsync_versions (cluster_no, record_id, version, saved_at, content) VALUES "

local function record_row(state)
    local record = state.record
    local row = { state.name, state.version, state.saved_at }
    for i, name in ipairs(TEXTS) do
        row[3 + i] = record[name]
    end
    for i, name in ipairs(NUMBERS) do
        row[3 + #TEXTS + i] = record[name]
    end
    row[#columns] = state.content
    return row
end

-- Rows as texts of no more than a statement each.
local function written(states, how)
    local rows, texts, next_row = each(states, record_row), {}, 1
    while next_row <= #rows do
        texts[#texts + 1], next_row = core.write_rows(rows, next_row, how)
    end
    return texts
end

--- Inserts records, or replaces those of the same name.
-- @tparam integer cluster its number
-- @tparam {table,...} states `name`, `version`, `saved_at`, `record`, `content`
-- @tparam boolean are_new whether all of them are known to be new
-- @treturn {string,...} statements
function M.save(cluster, states, are_new)
    layout.open = (",(%d,"):format(cluster)
    return each(written(states, layout), function(rows)
        return SAVE_HEAD .. rows:sub(2) .. (are_new and "" or SAVE_TAIL)
    end)
end

--- Adds new records.
-- @tparam integer cluster its number
-- @tparam {table,...} states the same, all of them new
-- @treturn string a COPY FROM STDIN
-- @treturn string its rows
function M.copy(cluster, states)
    copy_layout.open = ("%d\t"):format(cluster)
    return COPY, table.concat(written(states, copy_layout))
end

local function version_row(state, cluster)
    return ("(%d,%s,%d,%.0f,%s)"):format(cluster, quoted(state.name), state.version, state.saved_at,
        quoted(state.content))
end

--- Keeps the earlier versions of records.
-- @tparam integer cluster its number
-- @tparam {table,...} states `name`, `version`, `saved_at`, `content`
-- @treturn {string,...} statements
function M.archive(cluster, states)
    return in_chunks(ARCHIVE_HEAD, each(states, version_row, cluster), "")
end

-- ---- removing -------------------------------------------------------------------------------------

-- By the start; by when it was saved where there is none.
local function old_ones(cluster, before)
    local number, point = ("%d"):format(cluster), decimal.exact(before)
    return (([[cluster_no = $n AND coalesce(status, '') <> 'RUNNING' AND (start_time < $t
        AND start_time < (SELECT max(start_time) FROM dwsync_records WHERE cluster_no = $n)
        OR start_time IS NULL AND saved_at < $t)]]):gsub("%$n", number):gsub("%$t", point))
end

--- Names of records from before a point in time: not of those that run, nor of the newest.
-- @tparam integer cluster its number
-- @tparam number before milliseconds since the epoch
-- @tparam integer limit
-- @treturn string
function M.old(cluster, before, limit)
    return ("SELECT record_id FROM dwsync_records WHERE %s LIMIT %d"):format(old_ones(cluster, before), limit)
end

--- How many there are.
-- @tparam integer cluster
-- @tparam number before
-- @treturn string
function M.old_count(cluster, before)
    return "SELECT count(*) FROM dwsync_records WHERE " .. old_ones(cluster, before)
end

--- How many earlier versions there are of them.
-- @tparam integer cluster
-- @tparam number before
-- @treturn string
function M.old_versions(cluster, before)
    return ("SELECT count(*) FROM dwsync_versions WHERE cluster_no = %d AND record_id IN (SELECT record_id FROM "
        .. "dwsync_records WHERE %s)"):format(cluster, old_ones(cluster, before))
end

local function of_names(head, cluster, names)
    return in_chunks(("%s WHERE cluster_no = %d AND record_id IN ("):format(head, cluster), each(names, quoted), ")")
end

--- How many earlier versions there are of records.
-- @tparam integer cluster its number
-- @tparam {string,...} names
-- @treturn {string,...} statements
function M.earlier_counts(cluster, names)
    return of_names("SELECT count(*) FROM dwsync_versions", cluster, names)
end

--- Removes records with their earlier versions.
-- @tparam integer cluster its number
-- @tparam {string,...} names
-- @treturn {string,...} statements
function M.remove(cluster, names)
    local list = of_names("DELETE FROM dwsync_versions", cluster, names)
    for _, statement in ipairs(of_names("DELETE FROM dwsync_records", cluster, names)) do
        list[#list + 1] = statement
    end
    return list
end

-- ---- querying -------------------------------------------------------------------------------------

--- The number of a cluster.
-- @tparam string cluster as a column holds it
-- @treturn string
function M.cluster_number(cluster)
    return "SELECT cluster_no FROM dwsync_clusters WHERE cluster_id = " .. quoted(cluster)
end

--- When the newest record of a cluster began.
-- @tparam string cluster as a column holds it
-- @treturn string
function M.last_start(cluster)
    return ("SELECT max(start_time) FROM dwsync_records WHERE cluster_no = (%s)"):format(M.cluster_number(cluster))
end

--- What is kept under names: record_id, version, saved_at, status, content.
-- @tparam integer cluster its number
-- @tparam {string,...} names
-- @treturn {string,...} statements
function M.kept(cluster, names)
    return in_chunks(("SELECT record_id, version, saved_at, status, content FROM dwsync_records WHERE cluster_no = %d "
        .. "AND record_id IN ("):format(cluster), each(names, quoted), ")")
end

--- What is kept of a time: record_id, content.
-- @tparam integer cluster its number
-- @tparam string first start_time as a literal
-- @tparam string last the same, inclusive
-- @tparam integer limit
-- @treturn string
function M.between(cluster, first, last, limit)
    return ("SELECT record_id, content FROM dwsync_records WHERE cluster_no = %d AND start_time >= %s "
        .. "AND start_time <= %s ORDER BY start_time LIMIT %d"):format(cluster, first, last, limit)
end

local OF_NAME = "(SELECT %s FROM dwsync_records WHERE cluster_no = %d AND record_id = v.column1)"

--- What is kept under names: record_id, content. A query for each: a list or a join would be planned by what the
-- database believes to be in its tables, and may read all of a cluster.
-- @tparam integer cluster its number
-- @tparam {string,...} names
-- @treturn {string,...} statements
function M.contents(cluster, names)
    return in_chunks(("SELECT v.column1, %s FROM (VALUES ("):format(OF_NAME:format("content", cluster)),
        each(names, quoted), (")) AS v WHERE %s IS NOT NULL"):format(OF_NAME:format("version", cluster)), "),(")
end

--- What was kept under names before: record_id, version, saved_at, content, oldest first.
-- @tparam integer cluster its number
-- @tparam {string,...} names
-- @treturn {string,...} statements
function M.earlier(cluster, names)
    return in_chunks(("SELECT record_id, version, saved_at, content FROM dwsync_versions WHERE cluster_no = %d "
        .. "AND record_id IN ("):format(cluster), each(names, quoted), ") ORDER BY record_id, version")
end

local function add(conditions, format, ...)
    conditions[#conditions + 1] = format:format(...)
end

-- A number as an engine wrote it; what is none, such as Infinity, is left to the engine.
local function number_text(text)
    return text:find "^-?%d[%d.eE+-]*$" and text or quoted(text)
end

-- Records without a start come last; they are a query of their own, since the engines sort NULL differently.
local function conditions_of(cluster, criteria, after)
    local list = { ("cluster_no = (%s)"):format(M.cluster_number(cluster)),
        after.started and "start_time IS NOT NULL" or "start_time IS NULL" }
    if criteria.since then
        add(list, "start_time >= %s", decimal.exact(criteria.since))
    end
    if criteria.until_ then
        add(list, "start_time < %s", decimal.exact(criteria.until_))
    end
    if criteria.status then
        add(list, "status IN (%s)", joined(criteria.status))
    end
    if criteria.source then
        local sources = joined(criteria.source)
        add(list, "(identity_source_id IN (%s) OR identity_source_type IN (%s))", sources, sources)
    end
    if after.name and after.started then
        add(list, "(start_time, record_id) < (%s, %s)", number_text(after.start), quoted(after.name))
    elseif after.name then
        add(list, "record_id < %s", quoted(after.name))
    end
    return table.concat(list, " AND ")
end

--- Some records, newest first, those without a start last: content, start_time (text, to the last digit), record_id.
-- @tparam function exact function(column) → an expression: the column's number as a text that means the same number
-- @tparam string cluster as a column holds it
-- @tparam table criteria `since`, `until_` (numbers), `status`, `source` (lists of texts)
-- @tparam table after where the last batch ended: `started` (whether records with a start are meant), `start` (as a
-- text), `name`
-- @tparam integer limit
-- @treturn string
function M.batch(exact, cluster, criteria, after, limit)
    local order = after.started and "start_time DESC, record_id DESC" or "record_id DESC"
    return ("SELECT content, %s, record_id FROM dwsync_records WHERE %s ORDER BY %s LIMIT %d"):format(
        exact "start_time", conditions_of(cluster, criteria, after), order, limit)
end

--- The names of some records with a start, newest first.
-- @tparam string cluster as a column holds it
-- @tparam table criteria as of `batch`
-- @tparam integer limit
-- @treturn string
function M.names(cluster, criteria, limit)
    return ("SELECT record_id FROM dwsync_records WHERE %s ORDER BY start_time DESC, record_id DESC LIMIT %d"):format(
        conditions_of(cluster, criteria, { started = true }), limit)
end

--- What a statement finds, as one text: to read a row for each takes longer.
-- @tparam string in_lines of the engine
-- @tparam string statement that finds one column, record_id
-- @treturn string count, text (NULL where nothing is found)
function M.in_lines(in_lines, statement)
    return ("SELECT count(*), %s FROM (%s) AS found"):format(in_lines:format "record_id", statement)
end

--- How many records there are of each source: identity_source_id, identity_source_type, count.
-- @tparam string cluster as a column holds it
-- @tparam number since milliseconds
-- @tparam number till milliseconds
-- @treturn string
function M.counts(cluster, since, till)
    return ("SELECT identity_source_id, identity_source_type, count(*) FROM dwsync_records WHERE cluster_no = (%s) "
        .. "AND start_time >= %s AND start_time < %s GROUP BY identity_source_id, identity_source_type"):format(
        M.cluster_number(cluster), decimal.exact(since), decimal.exact(till))
end

local function traces_rows(asked)
    local list = {}
    for i, one in ipairs(asked) do
        local cluster, since, names = quoted(one.cluster), decimal.exact(one.since), one.names or {}
        for k = 1, math.max(1, #names) do
            list[#list + 1] = ("(%d,%s,%s,%s)"):format(i, cluster, k == 1 and since or "NULL", text_column(names[k]))
        end
    end
    return list
end

--- By what it shows that others wrote of clusters, a row for each that has a number, and for each name of it: its place
-- among those asked for; how many records began since some time (0 but in the first row of a cluster), and how many
-- earlier versions of records there are; 1 where there is a table; the cluster's number; and whether there is a record
-- of the name, 0 or 1.
-- @tparam {table,...} asked `cluster` (as a column holds it), `since` (milliseconds), `names` of records
-- @tparam string table_query of the engine
-- @tparam {string,...} more expressions, in which c is the row of dwsync_clusters
-- @treturn {string,...} statements
function M.traces(asked, table_query, more)
    local head = ("SELECT v.column1, "
        .. "(SELECT count(*) FROM dwsync_records AS r WHERE r.cluster_no = c.cluster_no AND start_time >= v.column3), "
        .. "(SELECT count(*) FROM dwsync_versions AS e WHERE e.cluster_no = c.cluster_no), (%s), %s FROM (VALUES ")
        :format(table_query, table.concat({ "c.cluster_no", "(SELECT count(*) FROM dwsync_records AS k "
        .. "WHERE k.cluster_no = c.cluster_no AND record_id = v.column4)", unpack(more) }, ", "))
    return in_chunks(head, traces_rows(asked), ") AS v JOIN dwsync_clusters AS c ON c.cluster_id = v.column2")
end

M.clusters = "SELECT cluster_id, count(*), min(start_time), max(start_time) FROM dwsync_runs GROUP BY cluster_id "
    .. "ORDER BY cluster_id"

M.totals = "SELECT count(*), count(DISTINCT cluster_no), min(start_time), max(start_time) FROM dwsync_records"

M.versions = "SELECT count(*) FROM dwsync_versions"

return M
