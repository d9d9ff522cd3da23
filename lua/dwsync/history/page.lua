--- Saving one page: read what is kept under its names, decide, write the difference, if there is one.
-- @module dwsync.history.page
local merge = require "dwsync.history.merge"
local statements = require "dwsync.history.statements"
local transaction = require "dwsync.history.transaction"

local M = {}

-- Runs statements, and calls a function with each of their rows.
local function run(session, list, use)
    for _, statement in ipairs(list) do
        for _, row in ipairs(session:rows(statement)) do
            use(row)
        end
    end
end

-- The database compares: what it does not name is kept as it came, but for names that come twice.
local function kept_states(session, number, page)
    local kept, once, others = {}, {}, {}
    for _, name in ipairs(page.names) do
        local items = page.groups[name]
        if items[2] then
            others[#others + 1] = name
        else
            kept[name] = items[1]
            once[#once + 1] = items[1]
        end
    end
    run(session, statements.other(number, once), function(row)
        kept[row[1]] = nil
        others[#others + 1] = row[2] and row[1]
    end)
    run(session, statements.kept(number, others), function(row)
        kept[row[1]] = { name = row[1], version = row[2], saved_at = row[3], status = row[4], content = row[5] }
    end)
    return kept
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
    run(session, statements.save(number, changed))
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
    local kept = (number == 0 or there and there.are_new) and {} or kept_states(session, number, page)
    local earlier = earlier_texts(session, number, page.repeated)
    local changed, archive, summary = merge.decide(page, kept, earlier, now)
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
