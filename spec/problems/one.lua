--- One problem, as specs of its life look at it.
local transitions = require "dwsync.problems.transitions"

local M = {}

M.KEY = { cluster_id = "c", source = "s", rule = "failing" }

--- What a look found.
function M.seen(severity, more)
    local result = { severity = severity, raises = severity == "warning" or severity == "critical",
        message = "it is " .. severity }
    for name, value in pairs(more or {}) do
        result[name] = value
    end
    return result
end

--- What becomes of a problem with it.
function M.look(row, severity, now, more)
    return transitions.look(row, M.KEY, M.seen(severity, more), now)
end

return M
