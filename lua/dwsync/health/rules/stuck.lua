--- Rule "stuck": how long a run has been RUNNING, against how long runs usually take.
-- Silent about a run that a newer one has overtaken, which is the rule "overlap"'s.
-- @module dwsync.health.rules.stuck
local median = require "dwsync.health.median"
local quantities = require "dwsync.quantities"
local records = require "dwsync.records"
local wording = require "dwsync.health.wording"

local M = {}

M.unit = "seconds"

M.options = {
    warning = { kind = "duration", level = true, learned = true }, -- absent: computed, as below
    critical = { kind = "duration", level = true, learned = true },
    factor = { kind = "factor", default = 3 },
    critical_factor = { kind = "factor", default = 6 },
    minimum = { kind = "duration", default = 1800 },
    critical_minimum = { kind = "duration", default = 7200 },
}

-- How many of the newest ended runs decide how long one usually takes.
local RUNS = 100

function M.follow(options)
    return { options = options }
end

-- Within how many seconds 95 % of runs end; asked for only while one is RUNNING.
local function usual_of(state, model)
    if state.counted ~= model.count then
        local durations = {}
        for i = model.count, math.max(1, model.count - RUNS + 1), -1 do
            durations[#durations + 1] = records.duration(model.run[i])
        end
        table.sort(durations)
        state.counted, state.usual = model.count, median.percentile(durations, 0.95)
    end
    return state.usual
end

local function threshold(given, factor, minimum, duration)
    if given ~= nil then
        return given
    end
    return math.max(factor * (duration or 0), minimum)
end

function M.judge(state, model, now)
    local options, run = state.options, #model.open > 0 and model:longest() or nil
    local duration = run and usual_of(state, model)
    local critical = threshold(options.critical, options.critical_factor, options.critical_minimum, duration)
    local warning = threshold(options.warning, options.factor, options.minimum, duration)
    local finding = { value = 0, warning = critical and warning and math.min(warning, critical) or warning,
        critical = critical, usual = duration, run = run, open = #model.open }
    if run then
        finding.value, finding.since = math.max(0, now - run.start_time) / 1000, run.start_time
        for _, limit in ipairs { finding.critical or math.huge, finding.warning or math.huge } do
            local at = run.start_time + limit * 1000
            finding.recheck = at > now and at < math.huge and at or finding.recheck
        end
    end
    return finding
end

function M.describe(finding, model)
    if not finding.run then
        return finding.open > 0 and "the runs in progress have no start time or were overtaken"
            or "no run is in progress"
    end
    local compared = finding.usual and "; 95 % of runs end within " .. quantities.duration(finding.usual) or ""
    return ("a run has been running for %s%s"):format(quantities.age(finding.value), compared),
        ("Nothing new is synchronised while it hangs: check that the identity source answers, then stop the run of %s "
        .. "in the console and start one by hand; if it cannot be stopped, open a ticket with the record's id."):format(
        wording.source(model.source))
end

--- How long runs take, and from when on one would be stuck.
function M.explain(state, model, _, finding)
    local usual = usual_of(state, model)
    local facts = {
        { name = "usual", text = usual and ("95 %% of the last %s ended within %s"):format(
            quantities.count(math.min(model.count, RUNS), "run"), quantities.duration(usual)) or "no run has ended yet",
            value = usual, unit = "seconds" },
        { name = "running", text = quantities.count(#model.open, "run"), value = #model.open, unit = "runs" },
    }
    for _, level in ipairs { "warning", "critical" } do
        local options, critical = state.options, level == "critical"
        local limit = finding.run and finding[level]
        if not finding.run then -- as if one began now
            limit = threshold(options[level], critical and options.critical_factor or options.factor,
                critical and options.critical_minimum or options.minimum, usual)
        end
        facts[#facts + 1] = { name = level .. "_from", text = limit and quantities.duration(limit) .. " of RUNNING"
            or "off", value = limit or nil, unit = "seconds" }
    end
    return facts
end

return M
