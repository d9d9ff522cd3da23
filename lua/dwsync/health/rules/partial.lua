--- Rule "partial": accounts that fail in runs that FINISHED, which is not the same as success. A share with a least
-- number, in more than one run where runs are frequent; what has failed since the first record is known, and no news.
-- @module dwsync.health.rules.partial
local causes = require "dwsync.health.causes"
local population = require "dwsync.health.model.population"
local quantities = require "dwsync.quantities"
local text = require "dwsync.text"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "ratio"

M.options = {
    warning = { kind = "ratio", default = 0.01, level = true }, -- of the accounts a run touched
    critical = { kind = "ratio", default = 0.10, level = true }, -- and of the accounts there are
    minimum = { kind = "whole", default = 5 }, -- fewer failing accounts than this are never news
}

-- Frequent runs: two bad ones among so many tell it, and so many good ones end it. Half a day apart, one is enough.
local RECENT, RARE = 5, 12 * 3600000

-- Fewer failing accounts than this wake nobody, whatever their share.
local LEAST_CRITICAL = 5

-- How much worse than usual it must be, and when what was so from the beginning counts as known.
local UNUSUAL, KNOWN = 3, 7 * 86400000

function M.follow(options)
    return { options = options, seen = 0, sum = 0 }
end

local function share_of(run)
    local failed = run.failed_count
    return failed / ((run.add_count or 0) + (run.update_count or 0) + (run.delete_count or 0) + failed)
end

-- Whether a share is one of all accounts, as far as their number is known.
local function is_critical(options, model, at, run, share)
    if not options.critical or share < options.critical or run.failed_count < LEAST_CRITICAL then
        return false
    end
    local accounts = population.before(model, at)
    return not accounts or run.failed_count >= options.critical * accounts
end

local function note(state, model, at)
    local options, run = state.options, model.run[at]
    local failed, share = run.failed_count, share_of(run)
    local on = state.on
    if on and at - on.at > on.patience then
        on, state.on = nil, nil
    end
    local usual = at > 1 and state.sum / (at - 1) or 0
    if failed < options.minimum or not options.warning or share < options.warning
        or not on and failed < UNUSUAL * usual then
        state.sum = state.sum + failed
        return
    end
    local gap = model:gap(at)
    local rare = not gap or gap >= RARE
    local critical = is_critical(options, model, at, run, share)
    if on then
        on.at, on.critical = at, critical and at or on.critical
    elseif rare or critical or state.bad and at - state.bad < RECENT then
        local first = not critical and state.bad or at
        state.on = { at = at, critical = critical and at, patience = rare and 1 or RECENT, first = first,
            since = model.time[first], from_beginning = first <= 3 }
    end
    state.bad = at
end

function M.advance(state, model)
    local partial = model.partials[state.seen + 1]
    while partial do
        note(state, model, partial)
        state.seen = state.seen + 1
        partial = model.partials[state.seen + 1]
    end
end

function M.judge(state, model)
    local options, count = state.options, model.count
    local run = model.success and model.run[model.success]
    local finding = { warning = options.warning, critical = options.critical, run = run, severity = "ok" }
    if not run then
        return finding
    end
    finding.value = (run.failed_count or 0) > 0 and share_of(run) or 0
    finding.since = run.end_time or run.start_time
    local on = state.on
    local newest = model.partials[state.seen]
    if on and count - on.at < on.patience + (on.patience == 1 and 0 or 1)
        and not (on.from_beginning and model.time[newest] - model.time[1] >= KNOWN) then
        finding.run, finding.since, finding.of = model.run[on.at], on.since, population.clause(model, on.at)
        finding.value = share_of(finding.run)
        finding.severity = on.critical and count - on.critical <= RECENT and "critical" or "warning"
        finding.newest = on.at == model.success
    end
    return finding
end

function M.describe(finding, model)
    local run = finding.run
    if not run then
        return "no run has finished yet"
    elseif finding.value == 0 then
        return "no accounts failed in the last finished run"
    end
    local explained = causes.explain(run.fail_reason)
    local reason = run.fail_reason and (" (%s)"):format(explained.cause
        or "\"" .. text.excerpt(run.fail_reason, 120) .. "\"") or ""
    local all = run.failed_count / finding.value
    return ("%.0f of %s failed in %s, %s%s%s"):format(run.failed_count,
        quantities.count(math.floor(all + 0.5), "account"), finding.newest == false and "one of the last runs"
        or "the last finished run", quantities.percent(finding.value), reason, finding.of or ""),
        ("These accounts of %s are out of date: fix what the reason names, in the identity source or in the "
        .. "database's roles, then synchronise again."):format(wording.source(model.source))
end

--- The runs in which accounts failed.
function M.behind(finding, model, state)
    local runs = { finding.run }
    for i = state.seen, math.max(1, state.seen - RECENT + 1), -1 do
        local at = model.partials[i]
        runs[#runs + 1] = model.time[at] >= finding.since and model.run[at] ~= finding.run and model.run[at] or nil
    end
    return runs
end

--- How many accounts usually fail, and how many there are.
function M.explain(state, model)
    local usual = model.count > 0 and state.sum / model.count or 0
    local gap = model:gap(model.count)
    local known = population.fact(model, model.count + 1)
    local rare = not gap or gap >= RARE
    return {
        { name = "usual", text = ("%s fail in a run, in the mean"):format(quantities.count(usual, "account")),
            value = usual, unit = "accounts" },
        { name = "told_from", text = ("%s, %s times the usual"):format(quantities.count(math.max(
            state.options.minimum, math.ceil(UNUSUAL * usual)), "account"), quantities.number(UNUSUAL)),
            value = math.max(state.options.minimum, math.ceil(UNUSUAL * usual)), unit = "accounts" },
        { name = "patience", text = rare and "runs are rare: one bad run is enough, and one good one ends it"
            or ("two bad runs of %d are enough, and %d good ones end it"):format(RECENT, RECENT),
            value = rare and 1 or RECENT, unit = "runs" },
        known,
    }
end

return M
