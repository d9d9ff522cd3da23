--- One look at one cluster: ask for its newest page, and do no more than what that page makes necessary.
--
-- The same page as last time, while no verdict changes by time alone, is a look that changes nothing: its bytes are not
-- even decoded. A page counts for what is new only while its records come in descending order and its oldest is kept
-- already; otherwise, and every few hours for records that were revised, the whole list is read.
-- It must not write: what a look found is completed in one transaction by dwsync.fleet.schedule.
-- @module dwsync.fleet.look
local disabled = require "dwsync.health.disabled"
local errors = require "dwsync.errors"
local history_accounts = require "dwsync.history.accounts"
local health = require "dwsync.health"
local history_tables = require "dwsync.history.tables"
local merge = require "dwsync.history.merge"

local M = {}

--- How many records a look asks for.
M.PAGE = 20

--- After how long the whole list is read again, milliseconds.
M.WHOLE_EVERY = 6 * 3600 * 1000

local function start_of(record)
    return type(record.start_time) == "number" and record.start_time or nil
end

local function is_descending(records)
    local last = math.huge
    for _, record in ipairs(records) do
        local start = start_of(record)
        if not start or start > last then
            return false
        end
        last = start
    end
    return true
end

local function newest_start(records)
    local newest
    for _, record in ipairs(records) do
        newest = math.max(newest or -math.huge, start_of(record) or -math.huge)
    end
    return newest ~= -math.huge and newest or nil
end

-- What a page tells without the rest: nothing, unless it joins what is kept.
local function joins(context, item, page)
    local records = page.sync_records
    if not item.read_at or context.now() >= item.read_at + M.WHOLE_EVERY or #records == 0 then
        return false
    elseif not is_descending(records) then
        return false
    end
    return history_tables.has(context.history, item.cluster_id, records[#records])
end

local function is_due_by_time(item, now)
    return item.next_at and item.next_at > 0 and now >= item.next_at
end

-- The first failure may begin a problem, and the end of its patience; those in between change nothing.
local function failed(context, item, err)
    return { failure = err, error = errors.summary(err, true), retry_after = err.retry_after,
        changed = item.failures == 0 or is_due_by_time(item, context.now()) }
end

-- The database failed, not the cluster: somebody looks again.
local function given_up(err)
    return { failure = err, given_up = true }
end

local function off(context, item, err)
    local seen, failure = item.seen_at, nil
    if not seen then
        seen, failure = history_tables.last_start(context.history, item.cluster_id)
    end
    if seen == nil then
        return given_up(failure)
    end
    local verdicts, severity = disabled.of({ cluster = { id = item.cluster_id, name = item.name }, error = err,
        seen_before = seen or nil }, context.rules.disabled)
    return { failure = err, error = errors.summary(err, true), disabled = true, changed = true, verdicts = verdicts,
        severity = severity, seen_at = seen or nil }
end

local function unanswered(context, item, err)
    return (errors.is_feature_off(err) and off or failed)(context, item, err)
end

-- Judges what is kept together with what has come.
local function judge(context, item, records)
    local now = context.now() / 1000
    local all, err, rest = context.history:together(item.cluster_id, records, { now = now })
    if not all and err.code ~= "damaged" then
        return nil, err -- a page alone says too little
    end
    return health.evaluate(all or rest, context.rules, now)
end

local function changed(context, item, records, result)
    local evaluation, err = judge(context, item, records)
    if not evaluation then
        return given_up(err)
    end
    result.page = records[1] and merge.read(records) or nil
    result.evaluation, result.severity, result.changed = evaluation, evaluation.severity, true
    result.seen_at = newest_start(records)
    return result
end

-- Whether a run has ended since the last look that made or dropped accounts. The service's clock is not the database's.
local SLACK = 5 * 60000

local function has_changed_accounts(item, records)
    for _, record in ipairs(records) do
        local ended = type(record.end_time) == "number" and record.end_time or 0
        if ended > (item.looked_at or 0) - SLACK and (record.add_count or 0) + (record.delete_count or 0) > 0 then
            return true
        end
    end
    return false
end

-- Who is in the database, when something may have changed there, and whenever the whole list of records is read. What
-- goes wrong there is not the look's failure.
local function look_at_accounts(context, item, records, result)
    if not context.list_accounts or not result.changed or result.failure
        or not (result.read_whole or has_changed_accounts(item, records)) then
        return result
    end
    local began = context.now()
    local list, err = context.client:all_database_users { cluster_id = item.cluster_id, timeout = context.timeout }
    if list then
        result.requests = result.requests + list.pages
        result.accounts, err = history_accounts.read(list, began, context.now())
    end
    result.accounts_failure = err
    return result
end

--- Looks at a cluster.
-- @tparam table context `client`, `history` (a store), `rules`, `rules_mark` (see dwsync.fleet.inventory), `timeout`
-- (seconds), `now()`: milliseconds by the database's clock; `list_accounts`: whether to look who is in the database
-- @tparam table item what dwsync.fleet.schedule claimed
-- @treturn table result for its completion: `changed` when there is something to save; `error` and `failure` when the
-- cluster could not be asked; `given_up` when the database failed, so that the look was in vain; `accounts`, see
-- dwsync.history.accounts.read, or `accounts_failure`
function M.at(context, item)
    local page, err = context.client:newest_page { cluster_id = item.cluster_id, limit = M.PAGE,
        timeout = context.timeout }
    if not page then
        return unanswered(context, item, err)
    end
    local result = { mark = page.mark .. (context.rules_mark or ""), requests = 1 }
    local is_old = item.read_at and context.now() >= item.read_at + M.WHOLE_EVERY
    local is_known = result.mark == item.page_mark and not is_old
    if is_known and item.failures == 0 and item.state == "active" then
        return is_due_by_time(item, context.now()) and changed(context, item, {}, result) or result
    end
    local decoded
    decoded, err = page.decode()
    if not decoded then
        return unanswered(context, item, err)
    elseif is_known then
        return changed(context, item, {}, result)
    end
    local joined, unread = joins(context, item, decoded)
    if joined == nil then
        return given_up(unread)
    elseif joined then
        local records = decoded.sync_records
        return look_at_accounts(context, item, records, changed(context, item, records, result))
    end
    local list
    list, err = context.client:all_sync_records { cluster_id = item.cluster_id, timeout = context.timeout }
    if not list then
        return unanswered(context, item, err)
    end
    result.requests, result.read_whole = 1 + list.pages, true
    return look_at_accounts(context, item, list, changed(context, item, list, result))
end

return M
