--- Rule "slow": several runs in a row that took much longer than is usual over weeks, by minutes and not by seconds.
-- Nobody is woken for it. Silent about a RUNNING run, which is the rule "stuck"'s.
-- @module dwsync.health.rules.slow
local Durations = require "dwsync.health.model.durations"
local quantities = require "dwsync.quantities"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "times"

M.options = {
    warning = { kind = "factor", default = 2, level = true }, -- times the usual duration
    critical = { kind = "factor", level = true },
    minimum = { kind = "duration", default = 120 }, -- less than this above the usual is never slow
    runs = { kind = "whole", default = 3 }, -- in a row
}

M.replaced = {
    history = "all weeks on record decide what is usual, without the newest where there are older ones",
    least_history = "ten runs are enough to compare with",
}

-- One run less is enough when both were so much slower, by so many seconds.
local MUCH, MUCH_ABOVE = 4, 300

function M.follow(options)
    return { options = options, durations = Durations.new(), usual_count = 0, slow = 0, much = 0, well = 0 }
end

-- The usual duration of the runs that were taken in. The median changes little from run to run, so it is asked for
-- again when there are some more. To ask must not change the state: what is judged in between makes no difference.
local function usual_of(state)
    local durations = state.durations
    if state.on then
        return state.frozen
    elseif durations.count - state.usual_count > durations.count / 50 then
        return durations:usual(), durations.count
    end
    return state.usual, state.usual_count
end

local function usual_before(state, model, at)
    if not state.on then
        state.durations:take(model, at - 1)
        state.usual, state.usual_count = usual_of(state)
    end
    return usual_of(state)
end

local function note(state, model, at, duration)
    local options, run, usual = state.options, model.run[at], usual_before(state, model, at)
    local above = duration - (usual or math.huge)
    if options.warning and above >= options.minimum and duration >= options.warning * usual then
        state.slow, state.well = state.slow + 1, 0
        state.much = above >= MUCH_ABOVE and duration >= MUCH * usual and state.much + 1 or 0
        if state.slow == 1 then
            state.since = run.start_time
        end
        if state.slow >= options.runs or state.much >= options.runs - 1 then
            if not state.on then
                state.on, state.frozen, state.on_since = true, usual, state.since
            end
            state.on_run, state.on_duration = run, duration
        end
        return
    end
    state.slow, state.much = 0, 0
    if state.on then
        state.well = state.well + 1
        if state.well >= options.runs then
            state.on = false
        end
    end
end

function M.advance(state, model, first, last)
    local runs, durations, minimum = model.run, model.duration, state.options.minimum * 1000
    if model.longest_taken >= minimum or state.on or state.slow > 0 then
        for i = first, last do
            local duration = durations[i]
            if duration and (duration >= minimum or state.on or state.slow > 0) and runs[i].status == "FINISHED" then
                note(state, model, i, duration / 1000)
            end
        end
    end
    state.durations:take(model, last)
end

-- The newest run that FINISHED and whose duration is known.
local function newest_of(model)
    for i = model.count, 1, -1 do
        if model.duration[i] and model.run[i].status == "FINISHED" then
            return model.run[i], model.duration[i] / 1000
        end
    end
end

function M.judge(state, model)
    local options = state.options
    local run, duration = newest_of(model)
    local usual = usual_of(state)
    local finding = { warning = options.warning, critical = options.critical, run = run, since = run and run.start_time,
        known = state.durations.count, duration = duration, severity = "ok" }
    if run and usual then
        finding.usual, finding.value = usual, finding.duration / usual
        if state.on then
            finding.severity, finding.since, finding.run = "warning", state.on_since, state.on_run
            finding.duration, finding.value = state.on_duration, state.on_duration / usual
            if options.critical and finding.value >= options.critical then
                finding.severity = "critical"
            end
        end
    end
    return finding
end

function M.describe(finding, model)
    if not finding.duration then
        return "no finished run has a duration"
    elseif not finding.value then
        return ("not enough history: %.0f of 10 earlier runs"):format(finding.known)
    end
    return ("%s took %s; usual is %s"):format(finding.severity == "ok" and "the last finished run"
        or "the last runs", quantities.duration(finding.duration), quantities.duration(finding.usual)),
        ("Find out what slowed %s down: many changes at once, load on the directory, or the network; runs that get "
        .. "slower every day end up stuck."):format(wording.source(model.source))
end

--- How long runs usually take, by how many of them, and from what on one is slow.
function M.explain(state, model)
    local options, usual = state.options, usual_of(state)
    local _, basis = state.durations:usual()
    local _, last = newest_of(model)
    local facts = {
        { name = "usual", text = usual and ("%s, the median of %s"):format(quantities.duration(usual),
            quantities.count(basis, "finished run")) or ("not known: %s, 10 are needed"):format(
            quantities.count(basis, "finished run")), value = usual, unit = "seconds" },
    }
    if usual and options.warning then
        local from = math.max(options.warning * usual, usual + options.minimum)
        facts[2] = { name = "slow_from", text = ("%s, in %s in a row"):format(quantities.duration(from),
            quantities.count(options.runs, "run")), value = from, unit = "seconds" }
    end
    if last then
        facts[#facts + 1] = { name = "last", text = quantities.duration(last), value = last, unit = "seconds" }
    end
    facts[#facts + 1] = { name = "slow_runs", text = quantities.count(state.slow, "slow run") .. " in a row now",
        value = state.slow, unit = "runs" }
    return facts
end

return M
