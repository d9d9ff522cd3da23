--- Removes old records: so many in one transaction that no writer waits long.
--
-- What judging may look at stays, whatever is asked for, and so do the newest record of a cluster, which says that its
-- synchronisation was in use, and a run that never ended.
-- @module dwsync.history.prune
local lookback = require "dwsync.health.lookback"
local statements = require "dwsync.history.statements"
local transaction = require "dwsync.history.transaction"

local M = {}

--- How young a record may be that is removed, seconds: as far back as verdicts look, at most.
M.floor = lookback.rare_seconds

local BATCH = 500

local function clusters_in(context, engine)
    return transaction.run(context, engine, "read", nil, function(session)
        return session:rows "SELECT cluster_no, cluster_id FROM dwsync_clusters ORDER BY cluster_no"
    end)
end

local function add(sum, found)
    for name, count in pairs(found) do
        sum[name] = sum[name] + count
    end
end

local function count(session, number, before)
    return { records = session:rows(statements.old_count(number, before))[1][1],
        versions = session:rows(statements.old_versions(number, before))[1][1] }
end

local function remove(session, number, before)
    local names = {}
    for i, row in ipairs(session:rows(statements.old(number, before, BATCH))) do
        names[i] = row[1]
    end
    local versions = 0
    for _, kept in ipairs(names[1] and statements.earlier_counts(number, names) or {}) do
        versions = versions + session:rows(kept)[1][1]
    end
    for _, statement in ipairs(names[1] and statements.remove(number, names) or {}) do
        session:rows(statement)
    end
    return { records = #names, versions = versions }
end

-- A cluster at a time, as its writers do.
local function of_cluster(context, engine, cluster, options)
    local sum = { records = 0, versions = 0 }
    repeat
        local found, err = transaction.run(context, engine, options.dry_run and "read" or "write",
            not options.dry_run and cluster[2] or nil, function(session)
                return (options.dry_run and count or remove)(session, cluster[1], options.before)
            end)
        if not found then
            return nil, err, sum
        end
        add(sum, found)
    until options.dry_run or found.records < BATCH
    return sum
end

--- Removes them.
-- @tparam table context see dwsync.history.transaction
-- @tparam table engine
-- @tparam table options `before`: milliseconds since the epoch; `dry_run`: only counts
-- @treturn ?table `clusters`, `records`, `versions`: how many
-- @treturn dwsync.error
-- @treturn table what was removed before
function M.run(context, engine, options)
    local sum = { clusters = 0, records = 0, versions = 0 }
    local clusters, err = clusters_in(context, engine)
    if not clusters then
        return nil, err, sum
    end
    for _, cluster in ipairs(clusters) do
        local found, failed, rest = of_cluster(context, engine, cluster, options)
        add(sum, found or rest)
        if not found then
            return nil, failed, sum
        end
        sum.clusters = sum.clusters + (found.records > 0 and 1 or 0)
    end
    return sum
end

return M
