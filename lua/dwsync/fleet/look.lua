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
local identity = require "dwsync.history.identity"
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

-- Whether a page may tell without the rest what is new.
local function may_join(context, item, records)
    return item.read_at and context.now() < item.read_at + M.WHOLE_EVERY and records[1] and is_descending(records)
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

-- What is kept together with what has come; nil, err where it cannot be read: a page alone says too little.
local function gather(context, item, records)
    local now = context.now() / 1000
    local list, err, contents = history_tables.together(context.history, item.cluster_id, records, now)
    if err and err.code ~= "damaged" then
        return nil, err
    end
    return { list = list, now = now, contents = contents }
end

local function judged(context, records, gathered, result)
    local evaluation = health.evaluate(gathered.list, context.rules, gathered.now)
    result.page = records[1] and merge.without(merge.read(records), gathered.contents) or nil
    result.evaluation, result.severity, result.changed = evaluation, evaluation.severity, true
    result.seen_at = newest_start(records)
    return result
end

local function changed(context, item, records, result)
    local gathered, err = gather(context, item, records)
    return gathered and judged(context, records, gathered, result) or given_up(err)
end

-- Judges a page together with what is kept, if it joins that: its oldest is kept already. Returns false if not.
local function joined(context, item, records, result)
    local gathered, err = gather(context, item, records)
    local has = false
    if gathered then
        has, err = history_tables.has(context.history, item.cluster_id, records[#records], gathered.contents)
    end
    if err then
        return given_up(err)
    end
    return has and judged(context, records, gathered, result)
end

-- Who is in the database, when something may have changed there, and whenever the whole list of records is read. What
-- goes wrong there is not the look's failure.
local function look_at_accounts(context, item, records, result)
    if not context.list_accounts or not result.changed or result.failure then
        return result
    end
    local began = context.now()
    local trial = history_accounts.next_trial(context.history, identity.cell(item.cluster_id))
    local is_due = result.read_whole or history_accounts.have_changed(records, item.looked_at or 0)
    if trial then
        is_due = began >= trial
    end
    result.accounts_again = trial or nil
    if not is_due then
        return result
    end
    local list, err = context.client:all_database_users { cluster_id = item.cluster_id, timeout = context.timeout }
    if list then
        result.requests = result.requests + list.pages
        result.accounts, err = history_accounts.read(list, began, context.now())
        result.names_count = context.history.context.show_accounts
    end
    result.accounts_failure, result.accounts_again = err, nil
    return result
end

--- Looks at a cluster.
-- @tparam table context `client`, `history` (a store), `rules`, `rules_mark` (see dwsync.fleet.inventory), `timeout`
-- (seconds), `now()`: milliseconds by the database's clock; `list_accounts`: whether to look who is in the database
-- @tparam table item what dwsync.fleet.schedule claimed
-- @treturn table result for its completion: `changed` when there is something to save; `error` and `failure` when the
-- cluster could not be asked; `given_up` when the database failed, so that the look was in vain; `accounts`, see
-- dwsync.history.accounts.read, or `accounts_failure`; `accounts_again`: when
-- a list that could not be had is tried again; `names_count`: whether a verdict may name who went
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
        return is_due_by_time(item, context.now())
            and look_at_accounts(context, item, {}, changed(context, item, {}, result)) or result
    end
    local decoded
    decoded, err = page.decode()
    if not decoded then
        return unanswered(context, item, err)
    elseif is_known then
        return changed(context, item, {}, result)
    end
    local records = decoded.sync_records
    local found = may_join(context, item, records) and joined(context, item, records, result)
    if found then
        return look_at_accounts(context, item, records, found)
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
