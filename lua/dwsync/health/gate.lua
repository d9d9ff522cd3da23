--- Whether something that needs fresh accounts may go ahead: the last synchronisation must be recent enough.
--
-- There are two ways in. With all records at hand, `of_records` says whether to go ahead, to wait, or to give up. For
-- each identity source, by its newest run that ended:
--
--    it FINISHED within `fresh`, and no verdict about the source is worse than accepted     ready
--    it FINISHED within `fresh`, and one is                                                 refused
--    it FAILED within `fresh`, and no newer run is under way                                refused
--    otherwise: it is older, still under way, or missing                                    waiting
--
-- A cluster is refused when a source is, ready when all of its sources are and there is one, else waiting. The rule
-- `stale` is left out, since `fresh` takes its place.
--
-- With only what a page says about each source, `of_facts` says whether the last success of each is recent enough,
-- whatever has happened since.
-- @module dwsync.health.gate
local cluster_names = require "dwsync.cluster_names"
local disabled = require "dwsync.health.disabled"
local display = require "dwsync.text"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"

local M = {}

local MAX_REASON = 200

M.REFUSED, M.WAITING, M.READY = "refused", "waiting", "ready"

local ENDED = { FINISHED = true, FAILED = true }

local function age_of(ms, now)
    return now - ms / 1000
end

local function is_fresh(age, limit)
    return age <= limit
end

-- ---- by records ------------------------------------------------------------------------------------------

local function is_number(value)
    return type(value) == "number" and value == value
end

local function time_of(record)
    return is_number(record.end_time) and record.end_time or is_number(record.start_time) and record.start_time or nil
end

local function start_of(record)
    return is_number(record.start_time) and record.start_time or time_of(record)
end

-- The newest ended run of each source, and whether a newer one is under way.
local function newest_runs(records)
    local by_source = {}
    for _, record in ipairs(records) do
        local id, start = record.identity_source_id or "", start_of(record)
        local source = by_source[id] or { id = id, type = record.identity_source_type }
        by_source[id] = source
        if start and ENDED[record.status] and start >= (source.start or -math.huge) then
            source.start, source.ended = start, record
        elseif start and record.status == "RUNNING" then
            source.running = math.max(source.running or -math.huge, start)
        end
    end
    return by_source
end

local function reason_of(record)
    return display.cut(display.safe(tostring(record.fail_reason or "no reason given")), MAX_REASON)
end

-- The first verdict about a source ("": of records that name none; nil: the cluster) that is worse than accepted; they
-- come worst first.
local function objection(evaluation, source, accepted)
    for _, verdict in ipairs(evaluation.verdicts) do
        if verdict.source == source and verdict.rule ~= "stale" and severities.is_worse(verdict.severity, accepted) then
            return verdict
        end
    end
end

local function judge_source(source, evaluation, fresh, accepted)
    local ended = source.ended
    local age = ended and age_of(time_of(ended), evaluation.now)
    local running = source.running and source.running > (source.start or -math.huge)
    if not ended or not is_fresh(age, fresh) then
        return M.WAITING, running and "a run is under way"
            or ended and ("its last run ended %s ago"):format(quantities.age(age)) or "no run has ended"
    elseif ended.status == "FAILED" then
        return running and M.WAITING or M.REFUSED,
            running and "its last run failed and another is under way"
            or "its last run failed: " .. reason_of(ended)
    end
    local verdict = objection(evaluation, source.id, accepted)
    if verdict then
        return M.REFUSED, ("%s: %s"):format(verdict.severity, verdict.message)
    end
    return M.READY, ("its last run finished %s ago"):format(quantities.age(age))
end

local function sorted_sources(records)
    local sources = {}
    for _, source in pairs(newest_runs(records)) do
        sources[#sources + 1] = source
    end
    table.sort(sources, function(a, b) return tostring(a.id) < tostring(b.id) end)
    return sources
end

--- Judges one cluster by its records.
-- @tparam {table,...} records
-- @tparam table evaluation of them
-- @tparam number fresh seconds
-- @tparam string accepted the worst severity to go on with
-- @treturn string `M.READY`, `M.WAITING` or `M.REFUSED`
-- @treturn string why, one sentence
function M.of_records(records, evaluation, fresh, accepted)
    local sources = sorted_sources(records)
    local state, why = M.READY, nil
    for _, source in ipairs(sources) do
        local own, reason = judge_source(source, evaluation, fresh, accepted)
        reason = #sources > 1 and ("%s (%s): %s"):format(tostring(source.type or "source"), source.id, reason) or reason
        if own == M.REFUSED then
            return own, reason
        elseif own == M.WAITING and state == M.READY or not why then
            state, why = own, reason
        end
    end
    if #sources == 0 then
        return M.WAITING, "no runs on record"
    end
    local verdict = state == M.READY and objection(evaluation, nil, accepted)
    if verdict and verdict.rule ~= "never" then
        return M.REFUSED, ("%s: %s"):format(verdict.severity, verdict.message)
    end
    return state, why
end

-- ---- by facts --------------------------------------------------------------------------------------------

local function is_meant(source, name)
    return name == nil or source.id == name or source.type == name or source.type == name:lower()
end

--- The sources meant by a query.
-- @tparam table facts `clusters`, each with `id` and `sources`; a source has `id`, `type` and `last_success`
-- (milliseconds)
-- @tparam table query optional `cluster` (an id), `source` (an id or a type)
-- @treturn {table,...} sources: {cluster = id, source = table, severity = string}; a cluster without sources gives one
-- without `source`, unless the query names a source. Where synchronisation is off, `off` says so, and the cluster is
-- there if the query names it, whatever source it names; `spared` if it does not and nothing was ever synchronised
function M.select(facts, query)
    local found = {}
    for _, cluster in ipairs(facts.clusters) do
        if query.cluster == nil or cluster.id == query.cluster then
            local sources, off = cluster.sources or {}, disabled.reason(cluster)
            for _, source in ipairs(sources) do
                if is_meant(source, query.source) then
                    found[#found + 1] = { cluster = cluster.id, source = source, severity = source.severity }
                end
            end
            if #sources == 0 and (not query.source or query.cluster and off) then
                found[#found + 1] = { cluster = cluster.id, severity = cluster.severity,
                    off = off and ("cluster %s: %s"):format(cluster_names.shown(cluster), off),
                    spared = off and not query.cluster and not cluster.seen_before }
            end
        end
    end
    return found
end

-- Why there is no success to go by.
local function missing(item)
    return item.off or item.source and ("source %s of cluster %s never synchronised successfully"):format(
        tostring(item.source.id), item.cluster) or ("cluster %s never synchronised"):format(item.cluster)
end

--- Judges them by their last success.
-- @tparam table facts
-- @tparam table query as for `select`, and `max_age` in seconds
-- @tparam number now seconds since the epoch
-- @treturn boolean whether the last success of each is at most `max_age` old
-- @treturn ?number age in seconds of the oldest of them; nil when a source has none, or synchronisation is off
-- @treturn ?string why they are not fresh
function M.of_facts(facts, query, now)
    local found = M.select(facts, query)
    if #found == 0 then
        return false, nil, "no such source"
    end
    local oldest, skipped
    for _, item in ipairs(found) do
        local success = item.source and item.source.last_success
        if success then
            oldest = math.max(oldest or 0, age_of(success, now))
        elseif item.spared then
            skipped = skipped or item
        else
            return false, nil, missing(item)
        end
    end
    if not oldest then
        return false, nil, missing(skipped)
    end
    if not is_fresh(oldest, query.max_age) then
        return false, oldest, ("the last success was %s ago, more than %s"):format(
            quantities.age(oldest), quantities.duration(query.max_age))
    end
    return true, oldest
end

return M
