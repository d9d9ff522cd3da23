--- What a fleet does, in numbers: who collects, what is late, how the accounts do.
-- The database sums up, so that it costs the same for ten clusters and for ten thousand.
-- @module dwsync.fleet.summary
local history_accounts = require "dwsync.history.accounts"
local rows = require "dwsync.fleet.rows"
local severities = require "dwsync.severity"
local tables = require "dwsync.fleet.tables"
local tally = require "dwsync.problems.tally"

local M = {}

local LATE = 3 -- intervals without a look
local MOST_LATE, MOST_FAILURES = 5, 200
local REMEMBERED_MS = 24 * 3600 * 1000 -- how long a collector that is gone is listed

-- ---- what the database is asked -------------------------------------------------------------------

local ACCOUNT = { "account", "rate", "paused_until", "blocked_until", "refusals", "error" }
local LOAD = { "account", "wanted", "shortest" }
local COUNTS = { "account", "state", "severity", "clusters", "failing", "late", "overdue", "unseen" }
local LATEST = { "account", "region", "cluster_id", "name", "overdue", "leased_by", "failures", "error" }
local FAILURE = { "account", "kind", "error", "items", "example", "failures", "looked_at" }
local COLLECTOR = { "name", "host", "pid", "version", "state", "started_at", "seen_at", "lease_ms", "looks", "changed",
    "failed", "fenced", "expired", "throttled", "drain" }
local HEARTBEAT = { "due_at", "claimed_by", "sent_at", "reason", "error" }

local LOAD_OF = [[(SELECT account, sum(1000.0 / interval_ms) AS wanted, min(interval_ms) AS shortest
    FROM dwsync_schedule WHERE kind = 'cluster' AND state NOT IN ('gone', 'disabled') GROUP BY account) AS t]]

-- By how many milliseconds each look is overdue; a lease moves the date on, but not the plan.
local OVERDUE = [[(SELECT account, region, cluster_id, name, state, severity, failures, error, leased_by, looked_at,
    $now - CASE WHEN leased_by IS NULL THEN due_at ELSE planned_at END AS overdue,
    CASE WHEN state = 'disabled' THEN NULL ELSE interval_ms * $allowed END AS allowed FROM dwsync_schedule
    WHERE kind = 'cluster' AND state <> 'gone') AS s]]

local COUNTS_OF = [[(SELECT account, state, coalesce(severity, '') AS severity, count(*) AS clusters,
    sum(CASE WHEN failures > 0 THEN 1 ELSE 0 END) AS failing,
    sum(CASE WHEN overdue > allowed THEN 1 ELSE 0 END) AS late,
    max(CASE WHEN allowed IS NULL THEN 0 ELSE overdue END) AS overdue,
    sum(CASE WHEN looked_at IS NULL THEN 1 ELSE 0 END) AS unseen FROM $overdue GROUP BY account, state,
    coalesce(severity, '')) AS t]]

-- One look that failed is not worth a word; a list that could not be had is.
local FAILURES_OF = [[(SELECT account, kind, error, count(*) AS items, min(CASE WHEN kind = 'cluster'
    THEN coalesce(name, cluster_id) ELSE region END) AS example, max(failures) AS failures, min(looked_at) AS looked_at
    FROM dwsync_schedule WHERE failures > CASE kind WHEN 'cluster' THEN 1 ELSE 0 END AND state <> 'gone'
    GROUP BY account, kind, error) AS t ORDER BY items DESC, account, kind LIMIT %d]]

local UNLISTED = { "account", "kind", "error", "hint", "items", "example", "failures", "next_at" }

-- Lists of accounts that could not be had, and are tried again: of a trial that nobody made when it was due, nobody
-- wants to know any more.
local UNLISTED_OF = [[(SELECT account, 'users' AS kind, t.error AS error, min(hint) AS hint, count(*) AS items,
    min(coalesce(name, s.cluster_id)) AS example, max(t.failures) AS failures, min(t.next_at) AS next_at
    FROM dwsync_account_trials t JOIN dwsync_clusters c ON c.cluster_no = t.cluster_no
    JOIN dwsync_schedule s ON s.cluster_id = c.cluster_id
    WHERE s.kind = 'cluster' AND s.state <> 'gone' AND t.next_at > %s
    GROUP BY account, t.error) AS u ORDER BY items DESC, account LIMIT %d]]

-- Where the rate of an account cannot hold its interval, looks are that many intervals apart.
local function allowed_of(loads, rates)
    local cases = {}
    for _, load in ipairs(loads) do
        local stretch = load.wanted / rates[load.account]
        if stretch > 1 then
            cases[#cases + 1] = ("WHEN %s THEN %s"):format(rows.literal(load.account), rows.literal(LATE * stretch - 1))
        end
    end
    local usual = rows.literal(LATE - 1)
    return cases[1] and ("CASE account %s ELSE %s END"):format(table.concat(cases, " "), usual) or usual
end

local function filled(sql, values)
    return (sql:gsub("%$(%l+)", values))
end

local function unlisted_in(session, now)
    return session:rows(session.table_query:format "dwsync_account_trials")[1]
        and rows.of(session, UNLISTED, UNLISTED_OF:format(rows.literal(now - history_accounts.every),
            MOST_FAILURES)) or {}
end

local function figures_of(session)
    local now = rows.clock(session)
    local function select_rows(names, rest)
        return rows.of(session, names, rest)
    end
    local accounts, rates = select_rows(ACCOUNT, "dwsync_accounts WHERE state <> 'gone' ORDER BY account"), {}
    for _, account in ipairs(accounts) do
        rates[account.account] = account.rate
    end
    local loads = select_rows(LOAD, LOAD_OF)
    for i = #loads, 1, -1 do
        if not rates[loads[i].account] then
            table.remove(loads, i)
        end
    end
    local overdue = filled(OVERDUE, { now = rows.literal(now), allowed = allowed_of(loads, rates) })
    return { now = now, accounts = accounts, loads = loads,
        counts = select_rows(COUNTS, filled(COUNTS_OF, { overdue = overdue })),
        latest = select_rows(LATEST, ("%s WHERE overdue > allowed ORDER BY overdue DESC, cluster_id LIMIT %d"):format(
            overdue, MOST_LATE)),
        failures = select_rows(FAILURE, FAILURES_OF:format(MOST_FAILURES)), unlisted = unlisted_in(session, now),
        collectors = select_rows(COLLECTOR, ("dwsync_collectors WHERE seen_at > %s ORDER BY name"):format(
            rows.literal(now - REMEMBERED_MS))) }
end

-- ---- what is made of it ---------------------------------------------------------------------------

-- The same failure, whatever request it was.
local function nameless(failure)
    return (failure:gsub(",? ?request id [%w-]+", ""):gsub(" %(%)", ""):gsub("%(, ", "("))
end

local function accounts_of(figures)
    local list, by_name = {}, {}
    for i, account in ipairs(figures.accounts) do
        local blocked = (account.blocked_until or 0) > figures.now
        list[i] = { account = account.account, rate = account.rate, clusters = 0, late = 0, failing = 0, disabled = 0,
            unseen = 0, overdue = 0, refusals = account.refusals, error = account.error and nameless(account.error),
            paused_until = account.paused_until, blocked_until = account.blocked_until,
            state = blocked and "blocked" or (account.paused_until or 0) > figures.now and "throttled"
                or account.refusals > 0 and "refused" or "active" }
        by_name[account.account] = list[i]
    end
    for _, load in ipairs(figures.loads) do
        local account = by_name[load.account]
        account.interval = load.shortest / 1000
        account.paced = account.interval * math.max(1, load.wanted / account.rate)
    end
    return list, by_name
end

local SUMS = { "clusters", "failing", "late", "unseen" }

local function add_count(sum, account, count)
    for _, name in ipairs(SUMS) do
        account[name], sum[name] = account[name] + count[name], sum[name] + count[name]
    end
    account.overdue = math.max(account.overdue, count.overdue / 1000)
    if count.state == "disabled" then
        account.disabled, sum.disabled = account.disabled + count.clusters, sum.disabled + count.clusters
    end
    if count.severity ~= "" then
        local severity = severities.known(count.severity)
        sum.by_severity[severity] = sum.by_severity[severity] + count.clusters
    end
end

-- The same failure of many together.
local function failures_of(found, unlisted)
    local list, by_text = {}, {}
    local function add(row)
        row.error = nameless(row.error or "")
        local id = table.concat({ row.account, row.kind, row.error }, "\0")
        if by_text[id] then
            local known = by_text[id]
            known.items = known.items + row.items
            known.example = row.example < known.example and row.example or known.example
            known.next_at = known.next_at and math.min(known.next_at, row.next_at)
        else
            by_text[id], list[#list + 1] = row, row
        end
    end
    for _, rows_of in ipairs { found, unlisted } do
        for _, row in ipairs(rows_of) do
            add(row)
        end
    end
    return list
end

--- What is known of the dead man's switch.
-- @tparam table session see dwsync.history.transaction
-- @treturn ?table `due_at`, `claimed_by`, `sent_at`, `reason`, `error`, see dwsync.fleet.tables; nil without one
function M.heartbeat_in(session)
    return session:rows(session.table_query:format "dwsync_heartbeat")[1]
        and rows.of(session, HEARTBEAT, "dwsync_heartbeat WHERE name = 'heartbeat'")[1] or nil
end

--- Sums it up within a transaction.
-- @tparam table session see dwsync.history.transaction
-- @treturn table see `read`
function M.read_in(session)
    local figures = figures_of(session)
    local sum = { now = figures.now, clusters = 0, late = 0, failing = 0, disabled = 0, unseen = 0, alive = 0,
        by_severity = severities.count {}, latest = figures.latest,
        failures = failures_of(figures.failures, figures.unlisted),
        collectors = figures.collectors, messages = tally.read(session, figures.now),
        heartbeat = M.heartbeat_in(session) }
    local by_name
    sum.accounts, by_name = accounts_of(figures)
    for _, count in ipairs(figures.counts) do
        if by_name[count.account] then
            add_count(sum, by_name[count.account], count)
        end
    end
    for _, late in ipairs(sum.latest) do
        late.overdue = late.overdue / 1000
    end
    for _, collector in ipairs(sum.collectors) do
        collector.alive = collector.state ~= "ended" and sum.now - collector.seen_at < tables.ALIVE_MS
        sum.alive = sum.alive + (collector.alive and 1 or 0)
    end
    return sum
end

--- Sums it up.
-- @tparam dwsync.fleet.schedule schedule
-- @treturn ?table `now` (milliseconds), `clusters`, `late`, `failing`, `disabled`, `unseen` (not looked at yet),
-- `by_severity`; `accounts` (each with these, `overdue`, `interval` and `paced` in seconds, `state`), `latest` (at most
-- five late clusters), `failures` (the same ones together), `collectors` (each with `alive`) and how many are `alive`,
-- `messages` (see dwsync.problems.tally), `heartbeat`; nil where there is no fleet yet
-- @treturn dwsync.error
function M.read(schedule)
    return schedule:read(M.read_in)
end

return M
