--- Severities and their order: ok, unknown, warning, critical.
-- It must not know what is judged.
-- @module dwsync.health.severity
local M = {}

local RANKS = { ok = 1, unknown = 2, warning = 3, critical = 4 }

--- Whether one severity is worse than another. @tparam string a @tparam string b @treturn boolean
function M.is_worse(a, b)
    return RANKS[a] > RANKS[b]
end

--- The worst severity of a list of tables that have one. @tparam {table,...} list
-- @treturn string "unknown" when the list is empty: nothing was judged, which is not ok
function M.worst(list)
    local worst
    for _, item in ipairs(list) do
        if not worst or RANKS[item.severity] > RANKS[worst] then
            worst = item.severity
        end
    end
    return worst or "unknown"
end

return M
