--- Claiming what is due: the oldest of some accounts, those that waited longest, as many as its rate and its key allow.
-- A claim is a lease: it moves a row's own due date forward, and counts its epoch up.
-- @module dwsync.fleet.claims
local accounts = require "dwsync.fleet.accounts"
local rows = require "dwsync.fleet.rows"

local M = {}

local literal = rows.literal

local CLAIMED = { "item_no", "kind", "account", "region", "cluster_id", "project_id", "name", "state", "interval_ms",
    "planned_at", "due_at", "epoch", "leased_by", "looked_at", "failures", "page_mark", "read_at", "next_at",
    "severity", "seen_at" }

local DUE_ITEMS = [[dwsync_schedule WHERE account = %s AND due_at <= %s AND state <> 'gone'
    ORDER BY CASE kind WHEN 'cluster' THEN 1 ELSE 0 END, due_at LIMIT %d]]

-- Few accounts are locked at once, and those first that waited longest, so that collectors which claim at the same time
-- do not come away empty.
local LEAST_SHARE = 1 / 4

-- Returns the items; nil where it may not ask.
local function claim_of(session, name, claimer, share, since)
    local account, now = accounts.lock(session, name, since)
    if not account then
        return nil
    end
    local most = math.min(share, accounts.allowance(account, now))
    if most < 1 then
        return nil
    end
    local items = rows.of(session, CLAIMED, DUE_ITEMS:format(literal(account.account), literal(now), most)
        .. session.skip_locked)
    local numbers = {}
    for i, item in ipairs(items) do
        numbers[i] = item.item_no
        item.expired, item.epoch, item.claimed_at = item.leased_by ~= nil, item.epoch + 1, now
        item.lease_ends, item.holder = now + claimer.lease_ms, claimer.name
    end
    if numbers[1] then
        session:rows(("UPDATE dwsync_schedule SET due_at = %s, epoch = epoch + 1, leased_by = %s WHERE item_no IN (%s)")
            :format(literal(now + claimer.lease_ms), literal(claimer.name), rows.numbers(numbers)))
        accounts.spend(session, account, items, now)
    end
    return items
end

--- Claims within a transaction.
-- @tparam table session see dwsync.history.transaction
-- @tparam table claimer `name`, `lease_ms`, `accounts`: names of those that it can ask, nil for all
-- @tparam integer most
-- @treturn {table,...} items
-- @treturn number the time
function M.claim(session, claimer, most)
    local now = rows.clock(session)
    local due, items = accounts.due(session, claimer.accounts, now), {}
    for i, name in ipairs(due) do
        local left = most - #items
        local share = math.min(left, math.ceil(math.max(left / (#due - i + 1), most * LEAST_SHARE)))
        for _, item in ipairs(share > 0 and claim_of(session, name, claimer, share, now) or {}) do
            items[#items + 1] = item
        end
    end
    return items, now
end

--- Gives leases back.
-- @tparam table session
-- @tparam {table,...} items
function M.give_back(session, items)
    for _, item in ipairs(items) do
        session:rows(([[UPDATE dwsync_schedule SET due_at = %s, leased_by = NULL
            WHERE item_no = %s AND epoch = %s AND leased_by = %s]]):format(literal(item.due_at),
            literal(item.item_no), literal(item.epoch), literal(item.holder)))
        accounts.returned(session, item)
    end
end

return M
