--- Rule "overlap": runs of one source at the same time. RUNNING ones although a newer run began, but for the newest,
-- which may well be running; and, among the last that ended, those that began before the one before had ended: two
-- schedulers, or runs longer than the time between them. Once is none: somebody started one by hand.
-- @module dwsync.health.rules.overlap
local quantities = require "dwsync.quantities"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "runs"

M.options = {
    warning = { kind = "whole", default = 1, level = true },
    critical = { kind = "whole", level = true },
    minimum = { kind = "duration", default = 1800 }, -- RUNNING for less than this is no fault
    ended = { kind = "whole", default = 3, level = true }, -- of the last ten that ended; told until it is none of them
}

local RUNS = 10

function M.follow(options)
    return { options = options, seen = 0 }
end

local function is_over(model, seen, at)
    local newest = model.overlaps[seen]
    return not newest or newest <= at - RUNS
end

function M.advance(state, model, _, last)
    local needed, overlaps = state.options.ended, model.overlaps
    local overlap = needed and overlaps[state.seen + 1]
    while overlap and overlap <= last do
        if state.since and is_over(model, state.seen, overlap - 1) then
            state.since = nil
        end
        state.seen = state.seen + 1
        local first = overlaps[state.seen - needed + 1]
        if not state.since and first and first > overlap - RUNS then
            state.since = model.run[first].start_time
        end
        overlap = overlaps[state.seen + 1]
    end
end

local function count_ended(state, model)
    local count = 0
    for i = state.seen, 1, -1 do
        if model.overlaps[i] <= model.count - RUNS then
            break
        end
        count = count + 1
    end
    return count
end

function M.judge(state, model, now)
    local options, value, later = state.options, 0, nil
    if #model.open > 0 then
        value, later = model:overtaken(now - options.minimum * 1000)
    end
    local finding = { value = value, recheck = later and later + options.minimum * 1000,
        warning = options.warning, critical = options.critical, open = #model.open }
    if value > 0 then
        finding.run = model:oldest_open()
        finding.since = finding.run and finding.run.start_time
    elseif state.since and options.warning and not is_over(model, state.seen, model.count) then
        finding.ended = count_ended(state, model)
        finding.value, finding.since, finding.severity = finding.ended, state.since, "warning"
        finding.run = model.run[model.overlaps[state.seen]]
    end
    return finding
end

local function situation(finding)
    if finding.ended then
        return ("%s of the last %d runs began before the one before had ended"):format(
            quantities.number(finding.ended), RUNS)
    elseif finding.open > finding.value then
        return ("%s are running at once"):format(quantities.count(finding.open, "run"))
    elseif finding.value == 1 then
        return "a run is still RUNNING although a newer one has ended"
    end
    return ("%s are still RUNNING although newer ones have ended"):format(quantities.count(finding.value, "run"))
end

function M.describe(finding, model)
    if finding.value == 0 then
        return "no overlapping runs"
    end
    return situation(finding), ("Two runs can undo each other's work: check in the console whether the older run of %s "
        .. "is really still working; if it is, stop it; if both ended, look for a second schedule."):format(
        wording.source(model.source))
end

--- Overlapping runs among the last that ended, and what is RUNNING.
function M.explain(state, model)
    local count = count_ended(state, model)
    return {
        { name = "ended", text = ("%s of the last %s began before the one before had ended"):format(
            quantities.number(count), quantities.count(math.min(RUNS, model.count), "run")), value = count,
            unit = "runs" },
        { name = "running", text = quantities.count(#model.open, "run"), value = #model.open, unit = "runs" },
    }
end

return M
