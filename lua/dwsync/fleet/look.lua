--- One look at one cluster: ask for its newest page, and do no more than what that page makes necessary.
--
-- The same page as last time, while no verdict changes by time alone, is a look that changes nothing: its bytes are not
-- even decoded. A page counts for what is new only while its records come in descending order and its oldest is kept
-- already; otherwise, and every few hours for records that were revised, the whole list is read.
-- It must not write: what a look found is completed in one transaction by dwsync.fleet.schedule.
-- @module dwsync.fleet.look
local content = require "dwsync.history.content"
local disabled = require "dwsync.health.disabled"
local errors = require "dwsync.errors"
local history_accounts = require "dwsync.history.accounts"
local following = require "dwsync.health.following"
local health = require "dwsync.health"
local identity = require "dwsync.history.identity"
local history_tables = require "dwsync.history.tables"
local lookback = require "dwsync.health.lookback"
local merge = require "dwsync.history.merge"

local unpack = table.unpack or unpack -- luacheck: ignore (Lua 5.1)

local M = {}

--- How many records a look asks for.
M.PAGE = 20

--- After how long the whole list is read again, milliseconds.
M.WHOLE_EVERY = 6 * 3600 * 1000

-- What is read back to be judged begins with a whole quarter of a day: until the next one, new records can be judged
-- without reading it again.
local READ_SINCE = 6 * 3600 * 1000

local function start_of(record)
    return type(record.start_time) == "number" and record.start_time or nil
end

local function is_descending(records)
    local last = math.huge
    for _, record in ipairs(records) do
        local start = record.start_time
        if type(start) ~= "number" or start > last then
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
    if context.known then
        context.known:pass(item)
    end
    return (errors.is_feature_off(err) and off or failed)(context, item, err)
end

-- The time for which what is kept is read, milliseconds.
local function reading_time(now)
    return now - now % READ_SINCE
end

-- What is kept together with what has come; nil, err where it cannot be read: a page alone says too little.
local function gather(context, item, records)
    local now, before, err = context.now(), nil, nil
    local at = reading_time(now)
    local is_kept = context.known and not context.list_accounts and context.known:admits(item)
    if is_kept or context.list_accounts then -- before the records: what comes in between shows later
        before, err = history_tables.run(context.history, "read", nil, function(session)
            local traces = history_tables.traces(session, { { cluster_id = item.cluster_id,
                since = at - lookback.seconds * 1000 } })[1]
            traces.trial = context.list_accounts
                and history_accounts.trial_in(session, identity.cell(item.cluster_id)) or nil
            return traces
        end)
    end
    if err then
        return nil, err
    end
    local list, wrong, contents = history_tables.together(context.history, item.cluster_id, records, at / 1000)
    if wrong and wrong.code ~= "damaged" then
        return nil, wrong
    end
    return { list = list, now = now / 1000, contents = contents, is_sound = not wrong, before = before,
        is_kept = is_kept }
end

local function are_since(records, since)
    for _, record in ipairs(records) do
        if (start_of(record) or 0) < since then
            return false
        end
    end
    return true
end

-- The texts of records, by id; false for a record that has no text.
local function by_id(records, texts)
    local all = {}
    for i, text in ipairs(texts) do
        all[records[i].id or ""] = text
    end
    return all
end

local function newest_of(records)
    local newest = { unpack(records, 1, math.min(M.PAGE, #records)) }
    return by_id(newest, (content.encode_all(newest)))
end

-- What to go on with when something new comes; nil where that has to be read and judged anew.
local function begin_to_follow(context, records, gathered)
    local list = gathered.list
    if not gathered.is_kept or not records[1] or not gathered.is_sound or not list.since
        or not are_since(records, list.since) then
        return nil
    end
    local followed = following.begin(list, context.rules, gathered.now)
    return followed and { following = followed, since = list.since, rules_mark = context.rules_mark,
        newest = newest_of(records), versions = gathered.before.versions }
end

local function with_judgement(result, evaluation, seen_at)
    result.evaluation, result.severity, result.changed = evaluation, evaluation.severity, true
    result.seen_at = seen_at
    return result
end

local function judged(context, records, gathered, result)
    result.page = records[1] and merge.without(merge.read(records), gathered.contents) or nil
    result.known = begin_to_follow(context, records, gathered)
    result.accounts_again = gathered.before and gathered.before.trial and gathered.before.trial.next_at
    local evaluation = result.known and result.known.following:judge(gathered.now)
        or health.evaluate(gathered.list, context.rules, gathered.now)
    return with_judgement(result, evaluation, newest_start(records))
end

-- Advances what is known by a page in descending order. Returns what of it has to be saved, see dwsync.history.merge;
-- nil where the page does not join what is known, or changes the past.
local function advance(known, records, now)
    local news, new_texts, new_reasons, count = {}, {}, {}, #records
    local texts, reasons = content.encode_all(records)
    for i, record in ipairs(records) do
        if not texts[i] or known.newest[record.id or ""] ~= texts[i] then
            news[#news + 1] = record
            new_texts[#news], new_reasons[#news] = texts[i], reasons[i]
        end
    end
    local newest = by_id(records, texts)
    if news[#news] == records[count] or not known.following:advance(news, now)
        or not known.following:has_open_in(newest) then
        return nil
    end
    known.newest = newest
    local page = merge.read(news, new_texts, new_reasons)
    page.unchanged = count - #news
    return page
end

-- Goes on with what is known of a cluster, and reads nothing: whether the database still has just that is seen when
-- this look is completed. Returns nil where other rules hold, or what is new does not come after the rest.
local function gone_on(context, item, records, result)
    local now = context.now()
    local since = reading_time(now) - lookback.seconds * 1000
    local known = context.known and context.known:take(item, context.rules_mark, since)
    if not known or context.list_accounts then
        return nil
    end
    local rests_on = { since = since, records = known.following.records, versions = known.versions }
    if records[1] then
        result.page = advance(known, records, now / 1000)
        if not result.page then
            return nil
        end
    end
    local evaluation = known.following:judge(now / 1000, true)
    result.known, result.rests_on = known, evaluation and rests_on
    return evaluation and with_judgement(result, evaluation, records[1] and records[1].start_time)
end

local function changed(context, item, records, result)
    local gathered, err = gather(context, item, records)
    return gathered and judged(context, records, gathered, result) or given_up(err)
end

-- The page says nothing new, but time does, or the cluster is back.
local function judged_again(context, item, result)
    return gone_on(context, item, {}, result) or changed(context, item, {}, result)
end

-- Judges a page together with what is kept, if it joins that: its oldest is kept already. Returns nothing true if not.
local function joined(context, item, records, result)
    local gathered, err = gather(context, item, records)
    local has
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
    local began, trial = context.now(), result.accounts_again
    local is_due = result.read_whole or history_accounts.have_changed(records, item.looked_at or 0)
    if trial then
        is_due = began >= trial
    end
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

local function unchanged(context, item, result)
    if context.known then
        context.known:pass(item)
    end
    return result
end

--- Looks at a cluster.
-- @tparam table context `client`, `history` (a store), `rules`, `rules_mark` (see dwsync.fleet.inventory), `timeout`
-- (seconds), `now()`: milliseconds by the database's clock; `list_accounts`: whether to look who is in the database;
-- `known` (see dwsync.fleet.known), nil where nothing is kept in memory
-- @tparam table item what dwsync.fleet.schedule claimed
-- @treturn table result for its completion: `changed` when there is something to save; `error` and `failure` when the
-- cluster could not be asked; `given_up` when the database failed, so that the look was in vain; `accounts`, see
-- dwsync.history.accounts.read, or `accounts_failure`; `accounts_again`: when a list that could not be had is tried
-- again; `names_count`: whether a verdict may name who went; `known`: for `context.known` to keep, once completed;
-- `rests_on`: what the database must hold of the cluster, or the look has to be done again. Where its `evaluation`
-- `is_brief`, all is ok, and `known` has the words
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
            and look_at_accounts(context, item, {}, judged_again(context, item, result))
            or unchanged(context, item, result)
    end
    local decoded
    decoded, err = page.decode()
    if not decoded then
        return unanswered(context, item, err)
    elseif is_known then
        return judged_again(context, item, result)
    end
    local records = decoded.sync_records
    local found = may_join(context, item, records)
        and (gone_on(context, item, records, result) or joined(context, item, records, result))
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
