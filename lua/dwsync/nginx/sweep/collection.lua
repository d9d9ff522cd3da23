--- What one sweep collects: every cluster, read at the same time, is judged when its records are there; for a cluster
-- that cannot be read the previous records and the error.
-- It runs in a thread, or in light threads of the event loop, and must not write anything. It must not hold the records
-- of more clusters than are being read: of the others it keeps a text.
-- @module dwsync.nginx.sweep.collection
local checks = require "dwsync.checks"
local cluster_names = require "dwsync.cluster_names"
local dwsync = require "dwsync"
local errors = require "dwsync.errors"
local health = require "dwsync.health"
local record_list = require "dwsync.nginx.sweep.record_list"
local text = require "dwsync.text"

local M = {}

local LIST_SERVES = 300 -- seconds for which the list of clusters serves to look up names

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

-- The project's clusters, or nil and an error. Gathered although it is a single request, because only gather can be
-- stopped.
local function list_clusters(order, max_age)
    local answers, errs = dwsync.gather({ function()
        return order.client:list_clusters { timeout = order.timeout, max_age = max_age }
    end }, { stop = order.stop, shared = true })
    if not answers[1] then
        return nil, as_error(errs[1])
    end
    local clusters = {}
    for i, cluster in ipairs(answers[1]) do
        clusters[i] = { id = tostring(cluster.id), name = type(cluster.name) == "string" and cluster.name or nil }
    end
    return clusters
end

-- The clusters of the last publication that were read at least once: those that are sure to be there.
local function read_before(order)
    local list = {}
    for _, cluster in ipairs(order.kept_clusters() or {}) do
        list[#list + 1] = cluster.fetched_at and { id = cluster.id, name = cluster.name } or nil
    end
    return list[1] and list
end

-- Whether the service has to say which clusters are meant.
local function has_words(order)
    if order.clusters == "all" then
        return true
    end
    for _, entry in ipairs(order.clusters) do
        if type(entry) == "string" then
            return true
        end
    end
    return false
end

-- What words are looked up in, or nil and why it cannot be had.
local function source_of(order)
    if has_words(order) then
        local list, err = list_clusters(order, LIST_SERVES)
        list = list or read_before(order)
        return list and { place = "at the service", list = list }, err
    end
end

local function not_looked_up(word, err)
    return errors.new { kind = err.kind, hint = err.hint, retry_after = err.retry_after,
        message = ("the cluster '%s' could not be looked up: %s"):format(word, err.message) }
end

-- The clusters that the configuration names, those that it gives by id among them. A word that means none stays in the
-- list, with its error: a name that is mistyped must not look as if all were well.
local function find_named(order)
    local source, listing_err = source_of(order)
    local clusters, unknown, seen = {}, {}, {}
    local function add(cluster, problem)
        if not seen[cluster.id] then
            clusters[#clusters + 1], seen[cluster.id] = cluster, true
            unknown[#clusters] = problem
        end
    end
    for _, entry in ipairs(order.clusters) do
        if type(entry) == "table" then
            add(entry)
        elseif not source then
            add({ id = entry }, not_looked_up(entry, listing_err))
        else
            local found, problem = cluster_names.choose({ entry }, { source })
            for _, cluster in ipairs(found or {}) do
                add(cluster)
            end
            if not found then
                add({ id = entry }, errors.new(problem))
            end
        end
    end
    return clusters, source and listing_err, unknown
end

-- Returns the clusters of the configuration or of the project, or when listing fails those of the last publication and
-- the error; and by their number those that are none, each with what is wrong.
local function find_clusters(order)
    if order.clusters ~= "all" then
        return find_named(order)
    end
    local clusters, err = list_clusters(order)
    return clusters or order.kept_clusters(), err, {}
end

-- When the newest run that was ever seen of a cluster began, in milliseconds, by what was published; where no run had a
-- time, when it was read.
local function seen_in(before)
    local newest = before.seen_before
    for _, source in ipairs(before.sources or {}) do
        newest = math.max(newest or 0, source.last_run or 0)
    end
    return newest == 0 and before.fetched_at or newest
end

-- A cluster that gave no records: with those of before, or switched off. One that was is taken to be so still while it
-- cannot be read.
local function without_list(order, cluster, err, now)
    local item = { cluster = cluster }
    local before = order.kept_cluster(cluster.id) or {}
    item.error = errors.about(as_error(err), { cluster_id = cluster.id, cluster = cluster.name })
    item.text, item.fetched_at = order.kept_records(cluster.id)
    item.seen_before = seen_in(before)
    if errors.is_feature_off(item.error) then
        item.fetched_at = now
        item.seen_before = item.seen_before or order.seen_in_history(cluster.id, now)
    elseif errors.is_feature_off(before.error) then
        item.unread, item.error = item.error, errors.new(before.error)
        item.fetched_at = before.fetched_at / 1000
    end
    return item
end

local function judge(order, item, records, now)
    local stepper = health.stepper(order.with_history(item.cluster.id, records, now), order.rules, now)
    repeat
        item.evaluation = stepper:step()
        order.slices.pause()
    until item.evaluation
end

-- What is published of a list, and judged by it alone.
local function item_of(order, cluster, list)
    local item = { cluster = cluster, text = record_list.write(list, order.slices.pause), fetched_at = order.now() }
    order.slices.pause()
    if not order.history then
        judge(order, item, list, item.fetched_at)
    end
    return item
end

local function look(order, cluster, deadline)
    local left = deadline - order.monotonic()
    if left <= 0 or order.stop() then
        return nil, errors.new { kind = left <= 0 and "timeout" or "cancelled",
            message = ("no time left to read cluster %s"):format(cluster_names.shown(cluster)) }
    end
    local list, err = order.client:all_sync_records { cluster_id = cluster.id, timeout = left }
    if not list then
        return nil, err
    end
    return order.slices.alone(item_of, order, cluster, list)
end

-- A history answers one question at a time, and what could not be read is known to be so only at the end: such clusters
-- are judged after the others, each by the records of its text.
local function look_at_all(order, clusters, unknown)
    local deadline, functions = order.monotonic() + order.timeout, {}
    order.slices.pause()
    for i, cluster in ipairs(clusters) do
        functions[i] = function()
            if unknown[i] then
                return nil, unknown[i]
            end
            return order.slices.list(look, order, cluster, deadline)
        end
    end
    order.slices.part()
    local items, errs = dwsync.gather(functions, { concurrency = order.concurrency, stop = order.stop, shared = true })
    local now = order.now()
    for i, cluster in ipairs(clusters) do
        local item = items[i] or without_list(order, cluster, errs[i], now)
        item.is_unknown = unknown[i] ~= nil or nil
        if item.text and not item.evaluation and not errors.is_feature_off(item.error) then
            judge(order, item, record_list.read(item.text, order.slices.pause), now)
        end
        items[i] = item
    end
    return items
end

--- Reads everything once.
-- @tparam table order `client`, `clusters` ("all", or a list: {id =, name =} and words), `concurrency`, `timeout`
-- (seconds for the whole), `rules`, `history` (its place, if there is one), `now` and `monotonic` (functions), `stop`
-- (function: whether to give up), `slices` (see dwsync.nginx.sweep.slices), `with_history` (function(cluster id,
-- records, now) → the records to judge it by), `seen_in_history` (function(cluster id, now) → when the newest record
-- was, in milliseconds, or nil), `kept_clusters` (function → list of clusters, or nil), `kept_cluster`
-- (function(cluster id) → one of them, or nil), `kept_records` (function(cluster id) → the text of its records, when
-- they were read; or nil)
-- @treturn table items for dwsync.health.overview, with `text` (see dwsync.nginx.sweep.record_list) and `fetched_at`
-- (seconds) where there are records, and `error` where those are old; where synchronisation is off, `fetched_at` is
-- when the service said so, and `unread` why it could not be asked again; `is_unknown`: its id is a word that means no
-- cluster; or nil
-- @treturn dwsync.error why the clusters could not be listed, also beside items
-- @treturn ?table where clusters are listed: `error`, why not all that are meant are known
function M.collect(order)
    local clusters, listing_err, unknown = find_clusters(order)
    local listing = has_words(order) and { error = listing_err or select(2, next(unknown)) } or nil
    if not clusters then
        return nil, listing_err, listing
    end
    return look_at_all(order, clusters, unknown), listing_err, listing
end

return M
