--- Which accounts, places and clusters the schedule has: as an inventory names them, or a complete listing.
--
-- Several collectors may come with different inventories. Each account is as the inventory says that came last; one
-- that an inventory does not name stays while another collector names it, and is gone some time after the last one did.
-- @module dwsync.fleet.listing
local findings = require "dwsync.problems.findings"
local problems = require "dwsync.problems"
local rows = require "dwsync.fleet.rows"
local tables = require "dwsync.fleet.tables"

local M = {}

local literal, among = rows.literal, rows.among

local NAMED_EVERY_MS, UNNAMED_MS = 60000, 15 * 60000

-- A key that was not seen before is not guilty of what another was refused for; one that may be new proves itself.
local ACCOUNT = [[INSERT INTO dwsync_accounts (account, rate, burst, tokens, refilled_at, key_digest, refusals, proven,
    state, named_at) VALUES (%s, %s, %s, %s, %s, %s, 0, 0, 'active', %s) ON CONFLICT (account) DO UPDATE SET
    rate = excluded.rate, burst = excluded.burst, state = 'active', named_at = excluded.named_at%s]]

local NEW_KEY = [[, key_digest = excluded.key_digest,
    refusals = CASE WHEN %s THEN dwsync_accounts.refusals ELSE 0 END,
    proven = CASE WHEN %s THEN dwsync_accounts.proven ELSE 0 END,
    blocked_until = CASE WHEN %s THEN dwsync_accounts.blocked_until END,
    error = CASE WHEN %s THEN dwsync_accounts.error END]]
NEW_KEY = NEW_KEY:gsub("%%s", "dwsync_accounts.key_digest = excluded.key_digest")

local function upsert_account(session, account, key, now)
    session:rows(ACCOUNT:format(literal(account.name), literal(account.rate), literal(account.burst),
        literal(account.burst), literal(now), literal(key), literal(now), key and NEW_KEY or ", proven = 0"))
end

-- An item that was gone is due at once, and judged whatever its page says; for others what is planned stays.
local ITEM = [[INSERT INTO dwsync_schedule (kind, account, region, cluster_id, project_id, name, state, interval_ms,
    planned_at, due_at, epoch, failures) VALUES (%s, %s, %s, %s, %s, %s, 'active', %s, %s, %s, 0, 0)
    ON CONFLICT (kind, account, region, cluster_id) DO UPDATE SET interval_ms = excluded.interval_ms,
    name = coalesce(excluded.name, dwsync_schedule.name),
    project_id = coalesce(excluded.project_id, dwsync_schedule.project_id),
    due_at = CASE WHEN dwsync_schedule.state = 'gone' THEN excluded.due_at ELSE dwsync_schedule.due_at END,
    page_mark = CASE WHEN dwsync_schedule.state <> 'gone' THEN dwsync_schedule.page_mark END,
    state = CASE WHEN dwsync_schedule.state = 'gone' THEN 'active' ELSE dwsync_schedule.state END, gone_at = NULL]]

local function upsert_item(session, item, now)
    session:rows(ITEM:format(literal(item.kind), literal(item.account), literal(item.region or ""),
        literal(item.cluster_id or ""), literal(item.project_id), literal(item.name), literal(item.interval * 1000),
        literal(now), literal(now)))
end

-- Problems that are open, of clusters that are gone now from all places.
local WITHOUT_CLUSTER = [[dwsync_problems p WHERE p.state IN ('pending', 'firing', 'told')
    AND p.cluster_id IN (SELECT cluster_id FROM dwsync_schedule WHERE kind = 'cluster' AND gone_at = %s)
    AND NOT EXISTS (SELECT 1 FROM dwsync_schedule s WHERE s.kind = 'cluster' AND s.cluster_id = p.cluster_id
    AND s.state <> 'gone')]]

local WITHOUT_LIST = "dwsync_schedule WHERE kind <> 'cluster' AND gone_at = %s"

local function end_in(session, cluster_id, now)
    problems.end_in(session, cluster_id, "no longer monitored", now)
end

-- What is no longer there is not looked at, and its problems are over; what else is known of it stays. A look under way
-- is refused.
local function gone(session, condition, now)
    session:rows(([[UPDATE dwsync_schedule SET state = 'gone', gone_at = %s, leased_by = NULL
        WHERE state <> 'gone' AND %s]]):format(literal(now), condition))
    for _, row in ipairs(rows.of(session, { "cluster_id" }, WITHOUT_CLUSTER:format(literal(now)))) do
        end_in(session, row.cluster_id, now)
    end
    for _, row in ipairs(rows.of(session, { "account", "region" }, WITHOUT_LIST:format(literal(now)))) do
        end_in(session, findings.listing(row.region, nil, row.account).cluster.id, now)
    end
end

local function sync_items(session, account, inventory, now)
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

-- What was excluded, or is looked at more often from now on, shows when places are looked at: so that is due.
local function look_for_clusters(session, names, now)
    session:rows(([[UPDATE dwsync_schedule SET due_at = %s WHERE kind <> 'cluster' AND state <> 'gone'
        AND leased_by IS NULL AND due_at > %s AND failures = 0 AND %s]]):format(literal(now), literal(now),
        among("account", names)))
end

local function forget_accounts(session, condition, now)
    gone(session, ("account IN (SELECT account FROM dwsync_accounts WHERE %s)"):format(condition), now)
    for _, row in ipairs(rows.of(session, { "account" }, "dwsync_accounts WHERE state <> 'gone' AND " .. condition)) do
        end_in(session, findings.account(row.account).cluster.id, now)
    end
    session:rows("UPDATE dwsync_accounts SET state = 'gone' WHERE state <> 'gone' AND " .. condition)
end

local function others_alive(session, collector, now)
    return session:rows(([[SELECT count(*) FROM dwsync_collectors WHERE state <> 'ended' AND seen_at > %s
        AND name <> %s]]):format(literal(now - tables.ALIVE_MS), literal(collector or "")))[1][1] > 0
end

--- Takes over an inventory within a transaction.
-- @tparam table session see dwsync.history.transaction
-- @tparam dwsync.fleet.inventory inventory
-- @tparam table options `keys`: digests of keys, by account, where they are known; `collector`: who has the inventory
function M.sync(session, inventory, options)
    local now, names = rows.clock(session), {}
    for i, account in ipairs(inventory.accounts) do
        names[i] = account.name
        sync_items(session, account, inventory, now)
    end
    look_for_clusters(session, names, now)
    for _, account in ipairs(inventory.accounts) do
        upsert_account(session, account, options.keys[account.name], now)
    end
    local unnamed = "NOT " .. among("account", names)
    forget_accounts(session, others_alive(session, options.collector, now)
        and ("%s AND named_at < %s"):format(unnamed, literal(now - UNNAMED_MS)) or unnamed, now)
end

--- Notes which accounts a collector still names. Those that no collector named for a quarter of an hour are gone.
-- @tparam table session
-- @tparam {string,...} names
-- @tparam number now
-- @treturn boolean whether one of them was forgotten, because another inventory came while this collector was away
function M.name_again(session, names, now)
    local oldest, forgotten = now, false
    for _, row in ipairs(session:rows("SELECT named_at, state FROM dwsync_accounts WHERE "
        .. among("account", names))) do
        oldest, forgotten = math.min(oldest, row[1]), forgotten or row[2] == "gone"
    end
    if oldest < now - NAMED_EVERY_MS then
        session:rows(("UPDATE dwsync_accounts SET named_at = %s WHERE %s"):format(literal(now),
            among("account", names)))
        forget_accounts(session, ("named_at < %s"):format(literal(now - UNNAMED_MS)), now)
    end
    return forgotten
end

--- Takes over a complete listing: what it no longer names is gone.
-- @tparam table session
-- @tparam table item that was looked at, of kind "place" or "account"
-- @tparam {table,...} found
-- @tparam number now
function M.take(session, item, found, now)
    local names = {}
    local column = item.kind == "place" and "cluster_id" or "region"
    for i, one in ipairs(found) do
        upsert_item(session, one, now)
        names[i] = one[column]
    end
    local condition = item.kind == "place" and ("kind = 'cluster' AND account = %s AND region = %s"):format(
        literal(item.account), literal(item.region)) or ("kind <> 'account' AND account = %s"):format(
        literal(item.account))
    gone(session, ("%s AND NOT %s"):format(condition, among(column, names)), now)
end

return M
