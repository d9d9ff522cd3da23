--- What a fleet does, in numbers: who collects, what is late, how the accounts do.
-- It must do no I/O: it is given what dwsync.fleet.schedule read.
-- @module dwsync.fleet.summary
local severities = require "dwsync.severity"

local M = {}

local LATE = 3 -- intervals

local function is_open(item)
    return item.kind == "cluster" and item.state ~= "gone"
end

--- By how much a look is overdue, in seconds; 0 when it is not.
-- @tparam table item
-- @tparam number now milliseconds
-- @treturn number
function M.overdue(item, now)
    if item.leased_by then
        return math.max(0, now - (item.looked_at or now) - item.interval_ms) / 1000
    end
    return math.max(0, now - item.due_at) / 1000
end

--- How often a cluster of an account can be looked at: its interval, or longer where the rate cannot hold that.
-- @tparam table account
-- @tparam {table,...} items of all accounts
-- @treturn number seconds by the interval
-- @treturn number seconds by the rate
function M.pace(account, items)
    local wanted, shortest = 0, math.huge
    for _, item in ipairs(items) do
        if is_open(item) and item.account == account.account then
            wanted, shortest = wanted + 1000 / item.interval_ms, math.min(shortest, item.interval_ms / 1000)
        end
    end
    if wanted == 0 then
        return 0, 0
    end
    return shortest, math.max(shortest, shortest * wanted / account.rate)
end

--- Sums it up.
-- @tparam table status of dwsync.fleet.schedule
-- @treturn table `clusters`, `late`, `failing`, `disabled`, `by_severity`,
-- `accounts` (each with `clusters`, `late`, `overdue`, `interval`, `paced`, `state`), `collectors` (each with `alive`)
function M.of(status)
    local now = status.now
    local sum = { now = now, clusters = 0, late = 0, failing = 0, disabled = 0, by_severity = severities.count {},
        accounts = {}, collectors = {} }
    local by_name = {}
    for i, account in ipairs(status.accounts) do
        local interval, paced = M.pace(account, status.items)
        sum.accounts[i] = { account = account.account, rate = account.rate, clusters = 0, late = 0, overdue = 0,
            interval = interval, paced = paced, error = account.error, paused_until = account.paused_until,
            blocked_until = account.blocked_until, state = (account.blocked_until or 0) > now and "blocked"
            or (account.paused_until or 0) > now and "throttled" or "active" }
        by_name[account.account] = sum.accounts[i]
    end
    for _, item in ipairs(status.items) do
        local account = by_name[item.account]
        if is_open(item) and account then
            local overdue = M.overdue(item, now)
            local is_late = overdue * 1000 > (LATE - 1) * item.interval_ms
            sum.clusters, account.clusters = sum.clusters + 1, account.clusters + 1
            account.overdue = math.max(account.overdue, overdue)
            if is_late and item.state ~= "disabled" then
                sum.late, account.late = sum.late + 1, account.late + 1
            end
            sum.failing = sum.failing + (item.failures > 0 and 1 or 0)
            sum.disabled = sum.disabled + (item.state == "disabled" and 1 or 0)
            local severity = severities.known(item.severity)
            sum.by_severity[severity] = sum.by_severity[severity] + 1
        end
    end
    for i, collector in ipairs(status.collectors) do
        local copy = {}
        for name, value in pairs(collector) do
            copy[name] = value
        end
        copy.alive = collector.state ~= "ended" and now - collector.seen_at < collector.lease_ms
        sum.collectors[i] = copy
    end
    return sum
end

return M
