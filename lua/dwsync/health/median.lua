--- The middle of numbers and how far they spread around it.
-- @module dwsync.health.median
local M = {}

--- The value below which a share of the values lies (nearest rank).
-- @tparam {number,...} sorted ascending
-- @tparam number share 0..1
-- @treturn ?number nil for an empty list
function M.percentile(sorted, share)
    local count = #sorted
    if count == 0 then
        return nil
    end
    return sorted[math.max(1, math.min(count, math.ceil(share * count - 1e-9)))]
end

--- The middle value, or the mean of the two in the middle.
-- @tparam {number,...} sorted ascending
-- @treturn ?number nil for an empty list
function M.of_sorted(sorted)
    local count = #sorted
    local low = math.floor((count + 1) / 2)
    if count % 2 == 1 or count == 0 then
        return sorted[low]
    end
    return (sorted[low] + sorted[low + 1]) / 2
end

--- The median of values and their median absolute deviation from it.
-- @tparam {number,...} values; they get sorted
-- @treturn number median
-- @treturn number deviation
function M.spread(values)
    table.sort(values)
    local middle = M.of_sorted(values)
    local distances = {}
    for i, value in ipairs(values) do
        distances[i] = math.abs(value - middle)
    end
    table.sort(distances)
    return middle, M.of_sorted(distances)
end

-- The place of a value in a sorted list, or where it would go.
local function place(sorted, count, value)
    local low, high = 1, count
    while low <= high do
        local middle = (low + high - (low + high) % 2) / 2
        if sorted[middle] < value then
            low = middle + 1
        else
            high = middle - 1
        end
    end
    return low
end

local Window = {}
Window.__index = Window

--- The newest values of a stream, sorted.
-- @tparam integer size how many of the newest count
-- @treturn table with `put` and `sorted` (ascending; to be read only)
function M.window(size)
    return setmetatable({ size = size, sorted = {}, ring = {}, place = 1 }, Window)
end

--- Adds a value, and forgets the oldest when there are too many.
-- @tparam number|nil value nil for an unknown one, which takes a place all the same
function Window:put(value)
    local sorted, oldest = self.sorted, self.ring[self.place]
    if oldest then
        table.remove(sorted, place(sorted, #sorted, oldest))
    end
    if value then
        table.insert(sorted, place(sorted, #sorted, value), value)
    end
    self.ring[self.place] = value or false
    self.place = self.place % self.size + 1
end

return M
