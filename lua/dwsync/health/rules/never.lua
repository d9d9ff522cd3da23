--- Rule "never": whether there is any run at all. An empty list is unknown, never ok: a cluster that was never
-- synchronised looks the same as one whose feature is switched off.
-- @module dwsync.health.rules.never
local quantities = require "dwsync.quantities"

local M = {}

M.unit = "runs"

M.options = {}

function M.follow()
    return {}
end

--- A source without any run exists only as the cluster that has no source.
function M.judge(_, model)
    local runs = model.source.runs
    return { value = #runs, unknown = #runs == 0, run = runs[#runs] }
end

function M.describe(finding, model)
    if not finding.unknown then
        return quantities.count(finding.value, "run") .. " on record"
    elseif model.source.id then
        return "no run can be judged", "Look at the records of this source: all of them are flawed."
    end
    return "no runs on record: nothing was ever synchronised, or the feature is off",
        "Check in the console that an identity source is configured for this cluster and that its synchronisation is "
        .. "switched on; if the page is missing, ask the service to enable the feature."
end

return M
