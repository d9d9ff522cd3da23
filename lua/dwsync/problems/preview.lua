--- What senders would send now, without sending it.
-- @module dwsync.problems.preview
local entries = require "dwsync.problems.entries"
local severities = require "dwsync.severity"
local steps = require "dwsync.problems.steps"
local transitions = require "dwsync.problems.transitions"

local M = {}

local function level_of(row)
    return transitions.is_firing(row) and severities.level(row.severity) or 0
end

-- What is owed of one problem, as if each were sent in its turn.
local function turns_of(row, kept, plan, now)
    local list, turns = {}, {}
    for _, some in ipairs { kept, steps.told_before(row, now) } do
        for _, entry in ipairs(some) do
            list[#list + 1] = entry
        end
    end
    for _, entry in ipairs(steps.owed(row, list, plan, now)) do
        list[#list + 1] = entry
    end
    for _ = 1, #list do
        for _, entry in ipairs(list) do
            local verdict, step
            if entry.state == "owed" then
                verdict, step = steps.due(row, entry, list, plan, now)
            end
            if verdict == "send" then
                entry.state, entry.sent_at = "sent", now
                turns[#turns + 1] = { row = row, entry = entry, step = step }
            elseif verdict == "drop" then
                entry.state = "dropped"
            end
        end
    end
    return turns
end

--- What would be sent now, the worst first; what is over comes last.
-- @tparam {dwsync.problem,...} rows
-- @tparam {[string]={dwsync.problem.entry,...}} lists of dwsync.problems.outbox.read; they are changed
-- @tparam table how `plan(row, now)`, `is_meant(row)`
-- @tparam integer now
-- @treturn {table,...} `row`, `entry`, `step`
function M.turns(rows, lists, how, now)
    local result = {}
    for _, row in ipairs(rows) do
        local is_meant, kept = not how.is_meant or how.is_meant(row), lists[entries.name_of(row)] or {}
        for _, turn in ipairs(is_meant and turns_of(row, kept, how.plan and how.plan(row, now), now) or {}) do
            turn.place = #result
            result[#result + 1] = turn
        end
    end
    table.sort(result, function(a, b)
        local one, other = level_of(a.row), level_of(b.row)
        return one > other or one == other and a.place < b.place
    end)
    return result
end

return M
