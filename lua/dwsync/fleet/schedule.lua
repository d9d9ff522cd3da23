--- The schedule of a fleet in the database: what is due, who looks at it, and what came of it.
--
-- A claim moves a row's own due date to the end of the lease and counts its epoch up; a completion is let through
-- only with the epoch of its claim. So a collector that dies gives its looks back by doing nothing, and one that was
-- away for longer than its lease changes nothing. Only the clock of the database counts.
-- @module dwsync.fleet.schedule
local core = require "dwsync.core"
local decimal = require "dwsync.decimal"
local history_page = require "dwsync.history.page"
local history_tables = require "dwsync.history.tables"
local identity = require "dwsync.history.identity"
local reading = require "dwsync.history.reading"
local quoted = require("dwsync.history.statements").quoted
local tables = require "dwsync.fleet.tables"

local M = {}

local Schedule = { __name = "dwsync.fleet.schedule" }
Schedule.__index = Schedule

local MOST_REFUSALS, BLOCKED_MS = 3, 300000 -- after more than five the service locks a key for five minutes
local LONGEST_BACKOFF_MS = 15 * 60000
local DISABLED_INTERVAL_MS = 3600000

local function literal(value)
    if value == nil then
        return "NULL"
    elseif type(value) == "number" then
        return decimal.exact(value)
    end
    return quoted(identity.cell(value))
end

local function row_of(names, cells)
    local row = {}
    for i, name in ipairs(names) do
        local value = cells[i]
        row[name] = type(value) == "string" and identity.text(value) or reading.integer(value)
    end
    return row
end

local function rows_of(session, names, rest)
    local rows = session:rows(("SELECT %s FROM %s"):format(table.concat(names, ", "), rest))
    for i, cells in ipairs(rows) do
        rows[i] = row_of(names, cells)
    end
    return rows
end

local function clock(session)
    return tonumber(session:rows("SELECT " .. session.clock)[1][1])
end

local function list_of(numbers)
    local parts = {}
    for i, number in ipairs(numbers) do
        parts[i] = decimal.exact(number)
    end
    return table.concat(parts, ",")
end

--- Opens the schedule of a history. Makes its tables where they are missing, unless the history is readonly.
-- @tparam dwsync.history.store history
-- @treturn ?dwsync.fleet.schedule
-- @treturn dwsync.error
function M.open(history)
    local version, err = history_tables.extend(history, tables.part)
    if not version then
        return nil, err
    end
    return setmetatable({ history = history, is_missing = version == 0 }, Schedule)
end

local function change(self, work, cluster_id)
    return history_tables.run(self.history, "write", cluster_id or false, work)
end

local function read(self, work)
    return history_tables.run(self.history, "read", nil, work)
end

-- ---- the inventory --------------------------------------------------------------------------------

local function upsert_account(session, account, now)
    session:rows(([[INSERT INTO dwsync_accounts (account, rate, burst, tokens, refilled_at, refusals, under_way, proven,
        state) VALUES (%s, %s, %s, %s, %s, 0, 0, 0, 'active') ON CONFLICT (account) DO UPDATE SET rate = excluded.rate,
        burst = excluded.burst, state = 'active']]):format(literal(account.name), literal(account.rate),
        literal(account.burst), literal(account.burst), literal(now)))
end

local ITEM = [[INSERT INTO dwsync_schedule (kind, account, region, cluster_id, project_id, name, state, interval_ms,
    planned_at, due_at, epoch, failures) VALUES (%s, %s, %s, %s, %s, %s, 'active', %s, %s, %s, 0, 0)
    ON CONFLICT (kind, account, region, cluster_id) DO UPDATE SET interval_ms = excluded.interval_ms,
    name = coalesce(excluded.name, dwsync_schedule.name),
    project_id = coalesce(excluded.project_id, dwsync_schedule.project_id),
    due_at = CASE WHEN dwsync_schedule.state = 'gone' THEN excluded.due_at ELSE dwsync_schedule.due_at END,
    state = CASE WHEN dwsync_schedule.state = 'gone' THEN 'active' ELSE dwsync_schedule.state END, gone_at = NULL]]

local function upsert_item(session, item, now)
    session:rows(ITEM:format(literal(item.kind), literal(item.account), literal(item.region or ""),
        literal(item.cluster_id or ""), literal(item.project_id), literal(item.name), literal(item.interval * 1000),
        literal(now), literal(now)))
end

-- What is no longer there is not looked at; what is known of it stays.
local function gone(session, condition, now)
    session:rows(([[UPDATE dwsync_schedule SET state = 'gone', gone_at = %s, leased_by = NULL
        WHERE state <> 'gone' AND %s]]):format(literal(now), condition))
end

local function among(column, values)
    local parts = {}
    for i, value in ipairs(values) do
        parts[i] = literal(value)
    end
    return parts[1] and ("%s IN (%s)"):format(column, table.concat(parts, ",")) or "1 = 0"
end

local function sync_account(session, account, inventory, now)
    upsert_account(session, account, now)
    local of_account = "account = " .. literal(account.name)
    if account.regions then
        for _, region in ipairs(account.regions) do
            upsert_item(session, { kind = "place", account = account.name, region = region,
                interval = inventory.discovery }, now)
        end
        gone(session, ("%s AND (kind = 'account' OR NOT %s)"):format(of_account, among("region", account.regions)), now)
    else
        upsert_item(session, { kind = "account", account = account.name, interval = inventory.discovery }, now)
    end
end

--- Takes over an inventory: its accounts and the regions that it names. What it no longer names is gone; the clusters
-- of the others are found by looking.
-- @tparam dwsync.fleet.inventory inventory
-- @treturn ?boolean
-- @treturn dwsync.error
function Schedule:sync(inventory)
    return change(self, function(session)
        local now, names = clock(session), {}
        for i, account in ipairs(inventory.accounts) do
            names[i] = account.name
            sync_account(session, account, inventory, now)
        end
        local others = "NOT " .. among("account", names)
        session:rows("UPDATE dwsync_accounts SET state = 'gone' WHERE " .. others)
        gone(session, others, now)
        return true
    end)
end

-- ---- claiming -------------------------------------------------------------------------------------

local ACCOUNT = { "account", "rate", "burst", "tokens", "refilled_at", "proven", "refusals", "key_digest" }
local CLAIMED = { "item_no", "kind", "account", "region", "cluster_id", "project_id", "name", "state", "interval_ms",
    "planned_at", "due_at", "epoch", "leased_by", "looked_at", "failures", "page_mark", "read_at", "next_at",
    "severity", "seen_at" }

local DUE_ACCOUNTS = [[dwsync_accounts a WHERE state = 'active' AND coalesce(paused_until, 0) <= %s
    AND coalesce(blocked_until, 0) <= %s AND EXISTS (SELECT 1 FROM dwsync_schedule s WHERE s.account = a.account
    AND s.due_at <= %s AND s.state <> 'gone') ORDER BY used_at NULLS FIRST, account]]

local DUE_ITEMS = [[dwsync_schedule WHERE account = %s AND due_at <= %s AND state <> 'gone'
    ORDER BY CASE kind WHEN 'cluster' THEN 1 ELSE 0 END, due_at LIMIT %d]]

-- How many requests with an unproven key may be under way, so that all collectors together stay below what locks it.
local function allowance(session, account, now)
    if account.proven == 1 then
        return math.huge
    end
    local under_way = session:rows(("SELECT count(*) FROM dwsync_schedule WHERE account = %s AND leased_by IS NOT NULL "
        .. "AND due_at > %s"):format(literal(account.account), literal(now)))[1][1]
    return MOST_REFUSALS - account.refusals - under_way
end

local function claim_of(session, account, claimer, share, now)
    local tokens = math.min(account.burst, account.tokens + (now - account.refilled_at) * account.rate / 1000)
    local most = math.floor(math.min(tokens, share, allowance(session, account, now)))
    if most < 1 then
        return {}
    end
    local items = rows_of(session, CLAIMED, DUE_ITEMS:format(literal(account.account), literal(now), most)
        .. session.skip_locked)
    local numbers = {}
    for i, item in ipairs(items) do
        numbers[i] = item.item_no
        item.expired, item.epoch, item.claimed_at = item.leased_by ~= nil, item.epoch + 1, now
        item.lease_ends = now + claimer.lease_ms
    end
    if numbers[1] then
        session:rows(("UPDATE dwsync_schedule SET due_at = %s, epoch = epoch + 1, leased_by = %s WHERE item_no IN (%s)")
            :format(literal(now + claimer.lease_ms), literal(claimer.name), list_of(numbers)))
        session:rows(([[UPDATE dwsync_accounts SET tokens = %s, refilled_at = %s, used_at = %s
            WHERE account = %s]]):format(literal(tokens - #items), literal(now), literal(now),
            literal(account.account)))
    end
    return items
end

--- Claims looks that are due: the oldest of each account, as many as its rate allows.
-- @tparam table claimer `name`, `lease_ms`
-- @tparam integer most how many
-- @treturn ?{table,...} items, each with its `epoch`, and `expired`: whether somebody's lease ran out
-- @treturn dwsync.error
-- @treturn number the time by the database's clock, milliseconds
function Schedule:claim(claimer, most)
    local found, err = change(self, function(session)
        local now = clock(session)
        local accounts = rows_of(session, ACCOUNT, DUE_ACCOUNTS:format(literal(now), literal(now), literal(now))
            .. session.skip_locked)
        local items = {}
        for i, account in ipairs(accounts) do
            local share = math.ceil((most - #items) / (#accounts - i + 1))
            for _, item in ipairs(claim_of(session, account, claimer, share, now)) do
                items[#items + 1] = item
            end
        end
        return { items = items, now = now }
    end)
    if not found then
        return nil, err
    end
    return found.items, nil, found.now
end

--- Gives leases back, so that others can look at once.
-- @tparam {table,...} items
-- @treturn ?boolean
-- @treturn dwsync.error
function Schedule:give_back(items)
    return change(self, function(session)
        for _, item in ipairs(items) do
            session:rows(([[UPDATE dwsync_schedule SET due_at = %s, leased_by = NULL
                WHERE item_no = %s AND epoch = %s]]):format(literal(item.due_at), literal(item.item_no),
                literal(item.epoch)))
        end
        return true
    end)
end

-- ---- completing -----------------------------------------------------------------------------------

-- Where in its interval a cluster is looked at: the same for every collector, and spread evenly.
local function phase_of(item, interval)
    local digest = core.sha256(item.account .. "\0" .. item.region .. "\0" .. item.cluster_id)
    return tonumber(digest:sub(1, 8), 16) / 2 ^ 32 * interval
end

local function next_slot(item, interval, now)
    local past = (now - phase_of(item, interval)) % interval
    return math.floor(now - past + interval)
end

-- A failure is looked at again sooner than its interval only at first.
local function backoff(item, failures, now)
    local pause = math.min(LONGEST_BACKOFF_MS, item.interval_ms * 2 ^ math.min(failures - 1, 20))
    return math.floor(now + pause / 2 + phase_of(item, pause / 2))
end

-- The new contents of a row.
local function row_after(item, result, now)
    local failures = result.error and not result.disabled and item.failures + 1 or 0
    local interval = result.disabled and math.max(item.interval_ms, DISABLED_INTERVAL_MS) or item.interval_ms
    local state = result.disabled and "disabled" or result.error and item.state or "active"
    local due = failures > 0 and backoff(item, failures, now) or next_slot(item, interval, now)
    if result.retry_after then
        due = math.max(due, now + result.retry_after * 1000)
    end
    local looked = result.error and not result.disabled and item.looked_at or now
    return { item_no = item.item_no, due_at = due, state = state, failures = failures, error = result.error,
        looked_at = looked, gap = looked == now and item.looked_at and now - item.looked_at or nil,
        page_mark = result.mark or item.page_mark, read_at = result.read_whole and now or item.read_at,
        next_at = result.evaluation and (result.evaluation.next_at or 0) or item.next_at,
        severity = result.severity or item.severity, seen_at = result.seen_at or item.seen_at }
end

local CHANGED = { "due_at", "state", "failures", "error", "looked_at", "gap", "page_mark", "read_at", "next_at",
    "severity", "seen_at" }
local KINDS = { due_at = "number", failures = "integer", looked_at = "number", gap = "number", read_at = "number",
    next_at = "number", seen_at = "number" }
local CASTS = { number = "CAST(column%d AS DOUBLE PRECISION) AS %s", integer = "CAST(column%d AS INTEGER) AS %s" }

-- One statement for many rows: a NULL has no type of its own in PostgreSQL, so each column is cast.
local function update_rows(session, rows, now)
    local values, casts = {}, { "CAST(column1 AS INTEGER) AS item_no" }
    for i, name in ipairs(CHANGED) do
        casts[i + 1] = (CASTS[KINDS[name]] or "CAST(column%d AS TEXT) AS %s"):format(i + 1, name)
    end
    for i, row in ipairs(rows) do
        local cells = { literal(row.item_no) }
        for k, name in ipairs(CHANGED) do
            cells[k + 1] = literal(row[name])
        end
        values[i] = "(" .. table.concat(cells, ",") .. ")"
    end
    session:rows(([[UPDATE dwsync_schedule SET due_at = v.due_at, planned_at = v.due_at, state = v.state,
        failures = v.failures, error = v.error, looked_at = v.looked_at, asked_at = %s, page_mark = v.page_mark,
        read_at = v.read_at, next_at = v.next_at, severity = v.severity, seen_at = v.seen_at, leased_by = NULL,
        longest_gap = CASE WHEN coalesce(v.gap, 0) > coalesce(longest_gap, 0) THEN v.gap ELSE longest_gap END
        FROM (SELECT %s FROM (VALUES %s) AS t) AS v WHERE dwsync_schedule.item_no = v.item_no]]):format(literal(now),
        table.concat(casts, ", "), table.concat(values, ",")))
end

-- Which of the items are still leased to who claimed them.
local function still_held(session, items)
    local numbers, held = {}, {}
    for i, item in ipairs(items) do
        numbers[i] = item.item_no
    end
    for _, row in ipairs(session:rows(("SELECT item_no, epoch FROM dwsync_schedule WHERE item_no IN (%s)%s"):format(
        list_of(numbers), session.lock_rows))) do
        held[row[1]] = row[2]
    end
    return held
end

local function split(done, held)
    local good, fenced = {}, 0
    for _, look in ipairs(done) do
        if held[look.item.item_no] == look.item.epoch then
            good[#good + 1] = look
        else
            fenced = fenced + 1
        end
    end
    return good, fenced
end

local function note_accounts(session, looks, now)
    local seen = {}
    for _, look in ipairs(looks) do
        local name, err = look.item.account, look.result.failure
        local refused = err and (err.kind == "auth" or err.kind == "clock")
        if refused then
            session:rows(([[UPDATE dwsync_accounts SET proven = 0, refusals = refusals + 1, error = %s,
                blocked_until = CASE WHEN refusals + 1 >= %d THEN %s ELSE blocked_until END
                WHERE account = %s]]):format(literal(look.result.error), MOST_REFUSALS, literal(now + BLOCKED_MS),
                literal(name)))
        elseif err and err.kind == "throttled" then
            session:rows(("UPDATE dwsync_accounts SET paused_until = %s WHERE account = %s"):format(
                literal(now + (err.retry_after or 5) * 1000), literal(name)))
        elseif not err and not seen[name] then
            seen[name] = true
            session:rows(("UPDATE dwsync_accounts SET proven = 1, refusals = 0, blocked_until = NULL, error = NULL "
                .. "WHERE account = %s AND proven = 0"):format(literal(name)))
        end
        local more = (look.result.requests or 1) - 1
        if more > 0 then
            session:rows(("UPDATE dwsync_accounts SET tokens = tokens - %d WHERE account = %s"):format(more,
                literal(name)))
        end
    end
end

--- Completes looks that changed nothing but dates: those that found what was known, and those that failed.
-- @tparam {{item=table,result=table},...} done
-- @treturn ?integer how many were refused, because their lease had run out
-- @treturn dwsync.error
function Schedule:complete(done)
    if not done[1] then
        return 0
    end
    return change(self, function(session)
        local items = {}
        for i, look in ipairs(done) do
            items[i] = look.item
        end
        local good, fenced = split(done, still_held(session, items))
        local now, rows = clock(session), {}
        for i, look in ipairs(good) do
            rows[i] = row_after(look.item, look.result, now)
        end
        if rows[1] then
            update_rows(session, rows, now)
            note_accounts(session, good, now)
        end
        return fenced
    end)
end

local VERDICT = { "cluster_id", "source", "rule", "source_type", "severity", "follows", "value", "since", "record_id",
    "message", "advice", "judged_at" }

local function write_verdicts(session, item, evaluation, now)
    session:rows("DELETE FROM dwsync_verdicts WHERE cluster_id = " .. literal(item.cluster_id))
    local rows = {}
    for _, verdict in ipairs(evaluation.verdicts) do
        if verdict.severity ~= "ok" then
            local cells = {}
            for i, name in ipairs(VERDICT) do
                local value = verdict[name]
                value = name == "cluster_id" and item.cluster_id or name == "source" and (value or "")
                    or name == "judged_at" and now or value
                cells[i] = literal(value)
            end
            rows[#rows + 1] = "(" .. table.concat(cells, ",") .. ")"
        end
    end
    if rows[1] then
        session:rows(("INSERT INTO dwsync_verdicts (%s) VALUES %s ON CONFLICT DO NOTHING"):format(
            table.concat(VERDICT, ","), table.concat(rows, ",")))
    end
end

--- Completes one look that found something: records, verdicts and the next date in one transaction, or nothing.
-- @tparam table item
-- @tparam table result `page` (see dwsync.history.merge), `evaluation`, …
-- @tparam[opt] function more(session, now) what belongs to the same transaction
-- @treturn ?boolean whether it was let through; false when the lease had run out
-- @treturn dwsync.error
-- @treturn table of the records saved, see dwsync.history.summary
function Schedule:complete_changed(item, result, more)
    local summary
    local through, err = change(self, function(session)
        if still_held(session, { item })[item.item_no] ~= item.epoch then
            return false
        end
        local now = clock(session)
        summary = result.page and history_page.merge_into(session, identity.cell(item.cluster_id), result.page, now)
        if result.evaluation then
            write_verdicts(session, item, result.evaluation, now)
        end
        update_rows(session, { row_after(item, result, now) }, now)
        note_accounts(session, { { item = item, result = result } }, now)
        if more then
            more(session, now)
        end
        return true
    end, item.cluster_id)
    return through, err, summary
end

-- ---- discovery ------------------------------------------------------------------------------------

--- Completes a look at what there is: the list is complete, so what it no longer names is gone.
-- @tparam table item of kind "place" or "account"
-- @tparam {table,...} found items: `kind`, `account`, `region`, `cluster_id`, `project_id`, `name`, `interval`
-- @tparam table result
-- @treturn ?boolean whether it was let through
-- @treturn dwsync.error
function Schedule:complete_discovery(item, found, result)
    return change(self, function(session)
        if still_held(session, { item })[item.item_no] ~= item.epoch then
            return false
        end
        local now, names = clock(session), {}
        local column = item.kind == "place" and "cluster_id" or "region"
        for i, one in ipairs(found) do
            upsert_item(session, one, now)
            names[i] = one[column]
        end
        local condition = item.kind == "place" and ("kind = 'cluster' AND account = %s AND region = %s"):format(
            literal(item.account), literal(item.region)) or ("kind <> 'account' AND account = %s"):format(
            literal(item.account))
        gone(session, ("%s AND NOT %s"):format(condition, among(column, names)), now)
        update_rows(session, { row_after(item, result, now) }, now)
        note_accounts(session, { { item = item, result = result } }, now)
        return true
    end)
end

-- ---- collectors -----------------------------------------------------------------------------------

local COUNTS = { "looks", "changed", "failed", "fenced", "expired", "throttled" }

--- Notes that a collector is there, and what it counted since.
-- @tparam table collector `name`, `host`, `pid`, `version`, `state`, `lease_ms`, `counts` (since the last time)
-- @treturn ?boolean whether it was asked to drain
-- @treturn dwsync.error
function Schedule:report(collector)
    return change(self, function(session)
        local now, sums, cells = clock(session), {}, {}
        for i, name in ipairs(COUNTS) do
            sums[i] = ("%s = dwsync_collectors.%s + excluded.%s"):format(name, name, name)
            cells[i] = literal(collector.counts[name] or 0)
        end
        session:rows(([[INSERT INTO dwsync_collectors (name, host, pid, version, state, started_at, seen_at, lease_ms,
            %s, drain) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0)
            ON CONFLICT (name) DO UPDATE SET host = excluded.host,
            pid = excluded.pid, version = excluded.version, state = excluded.state, seen_at = excluded.seen_at,
            lease_ms = excluded.lease_ms, %s]]):format(table.concat(COUNTS, ", "), literal(collector.name),
            literal(collector.host), literal(collector.pid), literal(collector.version), literal(collector.state),
            literal(now), literal(now), literal(collector.lease_ms), table.concat(cells, ", "),
            table.concat(sums, ", ")))
        local row = session:rows("SELECT drain FROM dwsync_collectors WHERE name = " .. literal(collector.name))[1]
        return row[1] == 1
    end)
end

--- Asks a collector to end: it claims nothing more.
-- @tparam string name
-- @tparam boolean drain false takes it back
-- @treturn ?boolean whether there is such a collector
-- @treturn dwsync.error
function Schedule:drain(name, drain)
    return change(self, function(session)
        session:rows(("UPDATE dwsync_collectors SET drain = %d WHERE name = %s"):format(drain and 1 or 0,
            literal(name)))
        return session:rows("SELECT 1 FROM dwsync_collectors WHERE name = " .. literal(name))[1] ~= nil
    end)
end

-- ---- asking ---------------------------------------------------------------------------------------

local ITEM_COLUMNS = { "kind", "account", "region", "cluster_id", "project_id", "name", "state", "interval_ms",
    "due_at", "epoch", "leased_by", "looked_at", "asked_at", "longest_gap", "failures", "error", "severity", "seen_at",
    "read_at", "next_at" }
local ACCOUNT_COLUMNS = { "account", "rate", "burst", "tokens", "paused_until", "refusals", "proven", "blocked_until",
    "error", "used_at", "state" }
local COLLECTOR_COLUMNS = { "name", "host", "pid", "version", "state", "started_at", "seen_at", "lease_ms", "looks",
    "changed", "failed", "fenced", "expired", "throttled", "drain" }

--- Reads at one moment: sums of what is there, which are few however many clusters there are.
-- @tparam function work called with a function(names, rest) that selects rows from `rest`, the time in milliseconds,
-- and a function that writes a value as SQL
-- @return what it returns; nil where there are no tables yet
-- @treturn dwsync.error
function Schedule:read(work)
    if self.is_missing then
        return nil
    end
    return read(self, function(session)
        return work(function(names, rest) return rows_of(session, names, rest) end, clock(session), literal)
    end)
end

--- All of it, at one moment.
-- @treturn ?table `now`, `items` (those that are not gone), `accounts`, `collectors`; times in milliseconds
-- @treturn dwsync.error
function Schedule:status()
    if self.is_missing then
        return { now = self.history.context.runtime.now() * 1000, items = {}, accounts = {}, collectors = {} }
    end
    return read(self, function(session)
        return { now = clock(session),
            items = rows_of(session, ITEM_COLUMNS,
                "dwsync_schedule WHERE state <> 'gone' ORDER BY kind, account, region, cluster_id"),
            accounts = rows_of(session, ACCOUNT_COLUMNS, "dwsync_accounts WHERE state <> 'gone' ORDER BY account"),
            collectors = rows_of(session, COLLECTOR_COLUMNS, "dwsync_collectors ORDER BY name") }
    end)
end

return M
