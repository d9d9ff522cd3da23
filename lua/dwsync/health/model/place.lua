--- Places in lists of times in rising order.
-- @module dwsync.health.model.place
local M = {}

--- The last place whose time is at most the one given.
-- @tparam {number,...} times rising
-- @tparam integer count how many of them count
-- @tparam number time
-- @treturn integer 0 when all are later
function M.last(times, count, time)
    local low, high = 1, count
    while low <= high do
        local middle = (low + high - (low + high) % 2) / 2
        if times[middle] <= time then
            low = middle + 1
        else
            high = middle - 1
        end
    end
    return high
end

--- The last place whose time is less than the one given.
-- @tparam {integer,...} times rising, whole numbers
-- @tparam integer count how many of them count
-- @tparam number time
-- @treturn integer 0 when none is
function M.before(times, count, time)
    return M.last(times, count, math.ceil(time) - 1)
end

--- The place whose time is nearest to the one given, if it is near enough.
-- @tparam {number,...} times rising
-- @tparam integer count how many of them count
-- @tparam number time
-- @tparam number distance the greatest that is near enough
-- @treturn integer|nil
function M.near(times, count, time, distance)
    local before = M.last(times, count, time)
    local best, nearest = nil, distance
    if before > 0 and time - times[before] <= nearest then
        best, nearest = before, time - times[before]
    end
    if before < count and times[before + 1] - time < nearest then
        best = before + 1
    end
    return best
end

return M
