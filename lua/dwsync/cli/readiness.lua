--- Whether something that needs fresh accounts may go on now, has to wait, or must not.
-- It must not read a clock, wait or print.
--
-- For each identity source, by its newest run that ended:
--
--    it FINISHED within `fresh`, and no verdict about the source is worse than accepted     ready
--    it FINISHED within `fresh`, and one is                                                 refused
--    it FAILED within `fresh`, and no newer run is under way                                refused
--    otherwise: it is older, is still under way, or there is none                           waiting
--
-- A cluster is refused when a source is, ready when all of its sources are and there is one, else waiting. The rule
-- `stale` is left out, since `fresh` takes its place.
-- @module dwsync.cli.readiness
local display = require "dwsync.text"
local severities = require "dwsync.severity"

local M = {}

local MAX_REASON = 200

M.REFUSED, M.WAITING, M.READY = "refused", "waiting", "ready"

local ENDED = { FINISHED = true, FAILED = true }

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

-- The first verdict about a source (nil: the cluster) that is worse than accepted; they come worst first.
local function objection(evaluation, source, accepted)
    for _, verdict in ipairs(evaluation.verdicts) do
        if verdict.source == source and verdict.rule ~= "stale" and severities.is_worse(verdict.severity, accepted) then
            return verdict
        end
    end
end

local function judge_source(source, evaluation, fresh, accepted)
    local ended = source.ended
    local age = ended and evaluation.now - time_of(ended) / 1000
    local running = source.running and source.running > (source.start or -math.huge)
    if not ended or age > fresh then
        return M.WAITING, running and "a run is under way"
            or ended and ("its last run ended %s ago"):format(M.length(age)) or "no run has ended"
    elseif ended.status == "FAILED" then
        return running and M.WAITING or M.REFUSED,
            running and "its last run failed and another is under way"
            or "its last run failed: " .. reason_of(ended)
    end
    local verdict = objection(evaluation, source.id ~= "" and source.id or nil, accepted)
    if verdict then
        return M.REFUSED, ("%s: %s"):format(verdict.severity, verdict.message)
    end
    return M.READY, ("its last run finished %s ago"):format(M.length(age))
end

--- A length of time for people: "45 s", "12 min", "3.5 h", "2.1 d".
-- @tparam number seconds
-- @treturn string
function M.length(seconds)
    if seconds < 90 then
        return ("%d s"):format(math.floor(math.max(seconds, 0)))
    elseif seconds < 5400 then
        return ("%d min"):format(math.floor(seconds / 60))
    elseif seconds < 172800 then
        return ("%.1f h"):format(seconds / 3600)
    end
    return ("%.1f d"):format(seconds / 86400)
end

local function sorted_sources(records)
    local sources = {}
    for _, source in pairs(newest_runs(records)) do
        sources[#sources + 1] = source
    end
    table.sort(sources, function(a, b) return tostring(a.id) < tostring(b.id) end)
    return sources
end

--- Judges one cluster.
-- @tparam {table,...} records
-- @tparam table evaluation of them
-- @tparam number fresh seconds
-- @tparam string accepted the worst severity to go on with
-- @treturn string `M.READY`, `M.WAITING` or `M.REFUSED`
-- @treturn string why, one sentence
function M.judge(records, evaluation, fresh, accepted)
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
        return M.WAITING, "there is no run at all"
    end
    local verdict = state == M.READY and objection(evaluation, nil, accepted)
    if verdict and verdict.rule ~= "never" then
        return M.REFUSED, ("%s: %s"):format(verdict.severity, verdict.message)
    end
    return state, why
end

return M
