--- Saving one page: read what is kept under its names, decide, write the difference, if there is one.
-- @module dwsync.history.page
local decimal = require "dwsync.decimal"
local merge = require "dwsync.history.merge"
local statements = require "dwsync.history.statements"
local transaction = require "dwsync.history.transaction"

local M = {}

local FEW = 30 -- records; for so few other ways do not pay

-- Runs statements, and calls a function with each of their rows.
local function run(session, list, use)
    for _, statement in ipairs(list) do
        for _, row in ipairs(session:rows(statement)) do
            use(row)
        end
    end
end

-- From when to when records of a page began: two numbers as SQL has them; nil where none says.
local function span_of(page)
    local first, last = math.huge, -math.huge
    for _, name in ipairs(page.names) do
        local start = page.records[name].start_time
        if type(start) == "number" then
            first, last = math.min(first, start), math.max(last, start)
        end
    end
    return first <= last and decimal.exact(first), decimal.exact(last)
end

-- What is kept of the time of a page, for no more than as many records: mostly those of the page, which are found in a
-- third of the time that asking for each by its name takes.
local function read_near(session, number, page, use)
    local first, last = span_of(page)
    if #page.names > FEW and first and last then
        run(session, { statements.between(number, first, last, #page.names) }, use)
    end
end

local function names_in(names, contents, are_in)
    local list = {}
    for _, name in ipairs(names) do
        list[#list + 1] = (contents[name] ~= nil) == are_in and name or nil
    end
    return list
end

-- What is kept of a page that is to be decided about, and the rest of the page that this takes.
local function kept_states(session, number, page)
    local contents, kept = {}, {}
    local function note(row)
        contents[row[1]] = row[2]
    end
    read_near(session, number, page, note)
    local rest = merge.without(page, contents)
    run(session, statements.contents(number, names_in(rest.names, contents, false)), note)
    rest = merge.without(rest, contents)
    run(session, statements.kept(number, names_in(rest.names, contents, true)), function(row)
        kept[row[1]] = { name = row[1], version = row[2], saved_at = row[3], status = row[4], content = row[5] }
    end)
    return kept, rest
end

local function earlier_texts(session, number, names)
    local earlier = {}
    run(session, statements.earlier(number, names), function(row)
        earlier[row[1]] = earlier[row[1]] or {}
        table.insert(earlier[row[1]], row[4])
    end)
    return earlier
end

local function number_of(session, cluster)
    local row = session:rows(statements.cluster_number(cluster))[1]
    return row and row[1] or 0 -- the number of no cluster
end

local function write(session, cluster, number, changed, archive)
    if #changed == 0 then
        return
    elseif number == 0 then
        session:rows(statements.add_cluster(cluster))
        number = number_of(session, cluster)
    end
    run(session, statements.archive(number, archive))
    local new, replaced = {}, {}
    for _, state in ipairs(changed) do
        table.insert(state.is_new and new or replaced, state)
    end
    if session.copy and #new > FEW then
        session:copy(statements.copy(number, new))
    else
        run(session, statements.save(number, new, true))
    end
    run(session, statements.save(number, replaced, false))
end

--- Saves a page within a transaction that excludes other writers of the cluster.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam table page see dwsync.history.merge
-- @tparam integer now milliseconds since the epoch
-- @tparam ?table there what is known of what is kept: `number` of the cluster, and `are_new`: whether no record of the
-- page is kept yet
-- @treturn table summary
function M.merge_into(session, cluster, page, now, there)
    local number = there and there.number or number_of(session, cluster)
    local kept, rest = {}, page
    if number ~= 0 and not (there and there.are_new) then
        kept, rest = kept_states(session, number, page)
    end
    local earlier = earlier_texts(session, number, page.repeated)
    local changed, archive, summary = merge.decide(rest, kept, earlier, now)
    write(session, cluster, number, changed, archive)
    return summary
end

--- Saves a page in one transaction.
-- @tparam table engine
-- @tparam table context see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam {table,...} records
-- @treturn table summary; or nil, err
function M.save(engine, context, cluster, records)
    local page = merge.read(records)
    local now = math.floor(context.runtime.now() * 1000)
    return transaction.run(context, engine, "write", cluster, function(session)
        return M.merge_into(session, cluster, page, now)
    end)
end

return M
