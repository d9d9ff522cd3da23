--- The middle of numbers, and other places in their order.
-- @module dwsync.health.median
local core = require "dwsync.core"

local M = {}

local ranked = core.ranked

--- The place of the value below which a share of the values lies (nearest rank).
-- @tparam integer count of values, 1 or more
-- @tparam number share 0..1
-- @treturn integer
function M.rank(count, share)
    return math.max(1, math.min(count, math.ceil(share * count - 1e-9)))
end

--- The value below which a share of the values lies.
-- @tparam {number,...} sorted ascending
-- @tparam number share 0..1
-- @treturn ?number nil for an empty list
function M.percentile(sorted, share)
    return sorted[1] and sorted[M.rank(#sorted, share)]
end

-- Of more values than this, those at a similar place are counted first.
local FEW, CLASSES = 300, 128

-- How many are looked at between two pauses.
local SLICE = 10000

local function no_pause() end

local function range_of(values, first, last)
    local low, high = values[first], values[first]
    for i = first + 1, last do
        local value = values[i]
        if value < low then
            low = value
        elseif value > high then
            high = value
        end
    end
    return low, high
end

-- Counts the values in classes of equal width. A class has the number of its least value above the lowest.
local function count_classes(values, first, last, low, width, pause)
    local counts = {}
    for class = 0, CLASSES do
        counts[class * width] = 0
    end
    for slice = first, last, SLICE do
        for i = slice, math.min(slice + SLICE - 1, last) do
            local above = values[i] - low
            local class = above - above % width
            counts[class] = counts[class] + 1
        end
        pause()
    end
    return counts
end

-- The values of the classes in which a rank lies, and how many values are below each of them.
local function gather(values, first, last, ranks, pause)
    local low, high = range_of(values, first, last)
    local width = math.floor((high - low) / CLASSES) + 1
    local counts = count_classes(values, first, last, low, width, pause)
    local lists, below, sum = {}, {}, 0
    for class = 0, CLASSES * width, width do
        for _, rank in ipairs(counts[class] > 0 and ranks or {}) do
            if rank > sum and rank <= sum + counts[class] then
                lists[class], below[class] = {}, sum
            end
        end
        sum = sum + counts[class]
    end
    for slice = first, last, SLICE do
        for i = slice, math.min(slice + SLICE - 1, last) do
            local above = values[i] - low
            local list = lists[above - above % width]
            if list then
                list[#list + 1] = values[i]
            end
        end
        pause()
    end
    return lists, below, width
end

--- The values at some places of the order, without sorting all of them.
-- @tparam {integer,...} values in any order
-- @tparam integer first
-- @tparam integer last
-- @tparam {integer,...} ranks rising, from 1, the smallest of the values between `first` and `last`
-- @tparam[opt] function pause called now and then
-- @treturn {integer,...} the value of each rank
function M.ranked(values, first, last, ranks, pause)
    if last - first < FEW then
        return ranked(values, first, last, ranks)
    end
    local found = {}
    local lists, below, width = gather(values, first, last, ranks, pause or no_pause)
    for class, list in pairs(lists) do
        for i, rank in ipairs(ranks) do
            local own = rank - below[class]
            if own >= 1 and own <= #list then
                found[i] = width == 1 and list[1] or M.ranked(list, 1, #list, { own }, pause)[1]
            end
        end
    end
    return found
end

--- The ranks of the one or the two values in the middle: the median is their mean.
-- @tparam integer count
-- @treturn integer
-- @treturn integer
function M.middle(count)
    return math.floor((count + 1) / 2), math.floor(count / 2) + 1
end

return M
