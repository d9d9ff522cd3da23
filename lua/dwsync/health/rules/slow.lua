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
    return { options = options, durations = Durations.new(), usual_count = -1, slow = 0, much = 0, well = 0 }
end

-- The median changes little from run to run, so it is asked for again when there are some more.
local function usual_of(state, frozen)
    if frozen then
        return state.frozen
    end
    local durations = state.durations
    if state.usual_count < 0 or durations.count - state.usual_count > durations.count / 50 then
        state.usual, state.basis = durations:usual()
        state.usual_count = durations.count
    end
    return state.usual
end

local function note(state, options, run, duration)
    local usual = usual_of(state, state.on)
    local above = usual and duration - usual or 0
    if usual and options.warning and above >= options.minimum and duration >= options.warning * usual then
        state.slow, state.well = state.slow + 1, 0
        state.much = above >= MUCH_ABOVE and duration >= MUCH * usual and state.much + 1 or 0
        if state.slow == 1 then
            state.since = run.start_time
        end
        if state.slow >= options.runs or state.much >= math.max(1, options.runs - 1) then
            if not state.on then
                state.on, state.frozen, state.on_since = true, usual, state.since
            end
            state.on_run, state.on_duration = run, duration
        end
        return true
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
    local options, runs, times, durations = state.options, model.run, model.time, state.durations
    local minimum = options.minimum
    local count, run, duration = state.known or 0, nil, nil
    for i = first, last do
        local candidate = runs[i]
        local start, finish = candidate.start_time, candidate.end_time
        if start and finish and candidate.status == "FINISHED" then
            run, duration = candidate, (finish - start) / 1000
            if duration >= minimum or state.on or state.slow > 0 then
                note(state, options, run, duration)
            end
            durations:add(times[i], duration)
            count = count + 1
        end
    end
    state.known = count
    if run then
        state.last, state.last_duration = run, duration
    end
end

function M.judge(state)
    local options, run = state.options, state.last
    local finding = { warning = options.warning, critical = options.critical, run = run, since = run and run.start_time,
        known = state.known or 0, duration = state.last_duration, severity = "ok" }
    local usual = usual_of(state, state.on)
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

return M
