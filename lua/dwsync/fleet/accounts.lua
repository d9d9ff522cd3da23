--- What an account may ask: its token bucket, its pauses, and the guard of its key, for all collectors together.
-- @module dwsync.fleet.accounts
local rows = require "dwsync.fleet.rows"

local M = {}

local literal = rows.literal

local MOST_REFUSALS, BLOCKED_MS = 3, 300000 -- after more than five the service locks a key for five minutes
local PAUSE_SECONDS = 5 -- when throttled without a word of how long

local ACCOUNT = { "account", "rate", "burst", "tokens", "refilled_at", "proven", "refusals", "key_digest" }

local DUE = [[dwsync_accounts a WHERE state = 'active' AND coalesce(paused_until, 0) <= %s
    AND coalesce(blocked_until, 0) <= %s AND %s AND EXISTS (SELECT 1 FROM dwsync_schedule s
    WHERE s.account = a.account AND s.due_at <= %s AND s.state <> 'gone') ORDER BY used_at NULLS FIRST, account]]

--- The accounts of which something is due and which may ask, those first that waited longest.
-- @tparam table session see dwsync.history.transaction
-- @tparam ?{string,...} names of those that are meant; nil for all
-- @tparam number now
-- @treturn {table,...}
function M.due(session, names, now)
    return rows.of(session, ACCOUNT, DUE:format(literal(now), literal(now), names and rows.among("account", names)
        or "1 = 1", literal(now)) .. session.skip_locked)
end

-- How many requests with an unproven key may be under way, so that all collectors together stay below what locks it.
-- After a block, one finds out whether the key is still refused.
local function unproven(session, account, now)
    if account.proven == 1 then
        return math.huge
    end
    local under_way = session:rows(("SELECT count(*) FROM dwsync_schedule WHERE account = %s AND leased_by IS NOT NULL "
        .. "AND due_at > %s"):format(literal(account.account), literal(now)))[1][1]
    return math.max(1, MOST_REFUSALS - account.refusals) - under_way
end

-- A database whose clock was set back must not empty the bucket.
local function tokens_of(account, now)
    return math.min(account.burst, account.tokens + math.max(0, now - account.refilled_at) * account.rate / 1000)
end

--- How many looks may be claimed of an account now.
-- @tparam table session
-- @tparam table account of `due`
-- @tparam number now
-- @treturn integer
function M.allowance(session, account, now)
    return math.floor(math.min(tokens_of(account, now), unproven(session, account, now)))
end

--- Takes tokens from the bucket of an account.
-- @tparam table session
-- @tparam table account of `due`
-- @tparam integer count
-- @tparam number now
function M.spend(session, account, count, now)
    session:rows(("UPDATE dwsync_accounts SET tokens = %s, refilled_at = %s, used_at = %s WHERE account = %s"):format(
        literal(tokens_of(account, now) - count), literal(now), literal(now), literal(account.account)))
end

-- A key that cannot be had is not asked for again and again either: IAM locks users, too.
local REFUSALS = { auth = true, clock = true, credentials = true }

-- What looks say of an account: a success ends the count of refusals.
local function add(sum, result, now)
    local err = result.failure
    if err and REFUSALS[err.kind] then
        sum.refusals, sum.error = sum.refusals + 1, result.error
    elseif err and err.kind == "throttled" then
        sum.paused_until = math.max(sum.paused_until or 0, now + (err.retry_after or PAUSE_SECONDS) * 1000)
    elseif not err or result.disabled then
        sum.proven, sum.refusals = true, 0
    end
    sum.requests = sum.requests + (result.requests or 1) - 1 -- the first was paid for by the claim
end

local function write(session, name, sum, now)
    local account = literal(name)
    if sum.proven then
        session:rows(([[UPDATE dwsync_accounts SET proven = 1, refusals = 0, blocked_until = NULL, error = NULL
            WHERE account = %s AND (proven = 0 OR refusals > 0)]]):format(account))
    end
    if sum.refusals > 0 then
        session:rows(([[UPDATE dwsync_accounts SET proven = 0, refusals = refusals + %d, error = %s,
            blocked_until = CASE WHEN refusals + %d >= %d THEN %s ELSE blocked_until END
            WHERE account = %s]]):format(sum.refusals, literal(sum.error), sum.refusals, MOST_REFUSALS,
            literal(now + BLOCKED_MS), account))
    end
    if sum.paused_until then
        local till = literal(sum.paused_until)
        session:rows(("UPDATE dwsync_accounts SET paused_until = %s WHERE account = %s "
            .. "AND coalesce(paused_until, 0) < %s"):format(till, account, till))
    end
    if sum.requests > 0 then
        session:rows(("UPDATE dwsync_accounts SET tokens = tokens - %d WHERE account = %s"):format(sum.requests,
            account))
    end
end

--- Notes what looks say of their accounts: refused and accepted keys, throttling, and requests beyond the first. By
-- name, so that collectors which do so at the same time wait for each other in one direction.
-- @tparam table session
-- @tparam {{item=table,result=table},...} looks
-- @tparam number now
function M.note(session, looks, now)
    local sums, names = {}, {}
    for _, look in ipairs(looks) do
        local name = look.item.account
        if not sums[name] then
            sums[name], names[#names + 1] = { refusals = 0, requests = 0 }, name
        end
        add(sums[name], look.result, now)
    end
    table.sort(names)
    for _, name in ipairs(names) do
        write(session, name, sums[name], now)
    end
end

return M
