--- The model behind a verdict, in words and numbers: facts, made only when somebody asks for them.
-- @module dwsync.health.explanation
local quantities = require "dwsync.quantities"
local rules = require "dwsync.health.rules"

local M = {}

local WEEK = 7 * 86400000

local function value_text(value, kind)
    if value == false then
        return "off"
    elseif type(value) == "table" then
        return "given by source"
    elseif kind == "duration" then
        return quantities.duration(value)
    end
    return kind == "ratio" and quantities.percent(value) or quantities.number(value)
end

-- "minimum 30 min, warning 6 h (set)": the options in force, and which of them are not the defaults.
local function options_fact(rule, options)
    local names, parts, values = {}, {}, {}
    for name in pairs(rules.by_name[rule].options) do
        names[#names + 1] = name
    end
    table.sort(names)
    for _, name in ipairs(names) do
        local declared, value = rules.by_name[rule].options[name], options[name]
        if value ~= nil or declared.level then
            local shown = value == nil and (declared.learned and "learned" or "off") or value_text(value, declared.kind)
            parts[#parts + 1] = name .. " " .. shown .. (value ~= declared.default and " (set)" or "")
            values[name] = value
        end
    end
    return #parts > 0 and { name = "options", text = table.concat(parts, ", "), value = values } or nil
end

local function rests_on(model)
    local runs, first = math.max(model.begun, model.count), model.first_time
    local count = quantities.count(runs, "run")
    if not first then
        return { name = "rests_on", text = count .. ", none with a time", value = { runs = runs } }
    end
    local newest = math.max(model.starts[model.begun] or 0, model.time[model.count] or 0)
    local length = math.max(0, newest - first)
    return { name = "rests_on", text = ("%s over %s, since %s%s"):format(count, quantities.duration(length / 1000),
        quantities.instant(first), length < WEEK and "; there is no week to compare with yet" or ""),
        value = { runs = runs, weeks = math.floor(length / WEEK * 100 + 0.5) / 100, since = first } }
end

--- What a rule knew of a source.
-- @tparam string rule
-- @tparam table state of the rule
-- @tparam table model
-- @tparam number now milliseconds
-- @tparam table finding
-- @tparam table options of the rule
-- @treturn {dwsync.fact,...}
function M.of(rule, state, model, now, finding, options)
    local facts, module = {}, rules.by_name[rule]
    if module.explain then
        for _, fact in ipairs(module.explain(state, model, now, finding)) do
            facts[#facts + 1] = fact
        end
    end
    facts[#facts + 1] = rests_on(model)
    facts[#facts + 1] = options_fact(rule, options)
    return facts
end

return M
