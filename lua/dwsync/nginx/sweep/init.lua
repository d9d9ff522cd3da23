--- A sweep: reads everything, judges it, and publishes the finished texts. It runs in nginx's thread pool; where nginx
-- has none, in the event loop, in slices.
-- It must not require anything while it is loaded: nginx loads it in the event loop, but runs it in the thread.
-- @module dwsync.nginx.sweep
local M = {}

-- How long a sweep waits for answers on their way when nginx ends, so that a refusal of the key is counted.
local GRACE_SECONDS = 0.5

local NICENESS = 10
local MOST_TRACES = 1000 -- LuaJIT's own limit; OpenResty's has 8000
local LEAST_SECONDS = 1 -- for the history, however long the rest took
local READING_SHARE = 0.25 -- of a sweep's time: a history that hangs must not hold up what was read for longer

-- One client for all sweeps of this Lua state: it knows the project, the clock's error and which endpoint answers.
local client_of_order = {}

-- Whether this worker process is about to end. The thread's own Lua has no ngx.worker.
local function exiting_probe()
    local found, ffi = pcall(require, "ffi")
    if not found then
        return function() return false end
    end
    pcall(ffi.cdef, "extern int ngx_terminate, ngx_quit; extern uintptr_t ngx_exiting;")
    local known = pcall(function() return ffi.C.ngx_terminate, ffi.C.ngx_quit, ffi.C.ngx_exiting end)
    return function()
        return known and (ffi.C.ngx_terminate ~= 0 or ffi.C.ngx_quit ~= 0 or ffi.C.ngx_exiting ~= 0)
    end
end

local function stop_after_grace(is_exiting, monotonic)
    local since
    return function()
        since = since or is_exiting() and monotonic() or nil
        return since ~= nil and monotonic() >= since + GRACE_SECONDS
    end
end

local function client_for(text, order, tally)
    if client_of_order.text ~= text then
        local given = {}
        for name, value in pairs(order.client) do
            given[name] = value
        end
        given.getenv = function(name) return order.environment[name] end
        given.on_event = function(event) client_of_order.tally:observe(event) end
        local client, err = require("dwsync").new(given)
        if not client then
            return nil, err
        end
        client_of_order.text, client_of_order.client = text, client
    end
    client_of_order.tally = tally
    return client_of_order.client
end

-- The clusters of the current publication, as the handlers see them, and what it holds.
local function published(store, pause)
    local number = store:current()
    local contents = number and store:contents(number, pause) or {}
    local pieces = store:pieces(contents, "facts", pause)
    return require("dwsync.nginx.shared.snapshot").decode_facts(pieces or {}, pause), contents
end

local function with_what_was_kept(order, store)
    local by_id, clusters, contents = {}, order.slices.alone(published, store, order.slices.pause)
    for _, cluster in ipairs(clusters) do
        by_id[cluster.id] = cluster
    end
    function order.kept_clusters()
        return clusters[1] and clusters
    end
    function order.kept_cluster(id)
        return by_id[id]
    end
    order.digest = ngx.md5
    function order.digest_of(id)
        local entry = contents["records:" .. id]
        return entry and entry.digest
    end
    function order.kept_text(id)
        return store:document(contents, "records:" .. id)
    end
    function order.kept_records(id)
        local text, cluster = order.kept_text(id), by_id[id]
        if text and cluster and cluster.fetched_at then
            return text, cluster.fetched_at / 1000
        end
    end
end

-- Returns the history, or nil and an error; and until when it may take.
local function open_history(order, till)
    local left = math.max(LEAST_SECONDS, till - order.monotonic())
    till = order.monotonic() + left
    local store, err = require("dwsync.history").open(order.history, { timeout = left, till = till,
        show_accounts = order.show_accounts })
    return store, err, till
end

-- What clusters are judged by: what the service gave together with what is kept; and whether anything is kept of those
-- that are switched off. Without a history, and after its first failure, what the service gave. Returns a function that
-- ends the reading, and returns what went wrong, as a text.
local function with_history(order)
    local store, failure, till
    local given_up = not order.history
    local function give_up(reason)
        given_up, failure = true, failure or reason
    end
    local function open()
        local err
        store, err, till = open_history(order, order.monotonic() + READING_SHARE * order.timeout)
        if not store then
            give_up(tostring(err))
        end
    end
    -- What `read` returns, when the history can still be asked.
    local function ask(what, read)
        if not given_up and not store then
            open()
        elseif not given_up and order.monotonic() > till then
            give_up "the sweep had no time left"
        end
        if given_up then
            return nil
        end
        local list, err, rest = read()
        if err and err.code ~= "damaged" then
            give_up(("%s: %s"):format(what, tostring(err)))
        elseif err then
            failure = failure or ("%s: %s"):format(what, tostring(err))
        end
        return list or rest
    end
    function order.with_history(id, records, now)
        return ask("cluster " .. id, function() return store:together(id, records, { now = now }) end) or records
    end
    function order.seen_in_history(id, now)
        local newest = (ask("cluster " .. id, function()
            return store:records { cluster_id = id, limit = 1 }
        end) or {})[1]
        return newest and (newest.start_time or newest.end_time or now * 1000)
    end
    -- Who acknowledged or silenced what, in nginx or elsewhere.
    function order.kept_problems()
        return ask("alerts", function() return require("dwsync.nginx.sweep.telling").rows(store) end) or {}
    end
    return function()
        if store then
            store:close()
        end
        return failure
    end
end

-- What the service calls a cluster; what setup does counts while nothing else is known.
local function naming(cluster, clusters)
    for _, entry in ipairs(type(clusters) == "table" and clusters or {}) do
        if entry.id == cluster.id then
            return { spare_name = entry.name }
        end
    end
    return { name = cluster.name }
end

-- Keeps who is in a cluster's database, when a run may have changed that. Returns what went wrong, which keeps no
-- records from being kept.
local function save_accounts(order, store, item, records, till)
    local is_due, err = require("dwsync.history.accounts").is_due(store, item.cluster.id, records)
    if is_due then
        is_due, err = store:pull_accounts(item.cluster.id, function()
            return order.client:all_database_users { cluster_id = item.cluster.id,
                timeout = math.max(LEAST_SECONDS, till - order.monotonic()) }
        end)
    end
    return is_due == nil and err or nil
end

local function about(cluster, err)
    return ("cluster %s: %s"):format(require("dwsync.cluster_names").shown(cluster), tostring(err))
end

-- Keeps what was read. Returns what went wrong, as a text.
local function save_records(order, store, items, till)
    local unlisted
    for _, item in ipairs(items) do
        local saved, save_err = item.error or not item.text, "the sweep had no time left"
        if not saved and order.monotonic() < till then
            local records = require("dwsync.nginx.sweep.record_list").read(item.text, order.slices.pause)
            saved, save_err = store:save(item.cluster.id, records, naming(item.cluster, order.clusters))
            local failed = saved and order.list_accounts and save_accounts(order, store, item, records, till)
            unlisted = unlisted or failed and about(item.cluster, failed) or nil
        end
        if not saved then
            return about(item.cluster, save_err)
        end
    end
    return unlisted
end

-- Keeps what was read for longer, and tells what is owed of it, in the time that is left of the sweep's. Returns what
-- went wrong with the history, as a text, and what with the telling.
local function save_history(order, read, overview, till)
    local store, err
    store, err, till = open_history(order, till)
    if not store then
        return tostring(err), order.alerts and { trouble = "nothing can be told: the history cannot be opened" }
    end
    local failed = save_records(order, store, read.items or {}, till)
    local told = order.alerts and require("dwsync.nginx.sweep.telling").tell(order, store,
        overview and overview.clusters or {}, read.listing, math.max(till, order.monotonic() + LEAST_SECONDS))
    store:close()
    return failed, told
end

-- Why a cluster could not be read: that its synchronisation is off is an answer.
local function failure_of(item)
    return item.unread or not require("dwsync.errors").is_feature_off(item.error) and item.error or nil
end

-- How a sweep went: its outcome, the first thing that went wrong, and the pause that the service asks for.
local function summary_of(items, listing_err)
    local errors, cluster_names = require "dwsync.errors", require "dwsync.cluster_names"
    local failed, first, pause = 0, listing_err and tostring(listing_err), nil
    for _, item in ipairs(items or {}) do
        local err = failure_of(item)
        if err then
            failed = failed + 1
            first = first or ("cluster %s: %s %s"):format(cluster_names.shown(item.cluster), errors.summary(err, true),
                err.hint)
            pause = math.max(pause or 0, err.retry_after or 0)
        end
    end
    local outcome = not first and "complete" or (not items or failed == #items) and "failed" or "partial"
    if failed > 1 then
        first = ("%d of %d clusters could not be read; %s"):format(failed, #items, first)
    end
    return { outcome = outcome, message = first, retry_after = pause }
end

-- What is new about clusters being switched off, to be logged once.
local function changes_of(items, order)
    local errors, names, list = require "dwsync.errors", require "dwsync.cluster_names", {}
    for _, item in ipairs(order.rules.disabled ~= false and items or {}) do
        local before = order.kept_cluster(item.cluster.id) or {}
        local was, is = errors.is_feature_off(before.error), errors.is_feature_off(item.error)
        if is and not was then
            list[#list + 1] = ("cluster %s: %s"):format(names.shown(item.cluster),
                require("dwsync.health.disabled").reason(item))
        elseif was and not item.error then
            list[#list + 1] = ("cluster %s: synchronisation is on"):format(names.shown(item.cluster))
        end
    end
    return list[1] and list
end

-- Those of the fleet that went, to be logged once: the service no longer has them, or the inventory leaves them out.
local function add_gone(list, items, order)
    local there = {}
    for _, item in ipairs(items) do
        there[item.cluster.id] = true
    end
    for _, cluster in ipairs(order.kept_clusters() or {}) do
        if not there[cluster.id] then
            list = list or {}
            list[#list + 1] = ("cluster %s is no longer in the fleet"):format(
                require("dwsync.cluster_names").shown(cluster))
        end
    end
    return list
end

local function report_full_memory(summary, missing, documents, store)
    local bytes = 0
    for _, document in ipairs(documents) do
        bytes = bytes + (document.length or 0)
    end
    local usage = store:usage()
    summary.memory = ("lua_shared_dict is too small: it has %d bytes, %d free, for %d bytes of documents; %s; make it "
        .. "at least %dm"):format(usage.capacity, usage.free, bytes, missing, math.ceil(2.5 * bytes / 2 ^ 20) + 1)
end

local function guard_key(order)
    local digest = function(secret) return ngx.encode_base64(ngx.hmac_sha1(order.dict, secret)) end
    return require("dwsync.request.key_guard").shared, digest
end

-- Refusals are counted across workers and reloads, because the service does not tell those apart.
local function restore_guard(order, store)
    local guard, digest = guard_key(order)
    local text = store:get_state "guard"
    guard:restore(text and require("dwsync.json").decode(text) or {}, digest)
end

local function save_guard(order, store)
    local guard, digest = guard_key(order)
    local refused = guard:refused(digest)
    store:set_state("guard", refused[1] and require("dwsync.json").encode(refused) or nil)
end

-- Publishes what was collected, and notes in the summary what did not fit. How the sweep went is noted in the moment
-- before: who reads both finds them of one sweep.
local function publish(read, overview, order, store, may_go_on, summary)
    local write = require("dwsync.nginx.sweep.outcome").write
    local pause = order.slices.pause
    local documents = order.slices.alone(require("dwsync.nginx.sweep.publication").documents, overview, order.records,
        order.digest, read.metrics, pause)
    local contents, missing = order.slices.alone(store.publish, store, documents, function()
        local may = may_go_on()
        if may then
            write(store, summary, order.now())
        end
        return may
    end, pause)
    if not contents then
        summary.outcome, summary.message = "failed", "nothing was published: " .. missing
        if missing == "no memory" then
            report_full_memory(summary, "the last publication stays", documents, store)
        end
    elseif missing[1] then
        report_full_memory(summary, "not updated: " .. table.concat(missing, ", "), documents, store)
    end
    return contents and not missing[1]
end

local function finish(read, order, store, may_go_on, summary, till)
    if not may_go_on() then
        return
    end
    summary.history = order.history and store:get_state "history" -- of the sweep before, until it is tried again
    local overview = read.items and order.slices.alone(require("dwsync.health").overview, read.items, order.now(),
        order.rules, order.slices.pause)
    local is_written = overview and publish(read, overview, order, store, may_go_on, summary)
    -- After the publication: a history that hangs, or a receiver, must not hold up what was read.
    local told
    summary.history = nil
    if order.history and (overview or order.alerts) then
        summary.history, told = save_history(order, read, overview, till)
    end
    if order.alerts then
        summary.alerts, summary.alerts_lost = told.trouble, told.lost
    end
    if (not is_written or order.history or summary.history) and may_go_on() then
        require("dwsync.nginx.sweep.outcome").write(store, summary, order.now())
    end
end

-- When cores are scarce the event loop goes first. On Linux this is the priority of the thread alone, and it stays with
-- the thread: use its pool only for work that can wait.
local function step_back()
    local found, ffi = pcall(require, "ffi")
    if found then
        pcall(ffi.cdef, "int setpriority(int which, unsigned int who, int priority);")
        pcall(function() ffi.C.setpriority(0, 0, NICENESS) end)
    end
end

-- nginx keeps this Lua state, and that keeps what was compiled, some 3 KiB for each way through the code: every new
-- failure adds to it. Beyond the limit LuaJIT starts afresh.
local function bound_compiled_code()
    local found, options = pcall(require, "jit.opt")
    if found then
        options.start("maxtrace=" .. MOST_TRACES)
    end
end

-- Both return nil and a text when nothing can be asked at all; else `items`, `err`, `unread`, `metrics`.
local function ask_service(text, order, store, tally)
    local client, err = client_for(text, order, tally)
    if not client then
        return nil, tostring(err)
    end
    order.client_options, order.client = order.client, client
    restore_guard(order, store)
    local end_reading = with_history(order)
    local items, listing_err, listing = require("dwsync.nginx.sweep.collection").collect(order)
    if items and order.history then
        require("dwsync.problems.handled").add(items, order.kept_problems(), math.floor(order.now() * 1000))
    end
    local unread = end_reading()
    save_guard(order, store)
    return { items = items, err = listing_err, listing = listing, unread = unread }
end

local function ask_fleet(text, order)
    local read, err = require("dwsync.nginx.sweep.fleet").collect(text, order)
    return read or { err = err }
end

-- A sweep that ended before it could ask: the handlers, too, must say why.
local function failed_early(message, store, held)
    local summary = { outcome = "failed", message = message }
    if held:is_ours() then
        require("dwsync.nginx.sweep.outcome").write(store, summary, require("dwsync.core").now())
    end
    return summary
end

local function run(text, held, store, order)
    local function may_go_on()
        return held:is_ours()
    end
    local core = require "dwsync.core"
    local is_exiting = order.is_exiting
    local tally = require("dwsync.nginx.sweep.tally").read(store:get_state "tally")
    local started = core.monotonic()
    order.now, order.monotonic = core.now, core.monotonic
    order.stop = stop_after_grace(is_exiting, core.monotonic)
    with_what_was_kept(order, store)
    local read, reason = (order.fleet and ask_fleet or ask_service)(text, order, store, tally)
    if not read then
        return failed_early(reason, store, held)
    end
    order.slices.pause()
    local summary = is_exiting() and { outcome = "cancelled" } or summary_of(read.items, read.err)
    summary.history_unread, summary.changes = read.unread, changes_of(read.items, order)
    if order.fleet and read.items then
        summary.changes = add_gone(summary.changes, read.items, order)
    end
    summary.seconds = core.monotonic() - started
    tally:add("sweep:" .. summary.outcome)
    store:set_state("tally", tally:text())
    if summary.outcome ~= "cancelled" then
        finish(read, order, store, may_go_on, summary, started + order.timeout)
    end
    return summary
end

local function guarded(text, owner, prepare)
    local json = require "dwsync.json"
    local order = json.decode(text)
    local dict = ngx.shared[order.dict]
    local store = require("dwsync.nginx.shared.store").new(dict)
    local held = require("dwsync.nginx.shared.lease").new(dict, owner, nil, require("dwsync.core").monotonic)
    order.owner = owner
    prepare(order)
    local good, summary = xpcall(run, debug.traceback, text, held, store, order)
    return good and summary or failed_early("defect in dwsync: " .. tostring(summary), store, held)
end

local function prepare_for_thread(order)
    step_back()
    bound_compiled_code()
    order.is_exiting, order.slices = exiting_probe(), require("dwsync.nginx.sweep.slices").none
end

-- Nothing of a sweep may outlive this function: what `run` still had in a local could not be collected there.
local function text_of_sweep(text, owner)
    return require("dwsync.json").encode(guarded(text, owner, prepare_for_thread))
end

--- One sweep, in a thread.
-- @tparam string text what dwsync.nginx.settings made for threads
-- @tparam string owner who has the lease; without it nothing is published
-- @treturn string JSON: `outcome` ("complete", "partial", "failed", "cancelled"), `message` (what went wrong first),
-- `memory` (what the dict is too small for), `history` (why it was not written), `history_unread` (why clusters were
-- judged without it), `alerts` (what keeps channels from being told), `alerts_lost` (what was refused for good: a list
-- of texts), `changes` (clusters that were switched off or on: a list of texts), `retry_after` and `seconds`
function M.run(text, owner)
    local summary = text_of_sweep(text, owner)
    -- From 0.10.27 on nginx's Lua module collects all garbage of this state in the event loop: leave it little to do.
    -- Compiled code holds on to tables that it was compiled for: 12 MB of 500 clusters.
    if rawget(_G, "jit") then
        jit.flush()
    end
    collectgarbage()
    return summary
end

local function prepare_for_event_loop(order)
    order.is_exiting, order.slices = ngx.worker.exiting, require("dwsync.nginx.sweep.slices").of_event_loop()
end

--- One sweep in the event loop, for an nginx without threads: in a timer, since it waits.
-- @tparam string text
-- @tparam string owner
-- @treturn table the summary that `run` returns as JSON
function M.run_in_event_loop(text, owner)
    return guarded(text, owner, prepare_for_event_loop)
end

return M
