--- Rule "mass_delete": accounts deleted within a day, against how many there are. A large deletion is told until the
-- accounts are back or three days are over; a quiet run an hour later does not hide it.
-- @module dwsync.health.rules.mass_delete
local ledger = require "dwsync.health.model.ledger"
local place = require "dwsync.health.model.place"
local population = require "dwsync.health.model.population"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local text = require "dwsync.text"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "accounts"

M.options = {
    -- Accounts; absent: 20, or 50, where nothing is known of how many there are, else the share; with a population the
    -- lower of both.
    warning = { kind = "whole", level = true, learned = true },
    critical = { kind = "whole", level = true, learned = true },
    population = { kind = "population" }, -- how many accounts the source has; otherwise learned from its records
    warning_ratio = { kind = "ratio", default = 0.05, level = true },
    critical_ratio = { kind = "ratio", default = 0.20, level = true },
    minimum = { kind = "accounts", default = 5 }, -- fewer than this are never a mass deletion
    window = { kind = "duration", default = 24 * 3600 }, -- deletions this close together are one
    memory = { kind = "duration", default = 3 * 86400 }, -- how long one is told
}

--- Accounts, where neither a threshold was given nor is anything known of how many there are.
M.UNKNOWN = { warning = 20, critical = 50 }

-- What was deleted counts as back when so much of it was added again.
local BACK = 0.8

-- A deletion that is this part of its day's renews the alarm.
local RENEWS = 0.1

function M.follow(options)
    return { options = options, seen = 0 }
end

-- A threshold in accounts, and whether that number was given. Who gives a number means it, whatever is learned of how
-- many accounts there are; who gives these as well wants both.
local function threshold(options, level, accounts)
    local given, ratio = options[level], options[level .. "_ratio"]
    if given ~= nil and not options.population then
        return given, true
    end
    local share = accounts and ratio and math.max(math.ceil(ratio * accounts - 1e-6), options.minimum)
    if given and not (share and share < given) then
        return given, true
    elseif accounts then
        return share
    end
    return math.max(M.UNKNOWN[level], options.minimum)
end

-- The second busiest day before: one that was itself a mass deletion excuses nothing.
local function busy_day(model, at)
    local days, first, second = model.days, 0, 0
    for i = population.day_of(model, at) - 1, 1, -1 do
        local deletes = days.deletes[i]
        if deletes > first then
            first, second = deletes, first
        elseif deletes > second then
            second = deletes
        end
    end
    return second
end

-- Both thresholds, and which were given. One may be a share and the other a number: the one that was given counts.
local function limits(options, accounts)
    local warning, warning_given = threshold(options, "warning", accounts)
    local critical, critical_given = threshold(options, "critical", accounts)
    if warning and critical and warning_given then
        critical = math.max(warning, critical)
    elseif warning and critical then
        warning = math.min(warning, critical)
    end
    return { warning = warning, critical = critical }, { warning = warning_given, critical = critical_given }
end

-- How grave a sum of deletions is that ends at a place.
local function weigh(state, model, at, sum)
    local options = state.options
    if sum < math.min(options.minimum, options.warning or math.huge, options.critical or math.huge) then
        return "ok"
    end
    local accounts, by, shown = population.before(model, at)
    accounts = accounts and math.max(accounts, sum)
    local known, given = limits(options, accounts)
    local severity = "ok"
    for _, level in ipairs { "warning", "critical" } do
        if known[level] and sum >= known[level] and (given[level] or by == "given" or by == "import"
            or by == "list" or sum > busy_day(model, at)) then
            severity = level
        end
    end
    known.accounts, known.by, known.shown = accounts, by, shown
    return severity, known
end

local function sum_before(model, at, time, window)
    local from = place.last(model.time, at, time - window * 1000)
    return (model.deleted[at] or 0) - (model.deleted[from] or 0), from
end

-- Whether most of what was deleted was added again.
local function is_back(model, alarm, at)
    return model.added[at] - alarm.base >= BACK * alarm.sum
end

local function is_over(options, alarm, time)
    return time - alarm.time >= options.memory * 1000
end

local function note_deletion(state, model, at)
    local time, options, alarm = model.time[at], state.options, state.alarm
    if alarm and (is_over(options, alarm, time) or is_back(model, alarm, at - 1)) then
        alarm, state.alarm = nil, nil
    end
    local deletes = model.run[at].delete_count
    local sum, from = sum_before(model, at, time, options.window)
    state.last = { sum = sum, time = time }
    local severity, known = weigh(state, model, at, sum)
    if severity == "ok" then
        return
    end
    if not alarm or not severities.is_worse(alarm.severity, severity) then
        local renewed = not alarm or deletes >= RENEWS * sum
        local greatest = alarm and alarm.greatest >= deletes and alarm.run or model.run[at]
        state.alarm = { severity = severity, sum = math.max(sum, alarm and alarm.sum or 0), known = known,
            time = renewed and time or alarm.time, since = alarm and alarm.since or time, run = greatest,
            greatest = math.max(deletes, alarm and alarm.greatest or 0),
            base = alarm and alarm.base or model.added[deletes >= sum / 2 and at or from] or 0 }
    elseif deletes >= RENEWS * sum then
        alarm.time = time
    end
end

function M.advance(state, model)
    local deletion = model.deletions[state.seen + 1]
    while deletion do
        state.seen = state.seen + 1
        note_deletion(state, model, deletion)
        deletion = model.deletions[state.seen + 1]
    end
end

-- What runs in progress have deleted so far: they can still be stopped.
local function in_progress(model)
    local sum, first = 0, nil
    for _, run in ipairs(model.open) do
        local deletes = run.status == "RUNNING" and run.delete_count or 0
        if deletes > 0 then
            sum, first = sum + deletes, first or run
        end
    end
    return sum, first
end

-- From what on the next deletions would be too many.
local function usual_thresholds(state, model)
    if state.counted ~= model.count then
        state.counted = model.count
        state.usual = limits(state.options, (population.before(model, model.count + 1)))
    end
    return state.usual
end

function M.judge(state, model, now)
    local options, alarm, count = state.options, state.alarm, model.count
    local finding = { value = sum_before(model, count, now, options.window), severity = "ok", run = model.run[count] }
    local sum, run = in_progress(model)
    if alarm and not is_over(options, alarm, now) and not is_back(model, alarm, count) then
        finding.value, finding.severity, finding.run, finding.since = math.max(alarm.sum, finding.value),
            alarm.severity, alarm.run, alarm.since
        finding.known = alarm.known
        finding.recheck = alarm.time + options.memory * 1000
    end
    if sum > 0 then
        local last = state.last -- as if it had ended when the run in progress began: time alone changes nothing
        local recent = last and run.start_time and run.start_time - last.time < options.window * 1000
        local all = (recent and last.sum or 0) + sum
        local severity, known = weigh(state, model, count + 1, all)
        if not severities.is_worse(finding.severity, severity) then
            finding.value, finding.severity, finding.known, finding.run, finding.since = all, severity, known, run,
                run.start_time
            finding.recheck = nil
        end
    end
    local known = finding.known or usual_thresholds(state, model)
    finding.warning, finding.critical = known.warning, known.critical
    return finding
end

-- "475 of about 1185 accounts (40.1 %) deleted within a day; by the first import …"
local function deletion(finding)
    local known, value = finding.known, finding.value
    if not known or not known.accounts then
        return ("%s deleted within a day%s"):format(quantities.count(value, "account"),
            known and "; how many accounts there are is not known" or "")
    end
    local all, why = population.words(known.accounts, known.by, known.shown)
    return ("%s of %s (%s) deleted within a day%s"):format(quantities.number(value), all,
        quantities.percent(value / known.accounts), why and "; " .. why or "")
end

-- What lists the accounts that went. Ids are foreign text, and people paste commands.
local function who_command(finding, model)
    local cluster, run = model.ledger and model.ledger.cluster_id, finding.run and finding.run.id
    local is_plain = cluster and type(run) == "string" and (cluster .. run):find "^[%w_.-]+$" and run:find "^[^-]"
    return is_plain and ("dwsync accounts %s --run %s"):format(cluster, run)
end

local MOST_NAMES, LONGEST_NAME = 10, 63
local LONGEST_LIST = 150 -- bytes: advice is cut at 500 columns

-- '"a.b", "c.d" and 471 more'. Names are people's, and known only where they may be shown.
local function some_names(finding, model)
    local names, count = ledger.gone_in(model, finding.run)
    local shown, length = {}, 0
    for i = 1, math.min(MOST_NAMES, #names) do
        local name = ('"%s"'):format(text.excerpt(names[i], LONGEST_NAME))
        length = length + #name + 2
        if length > LONGEST_LIST then
            break
        end
        shown[i] = name
    end
    local more = count > #shown and (" and %s more"):format(quantities.number(count - #shown)) or ""
    return shown[1] and table.concat(shown, ", ") .. more
end

-- Who went, and what lists them, as far as either is known.
local function who_went(finding, model)
    local command, names = who_command(finding, model), some_names(finding, model)
    if command then
        return (" %s lists who went%s."):format(command, names and ": " .. names or "")
    end
    return names and (" Gone: %s."):format(names) or ""
end

function M.describe(finding, model)
    if finding.value == 0 then
        return "no accounts deleted within a day"
    end
    return deletion(finding),
        ("Unless this was intended, stop the synchronisation of %s before its next run, check whether the base DN, the "
        .. "filter or the directory itself changed, and restore the accounts and their grants."):format(
        wording.source(model.source)) .. who_went(finding, model)
end

--- The runs whose deletions are told.
function M.behind(finding, model, state)
    local runs, last = { finding.run }, state.alarm and state.alarm.known and finding.since or nil
    for i = #model.deletions, 1, -1 do
        local at = model.deletions[i]
        if not last or model.time[at] < last - state.options.window * 1000 or #runs > 100 then
            break
        end
        runs[#runs + 1] = model.run[at] ~= finding.run and model.run[at] or nil
    end
    return runs
end

--- How many accounts there are and by what that is known, what was deleted, and how many would be too many.
function M.explain(state, model, now, finding)
    local options = state.options
    local known = population.fact(model, model.count + 1)
    local usual = usual_thresholds(state, model)
    local warning, critical = usual.warning, usual.critical
    local deleted = sum_before(model, model.count, now, options.window)
    local busiest = busy_day(model, model.count + 1)
    return {
        known,
        { name = "deleted", text = ("%s within %s"):format(quantities.count(deleted, "account"),
            quantities.duration(options.window)), value = deleted, unit = "accounts" },
        { name = "busiest_day", text = ("%s deleted on the second busiest day on record"):format(
            quantities.count(busiest, "account")), value = busiest, unit = "accounts" },
        { name = "warning_from", text = warning and quantities.count(warning, "account") or "off",
            value = warning or nil, unit = "accounts" },
        { name = "critical_from", text = critical and quantities.count(critical, "account") or "off",
            value = critical or nil, unit = "accounts" },
        finding.recheck and { name = "until", text = quantities.instant(finding.recheck)
            .. ", or until the accounts are back", value = math.floor(finding.recheck), unit = "time" } or nil,
    }
end

return M
