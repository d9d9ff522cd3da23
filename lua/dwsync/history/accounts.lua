--- The ledger of accounts: who was seen in a cluster's database, since when, and who is no longer there. A part of the
-- history, see dwsync.history.schema.
--
-- A look is a whole list, read between two moments. Who is new in it came after the look before began and before this
-- one ended, and who is missing went in that time; nothing says more precisely when. Each stay of an account is a row:
-- one that comes back gets another. A look that finds nothing changed writes one row, however many accounts there are.
-- It must not take a part of a list for the whole: those who are missing would be declared gone. So a list of which
-- nothing showed whether it goes on counts only as far as runs explain what it lacks. Its times are the database's:
-- of two machines one clock may be wrong, and whose look is later must not depend on it.
-- @module dwsync.history.accounts
local clocks = require "dwsync.health.model.clocks"
local core = require "dwsync.core"
local decimal = require "dwsync.decimal"
local errors = require "dwsync.errors"
local identity = require "dwsync.history.identity"
local reading = require "dwsync.history.reading"
local schema = require "dwsync.history.schema"
local statements = require "dwsync.history.statements"
local transaction = require "dwsync.history.transaction"

local quoted, number_of = statements.quoted, decimal.exact

local M = {}

local LONGEST = 1024 -- bytes; PostgreSQL's names end at 63, and its index entries at 2,700
local FEW = 500      -- rows that a statement removes

-- How many may be missing from a list that may go on, beside those whom runs deleted: at least so many, or this share.
local LEAST_LOSS, LOSS = 5, 0.01

local SLACK = clocks.apart
local FIRST_PAUSE = 5 * 60000  -- after a list that could not be had; then twice as long, up to `every`

--- After how long accounts are looked at, whatever runs say; milliseconds.
M.every = 6 * 3600 * 1000

--- The part that this is; a step that was ever released must not change. Times are milliseconds since the epoch.
-- dwsync_account_looks: the newest look at each cluster; `digest` is of what it found.
-- dwsync_stays: stays. `came_after` is NULL for those whom the first look found; `last_seen` and `gone_at` are NULL
-- while they stay.
-- dwsync_account_counts: how many there were, by type, each time somebody came or went: from the look that found them
-- till the last that did (NULL: the newest look). They outlive the names.
-- dwsync_account_trials: lists that could not be had, one after the other, when the next is due, and why the last one
-- could not be had.
M.part = {
    name = "accounts",
    steps = {
        {
            [[CREATE TABLE dwsync_account_looks (cluster_no INTEGER NOT NULL PRIMARY KEY, first_at $number NOT NULL,
                began_at $number NOT NULL, ended_at $number NOT NULL, accounts $number NOT NULL,
                digest TEXT NOT NULL)]],
            [[CREATE TABLE dwsync_stays (cluster_no INTEGER NOT NULL, name $key NOT NULL, user_type $key NOT NULL,
                first_seen $number NOT NULL, came_after $number, last_seen $number, gone_at $number, login INTEGER,
                PRIMARY KEY (cluster_no, name, user_type, first_seen))]],
            [[CREATE TABLE dwsync_account_counts (cluster_no INTEGER NOT NULL, since $number NOT NULL,
                user_type $key NOT NULL, till $number, accounts $number NOT NULL,
                PRIMARY KEY (cluster_no, since, user_type))]],
            [[CREATE TABLE dwsync_account_trials (cluster_no INTEGER NOT NULL PRIMARY KEY, failures INTEGER NOT NULL,
                next_at $number NOT NULL, error TEXT, hint TEXT)]],
            "CREATE INDEX dwsync_stays_gone ON dwsync_stays (cluster_no, gone_at)",
            "CREATE INDEX dwsync_stays_new ON dwsync_stays (cluster_no, came_after)",
        },
    },
}

-- ---- what was read -------------------------------------------------------------------------------

local function incomplete(message, hint)
    return errors.new { kind = "incomplete", message = message, hint = hint
        or "Nothing was changed in the ledger of accounts; try again." }
end

-- What is wrong with a list as a whole.
local function fault_of(list)
    if list.complete ~= true then
        return incomplete "the list of accounts is not complete"
    elseif #list == 0 then
        return incomplete("the list of accounts is empty, but a database has at least its administrator",
            "Nothing was changed in the ledger of accounts; check the permissions of these credentials.")
    end
    for i = 1, #list do
        local name, kind = list[i].name, list[i].user_type or ""
        if type(name) ~= "string" or name == "" or #name > LONGEST or type(kind) ~= "string" or #kind > LONGEST then
            return incomplete(("account %d of the list has no name that can be kept"):format(i))
        end
    end
    return nil
end

local LOGINS = { [true] = "1", [false] = "0" }

-- One that tells lists apart, also those whose order alone differs.
local function digest_of(list)
    local parts, size = {}, 0
    for i = 1, #list do
        local account = list[i]
        parts[size + 1], parts[size + 2] = account.name, account.user_type or ""
        parts[size + 3] = LOGINS[account.login] or ""
        size = size + 3
    end
    return core.sha256(table.concat(parts, "\0"))
end

-- ---- comparing and writing -----------------------------------------------------------------------

local function key_of(name, kind)
    return name .. "\0" .. kind
end

-- The accounts of a list that are not among those present, the present that are not in the list, and those who may or
-- may not log in now.
local function compare(list, present)
    local came, changed, seen, here = {}, {}, {}, {}
    for _, row in ipairs(present) do
        here[key_of(row[1], row[2])] = row
    end
    for i = 1, #list do
        local account = list[i]
        local name, kind = identity.cell(account.name), identity.cell(account.user_type or "")
        local key, login = key_of(name, kind), LOGINS[account.login] or "NULL"
        local row = here[key]
        if not seen[key] and not row then
            came[#came + 1] = { name, kind, login }
        elseif row and (row[3] and ("%d"):format(row[3]) or "NULL") ~= login then
            changed[#changed + 1] = { name, kind, login }
        end
        seen[key] = true
    end
    local went = {}
    for _, row in ipairs(present) do
        went[#went + 1] = not seen[key_of(row[1], row[2])] and row or nil
    end
    return came, went, changed
end

local function pair(row)
    return ("(%s,%s)"):format(quoted(row[1]), quoted(row[2]))
end

local function run_all(session, list)
    for _, statement in ipairs(list) do
        session:rows(statement)
    end
end

local function write(session, cluster, came, went, changed, times)
    local rows = {}
    for i, row in ipairs(came) do
        rows[i] = ("(%d,%s,%s,%s,%s,%s)"):format(cluster, quoted(row[1]), quoted(row[2]), times.ended,
            times.before or "NULL", row[3])
    end
    run_all(session, statements.in_chunks("INSERT INTO dwsync_stays (cluster_no, name, user_type, first_seen, "
        .. "came_after, login) VALUES ", rows, ""))
    local function update(what, list)
        local pairs_of = {}
        for i, row in ipairs(list) do
            pairs_of[i] = pair(row)
        end
        run_all(session, statements.in_chunks(("UPDATE dwsync_stays SET %s WHERE cluster_no = %d "
            .. "AND gone_at IS NULL AND (name, user_type) IN (VALUES "):format(what, cluster), pairs_of, ")"))
    end
    update(("last_seen = %s, gone_at = %s"):format(times.before or times.began, times.ended), went)
    local by_login = {}
    for _, row in ipairs(changed) do
        by_login[row[3]] = by_login[row[3]] or {}
        table.insert(by_login[row[3]], row)
    end
    for login, list in pairs(by_login) do
        update("login = " .. login, list)
    end
end

local LOOK = "SELECT first_at, began_at, ended_at, accounts, digest FROM dwsync_account_looks WHERE cluster_no = %d"
local PRESENT = "SELECT name, user_type, login FROM dwsync_stays WHERE cluster_no = %d AND gone_at IS NULL"

local function number_in(session, cluster)
    local row = session:rows(statements.cluster_number(cluster))[1]
    return row and row[1]
end

local function cluster_in(session, cluster)
    if not number_in(session, cluster) then
        session:rows(statements.add_cluster(cluster))
    end
    return number_in(session, cluster)
end

local function save_look(session, cluster, times, count, digest)
    session:rows(([[INSERT INTO dwsync_account_looks (cluster_no, first_at, began_at, ended_at, accounts, digest)
        VALUES (%d, %s, %s, %s, %d, %s) ON CONFLICT (cluster_no) DO UPDATE SET began_at = excluded.began_at,
        ended_at = excluded.ended_at, accounts = excluded.accounts, digest = excluded.digest]]):format(cluster,
        times.ended, times.began, times.ended, count, quoted(digest)))
end

local COUNTS = "SELECT user_type, count(*) FROM dwsync_stays WHERE cluster_no = %d AND gone_at IS NULL "
    .. "GROUP BY user_type"
local END_COUNTS = "UPDATE dwsync_account_counts SET till = %s WHERE cluster_no = %d AND till IS NULL"

-- Keeps how many there are; returns their sum.
local function save_counts(session, cluster, times)
    session:rows(END_COUNTS:format(times.before or times.began, cluster))
    local rows, sum = {}, 0
    for i, row in ipairs(session:rows(COUNTS:format(cluster))) do
        rows[i] = ("(%d,%s,%s,%d)"):format(cluster, times.ended, quoted(row[1]), row[2])
        sum = sum + reading.integer(row[2])
    end
    run_all(session, statements.in_chunks("INSERT INTO dwsync_account_counts (cluster_no, since, user_type, accounts) "
        .. "VALUES ", rows, " ON CONFLICT (cluster_no, since, user_type) DO UPDATE SET accounts = excluded.accounts, "
        .. "till = NULL"))
    return sum
end

local DELETED = "SELECT coalesce(sum(delete_count), 0) FROM dwsync_records WHERE cluster_no = %d "
    .. "AND coalesce(end_time, start_time) > %s"

-- What is wrong with a list of which nothing showed whether it goes on: more are missing than runs have deleted.
local function doubt_of(session, cluster, list, look, went)
    local least = math.max(LEAST_LOSS, LOSS * reading.integer(look[4]))
    if list.rests_on ~= "page" or #went <= least then
        return nil
    end
    local deleted = reading.integer(session:rows(DELETED:format(cluster, number_of(look[2] - SLACK)))[1][1])
    return #went > least + deleted and incomplete(("the list of accounts lacks %d that were there, %d of which runs "
        .. "deleted, and the service gives the same page whatever the offset: the rest may be on a page that it does "
        .. "not give"):format(#went, math.min(deleted, #went)),
        "Nothing was changed in the ledger of accounts. If they went, take the list as it is: dwsync history pull "
        .. "--accounts --accept-short, in Lua accept_short = true.") or nil
end

local function forget_failures(session, number)
    session:rows(("DELETE FROM dwsync_account_trials WHERE cluster_no = %d"):format(number))
end

local function save(session, cluster, found, times)
    local list, digest = found.list, found.digest
    local number = cluster_in(session, cluster)
    local look = session:rows(LOOK:format(number))[1]
    local summary = { came = 0, went = 0, accounts = look and reading.integer(look[4]), is_first = not look }
    -- One that lies ahead was kept before the database's clock was set back.
    if look and times.began_number < look[2] and look[3] <= times.ended_number then
        summary.is_late = true -- somebody else has looked since
        return summary
    elseif look and look[5] == digest then
        forget_failures(session, number)
        save_look(session, number, times, look[4], digest)
        return summary
    end
    times.before = look and number_of(math.min(look[2], times.began_number))
    local came, went, changed = compare(list, session:rows(PRESENT:format(number)))
    summary.refused = look and not found.accept_short and doubt_of(session, number, list, look, went)
    if summary.refused then
        return summary
    end
    forget_failures(session, number)
    write(session, number, came, went, changed, times)
    summary.came, summary.went = look and #came or 0, #went
    summary.accounts = (not look or came[1] or went[1]) and save_counts(session, number, times)
        or reading.integer(look[4])
    save_look(session, number, times, summary.accounts, digest)
    return summary
end

--- Checks what a look found.
-- @tparam dwsync.client.list list of client:all_database_users
-- @tparam number began when reading it began, milliseconds since the epoch
-- @tparam ?number ended when it ended; nil: when it is kept
-- @tparam ?boolean accept_short whether it is taken for whole although nothing showed that
-- @treturn ?table for `merge_into`
-- @treturn dwsync.error kind "incomplete"
function M.read(list, began, ended, accept_short)
    local wrong = fault_of(list)
    if wrong then
        return nil, wrong
    end
    return { list = list, digest = digest_of(list), began = math.floor(began), ended = ended,
        accept_short = accept_short }
end

local function clock_in(session)
    return tonumber(session:rows("SELECT " .. session.clock)[1][1])
end

--- Keeps what a look found, within a transaction that excludes other writers of the cluster.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam table found from `read`
-- @treturn table `came`, `went` (counts), `accounts`; `is_first`: the first look, in which nobody is new; `is_late`:
-- nothing was kept, since a look that began later is kept already; `refused`: an error, nothing was kept
function M.merge_into(session, cluster, found)
    local began = found.began
    local ended = math.max(began, math.ceil(found.ended or clock_in(session)))
    return save(session, cluster, found, { began = number_of(began), ended = number_of(ended),
        began_number = began, ended_number = ended })
end

--- The time by the database's clock.
-- @tparam dwsync.history.store store
-- @treturn ?number milliseconds since the epoch; nil, err
function M.now(store)
    return transaction.run(store.context, store.engine, "read", nil, clock_in)
end

--- The same in one transaction.
-- @tparam dwsync.history.store store
-- @tparam string cluster
-- @tparam dwsync.client.list list
-- @tparam number began by the database's clock, see `now`
-- @tparam ?boolean accept_short see `read`
-- @treturn ?table
-- @treturn dwsync.error kind "incomplete", "storage" or "timeout"
function M.save(store, cluster, list, began, accept_short)
    local found, err = M.read(list, began, nil, accept_short)
    if not found then
        return nil, err
    end
    local version
    version, err = schema.extend(store.context, store.engine, M.part)
    if not version then
        return nil, err
    end
    local summary
    summary, err = transaction.run(store.context, store.engine, "write", cluster, function(session)
        return M.merge_into(session, cluster, found)
    end)
    if not summary or summary.refused then
        return nil, err or summary.refused
    end
    return summary
end

local FAILED = "SELECT failures, next_at, error, hint FROM dwsync_account_trials WHERE cluster_no = %d"

local function cell_of(text)
    return text and quoted(identity.cell(text)) or "NULL"
end

--- Notes that a list could not be had, so that `is_due` waits: longer each time, and as long as the service asks for.
-- Nothing else changes.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam dwsync.error err
-- @treturn number when the next is due, milliseconds since the epoch
function M.note_failure_in(session, cluster, err)
    local number = cluster_in(session, cluster)
    local row = session:rows(FAILED:format(number))[1]
    local failures = (row and reading.integer(row[1]) or 0) + 1
    local pause = math.max(math.min(M.every, FIRST_PAUSE * 2 ^ (failures - 1)),
        (err.retry_after or 0) * 1000)
    local next_at = math.ceil(clock_in(session) + pause)
    session:rows(([[INSERT INTO dwsync_account_trials (cluster_no, failures, next_at, error, hint)
        VALUES (%d, %d, %s, %s, %s) ON CONFLICT (cluster_no) DO UPDATE SET failures = excluded.failures,
        next_at = excluded.next_at, error = excluded.error, hint = excluded.hint]]):format(number, failures,
        number_of(next_at), cell_of(errors.summary(err, true)), cell_of(err.hint)))
    return next_at
end

--- The same in one transaction.
-- @tparam dwsync.history.store store
-- @tparam string cluster
-- @tparam dwsync.error err
-- @treturn ?number nil, err
function M.note_failure(store, cluster, err)
    local version, failed = schema.extend(store.context, store.engine, M.part)
    if not version then
        return nil, failed
    end
    return transaction.run(store.context, store.engine, "write", cluster, function(session)
        return M.note_failure_in(session, cluster, err)
    end)
end

--- Lists of a cluster's accounts that could not be had.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @treturn ?table `failures` one after the other; of the last `error` and `hint`; `next_at`: when it is tried again,
-- milliseconds since the epoch; nil where the last could be had
function M.trial_in(session, cluster)
    local number = schema.has(session, M.part) and number_in(session, cluster)
    local row = number and session:rows(FAILED:format(number))[1]
    return row and { failures = reading.integer(row[1]), next_at = reading.integer(row[2]),
        error = identity.text(row[3]), hint = row[4] and identity.text(row[4]) } or nil
end

-- ---- asking ---------------------------------------------------------------------------------------

local COLUMNS = "name, user_type, login, first_seen, came_after, last_seen, gone_at"

local function account_of(row, look)
    local kind, login = identity.text(row[2]), nil
    if row[3] then
        login = row[3] == 1
    end
    return { name = identity.text(row[1]), user_type = kind ~= "" and kind or nil, login = login,
        first_seen = reading.integer(row[4]), came_after = reading.integer(row[5]),
        last_seen = reading.integer(row[6]) or look.ended_at, gone_at = reading.integer(row[7]) }
end

local function look_of(session, cluster)
    local number = number_in(session, cluster)
    local row = number and session:rows(LOOK:format(number))[1]
    return row and { cluster_no = number, first_at = reading.integer(row[1]), began_at = reading.integer(row[2]),
        ended_at = reading.integer(row[3]), accounts = reading.integer(row[4]) }
end

local function select(session, look, conditions, limit)
    local rows = session:rows(("SELECT %s FROM dwsync_stays WHERE cluster_no = %d AND %s ORDER BY name, user_type, "
        .. "first_seen%s"):format(COLUMNS, look.cluster_no, conditions, limit and (" LIMIT %d"):format(limit) or ""))
    for i, row in ipairs(rows) do
        rows[i] = account_of(row, look)
    end
    return rows
end

local function period(column, query)
    local parts = { column .. " IS NOT NULL" }
    parts[#parts + 1] = query.since and ("%s >= %s"):format(column, number_of(query.since)) or nil
    parts[#parts + 1] = query.until_ and ("%s < %s"):format(column, number_of(query.until_)) or nil
    return table.concat(parts, " AND ")
end

local function conditions_of(query)
    if query.gone then
        return period("gone_at", query)
    elseif query.new then
        return "came_after IS NOT NULL AND " .. period("first_seen", query)
    elseif query.at then
        local at = number_of(query.at)
        return ("(first_seen <= %s OR came_after IS NULL) AND (gone_at IS NULL OR gone_at > %s)"):format(at, at)
    end
    return "gone_at IS NULL"
end

-- Runs work on the newest look at a cluster; `nil` where there is none.
local function with_look(store, cluster, work)
    return transaction.run(store.context, store.engine, "read", nil, function(session)
        local look = schema.has(session, M.part) and look_of(session, cluster)
        return look and work(session, look) or {}
    end)
end

--- Accounts that were seen.
-- @tparam dwsync.history.store store
-- @tparam string cluster as a column holds it
-- @tparam table query `gone`, `new`: those who went or came, from `since` until `until_`; `at`: those who were there;
-- else those who are there; `limit`
-- @treturn ?{table,...} by name, with `look` where there was one; nil, err
function M.list(store, cluster, query)
    return with_look(store, cluster, function(session, look)
        local limit = query.limit and query.limit + 1
        local list = select(session, look, conditions_of(query), limit)
        list.look, list.complete = look, not limit or #list < limit
        list[limit or 0] = nil
        return list
    end)
end

--- Whether any of these runs made or dropped accounts, and ended after a look at them.
-- @tparam {dwsync.record,...} records
-- @tparam number looked_at milliseconds since the epoch
-- @treturn boolean
function M.have_changed(records, looked_at)
    for _, record in ipairs(records) do
        local ended = type(record.end_time) == "number" and record.end_time or 0
        if ended > looked_at - SLACK and (record.add_count or 0) + (record.delete_count or 0) > 0 then
            return true
        end
    end
    return false
end

--- Whether it is time to look at the accounts of a cluster: after a run that changed some, and every six hours.
-- @tparam dwsync.history.store store
-- @tparam string cluster as a column holds it
-- @tparam {dwsync.record,...} records
-- @treturn ?boolean nil, err; false, too, while a list that could not be had is not tried again
function M.is_due(store, cluster, records)
    return transaction.run(store.context, store.engine, "read", nil, function(session)
        local number = schema.has(session, M.part) and number_in(session, cluster)
        local trial = number and M.trial_in(session, cluster)
        if trial then
            return clock_in(session) >= trial.next_at
        end
        local look = number and look_of(session, cluster)
        return not look or clock_in(session) - look.began_at >= M.every or M.have_changed(records, look.began_at)
    end)
end

-- The runs that may have made the same changes: those between the same looks.
local RUNS = "SELECT count(*), sum(coalesce(add_count, 0)), sum(coalesce(delete_count, 0)) FROM dwsync_records WHERE "
    .. "cluster_no = %d AND start_time < %s AND coalesce(end_time, start_time) > %s "
    .. "AND coalesce(add_count, 0) + coalesce(delete_count, 0) > 0"

local function runs_between(session, look, lists, record)
    local from, till = record.start_time, record.end_time or record.start_time
    for _, list in pairs(lists) do
        for _, account in ipairs(list) do
            from = math.min(from, list.left and account.last_seen or account.came_after)
            till = math.max(till, list.left and account.gone_at or account.first_seen)
        end
    end
    local row = session:rows(RUNS:format(look.cluster_no, number_of(till + 1), number_of(from - 1)))[1]
    return { runs = reading.integer(row[1]), add_count = reading.integer(row[2]) or 0,
        delete_count = reading.integer(row[3]) or 0 }
end

-- An aggregated source's accounts have a type; those of a directory look like what is made by hand.
local TYPES = { oneaccess = "oneaccess", iam = "iam" }

local function is_of(account, record)
    local kind = type(record.identity_source_type) == "string" and record.identity_source_type:lower() or ""
    local typed = account.user_type and TYPES[account.user_type:lower()]
    return typed == TYPES[kind]
end

local function split(list, record)
    local own, others = {}, {}
    for _, account in ipairs(list) do
        table.insert(is_of(account, record) and own or others, account)
    end
    return own, others
end

--- Who came and who went while a run ran, as far as looks tell.
-- @tparam dwsync.history.store store
-- @tparam string cluster as a column holds it
-- @tparam dwsync.record record with a start
-- @treturn ?table `came`, `went`; `others`: `came`, `went` of another type than the run's; `between`: `runs`,
-- `add_count`, `delete_count` of all runs between the same looks; `look`; `watched`: whether there was a look before it
-- began, and one after it ended. nil, err
function M.of_run(store, cluster, record)
    local from, till = record.start_time, record.end_time
    return with_look(store, cluster, function(session, look)
        local before = number_of(till or look.ended_at + 1)
        local came = select(session, look, ("came_after < %s AND first_seen > %s"):format(before, number_of(from)))
        local went = select(session, look, ("last_seen < %s AND gone_at > %s"):format(before, number_of(from)))
        local result = { look = look, others = {}, watched = { before = look.first_at <= from or #came + #went > 0,
            after = till ~= nil and look.began_at >= till } }
        went.left = true
        result.between = runs_between(session, look, { came, went }, record)
        result.came, result.others.came = split(came, record)
        result.went, result.others.went = split(went, record)
        return result
    end)
end

-- The kinds of dwsync.ledger.
local KIND = "CASE lower(user_type) WHEN 'oneaccess' THEN 'oneaccess' WHEN 'iam' THEN 'iam' ELSE 'common' END"

local COUNTED = "SELECT since, till, " .. KIND .. ", accounts FROM dwsync_account_counts WHERE cluster_no = %d "
    .. "AND (till IS NULL OR till >= %s) ORDER BY since"

local function add_count(counts, row, look)
    local from, kind = reading.integer(row[1]), row[3]
    local count = counts[#counts]
    if not count or count.from ~= from then
        count = { from = from, till = math.max(from, reading.integer(row[2]) or look.began_at), by_type = {} }
        counts[#counts + 1] = count
    end
    count.by_type[kind] = (count.by_type[kind] or 0) + reading.integer(row[4])
end

local MOST_GONE, MOST_NAMES = 500, 10

local GONE = ([[SELECT gone_at, last_seen, kind, accounts, name FROM (SELECT gone_at, kind, name,
    min(last_seen) OVER (PARTITION BY gone_at, kind) AS last_seen,
    count(*) OVER (PARTITION BY gone_at, kind) AS accounts,
    row_number() OVER (PARTITION BY gone_at, kind ORDER BY name) AS place
    FROM (SELECT gone_at, last_seen, name, %s AS kind FROM dwsync_stays
    WHERE cluster_no = %%d AND gone_at >= %%s) AS typed) AS went WHERE place <= %d
    ORDER BY gone_at DESC, kind, place LIMIT %d]]):format(KIND, MOST_NAMES, MOST_GONE)

-- Who went between which looks: the first names of each kind, and how many.
local function gone_since(session, look, since)
    local gone = {}
    for _, row in ipairs(session:rows(GONE:format(look.cluster_no, since))) do
        local till, kind, last = reading.integer(row[1]), row[3], gone[#gone]
        if not last or last.till ~= till or last.kind ~= kind then
            last = { from = reading.integer(row[2]), till = till, kind = kind, accounts = reading.integer(row[4]),
                names = {} }
            gone[#gone + 1] = last
        end
        last.names[#last.names + 1] = identity.text(row[5])
    end
    return gone
end

--- How many accounts there were, for dwsync.health. Nobody's name, unless names are asked for.
-- @tparam table session see dwsync.history.transaction
-- @tparam string cluster as a column holds it
-- @tparam number since milliseconds since the epoch
-- @tparam[opt] boolean names adds some names of those that went
-- @treturn ?dwsync.ledger nil where nobody looked
function M.counts(session, cluster, since, names)
    local look = schema.has(session, M.part) and look_of(session, cluster)
    local ledger = { cluster_id = identity.text(cluster), counts = {} }
    since = number_of(math.floor(since))
    for _, row in ipairs(look and session:rows(COUNTED:format(look.cluster_no, since)) or {}) do
        add_count(ledger.counts, row, look)
    end
    ledger.gone = look and names and gone_since(session, look, since) or nil
    return ledger.counts[1] and ledger
end

-- ---- removing -------------------------------------------------------------------------------------

local CLUSTERS_OF_OLD = "SELECT cluster_no, cluster_id, count(*) FROM dwsync_stays JOIN dwsync_clusters "
    .. "USING (cluster_no) WHERE gone_at < %s GROUP BY cluster_no, cluster_id"
local OLD = "cluster_no = %d AND gone_at < %s"

local function remove(session, number, before)
    local old = OLD:format(number, before)
    local rows = session:rows(("SELECT name, user_type, first_seen FROM dwsync_stays WHERE %s LIMIT %d"):format(old,
        FEW))
    local stays = {}
    for i, row in ipairs(rows) do
        stays[i] = ("(%s,%s,%s)"):format(quoted(row[1]), quoted(row[2]), number_of(row[3]))
    end
    run_all(session, statements.in_chunks(("DELETE FROM dwsync_stays WHERE cluster_no = %d AND "
        .. "(name, user_type, first_seen) IN (VALUES "):format(number), stays, ")"))
    return #rows
end

local OLD_COUNTS = "DELETE FROM dwsync_account_counts WHERE till < %s"

local function remove_counts(store, point)
    return transaction.run(store.context, store.engine, "write", nil, function(session)
        return session:rows(OLD_COUNTS:format(point))
    end)
end

--- Removes those who went long ago, and how many there were then; in batches, so that other writers go on meanwhile.
-- @tparam dwsync.history.store store
-- @tparam number before milliseconds since the epoch
-- @tparam boolean dry_run only counts
-- @treturn ?{accounts=integer,clusters=integer} how many; nil, err
function M.prune(store, before, dry_run)
    local sum = { accounts = 0, clusters = 0 }
    local point = number_of(math.floor(before))
    local clusters, err = transaction.run(store.context, store.engine, "read", nil, function(session)
        return schema.has(session, M.part) and session:rows(CLUSTERS_OF_OLD:format(point)) or {}
    end)
    if clusters and clusters[1] and not dry_run then
        local done
        done, err = remove_counts(store, point)
        clusters = done and clusters
    end
    for _, cluster in ipairs(clusters or {}) do
        local removed = dry_run and cluster[3] or FEW
        sum.clusters = sum.clusters + 1
        sum.accounts = sum.accounts + (dry_run and reading.integer(removed) or 0)
        while not dry_run and removed == FEW do
            removed, err = transaction.run(store.context, store.engine, "write", cluster[2], function(session)
                return remove(session, cluster[1], point)
            end)
            if not removed then
                return nil, err, sum
            end
            sum.accounts = sum.accounts + removed
        end
    end
    return clusters and sum, err, sum
end

return M
