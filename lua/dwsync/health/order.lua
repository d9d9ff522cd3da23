--- The order of runs: a total one, so that the order in which they came does not matter. Runs must be free of flaws
-- (dwsync.health.flaws), since only then a field has the same type in all of them.
-- @module dwsync.health.order
local record_fields = require "dwsync.record_fields"

local M = {}

-- The fields that matter most when two runs began and ended together come first, then the others.
local FIELDS, listed = { "id", "status", "end_time", "start_time", "delete_count", "failed_count" }, {}
for _, name in ipairs(FIELDS) do
    listed[name] = true
end
for _, name in ipairs(record_fields.names) do
    FIELDS[#FIELDS + 1] = not listed[name] and name or nil
end

-- Absent first.
local function less_by_content(a, b)
    for _, name in ipairs(FIELDS) do
        local left, right = a[name], b[name]
        if left ~= right then
            if left == nil or right == nil then
                return left == nil
            end
            return left < right
        end
    end
    return false
end

--- When a run ended, as far as is known.
-- @tparam table run
-- @treturn number milliseconds, 0 for a run without any time
function M.ended_at(run)
    return run.end_time or run.start_time or 0
end

--- Whether a run comes before another by its start, then by its id.
-- @tparam table a
-- @tparam table b
-- @treturn boolean
function M.starts_before(a, b)
    local left, right = a.start_time or a.end_time or 0, b.start_time or b.end_time or 0
    if left ~= right then
        return left < right
    end
    return less_by_content(a, b)
end

--- Whether a run comes before another by its end, then by its start, then by its id.
-- @tparam table a
-- @tparam table b
-- @treturn boolean
function M.ends_before(a, b)
    local left, right = a.end_time or a.start_time or 0, b.end_time or b.start_time or 0
    if left ~= right then
        return left < right
    end
    return M.starts_before(a, b)
end

-- Most lists come sorted, forwards or backwards; finding that out costs a fraction of sorting.
local function is_sorted(list, before)
    for i = 2, #list do
        if before(list[i], list[i - 1]) then
            return false
        end
    end
    return true
end

local function reverse(list)
    local last = #list
    for i = 1, math.floor(last / 2) do
        list[i], list[last + 1 - i] = list[last + 1 - i], list[i]
    end
end

--- Sorts a list in place.
-- @tparam {table,...} list
-- @tparam function before `starts_before` or `ends_before`
function M.sort(list, before)
    if #list > 1 and before(list[#list], list[1]) then
        reverse(list)
    end
    if not is_sorted(list, before) then
        table.sort(list, before)
    end
end

return M
