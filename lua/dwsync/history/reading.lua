--- Reading records back, in batches: a million of them are never in memory unless a caller keeps them.
-- @module dwsync.history.reading
local content = require "dwsync.history.content"
local errors = require "dwsync.errors"
local identity = require "dwsync.history.identity"
local statements = require "dwsync.history.statements"
local text = require "dwsync.text"
local transaction = require "dwsync.history.transaction"

local unpack = table.unpack or unpack -- luacheck: ignore (Lua 5.1)

local M = {}

local BATCH, LIMIT = 1000, 100000

--- A number of a column, which may be a float.
-- @tparam ?number value
-- @treturn ?number a whole one is an integer where Lua has them
function M.integer(value)
    return value and math.tointeger and math.tointeger(value) or value
end

local function texts_of(rows, column)
    local texts = {}
    for i, row in ipairs(rows) do
        texts[i] = row[column]
    end
    return texts
end

-- Continues after the last row of a batch; records without a start follow those with one.
local function advance(after, rows, limit, query)
    local last = rows[#rows]
    if #rows == limit then
        return { started = after.started, start = last[2], name = last[3] }
    elseif after.started and not query.since and not query.until_ then
        return { started = false }
    end
end

local function rows_after(session, query, after, limit)
    return session:rows(statements.batch(session.exact, query.cluster_id, query, after, limit))
end

-- Each batch is a transaction of its own: a reader who takes an hour holds up no checkpoint and no vacuum.
local function batch(engine, context, query, after, limit)
    return transaction.run(context, engine, "read", nil, function(session)
        return rows_after(session, query, after, limit)
    end)
end

local function storage_error(context, cluster, what, hint, code)
    return errors.new {
        kind = "storage",
        code = code,
        message = ("the history %s: cluster %s: %s"):format(context.shown, text.excerpt(identity.text(cluster)),
            what),
        hint = hint,
    }
end

-- A name as people know it.
local function shown_name(name)
    return text.excerpt(identity.text(name))
end

--- What is wrong where the contents of records cannot be read.
-- @tparam table context see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam {string,...} names of the records
-- @treturn dwsync.error kind "storage", code "damaged"
function M.damage(context, cluster, names)
    local more = #names > 1 and (" and %d more"):format(#names - 1) or ""
    return storage_error(context, cluster, ("the content of record %s%s is damaged"):format(
        shown_name(names[1]), more), "The others are not affected. While the service has the record, "
        .. "dwsync history pull writes it anew.", "damaged")
end

-- A batch that begins within the one before would be followed by itself without end.
local function check_progress(context, cluster, before, rows)
    local first = rows[1]
    for _, row in ipairs(first and before or {}) do
        if row[3] == first[3] and row[2] == first[2] then
            error(storage_error(context, cluster, ("reading does not get beyond record %s (start_time %s)"):format(
                shown_name(first[3]), tostring(first[2])), "The database compares its numbers in an unknown way."))
        end
    end
end

-- The records of rows that can be read; the names of the others are added to a list.
local function readable(rows, damaged)
    local decoded, records = content.decode(texts_of(rows, 1)), {}
    for i, row in ipairs(rows) do
        if decoded[i] then
            records[#records + 1] = decoded[i]
        else
            damaged[#damaged + 1] = row[3]
        end
    end
    return records
end

-- Iterates over rows in batches.
-- @tparam table context see dwsync.history.transaction
-- @tparam table query from dwsync.history.criteria
-- @tparam function read(after, limit) rows of `statements.batch`
-- @treturn function iterator over lists of rows; it raises the error object
local function batches(context, query, read)
    local after, left, rows = { started = true }, query.limit or math.huge, {}
    return function()
        if not after or left <= 0 then
            return nil
        end
        local limit = math.min(BATCH, left)
        local found = read(after, limit)
        check_progress(context, query.cluster_id, rows, found)
        rows = found
        after, left = advance(after, rows, limit, query), left - #rows
        return rows
    end
end

local function raised(result, err)
    return result or error(err)
end

--- Iterates over records. Damaged ones are left out, and are an error after the others.
-- @tparam table engine
-- @tparam table context see dwsync.history.transaction
-- @tparam table query from dwsync.history.criteria
-- @treturn function iterator over records; it raises the error object
function M.each(engine, context, query)
    local records, i, damaged = {}, 0, {}
    local next_rows = batches(context, query, function(after, limit)
        return raised(batch(engine, context, query, after, limit))
    end)
    return function()
        while i >= #records do
            local rows = next_rows()
            if not rows then
                return damaged[1] and error(M.damage(context, query.cluster_id, damaged)) or nil
            end
            records, i = readable(rows, damaged), 0
        end
        i = i + 1
        return records[i]
    end
end

local function collect(list, iterator, limit)
    for record in iterator do
        if #list == limit then
            list.complete = false
            break
        end
        list[#list + 1] = record
    end
    return list
end

-- A name may hold what lies between names; then there are too many.
local function split(joined)
    local names, from = {}, 1
    local at = joined:find("\n", 1, true)
    while at do
        names[#names + 1], from = joined:sub(from, at - 1), at + 1
        at = joined:find("\n", from, true) -- a pattern would look at each byte
    end
    names[#names + 1] = joined:sub(from)
    return names
end

--- The names of the records that begin in a time, newest first.
-- @tparam table session see dwsync.history.transaction
-- @tparam table query from dwsync.history.criteria, with `since`
-- @tparam integer limit
-- @treturn {string,...}
-- @treturn boolean whether each is the id of its record as it is
function M.names(session, query, limit)
    local statement = statements.names(query.cluster_id, query, limit)
    local row = session:rows(statements.in_lines(session.in_lines, statement))[1]
    local count, joined = M.integer(row[1]), row[2] or ""
    local names = count > 0 and split(joined) or {}
    if #names ~= count then
        names = texts_of(session:rows(statement), 1)
    end
    return names, identity.are_ids(joined)
end

local function rows_under(session, cluster, names)
    local rows = {}
    local found = session:rows(statements.cluster_number(cluster))[1]
    for _, statement in ipairs(found and statements.contents(found[1], names) or {}) do
        for _, row in ipairs(session:rows(statement)) do
            rows[#rows + 1] = row
        end
    end
    return rows
end

--- What a query finds.
-- @tparam table session see dwsync.history.transaction
-- @tparam table context the same
-- @tparam table query from dwsync.history.criteria
-- @treturn function iterator over lists of names and of contents, of as many records as are decoded at once
function M.contents(session, context, query)
    local next_rows = batches(context, query, function(after, limit)
        return rows_after(session, query, after, limit)
    end)
    return function()
        local rows = next_rows()
        return rows and texts_of(rows, 3), rows and texts_of(rows, 1)
    end
end

--- The same of some names: one by one, which takes longer for each.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam {string,...} names
-- @treturn function iterator
function M.contents_under(session, cluster, names)
    local first = 1
    return function()
        if names[first] then
            local rows = rows_under(session, cluster, { unpack(names, first, math.min(first + BATCH - 1, #names)) })
            first = first + BATCH
            return texts_of(rows, 1), texts_of(rows, 2)
        end
    end
end

--- How many runs there are of each source.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam number since milliseconds
-- @tparam number till milliseconds; those that began then or later do not count
-- @treturn {table,...} `id` and `type` (nil for runs that name none), `runs`
function M.counts(session, cluster, since, till)
    local rows = session:rows(statements.counts(cluster, since, till))
    for i, row in ipairs(rows) do
        rows[i] = { id = row[1] and identity.text(row[1]), type = row[2] and identity.text(row[2]),
            runs = M.integer(row[3]) }
    end
    return rows
end

--- A list of records.
-- @treturn {table,...} with `complete`; or nil, err, and a list of what could be read
function M.list(engine, context, query)
    local limit, list = query.limit or LIMIT, { complete = true }
    query.limit = limit + 1 -- one more shows whether the list is complete
    local good, result = pcall(collect, list, M.each(engine, context, query), limit)
    if good then
        return list
    elseif type(result) == "table" then
        list.complete = false
        return nil, result, list
    end
    error(result, 0)
end

--- The versions of a record.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam string record_id an id, or a name that dwsync.history.identity made
-- @tparam table context see dwsync.history.transaction
-- @treturn {table,...} `version`, `saved_at`, `record`; or nil, err
function M.versions(session, cluster, record_id, context)
    local found = session:rows(statements.cluster_number(cluster))[1]
    if not found then
        return {}
    end
    local number, names = found[1], { identity.of_id(record_id), record_id:match "^~.*" }
    local rows = session:rows(statements.earlier(number, names)[1])
    for _, row in ipairs(session:rows(statements.kept(number, names)[1])) do
        rows[#rows + 1] = { row[1], row[2], row[3], row[5] }
    end
    local records = content.decode(texts_of(rows, 4))
    for i, row in ipairs(rows) do
        if not records[i] then
            return nil, storage_error(context, cluster, ("the content of version %d of record %s is damaged"):format(
                M.integer(row[2]), shown_name(row[1])))
        end
        rows[i] = { version = M.integer(row[2]), saved_at = M.integer(row[3]), record = records[i] }
    end
    return rows
end

--- Counts and sizes.
-- @tparam table session see dwsync.history.transaction
-- @tparam integer schema_version
-- @treturn table
function M.stats(session, schema_version)
    local totals = session:rows(statements.totals)[1]
    return { engine = session.name, schema_version = schema_version, records = M.integer(totals[1]),
        clusters = M.integer(totals[2]), first = M.integer(totals[3]), last = M.integer(totals[4]),
        versions = M.integer(session:rows(statements.versions)[1][1]),
        bytes = M.integer(session:rows(session.size_query)[1][1]) }
end

return M
