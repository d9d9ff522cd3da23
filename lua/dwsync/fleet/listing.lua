--- Which accounts, places and clusters the schedule has: as an inventory names them, or a complete listing.
-- @module dwsync.fleet.listing
local rows = require "dwsync.fleet.rows"

local M = {}

local literal = rows.literal

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

--- Takes over an inventory within a transaction.
-- @tparam table session see dwsync.history.transaction
-- @tparam dwsync.fleet.inventory inventory
function M.sync(session, inventory)
    local now, names = rows.clock(session), {}
    for i, account in ipairs(inventory.accounts) do
        names[i] = account.name
        sync_account(session, account, inventory, now)
    end
    local others = "NOT " .. among("account", names)
    session:rows("UPDATE dwsync_accounts SET state = 'gone' WHERE " .. others)
    gone(session, others, now)
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
