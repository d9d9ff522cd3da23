--- What a fleet forgets: clusters and places that are gone, accounts that no inventory names, collectors that are gone;
-- each some time after that.
-- It must not touch records, nor problems: those count episodes, so that a cluster that comes back tells nothing under
-- the key of an old message.
-- @module dwsync.fleet.retention
local history_tables = require "dwsync.history.tables"
local names = require "dwsync.history.names"
local rows = require "dwsync.fleet.rows"
local schema = require "dwsync.history.schema"
local tables = require "dwsync.fleet.tables"

local M = {}

local literal = rows.literal

--- For how long a collector keeps what is gone, milliseconds.
M.KEPT_MS = 30 * 86400000

local BATCH = 500 -- rows of each kind in one transaction

local ITEMS = "dwsync_schedule s WHERE s.state = 'gone' AND s.gone_at < %s"
-- Where no other table holds the name of a cluster with records, its row does.
local NOT_NAMING = " AND (s.kind <> 'cluster' OR NOT EXISTS (SELECT 1 FROM dwsync_clusters c "
    .. "WHERE c.cluster_id = s.cluster_id))"
local ACCOUNTS = "dwsync_accounts a WHERE a.state = 'gone' AND a.named_at < %s AND NOT EXISTS (SELECT 1 "
    .. "FROM dwsync_schedule s WHERE s.account = a.account%s)"
local COLLECTORS = "dwsync_collectors c WHERE c.seen_at < %s"
-- Somebody asked it to collect no more under this name.
local NOT_DRAINED = " AND c.drain = 0"

local function items_before(before, hands_over)
    return ITEMS:format(literal(before)) .. (hands_over and "" or NOT_NAMING)
end

local function collectors_before(before, keeps_drained)
    return COLLECTORS:format(literal(before)) .. (keeps_drained and NOT_DRAINED or "")
end

-- The first rows that nobody else has, locked in the order in which all lock them.
local function first(session, columns, rest, order)
    return rows.of(session, columns, ("%s ORDER BY %s LIMIT %d%s"):format(rest, order, BATCH, session.skip_locked))
end

local function remove_items(session, before)
    local hands_over = schema.has(session, names.part)
    local items = first(session, { "item_no", "kind", "cluster_id", "name", "looked_at", "gone_at" },
        items_before(before, hands_over), "item_no")
    local numbers, ids = {}, {}
    for i, item in ipairs(items) do
        numbers[i] = item.item_no
        if item.kind == "cluster" then
            ids[#ids + 1] = item.cluster_id
        end
        if item.kind == "cluster" and hands_over then
            names.take_over(session, item.cluster_id, item.name, item.looked_at or item.gone_at)
        end
    end
    if numbers[1] then
        session:rows(("DELETE FROM dwsync_schedule WHERE item_no IN (%s)"):format(rows.numbers(numbers)))
        session:rows(([[DELETE FROM dwsync_verdicts WHERE %s AND NOT EXISTS (SELECT 1 FROM dwsync_schedule s
            WHERE s.kind = 'cluster' AND s.cluster_id = dwsync_verdicts.cluster_id)]]):format(
            rows.among("cluster_id", ids)))
    end
    return #ids, #numbers
end

local function remove_named(session, name, rest)
    local keys = {}
    for i, row in ipairs(first(session, { name }, rest, name)) do
        keys[i] = row[name]
    end
    if keys[1] then
        session:rows(("DELETE FROM %s WHERE %s"):format(rest:match "^%S+", rows.among(name, keys)))
    end
    return #keys
end

--- Removes what has been gone for long, so much at a time that nobody waits.
-- @tparam table session see dwsync.history.transaction
-- @tparam number before milliseconds since the epoch
-- @tparam[opt] boolean keeps_drained a collector that was asked to end stays, so that it is still asked
-- @treturn {clusters=integer,accounts=integer,collectors=integer} how many were removed
-- @treturn boolean whether there may be more
function M.prune(session, before, keeps_drained)
    local clusters, items = remove_items(session, before)
    local sum = { clusters = clusters,
        accounts = remove_named(session, "account", ACCOUNTS:format(literal(before), "")),
        collectors = remove_named(session, "name", collectors_before(before, keeps_drained)) }
    return sum, math.max(items, sum.accounts, sum.collectors) == BATCH
end

local function count(session, before)
    local function of(rest)
        return tonumber(session:rows("SELECT count(*) FROM " .. rest)[1][1])
    end
    local items = " AND NOT (s.state = 'gone' AND s.gone_at < %s)"
    return { clusters = of(ITEMS:format(literal(before)) .. " AND s.kind = 'cluster'"),
        accounts = of(ACCOUNTS:format(literal(before), items:format(literal(before)))),
        collectors = of(collectors_before(before)) }
end

local function add(sum, found)
    for name, number in pairs(found) do
        sum[name] = sum[name] + number
    end
end

--- Removes all of it, in a history that may have no fleet.
-- @tparam dwsync.history.store history
-- @tparam number before milliseconds since the epoch
-- @tparam[opt] table options `dry_run`: only counts; `keeps_drained`, see `prune`
-- @treturn ?{clusters=integer,accounts=integer,collectors=integer} how many
-- @treturn dwsync.error
-- @treturn {clusters=integer,accounts=integer,collectors=integer} how many were removed before
function M.prune_all(history, before, options)
    options = options or {}
    local sum = { clusters = 0, accounts = 0, collectors = 0 }
    local has_fleet, err = history_tables.run(history, "read", nil, function(session)
        return { schema.has(session, tables.part) }
    end)
    if not has_fleet or not has_fleet[1] then
        return has_fleet and sum, err, sum
    elseif not options.dry_run then
        history_tables.extend(history, names.part) -- where that fails, names stay in their rows
    end
    local goes_on
    repeat
        local found
        found, err = history_tables.run(history, options.dry_run and "read" or "write", false, function(session)
            if options.dry_run then
                return count(session, before)
            end
            local removed
            removed, goes_on = M.prune(session, before, options.keeps_drained)
            return removed
        end)
        if not found then
            return nil, err, sum
        end
        add(sum, found)
    until not goes_on
    return sum
end

return M
