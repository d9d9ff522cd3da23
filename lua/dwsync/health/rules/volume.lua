--- Rule "volume": how many accounts are added and updated, against the same weekday and hour of earlier weeks, both
-- ways: several times as many again and again, far fewer or none on two days where more were to be expected, a full
-- import that has lost a part, and one run that adds many. What comes every month, or after a pause, is usual.
-- Silent until there is a week to compare with.
-- @module dwsync.health.rules.volume
local place = require "dwsync.health.model.place"
local population = require "dwsync.health.model.population"
local quantities = require "dwsync.quantities"
local weeks = require "dwsync.health.model.weeks"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "times"

M.options = {
    warning = { kind = "factor", default = 3, level = true }, -- times as many as usual, or as few
    critical = { kind = "factor", level = true },
    minimum = { kind = "accounts", default = 20 }, -- a smaller difference than this is never unusual
}

M.replaced = {
    history = "weeks decide what is usual, up to four of them",
    least_history = "one week is enough to compare with",
    window = "it is told until it has been well for two stretches of four hours, a surge for three days",
}

local HOUR, DAY = 3600000, 86400000

-- Changes are compared stretch by stretch; a run may be so much later than those of earlier weeks.
local STRETCH, LAG = 4 * HOUR, 12 * HOUR

-- How few are usual in a stretch that is well, how few make it unusual, and what is enough to expect to tell.
local WELL, FEW, EXPECTED = 0.5, 0.25, 5

-- A source that brings the same accounts in every run: within this, and unusual below that.
local STEADY, STEADY_WELL, STEADY_LEAST = 0.04, 0.92, 50

-- Additions in one stretch: so many times the usual, of so many accounts, told for so long.
local SURGE, SURGE_SHARE, SURGE_MEMORY, SURGE_HISTORY = 5, 0.05, 3 * DAY, 4

-- What is told is over after so many stretches that are well.
local CALM = 2

function M.follow(options)
    return { options = options, checks = 0, compared = 0, low = { expected = 0, actual = 0 },
        high = { count = 0, calm = 0 } }
end

local function reset(low)
    low.expected, low.actual, low.since, low.day, low.today, low.fullest = 0, 0, nil, nil, 0, 0
end

local function weeks_since(since, time)
    return math.max(1, math.ceil((time - since) / (7 * DAY)))
end

-- Few or none. One day is not enough: it may be a holiday.
local function note_low(state, seen)
    local low, minimum = state.low, state.options.minimum
    local well, few = WELL, FEW
    local usual, least, most = seen.usual, seen.list[1], seen.list[#seen.list]
    if #seen.list >= 2 and least >= STEADY_LEAST and most - least <= STEADY * most then
        well, few = STEADY_WELL, STEADY_WELL
    end
    local enough = usual >= EXPECTED
    if low.on then
        if enough then
            low.calm = seen.actual >= well * usual and low.calm + 1 or 0
            if low.calm >= (seen.gap >= 12 * HOUR and 1 or CALM) then
                low.on = nil
                reset(low)
            else
                local last = low.calm > 0 and low.told or { actual = seen.actual, usual = usual, weeks = #seen.list }
                low.told = { actual = last.actual, usual = last.usual, weeks = last.weeks, run = seen.run,
                    since = low.told.since }
            end
        end
        return
    end
    if enough and seen.actual >= well * usual then
        reset(low)
        return
    elseif usual == 0 and low.expected == 0 then
        return
    end
    local day = math.floor(seen.time / DAY)
    low.since = low.since or seen.from
    low.expected, low.actual = low.expected + usual, low.actual + seen.actual
    low.today = (day == low.day and low.today or 0) + usual
    low.day, low.fullest = day, math.max(low.fullest or 0, low.today)
    if low.actual >= well * low.expected and low.expected >= EXPECTED then
        reset(low)
        return
    end
    local rest = low.expected - low.fullest
    local steady = few == STEADY_WELL
    if low.actual <= few * low.expected and low.expected - low.actual >= minimum
        and (rest >= 0.25 * low.expected
            or seen.gap >= 5 * DAY and not steady and low.actual <= 0.1 * low.expected) then
        low.on, low.calm = low.since, 0
        low.told = { actual = low.actual, usual = low.expected, run = seen.run, since = low.since,
            weeks = #seen.list }
    end
end

-- Several times as many, in more than one stretch.
local function note_high(state, model, at, seen, owed)
    local high, options = state.high, state.options
    local most = seen.list[#seen.list]
    local actual = math.max(0, seen.actual - owed)
    if actual >= options.warning * most + options.minimum
        and actual > 2 * weeks.month_before(model, at, model.changed, seen.from, seen.time) then
        high.count, high.calm, high.most = high.count + 1, 0, most
        if high.count == 1 then
            high.since = seen.from
        end
        if high.count >= 2 then
            high.on = high.on or high.since
            high.told = { actual = seen.actual, usual = seen.usual, run = seen.run, since = high.on,
                weeks = #seen.list }
        end
    elseif most >= math.max(3, 0.3 * (high.most or 0)) then
        high.calm = high.calm + 1
        if high.calm >= CALM then
            high.count, high.on = 0, nil
        end
    end
end

-- Additions: one run is enough.
local function note_surge(state, model, at, before, added)
    if added < SURGE * state.most_added then
        return
    end
    local time, from = model.time[at], model.time[before]
    local accounts = population.before(model, at)
    if accounts and added < SURGE_SHARE * accounts
        or added <= 2 * weeks.month_before(model, at, model.added, from, time) then
        return
    end
    local days_ago = place.last(model.time, at, time - SURGE_MEMORY)
    if model.deleted[at] - (model.deleted[days_ago] or 0) >= 0.6 * added then
        return -- accounts that come back: mass_delete and churn speak of them
    end
    state.surge = { time = time, since = from, run = model.run[at], added = added }
end

-- With the same stretch of earlier weeks, where there are any on record.
local function compare_weeks(state, model, at, before, skip)
    local low, time, from = state.low, model.time[at], model.time[before]
    local gap = model:gap(at) or DAY
    local list, count = weeks.sums(model, at, model.changed, from, time, math.min(gap / 2, LAG), skip)
    if count == 0 then
        return
    end
    local seen = { time = time, from = from, gap = gap, run = model.run[at], list = list,
        usual = list[math.ceil(count / 2)], actual = model.changed[at] - model.changed[before] }
    local owed = low.on and 0 or math.max(0, low.expected - low.actual)
    state.compared = state.compared + 1
    note_low(state, seen)
    note_high(state, model, at, seen, owed)
end

local function check(state, model, at)
    local before, time = state.at, model.time[at]
    local since, surge = state.low.on or state.high.on, state.surge
    local skip = since and weeks_since(since, time) or 1
    if weeks.reaches(model, model.time[before], LAG, skip) then
        compare_weeks(state, model, at, before, skip)
    end
    if surge and time - surge.time >= SURGE_MEMORY then
        state.surge = nil
    end
    local added = model.added[at] - model.added[before]
    if added >= state.options.minimum and state.checks >= SURGE_HISTORY then
        note_surge(state, model, at, before, added)
    end
    if added > state.most_added then
        state.most_added = added
    end
    state.at, state.checks = at, state.checks + 1
end

function M.advance(state, model, first, last)
    if not state.options.warning then
        return
    end
    local times, till = model.time, state.till
    if not state.at and first <= last then
        state.at, state.most_added, till = first, 0, times[first] - times[first] % STRETCH + STRETCH
    end
    for i = first, last do
        local time = times[i]
        if time >= till and model.run[i].status == "FINISHED" then -- what a failed run missed, the next one brings
            check(state, model, i)
            till = time - time % STRETCH + STRETCH
        end
    end
    state.till = till
end

function M.judge(state, model)
    local options = state.options
    local finding = { warning = options.warning, critical = options.critical, severity = "ok", count = model.count }
    local low, high, surge = state.low, state.high, state.surge
    local told, kind
    if surge then
        told, kind = { actual = surge.added, usual = 0, run = surge.run, since = surge.since }, "surge"
    elseif high.on then
        told, kind = high.told, "high"
    elseif low.on then
        told, kind = low.told, "low"
    end
    if told then
        finding.kind, finding.told, finding.severity = kind, told, "warning"
        finding.run, finding.since = told.run, told.since
        finding.value = kind == "low" and told.usual / math.max(told.actual, 1) or told.actual / math.max(told.usual, 1)
        if options.critical and finding.value >= options.critical then
            finding.severity = "critical"
        end
    elseif state.compared > 0 then
        finding.value = 1
    end
    return finding
end

-- A verdict that rests on little says so.
local function by_one_week(told)
    return told.weeks == 1 and " (by the only earlier week on record)" or ""
end

function M.describe(finding, model)
    local told = finding.told
    if not finding.value then
        return "not enough history: there is no week to compare with"
    elseif not told then
        return "as many accounts added and updated as usual"
    end
    local source = wording.source(model.source)
    if finding.kind == "surge" then
        return ("%s added at once; usual are a few"):format(quantities.count(told.actual, "account")),
            ("Find out what changed in %s: a new group or base DN, a bulk import; if this was not expected, stop the "
            .. "synchronisation."):format(source)
    elseif finding.kind == "high" then
        return ("%s added or updated where %s are usual%s, again and again"):format(
            quantities.count(told.actual, "account"), quantities.number(told.usual), by_one_week(told)),
            ("Find out what changed in %s: a new group or base DN, or an attribute that is now written differently in "
            .. "every run; if this was not expected, stop the synchronisation."):format(source)
    end
    return ("%s added or updated where %s were to be expected%s"):format(
        told.actual == 0 and "no accounts" or quantities.count(told.actual, "account"), quantities.number(told.usual),
        by_one_week(told)),
        ("Runs finish, but hardly anything arrives: check whether the base DN, the filter or the bind user's rights of "
        .. "%s still reach everybody, and whether a part of the directory is missing."):format(source)
end

--- The runs that brought too much or too little.
function M.behind(finding, model)
    local runs, told = { finding.run }, finding.told
    for i = model.count, math.max(1, model.count - 100), -1 do
        if not told or not told.since or model.time[i] < told.since then
            break
        end
        runs[#runs + 1] = model.run[i] ~= finding.run and model.run[i] or nil
    end
    return runs
end

local function list_text(list)
    local parts = {}
    for i, value in ipairs(list) do
        parts[i] = quantities.number(value)
    end
    return table.concat(parts, ", ")
end

-- What was added and updated within the last hours, and in the same hours of the weeks before.
local function usual_now(model, now)
    local from = now - STRETCH
    local list = weeks.sums(model, model.count, model.changed, from, now, 0, 1)
    local actual = (model.changed[place.last(model.time, model.count, now)] or 0)
        - (model.changed[place.last(model.time, model.count, from)] or 0)
    return list, actual
end

--- How many accounts usually change at this hour, and how many did.
function M.explain(state, model, now, finding)
    if model.count == 0 then
        return { { name = "usual_now", text = "not known: no run has ended" } }
    end
    local options = state.options
    local list, actual = usual_now(model, now)
    local usual = list[math.ceil(#list / 2)]
    local hours = quantities.duration(STRETCH / 1000)
    local facts = {
        { name = "usual_now", text = usual and ("%s within the last %s, by the same hours of %s: %s"):format(
            quantities.count(usual, "account"), hours, quantities.count(#list, "earlier week"), list_text(list))
            or "not known: no earlier week on record", value = usual, unit = "accounts" },
        { name = "now", text = ("%s added or updated within the last %s"):format(quantities.count(actual, "account"),
            hours), value = actual, unit = "accounts" },
    }
    if usual and options.warning then
        local much, few = options.warning * list[#list] + options.minimum, FEW * usual
        facts[3] = { name = "much", text = quantities.count(math.ceil(much), "account") .. ", more than once",
            value = math.ceil(much), unit = "accounts" }
        facts[4] = { name = "few", text = usual >= EXPECTED
            and ("%s where %s are usual, on more than one day, and %s missing"):format(quantities.count(
            math.floor(few), "account"), quantities.number(usual), quantities.number(options.minimum))
            or ("nothing is few at this hour, where less than %d are usual"):format(EXPECTED),
            value = usual >= EXPECTED and math.floor(few) or nil, unit = "accounts" }
    end
    facts[#facts + 1] = { name = "compared", text = ("%s of %s or more with earlier weeks"):format(
        quantities.count(state.compared, "stretch", "stretches"), hours), value = state.compared, unit = "times" }
    facts[#facts + 1] = finding.told and finding.since and { name = "since", text = quantities.instant(finding.since),
        value = math.floor(finding.since), unit = "time" } or nil
    return facts
end

return M
