--- Problems of a sweep: what it changes of them is kept in the history, and channels are told what they are owed.
-- It comes after the publication, which waits for nobody; what the time did not suffice for waits for the next sweep.
-- @module dwsync.nginx.sweep.telling
local channels_of = require "dwsync.problems.channels"
local checks = require "dwsync.checks"
local delivery = require "dwsync.problems.delivery"
local errors = require "dwsync.errors"
local files = require "dwsync.files"
local findings = require "dwsync.problems.findings"
local history_tables = require "dwsync.history.tables"
local problems = require "dwsync.problems"
local problems_store = require "dwsync.problems.store"
local runtimes = require "dwsync.runtime"
local settings = require "dwsync.problems.settings"

local M = {}

local MOST_SENDING = 30 -- seconds: the next sweep must not wait for a receiver that is slow

--- The problems that this history keeps, whichever program wrote them.
-- @tparam dwsync.history.store history
-- @treturn ?{dwsync.problem,...} none where nobody does
-- @treturn dwsync.error
function M.rows(history)
    local kept, err = history_tables.run(history, "read", nil, function(session)
        return { session:rows(session.table_query:format "dwsync_problems")[1] ~= nil }
    end)
    if not kept or not kept[1] then
        return kept and {}, err
    end
    local store, rows
    store, err = problems_store.open(history)
    if store then
        rows, err = store:rows()
    end
    return rows, not rows and err or nil
end

-- A cluster that could not be read now is judged by its older records: that is shown, but nobody is notified of it. A
-- name that matches no cluster would be a problem that never ends: it belongs to the listing.
local function asked_now(order, items, listing)
    local list = {}
    for _, item in ipairs(items) do
        local err = item.unread or not errors.is_feature_off(item.error) and item.error or nil
        list[#list + 1] = not item.is_unknown and (err and { cluster = item.cluster, severity = "unknown",
            error = err } or item) or nil
    end
    if listing then
        table.insert(list, findings.listing(order.client:option "region" or "this endpoint", listing.error))
    end
    return list
end

local function open(order)
    local alerts, err = settings.check(order.alerts)
    local world = { read_file = files.read, getenv = function(name) return order.environment[name] end,
        client = order.client_options, link = alerts and alerts.link }
    local list = {}
    for i, name in ipairs(checks.names(alerts and alerts.channels or {})) do
        list[i], err = channels_of.open(name, alerts.channels[name], world)
        if not list[i] then
            return nil, err
        end
    end
    return alerts and list, alerts and problems.plan(alerts.routes, list) or err
end

local function of_clusters(items)
    local looked_at = {}
    for _, item in ipairs(items) do
        looked_at[item.cluster.id] = true
    end
    return function(row)
        return looked_at[row.cluster_id] or false
    end
end

local function tell(order, history, items, till, told)
    local store, err = problems_store.open(history)
    if not store then
        return nil, err
    end
    local list, plan = open(order)
    if not list then
        return nil, plan
    end
    local function now()
        return math.floor(order.now() * 1000)
    end
    local seen
    seen, err = problems.look(store, items, { least = "warning", plan = plan }, now())
    if not seen then
        return nil, err
    end
    local runtime = runtimes.complete(runtimes.new())
    return delivery.new({ store = store, channels = list, plan = plan, name = "nginx:" .. order.owner,
        runtime = runtime, now = now, every = order.interval, seen = seen, is_meant = of_clusters(items),
        failed = function(message, _, _, outcome)
            if outcome == "later" or not outcome then
                told.trouble = told.trouble or message
            else
                table.insert(told.lost, message)
            end
        end }):run(runtime.monotonic() + math.min(MOST_SENDING, till - order.monotonic()))
end

--- Keeps and tells.
-- @tparam table order `alerts` (as setup was given them), `environment`, `client`, `client_options`, `interval`,
-- `owner`, `now`, `monotonic`
-- @tparam dwsync.history.store history
-- @tparam {table,...} items of an overview
-- @tparam ?table listing see dwsync.nginx.sweep.collection
-- @tparam number till when the sweep should have ended
-- @treturn table `trouble`: what goes wrong as long as it does, a text; `lost`: a list of texts: what was refused for
-- good
function M.tell(order, history, items, listing, till)
    local told = { lost = {} }
    local done, err = tell(order, history, asked_now(order, items, listing), till, told)
    if not done then
        told.trouble = tostring(err)
    end
    return told
end

return M
