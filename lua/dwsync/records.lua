--- Questions to ask of one record or of a list of them.
-- It must know nothing above it: not verdicts, not reports, not where records come from.
-- @module dwsync.records
local M = {}

local function set_of(values)
    if not values then
        return nil
    end
    local set = {}
    for _, value in ipairs(values) do
        set[value] = true
    end
    return set
end

--- The records that meet every criterion given.
-- @tparam {table,...} records
-- @tparam table criteria `status`: list of statuses; `source`: list of identity_source_id or identity_source_type
-- values; `since`, `until_`: milliseconds, compared with start_time (a record without one never meets them)
-- @treturn {table,...}
function M.filter(records, criteria)
    local status, source = set_of(criteria.status), set_of(criteria.source)
    local kept = {}
    for _, record in ipairs(records) do
        local start = record.start_time
        if (not status or status[record.status])
            and (not source or source[record.identity_source_id] or source[record.identity_source_type])
            and (not criteria.since or start and start >= criteria.since)
            and (not criteria.until_ or start and start < criteria.until_) then
            kept[#kept + 1] = record
        end
    end
    return kept
end

return M
