--- Rule "never": whether there is any run at all. An empty list is unknown, never ok.
-- It must not guess why: nothing was ever synchronised, or the feature is off, looks the same.
-- @module dwsync.health.rules.never
local quantities = require "dwsync.quantities"

local M = {}

M.unit = "runs"

M.options = {}

function M.track()
    return {}
end

--- A source without any run exists only as the cluster that has no source.
function M.judge(_, course)
    local runs = course.source.runs
    return { value = #runs, unknown = #runs == 0, run = runs[#runs] }
end

function M.describe(finding, course)
    if not finding.unknown then
        return quantities.count(finding.value, "run") .. " on record"
    elseif course.source.id then
        return "no run that can be judged", "Look at the records of this source: every one of them is flawed."
    end
    return "no run on record: nothing was ever synchronised, or the feature is off",
        "Look in the console whether an identity source is configured for this cluster, and whether its "
        .. "synchronisation is switched on; ask the service to enable the feature if the page is missing."
end

return M
