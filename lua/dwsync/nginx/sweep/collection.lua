--- What one sweep collects: the records of every cluster, read at the same time; for a cluster that cannot be read the
-- previous records and the error.
-- It runs in a thread, where waiting is allowed, and must not write anything.
-- @module dwsync.nginx.sweep.collection
local checks = require "dwsync.checks"
local dwsync = require "dwsync"
local errors = require "dwsync.errors"
local health = require "dwsync.health"
local text = require "dwsync.text"

local M = {}

-- Hints name options as setup has them. The time limit of a sweep is its own, not the client's.
local function spell(name)
    return (name == "timeout" and "" or "client.") .. name .. " of setup"
end

local function as_error(value)
    if type(value) == "table" then
        local err = errors.from_core(value)
        err.hint = checks.spelled(err.hint, spell)
        return err
    end
    return errors.new { kind = "service", message = text.excerpt(tostring(value)),
        hint = "This is a defect of dwsync: please report it." }
end

-- Returns the clusters of the configuration or of the project, or when listing fails those of the last publication and
-- the error.
local function find_clusters(order)
    if order.clusters ~= "all" then
        return order.clusters
    end
    -- Gathered although it is a single request, because only gather can be stopped.
    local answers, errs = dwsync.gather({ function()
        return order.client:list_clusters { timeout = order.timeout }
    end }, { stop = order.stop, shared = true })
    local listed = answers[1]
    if not listed then
        return order.kept_clusters(), as_error(errs[1])
    end
    local clusters = {}
    for i, cluster in ipairs(listed) do
        clusters[i] = { id = tostring(cluster.id), name = type(cluster.name) == "string" and cluster.name or nil }
    end
    return clusters
end

local function read_all(order, clusters)
    local deadline = order.monotonic() + order.timeout
    local functions = {}
    for i, cluster in ipairs(clusters) do
        functions[i] = function()
            local left = deadline - order.monotonic()
            if left <= 0 or order.stop() then
                return nil, errors.new { kind = left <= 0 and "timeout" or "cancelled",
                    message = ("no time left to read cluster %s"):format(cluster.id) }
            end
            return order.client:all_sync_records { cluster_id = cluster.id, timeout = left }
        end
    end
    return dwsync.gather(functions, { concurrency = order.concurrency, stop = order.stop, shared = true })
end

local function item_of(order, cluster, list, err, now)
    local item = { cluster = cluster, records = list, fetched_at = now }
    if not list then
        item.error = as_error(err)
        item.records, item.fetched_at = order.kept_records(cluster.id)
    end
    if item.records then
        item.evaluation = health.evaluate(item.records, order.rules, now)
    end
    return item
end

--- Reads everything once.
-- @tparam table order `client`, `clusters` (a list, or "all"), `concurrency`, `timeout` (seconds for the whole),
-- `rules`, `now` and `monotonic` (functions), `stop` (function: whether to give up),
-- `kept_clusters` (function → list of clusters, or nil), `kept_records` (function(cluster id) → list of records, when
-- they were read; or nil)
-- @treturn table items for dwsync.health.overview, with `fetched_at` (seconds) where there are records and `error`
-- where those are old; or nil
-- @treturn dwsync.error why the clusters could not be listed, also beside items
function M.collect(order)
    local clusters, listing_err = find_clusters(order)
    if not clusters then
        return nil, listing_err
    end
    local lists, errs = read_all(order, clusters)
    local now, items = order.now(), {}
    for i, cluster in ipairs(clusters) do
        items[i] = item_of(order, cluster, lists[i], errs[i], now)
    end
    return items, listing_err
end

return M
