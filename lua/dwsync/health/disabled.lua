--- A cluster whose synchronisation is switched off, which is how the service begins: a state of its own where no record
-- was ever seen, a warning where there were some.
-- @module dwsync.health.disabled
local errors = require "dwsync.errors"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"

local M = {}

-- When a record of the cluster was last seen, by what is known from elsewhere, or by an earlier look.
local function last_seen(item)
    local statistics = item.evaluation and item.evaluation.statistics or {}
    local ms = item.seen_before or statistics.last_run
    return quantities.is_finite(ms) and ms or nil
end

--- In a few words that synchronisation is off, and since when if there were records.
-- @tparam dwsync.overview.item item also one that was decoded from JSON
-- @treturn ?string nil for any other cluster
function M.reason(item)
    local seen = last_seen(item)
    return errors.is_feature_off(item.error) and (seen
        and "synchronisation was turned off or is refused since " .. quantities.instant(seen)
        or "identity-source synchronisation is off (" .. item.error.code .. ")") or nil
end

local function of_one_in_use(item, chosen)
    return {
        rule = "disabled",
        severity = severities.is_worse(chosen, "warning") and chosen or "warning",
        since = last_seen(item),
        message = M.reason(item),
        advice = "Find out who turned it off, or lost the right to use it, and turn it on in the console; the accounts "
            .. "stay as they were.",
    }
end

--- What there is to say of a cluster when the service refused as for one whose synchronisation is switched off.
-- @tparam dwsync.overview.item item
-- @tparam string|boolean chosen how grave it is where no record was ever seen: a severity, or false for no word at all
-- @treturn ?{dwsync.verdict,...} one verdict, or none when it is off; nil for any other cluster
-- @treturn ?string its severity
function M.of(item, chosen)
    if not errors.is_feature_off(item.error) then
        return nil
    elseif not chosen then
        return {}, "disabled"
    end
    local verdict = last_seen(item) and of_one_in_use(item, chosen) or {
        rule = "disabled",
        severity = chosen,
        message = M.reason(item),
        advice = "Nothing to do, unless accounts should come from an identity source: then turn it on in the console.",
    }
    return { verdict }, verdict.severity
end

return M
