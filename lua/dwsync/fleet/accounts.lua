--- What an account may ask: its token bucket, its pauses, and the guard of its key, for all collectors together.
-- @module dwsync.fleet.accounts
local findings = require "dwsync.problems.findings"
local problems = require "dwsync.problems"
local rows = require "dwsync.fleet.rows"

local M = {}

local literal = rows.literal

local MOST_REFUSALS, BLOCKED_MS = 3, 300000 -- after more than five the service locks a key for five minutes
local PAUSE_SECONDS = 5 -- when throttled without a word of how long

local ACCOUNT = { "account", "rate", "burst", "tokens", "refilled_at", "proven", "refusals", "under_way",
    "used_at" }

local MAY_ASK = [[dwsync_accounts a WHERE state = 'active' AND coalesce(paused_until, 0) <= %s
    AND coalesce(blocked_until, 0) <= %s AND %s]]
local DUE = MAY_ASK .. [[ AND EXISTS (SELECT 1 FROM dwsync_schedule s WHERE s.account = a.account
    AND s.due_at <= %s AND s.state <> 'gone') ORDER BY used_at NULLS FIRST, account]]

-- Looks that try a key, and of which nobody said what came of them. Who claimed them may be gone, but the service may
-- have refused them all the same: they count until it has forgotten.
local function under_way(account, now)
    return account.used_at and now - account.used_at < BLOCKED_MS and account.under_way or 0
end

-- How many requests with an unproven key may be under way, so that all collectors together stay below what locks it.
-- After a block, one finds out whether the key is still refused.
local function unproven(account, now)
    if account.proven == 1 then
        return math.huge
    end
    return math.max(1, MOST_REFUSALS - account.refusals) - under_way(account, now)
end

-- A database whose clock was set back must not empty the bucket.
local function tokens_of(account, now)
    return math.min(account.burst, account.tokens + math.max(0, now - account.refilled_at) * account.rate / 1000)
end

--- How many looks may be claimed of an account now.
-- @tparam table account of `lock`
-- @tparam number now
-- @treturn integer
function M.allowance(account, now)
    return math.floor(math.min(tokens_of(account, now), unproven(account, now)))
end

--- The accounts of which something is due and which may ask, those first that waited longest. None is locked, so each
-- may have changed when its turn comes.
-- @tparam table session see dwsync.history.transaction
-- @tparam ?{string,...} names of those that are meant; nil for all
-- @tparam number now
-- @treturn {string,...} names
function M.due(session, names, now)
    local due = {}
    for _, account in ipairs(rows.of(session, ACCOUNT, DUE:format(literal(now), literal(now), names
        and rows.among("account", names) or "1 = 1", literal(now)))) do
        due[#due + 1] = M.allowance(account, now) >= 1 and account.account or nil
    end
    return due
end

--- Locks an account, so that nobody else claims of it until the transaction ends.
-- @tparam table session
-- @tparam string name
-- @tparam number now
-- @treturn ?table nil where somebody else has it, or it may not ask any more
-- @treturn number the time since when it is locked: whoever had it before took tokens until then
function M.lock(session, name, now)
    local account = rows.of(session, ACCOUNT, MAY_ASK:format(literal(now), literal(now),
        "account = " .. literal(name)) .. session.skip_locked)[1]
    return account, account and rows.clock(session)
end

--- Takes tokens from the bucket of an account, and notes in its looks whether they try its key.
-- @tparam table session
-- @tparam table account of `lock`
-- @tparam {table,...} items claimed
-- @tparam number now
function M.spend(session, account, items, now)
    local tries_key = account.proven ~= 1
    for _, item in ipairs(items) do
        item.tries_key = tries_key
    end
    session:rows(([[UPDATE dwsync_accounts SET tokens = %s, refilled_at = %s, used_at = %s, under_way = %d
        WHERE account = %s]]):format(literal(tokens_of(account, now) - #items), literal(now), literal(now),
        tries_key and under_way(account, now) + #items or 0, literal(account.account)))
end

local function come_back(session, name, count)
    session:rows(([[UPDATE dwsync_accounts SET under_way = CASE WHEN under_way > %d THEN under_way - %d ELSE 0 END
        WHERE account = %s]]):format(count, count, literal(name)))
end

--- Notes that a look was not made.
-- @tparam table session
-- @tparam table item
function M.returned(session, item)
    if item.tries_key then
        come_back(session, item.account, 1)
    end
end

-- Also of what keys are made from: IAM locks users, too. Only what a service answered counts: nothing else was sent.
local REFUSALS = { auth = true, clock = true, credentials = true }

--- Whether a look failed because a service refused the account's key.
-- @tparam table result
-- @treturn boolean
function M.is_refusal(result)
    local err = result.failure
    return err ~= nil and REFUSALS[err.kind] == true and err.status ~= nil
end

--- Whether nobody has seen the key of an account at work since it was last refused, so that what fails for that is the
-- account's problem.
-- @tparam table session
-- @tparam string name
-- @treturn boolean
function M.is_unproven(session, name)
    return session:rows("SELECT 1 FROM dwsync_accounts WHERE proven = 0 AND account = " .. literal(name))[1] ~= nil
end

-- What looks say of an account: a success ends the count of refusals.
local function add(sum, item, result, now)
    local err = result.failure
    if M.is_refusal(result) then
        sum.refusals, sum.error, sum.failure = sum.refusals + 1, result.error, err
    elseif err and err.kind == "throttled" then
        local till = now + (err.retry_after or PAUSE_SECONDS) * 1000
        sum.paused_until = math.max(sum.paused_until or till, till)
    elseif not err or result.disabled then
        sum.proven, sum.refusals = true, 0
    end
    sum.back = sum.back + (item.tries_key and 1 or 0)
    sum.requests = sum.requests + (result.requests or 1) - 1 -- the first was paid for by the claim
end

-- The row of the account is locked, so that collectors say so of its problem one after the other.
local function prove(session, name, now)
    local condition = ("account = %s AND (proven = 0 OR refusals > 0)"):format(literal(name))
    if session:rows("SELECT 1 FROM dwsync_accounts WHERE " .. condition)[1] then
        session:rows(([[UPDATE dwsync_accounts SET proven = 1, refusals = 0, under_way = 0, blocked_until = NULL,
            error = NULL WHERE %s]]):format(condition))
        problems.end_in(session, findings.account(name).cluster.id, "its key is accepted again", now)
    end
end

local function write(session, name, sum, policy, now)
    local account = literal(name)
    if sum.proven then
        prove(session, name, now)
    elseif sum.back > 0 then
        come_back(session, name, sum.back)
    end
    if sum.refusals > 0 then
        session:rows(([[UPDATE dwsync_accounts SET proven = 0, refusals = refusals + %d, error = %s,
            blocked_until = CASE WHEN refusals + %d >= %d THEN %s ELSE blocked_until END
            WHERE account = %s]]):format(sum.refusals, literal(sum.error), sum.refusals, MOST_REFUSALS,
            literal(now + BLOCKED_MS), account))
        problems.look_in(session, findings.account(name, sum.failure), policy, now)
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
-- A key that stays refused is a problem of the account.
-- @tparam table session
-- @tparam {{item=table,result=table},...} looks
-- @tparam dwsync.problems.policy policy
-- @tparam number now
function M.note(session, looks, policy, now)
    local sums, names = {}, {}
    for _, look in ipairs(looks) do
        local name = look.item.account
        if not sums[name] then
            sums[name], names[#names + 1] = { refusals = 0, requests = 0, back = 0 }, name
        end
        add(sums[name], look.item, look.result, now)
    end
    table.sort(names)
    for _, name in ipairs(names) do
        write(session, name, sums[name], policy, now)
    end
end

return M
