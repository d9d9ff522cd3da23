--- How many accounts the lists of a cluster's database showed, as far as they are those of one source.
-- A list does not say whose an account is: its type does for OneAccess and IAM, while a directory's look like those
-- made by hand. So numbers count only for the one source of its kind.
-- It must not look ahead: a list counts for what began after it, by clocks that may lie apart.
-- @module dwsync.health.model.ledger
local clocks = require "dwsync.health.model.clocks"
local place = require "dwsync.health.model.place"

local M = {}

local TYPES = { oneaccess = "OneAccess", iam = "IAM" }

-- After so long a list says too little.
local LONGEST = 30 * 86400000

local function kind_of(source_type)
    local kind = type(source_type) == "string" and source_type:lower() or ""
    return TYPES[kind] and kind or "common"
end

-- The parts of a ledger by kind, made once a ledger.
local function counts_of(ledger, kind)
    local counts = {}
    for i, count in ipairs(ledger.counts) do
        counts[i] = { from = count.from, till = count.till, accounts = count.by_type[kind] or 0 }
    end
    return counts
end

local function gone_of(ledger, kind)
    local gone = {}
    for _, group in ipairs(ledger.gone or {}) do
        gone[#gone + 1] = group.kind == kind and group or nil
    end
    return gone
end

--- What a ledger says of each source.
-- @tparam ?dwsync.ledger ledger
-- @tparam {table,...} sources as dwsync.health.sources gives them
-- @treturn {[table]=table} by source, `cluster_id`; `type` of its accounts, where they have one of their own; `counts`
-- and `gone`, nil where several sources are of its kind
function M.of(ledger, sources)
    local parts, seen = {}, {}
    for _, source in ipairs(ledger and sources or {}) do
        local kind = kind_of(source.type)
        parts[source] = { cluster_id = ledger.cluster_id, type = TYPES[kind], counts = counts_of(ledger, kind),
            gone = gone_of(ledger, kind) }
        if seen[kind] then
            parts[source].counts, seen[kind].counts, parts[source].gone, seen[kind].gone = nil, nil, nil, nil
        end
        seen[kind] = parts[source]
    end
    return parts
end

-- When the run at a place began; for what has not ended yet, the first of those that run, or now. Then the latest start
-- of a list that was surely read before: by its own clock the run may have begun earlier.
local function beginning(model, at)
    local run = model.run[at]
    if at > model.count then
        run = model:oldest_open()
        if not run then
            local now = model.now or model.time[model.count]
            return now, now
        end
    end
    local time = run.start_time or model.time[at]
    return time, time and time - clocks.apart
end

--- Who went while a run ran, as far as names are known: between the last list before it and the first after it.
-- @tparam table model `ledger` from `of`
-- @tparam ?dwsync.record run
-- @treturn {string,...} some of their names
-- @treturn integer how many went
function M.gone_in(model, run)
    local names, count = {}, 0
    local from = run and run.start_time
    local till = from and (run.end_time or math.huge)
    for _, group in ipairs(from and model.ledger and model.ledger.gone or {}) do
        if group.till > from and group.from < till then
            count = count + group.accounts
            for _, name in ipairs(group.names) do
                names[#names + 1] = name
            end
        end
    end
    return names, count
end

--- How many accounts there were before a run.
-- @tparam table model `ledger` from `of`
-- @tparam integer at place of the run; one more than `count` for what has not ended yet
-- @treturn ?number accounts
-- @treturn ?table `at`: when the list was read, milliseconds since the epoch; `type` of the accounts; `has_changed`:
-- whether runs since that list are taken into account
function M.before(model, at)
    local part = model.ledger
    local best, time, latest
    if part and part.counts then
        time, latest = beginning(model, at)
    end
    for _, count in ipairs(time and part.counts or {}) do
        best = count.from <= latest and count or best
    end
    if not best then
        return nil
    elseif best.till >= time then
        return best.accounts, { at = best.from, type = part.type }
    elseif time - best.till > LONGEST then
        return nil
    end
    local last = math.min(at - 1, model.count)
    local seen = place.last(model.time, last, best.till)
    local changes = last > 0 and (model.added[last] - (model.added[seen] or 0))
        - (model.deleted[last] - (model.deleted[seen] or 0)) or 0
    return math.max(0, best.accounts + changes), { at = best.till, type = part.type, has_changed = changes ~= 0 }
end

return M
