--- Saving one page: read what is kept under its names, decide, write the difference.
-- It must not write when there is none.
-- @module dwsync.history.page
local merge = require "dwsync.history.merge"
local statements = require "dwsync.history.statements"
local transaction = require "dwsync.history.transaction"

local M = {}

local NAMES_AT_ONCE = 1000

local function in_batches(names, query, use)
    for first = 1, #names, NAMES_AT_ONCE do
        local batch = {}
        for i = first, math.min(first + NAMES_AT_ONCE - 1, #names) do
            batch[#batch + 1] = names[i]
        end
        local done, err, busy = query(batch, use)
        if not done then
            return nil, err, busy
        end
    end
    return true
end

local function kept_states(engine, cluster, names)
    local kept = {}
    local good, err, busy = in_batches(names, function(batch)
        local rows, reason, locked = engine:rows(statements.kept(cluster, batch))
        for _, row in ipairs(rows or {}) do
            kept[row[1]] = { name = row[1], version = tonumber(row[2]), saved_at = tonumber(row[3]), status = row[4],
                content = row[5] }
        end
        return rows, reason, locked
    end)
    return good and kept, err, busy
end

local function earlier_texts(engine, cluster, names)
    local earlier = {}
    local good, err, busy = in_batches(names, function(batch)
        local rows, reason, locked = engine:rows(statements.earlier(cluster, batch))
        for _, row in ipairs(rows or {}) do
            earlier[row[1]] = earlier[row[1]] or {}
            table.insert(earlier[row[1]], row[4])
        end
        return rows, reason, locked
    end)
    return good and earlier, err, busy
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

--- Saves a page in one transaction.
-- @tparam table engine
-- @tparam table context see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam {table,...} records
-- @treturn table summary; or nil, err
function M.save(engine, context, cluster, records)
    local groups, names, refused = merge.read(records)
    local repeated = merge.repeated(groups, names)
    local now = math.floor(context.runtime.now() * 1000)
    return transaction.run(context, engine, "write", cluster, function()
        local kept, err, busy = kept_states(engine, cluster, names)
        local earlier
        if kept then
            earlier, err, busy = earlier_texts(engine, cluster, repeated)
        end
        if not earlier then
            return nil, err, busy
        end
        local changed, archive, summary = merge.decide(groups, names, kept, earlier, now)
        local done
        done, err, busy = execute(engine, statements.archive(cluster, archive))
        if done then
            done, err, busy = execute(engine, statements.save(cluster, changed))
        end
        summary.refused, summary.refusal = refused.refused, refused.refusal
        return done and summary, err, busy
    end)
end

return M
