--- Runs made for the specs of health, and what is asked of an evaluation of them.
-- It must not read a clock, and its randomness is seeded: the same on every interpreter.
local health = require "dwsync.health"

local M = {}

M.NOW = 1761389392 -- 2025-10-25T10:49:52Z
M.MINUTE, M.HOUR, M.DAY = 60, 3600, 86400

--- A run that finished after a minute, without changes.
-- @tparam number ago seconds before NOW at which it began @tparam[opt] table fields what is different; false: absent
function M.run(ago, fields)
    local start = M.NOW * 1000 - ago * 1000
    local run = {
        id = ("run-%09.0f"):format(ago),
        identity_source_id = "s1",
        identity_source_type = "ldap",
        start_time = start,
        end_time = start + 60000,
        add_count = 0,
        update_count = 0,
        delete_count = 0,
        failed_count = 0,
        status = "FINISHED",
    }
    for name, value in pairs(fields or {}) do
        run[name] = value ~= false and value or nil
    end
    return run
end

--- A run that failed, and one that is still RUNNING.
function M.failed(ago, fields)
    local run = M.run(ago, fields)
    run.status = "FAILED"
    return run
end

function M.running(ago, fields)
    local run = M.run(ago, fields)
    run.status, run.end_time = "RUNNING", nil
    return run
end

--- Quiet runs an hour apart, the newest first.
-- @tparam integer count @tparam[opt] number newest seconds before NOW at which the newest began (default ten minutes)
-- @tparam[opt] function change called with each run and its position
function M.hourly(count, newest, change)
    local list = {}
    for i = 1, count do
        list[i] = M.run((newest or 600) + (i - 1) * M.HOUR)
        if change then
            change(list[i], i)
        end
    end
    return list
end

--- Runs so many seconds apart of which the newest ended ten minutes before NOW, as a text draws them, the newest first.
-- @tparam string text
-- @tparam number seconds
-- @tparam table marks by character: what is different in such a run; "F" has failed where nothing else is said
function M.course(text, seconds, marks)
    local list = {}
    for i = 1, #text do
        local mark = text:sub(i, i)
        local fields = marks and marks[mark]
        list[i] = M.run(660 + (i - 1) * seconds, fields or mark == "F" and { status = "FAILED" } or nil)
        list[i].id = ("r%03d"):format(i)
        list[i].end_time = list[i].end_time and fields and fields.seconds and list[i].start_time + fields.seconds * 1000
            or list[i].end_time
        list[i].seconds = nil
    end
    return list
end

--- The verdict of one rule. @tparam {table,...} list @tparam string rule @tparam[opt] table options of the rule
-- @tparam[opt] string source default "s1"
function M.verdict(list, rule, options, source)
    local evaluation = health.evaluate(list, options and { [rule] = options }, M.NOW)
    for _, verdict in ipairs(evaluation.verdicts) do
        if verdict.rule == rule and verdict.source == (source or "s1") then
            return verdict
        end
    end
end

--- The severity a rule gives. The same arguments as `verdict`.
function M.severity(...)
    return M.verdict(...).severity
end

-- Options by rule for one alone: the others are off, but those of `others`.
local function alone(rule, options, others)
    local given = {}
    for name in pairs(health.rules()) do
        given[name] = false
    end
    for name, value in pairs(others or {}) do
        given[name] = value
    end
    given[rule] = options
    return given
end

--- When a rule was told of a source until NOW, by a replay, in seconds before NOW: "warning 7200..3600, critical 60..",
-- where a severity is the gravest of its time, and what was not over has no end.
-- @tparam {table,...} list @tparam string rule @tparam[opt] table options of the rule
-- @tparam[opt] table others rules that are judged as well, by name their options
function M.told(list, rule, options, others)
    local parts = {}
    local function ago(time)
        return time and ("%.10g"):format(M.NOW - time / 1000) or ""
    end
    for _, alert in ipairs(health.replay(list, alone(rule, options, others), { now = M.NOW })) do
        if alert.rule == rule then
            parts[#parts + 1] = ("%s %s..%s"):format(alert.severity, ago(alert.from), ago(alert.till))
        end
    end
    return table.concat(parts, ", ")
end

--- What a rule knows of a source, as "name: text" and, where there are any, "= value unit"; without `rests_on` and
-- `options`. The same arguments as `told`.
function M.facts(list, rule, options, others)
    local lines = {}
    for _, verdict in ipairs(health.explain(list, alone(rule, options, others), M.NOW, { rule }).verdicts) do
        for _, fact in ipairs(verdict.rule == rule and verdict.source == "s1" and verdict.explanation or {}) do
            if fact.name ~= "rests_on" and fact.name ~= "options" then
                local value = type(fact.value) == "number" and ("%.10g"):format(fact.value) or fact.value
                lines[#lines + 1] = ("%s: %s%s"):format(fact.name, fact.text, value and type(value) ~= "table"
                    and (" = %s %s"):format(value, tostring(fact.unit)) or "")
            end
        end
    end
    return lines
end

--- The message of the error that a function raises.
function M.refusal(wrong)
    local fine, message = pcall(wrong)
    return not fine and message or "it raised nothing"
end

--- Random integers, the same for a seed everywhere: random(n) is from 1 to n.
function M.random(seed)
    local state = seed * 7919 + 12345
    return function(n)
        state = (state * 16807) % 2147483647
        return state % n + 1
    end
end

--- A copy of a list in another order.
function M.shuffled(list, random)
    local copy = {}
    for i, item in ipairs(list) do
        copy[i] = item
    end
    for i = #copy, 2, -1 do
        local j = random(i)
        copy[i], copy[j] = copy[j], copy[i]
    end
    return copy
end

local STATUSES = { "FINISHED", "FINISHED", "FINISHED", "FAILED", "RUNNING" }
local REASONS = { "[LDAP: error code 49 - data 52e]", "Read timed out after 30000 ms", "user 'ann' refused" }

--- Random runs of up to three sources within some days before NOW: irregular, overlapping, with large numbers now and
-- then, sometimes without an end.
function M.history(random, count)
    local list = {}
    for i = 1, count do
        local status = STATUSES[random(#STATUSES)]
        local ago = random(4 * M.DAY)
        local length = random(10) == 1 and random(6 * M.HOUR) or random(600)
        local run = M.run(ago, {
            id = "r" .. i,
            identity_source_id = "s" .. random(3),
            status = status,
            add_count = random(8) == 1 and random(200) or random(3),
            update_count = random(12) == 1 and random(900) or random(9),
            delete_count = random(9) == 1 and random(90) or 0,
            failed_count = random(6) == 1 and random(9) or 0,
            fail_reason = status == "FAILED" and REASONS[random(#REASONS)] or nil,
        })
        local finish = run.start_time + length * 1000
        run.end_time = status ~= "RUNNING" and random(20) ~= 1 and finish <= M.NOW * 1000 and finish or nil
        list[i] = run
    end
    return list
end

return M
