--- Places in lists of times in rising order.
-- @module dwsync.health.model.place
local M = {}

-- So many neighbours are tried before the middle.
local NEIGHBOURS = 4

local floor = math.floor

--- The last place whose time is at most the one given. Runs are about evenly spaced, so it is mostly near where it
-- would be if they were; where they are not, half of what is left is excluded each time.
-- @tparam {number,...} times rising
-- @tparam integer count how many of them count
-- @tparam number time
-- @treturn integer 0 when all are later
function M.last(times, count, time)
    local first, newest = times[1], times[count]
    if count == 0 or time < first then
        return 0
    elseif time >= newest then
        return count
    end
    local low, high = 1, count
    local at = floor((time - first) / (newest - first) * (count - 1)) + 1
    for _ = 1, NEIGHBOURS do
        if times[at] > time then
            high, at = at, at - 1
        elseif times[at + 1] > time then
            return at
        else
            low, at = at + 1, at + 1
        end
    end
    while high - low > 1 do
        at = floor((low + high) / 2)
        if times[at] <= time then
            low = at
        else
            high = at
        end
    end
    return low
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
