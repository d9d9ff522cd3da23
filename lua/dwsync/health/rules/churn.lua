--- Rule "churn": accounts deleted in one run and added back in the next, which costs them their grants; more than leave
-- on a usual day. Additions after a deletion are not enough: the two numbers must be similar.
-- @module dwsync.health.rules.churn
local population = require "dwsync.health.model.population"
local quantities = require "dwsync.quantities"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "accounts"

M.options = {
    warning = { kind = "whole", default = 10, level = true },
    critical = { kind = "whole", level = true },
    similarity = { kind = "ratio", default = 0.8 }, -- the smaller of the two numbers by the larger
    window = { kind = "duration", default = 24 * 3600 },
}

-- How many times the leavers of a busy day, and which share of the accounts, make it unusual.
local BUSY_DAYS, SHARE = 3, 0.01

function M.follow(options)
    return { options = options, seen = 0 }
end

-- What leaves on a busy day: three of four days have fewer.
local function busy_day(model, at)
    local days, values = model.days, {}
    local day = population.day_of(model, at)
    for i = day - 1, math.max(1, day - 28), -1 do
        values[#values + 1] = days.deletes[i]
    end
    if #values < 3 then
        return 0
    end
    table.sort(values)
    return values[math.ceil(0.75 * #values)]
end

-- "The next" is the next run that FINISHED: a failed one in between changed nothing.
local function compare(state, model, at, next_at)
    local options, run = state.options, model.run[next_at]
    local deleted, added = model.run[at].delete_count, run.add_count or 0
    if model.time[next_at] - model.time[at] > 1.5 * options.window * 1000 then
        return -- weeks between: others have come
    end
    local less, more = math.min(deleted, added), math.max(deleted, added)
    if less < options.warning or less < options.similarity * more then
        return
    end
    local accounts = population.before(model, at)
    if less > BUSY_DAYS * busy_day(model, at) and (not accounts or less >= SHARE * accounts) then
        local worst = state.worst
        local on = worst and model.time[next_at] - worst.time < options.window * 1000
        state.worst = { time = model.time[next_at], since = on and worst.since or model.time[next_at], run = run,
            deletion = model.run[at], of = population.clause(model, at),
            deleted = deleted, added = added, value = less }
    end
end

-- The next FINISHED run after a place, if it is known.
local function next_finished(model, at, last)
    for i = at + 1, last do
        if model.run[i].status == "FINISHED" then
            return i
        end
    end
end

function M.advance(state, model, _, last)
    if not state.options.warning then
        return
    end
    local deletion = model.deletions[state.seen + 1]
    while deletion do
        local run = model.run[deletion]
        if run.status == "FINISHED" and run.delete_count >= state.options.warning then
            local next_at = next_finished(model, deletion, last)
            if not next_at then
                return
            end
            compare(state, model, deletion, next_at)
        end
        state.seen = state.seen + 1
        deletion = model.deletions[state.seen + 1]
    end
end

function M.judge(state, _, now)
    local options, worst = state.options, state.worst
    local finding = { value = 0, warning = options.warning, critical = options.critical }
    if worst and now - worst.time < options.window * 1000 then
        finding.value, finding.run, finding.since, finding.found = worst.value, worst.run, worst.since, worst
        finding.recheck = worst.time + options.window * 1000
    end
    return finding
end

function M.describe(finding, model)
    local found = finding.found
    if not found then
        return "no accounts deleted and added back"
    end
    return ("one run deleted %s and the next added %.0f%s"):format(quantities.count(found.deleted, "account"),
        found.added, found.of), ("If these are the same people, they lost their grants: check whether %s returned only "
        .. "some of its entries to the first run (a paging limit, a lagging replica), then restore the missing "
        .. "grants."):format(wording.source(model.source))
end

--- The deletion and the addition.
function M.behind(finding)
    return { finding.run, finding.found and finding.found.deletion }
end

--- How many leave on a busy day, and how many accounts there are.
function M.explain(state, model)
    local busy = busy_day(model, model.count + 1)
    local known, accounts = population.fact(model, model.count + 1)
    local warning = state.options.warning
    local least = warning and math.ceil(math.max(warning, BUSY_DAYS * busy + 1, SHARE * (accounts or busy)))
    return {
        { name = "busy_day", text = ("%s deleted on three of four days at most"):format(
            quantities.count(busy, "account")), value = busy, unit = "accounts" },
        known,
        { name = "warning_from", text = least and ("%s deleted and added back"):format(
            quantities.count(least, "account")) or "off", value = least, unit = "accounts" },
    }
end

return M
