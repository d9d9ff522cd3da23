--- How many accounts a source has: as somebody said, by a list of them, by the balance since its first import, by its
-- greatest run, or, where nothing else is on record, estimated from how many of them change in a working day.
-- @module dwsync.health.model.population
local ledger = require "dwsync.health.model.ledger"
local order = require "dwsync.health.order"
local quantities = require "dwsync.quantities"

local M = {}

-- Of people in a directory, each changes about twice in the 250 working days of a year (a name, a department, a
-- telephone number, a group), joining and leaving included. This gives the order of magnitude, which a share needs.
local ACCOUNTS_PER_CHANGE = 125

-- An import is one of the first runs on record; it adds at least so many, more than all before it touched, and little
-- else.
local LEAST_IMPORT, FIRST_RUNS = 10, 3

-- A directory's accounts look like those made by hand, so a list shows more than there are. Where an import and what
-- followed make up less than this share of it, they count.
local MOSTLY = 0.9

local function import_of(model, at)
    local best, most = nil, LEAST_IMPORT - 1
    for i = 1, math.min(FIRST_RUNS, at) do
        local adds = model.run[i].add_count or 0
        local before = i > 1 and model.changed[i - 1] + model.deleted[i - 1] or 0
        local other = (model.run[i].update_count or 0) + (model.run[i].delete_count or 0)
        if adds > most and adds > 2 * before and other <= adds / 10 then
            best, most = i, adds
        end
    end
    return best
end

local function greatest_before(model, at)
    for i = #model.greatest, 1, -1 do
        local place = model.greatest[i]
        if place < at then
            local run = model.run[place]
            return (run.add_count or 0) + (run.update_count or 0) + (run.delete_count or 0), run
        end
    end
    return 0
end

-- An import stands out: nothing later adds nearly as much in an ordinary run.
local function balance(model, at)
    local import = import_of(model, at)
    if not import then
        return nil
    end
    local adds = model.run[import].add_count
    local later, runs = model.added[at] - model.added[import], at - import
    if runs > 0 and later / runs > adds / 20 or greatest_before(model, at + 1) > 1.2 * adds then
        return nil
    end
    return math.max(0, model.added[at] - (model.added[import - 1] or 0) - model.deleted[at]
        + (model.deleted[import - 1] or 0)), model.run[import]
end

-- Changes in a usual working day before the day of a place: of three days, two have fewer or as many.
local function usual_changes(model, day)
    local days, values = model.days, {}
    for i = day - 1, math.max(1, day - 28), -1 do
        local apart = i > 1 and days.day[i] - days.day[i - 1] or 1
        values[#values + 1] = days.changes[i] / (apart >= 4 and apart * 5 / 7 or 1)
    end
    if #values < 3 then
        return nil
    end
    local sum, most = 0, 0
    for i = 1, #values do
        sum, most = sum + values[i], math.max(most, values[i])
    end
    table.sort(values)
    local usual = values[math.ceil(0.65 * #values)]
    if usual < 3 then
        usual = (sum - most) / (#values - 1) * 7 / 5
    end
    return usual
end

--- The day of a place, as a place in model.days.
-- @tparam table model
-- @tparam integer at one more than `count` for what has not ended yet
-- @treturn integer
function M.day_of(model, at)
    local days = model.days
    if at > model.count then
        return days.count + 1
    end
    local day = math.floor(model.time[at] / 86400000)
    local i = days.count
    while days.day[i] > day do
        i = i - 1
    end
    return i
end

--- How many accounts a source had before a run.
-- @tparam table model
-- @tparam integer at place of the run; one more than `count` for one in progress
-- @treturn number|nil accounts; nil when too little is known
-- @treturn string|nil by what: "given", "list", "import", "greatest" or "changes"
-- @treturn table|nil the run that shows it; of "list", see dwsync.health.model.ledger
function M.before(model, at)
    if model.population then
        return model.population, "given"
    end
    local listed, list = ledger.before(model, at)
    local accounts, run = balance(model, at - 1)
    if listed and not (accounts and not list.type and accounts < MOSTLY * listed) then
        return listed, "list", list
    elseif accounts then
        return accounts, "import", run
    end
    local most, great = greatest_before(model, at)
    local day = M.day_of(model, at)
    local usual = usual_changes(model, day)
    if not usual then
        return nil
    end
    local guess = usual * ACCOUNTS_PER_CHANGE
    if most >= guess then
        return most, "greatest", great
    end
    return guess, "changes"
end

-- By what a number is known, in words.
local BY = {
    import = "by the first import and what was added and deleted since",
    greatest = "by its greatest run",
    changes = "estimated from how many change in a working day",
}

local DOUBT = { given = "", list = "", import = "about ", greatest = "about ", changes = "perhaps " }

--- A number of accounts in words, with its source.
-- @tparam number accounts
-- @tparam string by
-- @tparam[opt] table shown what `before` returned with it
-- @treturn string "about 5,000 accounts", and what it is known by, or nil when somebody said so
function M.words(accounts, by, shown)
    if by == "list" then
        local noun = shown.type and shown.type .. " account" or "account"
        return quantities.count(math.floor(accounts + 0.5), noun), ("by the list of %s%s"):format(
            quantities.instant(shown.at), shown.has_changed and " and the runs since" or "")
    end
    if by == "changes" then -- an estimate with two digits that count
        local step = 10 ^ math.max(0, math.floor(math.log(math.max(accounts, 1)) / math.log(10)) - 1)
        accounts = math.floor(accounts / step + 0.5) * step
    end
    return DOUBT[by] .. quantities.count(math.floor(accounts + 0.5), "account"), BY[by]
end

--- What a message adds where a list says how many accounts there were before a run.
-- @tparam table model
-- @tparam integer at place of the run
-- @treturn string empty without such a list
function M.clause(model, at)
    local accounts, by, list = M.before(model, at)
    return by == "list" and ("; there were %s, %s"):format(M.words(accounts, by, list)) or ""
end

--- The same as a fact of an explanation.
-- @tparam table model
-- @tparam integer at place of a run; one more than `count` for one in progress
-- @treturn dwsync.fact
-- @treturn number|nil accounts
function M.fact(model, at)
    local accounts, by, run = M.before(model, at)
    if not accounts then
        return { name = "population", text = "not known: no first import on record, and too few days to estimate it" }
    end
    local text, why = M.words(accounts, by, run)
    if run and by ~= "list" then
        why = ("%s, the run of %s"):format(why, quantities.instant(order.ended_at(run)))
    end
    return { name = "population", text = text .. ", " .. (why or "as the option population says"),
        value = math.floor(accounts + 0.5), unit = "accounts", by = by }, accounts
end

return M
