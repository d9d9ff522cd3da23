--- What an account may ask: its token bucket, its pauses, and the guard of its key, for all collectors together.
-- @module dwsync.fleet.accounts
local rows = require "dwsync.fleet.rows"

local M = {}

local literal = rows.literal

local MOST_REFUSALS, BLOCKED_MS = 3, 300000 -- after more than five the service locks a key for five minutes

local ACCOUNT = { "account", "rate", "burst", "tokens", "refilled_at", "proven", "refusals", "key_digest" }

local DUE = [[dwsync_accounts a WHERE state = 'active' AND coalesce(paused_until, 0) <= %s
    AND coalesce(blocked_until, 0) <= %s AND EXISTS (SELECT 1 FROM dwsync_schedule s WHERE s.account = a.account
    AND s.due_at <= %s AND s.state <> 'gone') ORDER BY used_at NULLS FIRST, account]]

--- The accounts of which something is due and which may ask, those first that waited longest.
-- @tparam table session see dwsync.history.transaction
-- @tparam number now
-- @treturn {table,...}
function M.due(session, now)
    return rows.of(session, ACCOUNT, DUE:format(literal(now), literal(now), literal(now)) .. session.skip_locked)
end

-- How many requests with an unproven key may be under way, so that all collectors together stay below what locks it.
local function unproven(session, account, now)
    if account.proven == 1 then
        return math.huge
    end
    local under_way = session:rows(("SELECT count(*) FROM dwsync_schedule WHERE account = %s AND leased_by IS NOT NULL "
        .. "AND due_at > %s"):format(literal(account.account), literal(now)))[1][1]
    return MOST_REFUSALS - account.refusals - under_way
end

local function tokens_of(account, now)
    return math.min(account.burst, account.tokens + (now - account.refilled_at) * account.rate / 1000)
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

--- Notes what looks say of their accounts: refused and accepted keys, throttling, and requests beyond the first.
-- @tparam table session
-- @tparam {{item=table,result=table},...} looks
-- @tparam number now
function M.note(session, looks, now)
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

return M
