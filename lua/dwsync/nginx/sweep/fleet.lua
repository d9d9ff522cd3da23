--- What a sweep collects where collectors do the asking: the schedule of their database, and the records kept there.
-- A cluster is judged again when its newest page changed, or when time alone changes a verdict.
-- It must not ask the service, and writes nothing.
-- @module dwsync.nginx.sweep.fleet
local cluster_names = require "dwsync.cluster_names"
local errors = require "dwsync.errors"
local handled = require "dwsync.problems.handled"
local health = require "dwsync.health"
local histories = require "dwsync.history"
local metrics = require "dwsync.fleet.metrics"
local problems_store = require "dwsync.problems.store"
local quantities = require "dwsync.quantities"
local record_list = require "dwsync.nginx.sweep.record_list"
local schedules = require "dwsync.fleet.schedule"
local summaries = require "dwsync.fleet.summary"
local text = require "dwsync.text"

local M = {}

local FIX = "dwsync fleet status --history URL shows what the collectors do."

-- By cluster: `evaluation`, the `mark` of what it was made of, and the `digest` of the list that was to be published
-- with it. Lua states of other threads have their own.
local judged = { by_id = {} }

-- ---- the rows -------------------------------------------------------------------------------------

-- The clusters' rows, by id. Two accounts may see the same cluster: then who looked last counts.
local function clusters_of(status)
    local rows, position = {}, {}
    for _, row in ipairs(status.items) do
        if row.kind == "cluster" then
            local at = position[row.cluster_id] or #rows + 1
            if not rows[at] or (row.looked_at or 0) > (rows[at].looked_at or 0) then
                rows[at], position[row.cluster_id] = row, at
            end
        end
    end
    return rows
end

-- By how many milliseconds looks come late because the rate of their account cannot hold their interval.
local function delays_of(sum)
    local delays = {}
    for _, account in ipairs(sum.accounts) do
        delays[account.account] = math.max(0, (account.paced or 0) - (account.interval or 0)) * 1000
    end
    return delays
end

-- What keeps all clusters, or new ones, from being looked at.
local function trouble_of(status, sum)
    for _, row in ipairs(status.items) do
        if row.kind ~= "cluster" and row.failures > 0 then
            local err = errors.from_summary(row.error or "")
            err.message = ("account %s%s: its %s could not be listed: %s"):format(text.excerpt(row.account),
                row.kind == "place" and " in " .. text.excerpt(row.region) or "",
                row.kind == "place" and "clusters" or "projects", err.message)
            return err
        end
    end
    for _, account in ipairs(sum.accounts) do
        if account.state == "blocked" then
            return errors.new { kind = "auth", message = ("account %s is not asked for, since its key was refused: %s")
                :format(text.excerpt(account.account), text.excerpt(account.error or "no reason given")) }
        end
    end
    local seen
    for _, collector in ipairs(sum.collectors) do
        if collector.alive then
            return nil
        end
        seen = math.max(seen or collector.seen_at, collector.seen_at)
    end
    return errors.new { kind = "service", hint = FIX, message = seen and ("no collector of the fleet is running, the "
        .. "last one was seen at %s"):format(quantities.instant(seen)) or "no collector of the fleet has run yet" }
end

-- ---- the clusters ---------------------------------------------------------------------------------

-- Whether a look at a cluster ever succeeded.
local function is_known(row)
    return row.looked_at and (row.read_at or row.state == "disabled")
end

-- What a row says without the records. Times are the database's, which `to_ours` translates.
local function item_of(row, delay, to_ours, now)
    local failure = row.failures > 0 and errors.from_summary(row.error or "") or nil
    local cluster = { id = row.cluster_id, name = row.name }
    local item = { cluster = cluster, error = failure and errors.about(failure, { cluster_id = cluster.id,
        cluster = cluster.name }) }
    if is_known(row) then
        item.fetched_at = math.min(now, to_ours(row.looked_at))
        item.due_at = not failure and math.max(item.fetched_at, to_ours(row.due_at + delay)) or nil
    end
    if row.state == "disabled" then
        item.unread, item.seen_before = item.error, row.seen_at
        item.error = errors.feature_off(cluster)
    elseif not is_known(row) then
        item.error = item.error or errors.new { kind = "incomplete", hint = FIX,
            message = "no collector has looked at this cluster yet" }
    end
    return item
end

-- Judges by what is kept. Returns nil and an error when the database fails; damaged records are left out and noted.
local function judge(self, item, mark)
    local id, now = item.cluster.id, self.now
    local list, err, rest = self.history:together(id, {}, { now = now })
    if err and err.code ~= "damaged" then
        return nil, err
    end
    self.unread = self.unread or err and ("cluster %s: %s"):format(id, tostring(err)) or nil
    list = list or rest
    local pause = self.order.slices.pause
    local stepper = health.stepper(list, self.order.rules, now)
    repeat
        item.evaluation = stepper:step()
        pause()
    until item.evaluation
    item.text = record_list.write(list, pause)
    judged.by_id[id] = { mark = mark, evaluation = item.evaluation,
        digest = self.order.digest(record_list.newest(item.text, math.max(1, self.order.records))) }
    return true
end

-- Whether nothing has changed, neither by a look nor by time, and the list was really published.
local function is_current(known, mark, published, now)
    local next_at = known and known.evaluation.next_at
    return known and known.mark == mark and known.digest == published and not (next_at and now * 1000 >= next_at)
end

-- Adds the verdicts, of before where nothing changed. Without time left older ones must do.
local function complete(self, item, row)
    local id, order = item.cluster.id, self.order
    local known, mark = judged.by_id[id], ("%s %s"):format(row.page_mark or "", tostring(row.read_at))
    local published = order.digest_of(id)
    item.kept = published and function() return order.kept_text(id) end or nil
    if row.state == "disabled" or not is_known(row) then
        return true
    elseif is_current(known, mark, published, self.now) then
        item.evaluation = known.evaluation
        return true
    elseif order.monotonic() < self.till then
        return judge(self, item, mark)
    end
    item.evaluation = known and known.evaluation
    item.error = item.error or errors.new { kind = "timeout", message = ("no time left to judge cluster %s"):format(
        cluster_names.shown(item.cluster)), hint = "The next sweep goes on; raise timeout of setup." }
    return true
end

local function forget_others(rows)
    local by_id = {}
    for _, row in ipairs(rows) do
        by_id[row.cluster_id] = judged.by_id[row.cluster_id]
    end
    judged.by_id = by_id
end

local function read(order, history, till)
    local schedule, err = schedules.open(history)
    if not schedule then
        return nil, err
    elseif schedule.is_missing then
        return nil, errors.new { kind = "config", message = ("there is no fleet in %s"):format(history.context.shown),
            hint = "dwsync collect --fleet FILE makes one." }
    end
    local status, sum
    status, err = schedule:status()
    if status then
        sum, err = summaries.read(schedule)
    end
    if not sum then
        return nil, err
    end
    local rows, items = clusters_of(status), {}
    local delays, now = delays_of(sum), order.now()
    local ahead = math.floor(status.now / 1000 - now + 0.5) -- whole seconds: the same look keeps its time
    local self = { order = order, history = history, now = now, till = till }
    local function to_ours(ms)
        return ms / 1000 - ahead
    end
    for i, row in ipairs(rows) do
        if order.stop() then
            return nil, errors.new { kind = "cancelled", message = "nginx ends" }
        end
        order.slices.pause()
        items[i] = item_of(row, delays[row.account] or 0, to_ours, now)
        local good, failure = complete(self, items[i], row)
        if not good then
            return nil, failure
        end
    end
    forget_others(rows)
    local problems
    problems, err = problems_store.open(history)
    if problems then
        problems, err = problems:rows()
    end
    if not problems then
        return nil, err
    end
    handled.add(items, problems, status.now)
    return { items = items, err = trouble_of(status, sum), unread = self.unread, metrics = metrics.of_all(sum) }
end

--- Reads everything once.
-- @tparam string name of the order: evaluations of another one do not count
-- @tparam table order `fleet` (the history), `timeout` (seconds), `rules`, `records` (how many are published), `now`,
-- `monotonic`, `stop` (functions), `slices` (see dwsync.nginx.sweep.slices), `digest` (function(text) → short text),
-- `digest_of` and `kept_text` (function(cluster id): the digest of the list of records that is published, and that
-- list)
-- @treturn ?table `items` for dwsync.health.overview, as dwsync.nginx.sweep.collection has them, with `due_at`
-- (seconds: when the next look is due) and, in place of `text` where the published list is still true, `kept` (a
-- function that returns it); `err`: what keeps collectors from looking; `unread`: which records are damaged;
-- `metrics`: a text
-- @treturn dwsync.error why nothing could be read
function M.collect(name, order)
    if judged.name ~= name then
        judged = { name = name, by_id = {} }
    end
    local till = order.monotonic() + order.timeout
    local history, err = histories.open(order.fleet, { readonly = true, timeout = order.timeout, till = till })
    if not history then
        return nil, err
    end
    local result
    result, err = read(order, history, till)
    history:close()
    return result, err
end

return M
