--- Reading records back, in batches: a million of them are never in memory unless a caller keeps them.
-- @module dwsync.history.reading
local content = require "dwsync.history.content"
local identity = require "dwsync.history.identity"
local statements = require "dwsync.history.statements"
local transaction = require "dwsync.history.transaction"

local M = {}

local BATCH, LIMIT = 1000, 100000

--- A number of a column, which PostgreSQL's driver gives as text.
-- @param value
-- @treturn number or nil; a whole one is an integer where Lua has them
function M.integer(value)
    local number = value and tonumber(value)
    return number and math.tointeger and math.tointeger(number) or number
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
        return { started = after.started, start = M.integer(last[2]), name = last[3] }
    elseif after.started and not query.since and not query.until_ then
        return { started = false }
    end
end

-- Each batch is a transaction of its own: a reader who takes an hour holds up no checkpoint and no vacuum.
local function batch(engine, context, query, after, limit)
    return transaction.run(context, engine, "read", nil, function(session)
        return session:rows(statements.batch(query.cluster_id, query, after, limit))
    end)
end

--- Iterates over records.
-- @tparam table engine
-- @tparam table context see dwsync.history.transaction
-- @tparam table query from dwsync.history.criteria
-- @treturn function iterator that raises the error object
function M.each(engine, context, query)
    local after, left = { started = true }, query.limit or math.huge
    local records, i = {}, 0
    return function()
        while i >= #records do
            if not after or left <= 0 then
                return nil
            end
            local limit = math.min(BATCH, left)
            local rows, err = batch(engine, context, query, after, limit)
            if not rows then
                error(err, 0)
            end
            after, left = advance(after, rows, limit, query), left - #rows
            records, i = content.decode(texts_of(rows, 1)), 0
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

--- A list of records.
-- @treturn {table,...} with `complete`; or nil, err
function M.list(engine, context, query)
    local limit = query.limit or LIMIT
    query.limit = limit + 1 -- one more shows whether the list is complete
    local good, result = pcall(collect, { complete = true }, M.each(engine, context, query), limit)
    if good then
        return result
    elseif type(result) == "table" then
        return nil, result
    end
    error(result, 0)
end

--- The versions of a record.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam string record_id an id, or a name that dwsync.history.identity made
-- @treturn {table,...} `version`, `saved_at`, `record`
function M.versions(session, cluster, record_id)
    local found = session:rows(statements.cluster_number(cluster))[1]
    if not found then
        return {}
    end
    local number, names = tonumber(found[1]), { identity.of_id(record_id), record_id:match "^~.*" }
    local rows = session:rows(statements.earlier(number, names))
    for _, row in ipairs(session:rows(statements.kept(number, names))) do
        rows[#rows + 1] = { row[1], row[2], row[3], row[5] }
    end
    local records = content.decode(texts_of(rows, 4))
    for i, row in ipairs(rows) do
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
