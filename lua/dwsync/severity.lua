--- The severities: their order, words, colours on a terminal and exit statuses. "disabled" is a cluster whose
-- synchronisation is switched off: nothing to judge, and nothing wrong.
-- @module dwsync.severity
local M = {}

--- All of them, worst first.
M.worst_first = { "critical", "warning", "unknown", "ok", "disabled" }

-- Beside a cluster that is ok, one that is disabled does not count.
local RANKS = { disabled = -1, ok = 0, unknown = 1, warning = 2, critical = 3 }
local COLORS = { disabled = "90", ok = "32", unknown = "35", warning = "33", critical = "31" }
local EXIT_STATUSES = { disabled = 0, ok = 0, warning = 1, critical = 2, unknown = 3 }

--- The severity itself, or "unknown" for anything else.
-- @param severity
-- @treturn string
function M.known(severity)
    return RANKS[severity] and severity or "unknown"
end

--- Its level: 0 ok or disabled, 1 unknown, 2 warning, 3 critical, so that the greatest is the worst.
-- @param severity
-- @treturn integer
function M.level(severity)
    return math.max(0, RANKS[M.known(severity)])
end

--- Whether one severity is worse than another.
-- @param a
-- @param b
-- @treturn boolean
function M.is_worse(a, b)
    return RANKS[M.known(a)] > RANKS[M.known(b)]
end

--- Whether it leaves a whole healthy: a warning does, an unknown state does not.
-- @tparam string severity
-- @treturn boolean
function M.is_well(severity)
    return severity ~= "critical" and severity ~= "unknown"
end

--- The worst severity in a list.
-- @tparam {table,...} list items with a `severity`
-- @treturn string "unknown" when the list is empty: nothing was judged, which is not ok; "disabled" when all are
function M.worst(list)
    local worst
    for _, item in ipairs(list) do
        local severity = item.severity
        if severity ~= worst and (not worst or M.is_worse(severity, worst)) then
            worst = M.known(severity)
        end
    end
    return worst or "unknown"
end

--- The exit status of a Nagios plugin.
-- @param severity
-- @treturn integer 0 ok or disabled, 1 warning, 2 critical, 3 unknown
function M.exit_status(severity)
    return EXIT_STATUSES[M.known(severity)]
end

--- In capital letters, as monitoring systems write it.
-- @param severity
-- @treturn string
function M.word(severity)
    return M.known(severity):upper()
end

--- A text in the severity's colour.
-- @tparam string text
-- @param severity
-- @treturn string
function M.paint(text, severity)
    return ("\27[1;%sm%s\27[0m"):format(COLORS[M.known(severity)], text)
end

--- How many items there are of each severity.
-- @tparam {table,...} items with a `severity`
-- @treturn table counts by severity
function M.count(items)
    local counts = { critical = 0, warning = 0, unknown = 0, ok = 0, disabled = 0 }
    for _, item in ipairs(items) do
        local severity = M.known(item.severity)
        counts[severity] = counts[severity] + 1
    end
    return counts
end

--- How many clusters there are of each severity, in words: "1 critical, 3 ok". Severities without any are left out.
-- @tparam {table,...} clusters of an overview
-- @treturn string
function M.census(clusters)
    return M.census_of(M.count(clusters))
end

--- The same of counts.
-- @tparam {[string]=integer} counts by severity
-- @treturn string
function M.census_of(counts)
    local parts = {}
    for _, severity in ipairs(M.worst_first) do
        if counts[severity] > 0 then
            parts[#parts + 1] = ("%d %s"):format(counts[severity], severity)
        end
    end
    return #parts > 0 and table.concat(parts, ", ") or "no clusters"
end

return M
