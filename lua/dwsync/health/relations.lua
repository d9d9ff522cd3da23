--- Which verdicts about a source follow from another: the first word is the cause. A run that hangs is why there was no
-- success for hours; 473 deletions are why a run was slow. What follows raises nothing of its own; its cause is as
-- grave as the gravest of what follows from it.
-- @module dwsync.health.relations
local severities = require "dwsync.severity"

local M = {}

-- By cause, what follows from it; an earlier cause explains more. A verdict follows from the first that fires.
local CAUSES = {
    { "stuck", { "stale", "failing", "overlap", "slow" } },
    { "failing", { "stale", "partial", "volume" } },
    { "churn", { "mass_delete", "volume" } },
    { "mass_delete", { "slow", "volume" } },
    { "overlap", { "slow" } },
    { "volume", { "slow" } },
    { "stale", { "volume" } },
}

--- The rules whose verdicts may follow from one's.
-- @tparam string name of a rule
-- @treturn {string,...}
function M.followers(name)
    for _, relation in ipairs(CAUSES) do
        if relation[1] == name then
            return relation[2]
        end
    end
    return {}
end

local FIRES = { warning = true, critical = true }

--- Marks what follows from something else: `follows` is the name of its cause.
-- @tparam {[string]=table} by_rule items with a `severity`, by the name of their rule
function M.mark(by_rule)
    for _, relation in ipairs(CAUSES) do
        local cause = by_rule[relation[1]]
        if cause and FIRES[cause.severity] and not cause.follows then
            for _, name in ipairs(relation[2]) do
                local other = by_rule[name]
                if other and FIRES[other.severity] and not other.follows then
                    other.follows = relation[1]
                    if severities.is_worse(other.severity, cause.severity) then
                        cause.severity = other.severity
                    end
                end
            end
        end
    end
end

return M
