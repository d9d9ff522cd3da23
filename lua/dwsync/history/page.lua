--- Saving one page: read what is kept under its names, decide, write the difference.
-- It must not write when there is none.
-- @module dwsync.history.page
local merge = require "dwsync.history.merge"
local statements = require "dwsync.history.statements"
local transaction = require "dwsync.history.transaction"

local M = {}

local NAMES_AT_ONCE = 1000

-- Hands the rows of all names to a function, some names at a time.
local function for_rows(engine, names, query, use)
    for first = 1, #names, NAMES_AT_ONCE do
        local batch = {}
        for i = first, math.min(first + NAMES_AT_ONCE - 1, #names) do
            batch[#batch + 1] = names[i]
        end
        local rows, err, busy = engine:rows(query(batch))
        if not rows then
            return nil, err, busy
        end
        for _, row in ipairs(rows) do
            use(row)
        end
    end
    return true
end

local function kept_states(engine, number, names)
    local kept = {}
    local good, err, busy = for_rows(engine, names, function(batch)
        return statements.kept(number, batch)
    end, function(row)
        kept[row[1]] = { name = row[1], version = tonumber(row[2]), saved_at = tonumber(row[3]), status = row[4],
            content = row[5] }
    end)
    return good and kept, err, busy
end

local function earlier_texts(engine, number, names)
    local earlier = {}
    local good, err, busy = for_rows(engine, names, function(batch)
        return statements.earlier(number, batch)
    end, function(row)
        earlier[row[1]] = earlier[row[1]] or {}
        table.insert(earlier[row[1]], row[4])
    end)
    return good and earlier, err, busy
end

local function number_of(engine, cluster)
    local rows, err, busy = engine:rows(statements.cluster_number(cluster))
    if not rows then
        return nil, err, busy
    end
    return rows[1] and tonumber(rows[1][1]) or 0 -- which no cluster has
end

local function execute(engine, list)
    for _, statement in ipairs(list) do
        local done, err, busy = engine:execute(statement)
        if not done then
            return nil, err, busy
        end
    end
    return true
end

local function write(engine, cluster, number, changed, archive)
    if #changed == 0 then
        return true
    elseif number == 0 then
        local added, err, busy = engine:execute(statements.add_cluster(cluster))
        if added then
            number, err, busy = number_of(engine, cluster)
        end
        if not (added and number) then
            return nil, err, busy
        end
    end
    local done, err, busy = execute(engine, statements.archive(number, archive))
    if done then
        done, err, busy = execute(engine, statements.save(number, changed))
    end
    return done, err, busy
end

local function merge_into(engine, cluster, page, now)
    local number, err, busy = number_of(engine, cluster)
    local kept, earlier
    if number then
        kept, err, busy = kept_states(engine, number, page.names)
    end
    if kept then
        earlier, err, busy = earlier_texts(engine, number, page.repeated)
    end
    if not earlier then
        return nil, err, busy
    end
    local changed, archive, summary = merge.decide(page, kept, earlier, now)
    local done
    done, err, busy = write(engine, cluster, number, changed, archive)
    return done and summary, err, busy
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
    return transaction.run(context, engine, "write", cluster, function()
        return merge_into(engine, cluster, page, now)
    end)
end

return M
