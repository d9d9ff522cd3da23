-- What is said at the end of every labelled history, with the model behind it. What is right, labelled_spec.lua says;
-- here any change shows.
local health = require "dwsync.health"
local kept = require "spec.golden.kept"
local labelled = require "spec.health.labelled"
local runs = require "spec.health.runs"
local timestamps = require "dwsync.timestamps"

local function time(ms)
    return ms and timestamps.to_iso(ms) or "-"
end

-- A value of any type, tables by name; the last digits of fractions are the machine's.
local function shown(value)
    if type(value) == "number" then
        return (value % 1 == 0 and "%.0f" or "%.9g"):format(value)
    elseif type(value) ~= "table" then
        return tostring(value)
    end
    local names, parts = {}, {}
    for name in pairs(value) do
        names[#names + 1] = name
    end
    table.sort(names, function(a, b)
        return tostring(a) < tostring(b)
    end)
    for _, name in ipairs(names) do
        parts[#parts + 1] = ("%s=%s"):format(name, shown(value[name]))
    end
    return "{" .. table.concat(parts, " ") .. "}"
end

-- Facts that are nearly the same for all: explanation_spec.lua has them.
local SAID_ELSEWHERE = { options = true, rests_on = true }

local function add(lines, text, ...)
    lines[#lines + 1] = text:format(...)
end

local function add_verdict(lines, verdict)
    add(lines, "%s %s%s: %s %s, %s/%s, since %s, %s: %s", verdict.severity, verdict.rule,
        verdict.follows and " from " .. verdict.follows or "", shown(verdict.value), verdict.unit,
        shown(verdict.warning), shown(verdict.critical), time(verdict.since), verdict.record_id or "-",
        verdict.message)
    if verdict.advice then
        add(lines, "    %s", verdict.advice)
    end
    if verdict.reason then
        add(lines, "    reason %s", shown(verdict.reason))
    end
    for _, fact in ipairs(verdict.explanation or {}) do
        if not SAID_ELSEWHERE[fact.name] then
            add(lines, "    %s: %s %s %s", fact.name, fact.text, shown(fact.value), shown(fact.unit or fact.by))
        end
    end
end

local function add_evaluation(lines, evaluation)
    add(lines, "%s, %d records, next at %s", evaluation.severity, evaluation.records, time(evaluation.next_at))
    for _, verdict in ipairs(evaluation.verdicts) do
        add_verdict(lines, verdict)
    end
    add(lines, "statistics %s", shown(evaluation.statistics))
    add(lines, "reasons %s", shown(evaluation.reasons))
end

describe("what is said of labelled histories", function()
    it("is as kept at their end", function()
        local lines = {}
        for _, kind in ipairs(labelled.kinds) do
            local history = labelled.make(kind.name, 1)
            add(lines, "== %s", history.name)
            add_evaluation(lines, health.explain(history.records, nil, history["end"]))
        end
        kept.compare("histories.txt", table.concat(lines, "\n") .. "\n")
    end)
end)

local OPTIONS = {
    { failing = { warning = 3, critical = 5, minimum = 0 }, churn = { warning = 2, window = 86400 } },
    { stale = { warning = 7200, critical = 14400 }, stuck = { warning = 600, critical = 3600 } },
    { mass_delete = { warning = 5, critical = 20 }, partial = { warning = 0.005, critical = 0.05, minimum = 1 } },
}

describe("what is said of random histories", function()
    it("is as kept, with usual and other thresholds", function()
        local lines = {}
        for seed = 1, 12 do
            add(lines, "== %d", seed)
            add_evaluation(lines, health.evaluate(runs.history(runs.random(seed), 10 + seed * 8), OPTIONS[seed % 4],
                runs.NOW))
        end
        kept.compare("random.txt", table.concat(lines, "\n") .. "\n")
    end)
end)
