--- The middle of numbers, and other places in their order.
-- @module dwsync.health.median
local M = {}

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

-- Fewer values than this are sorted at once; of more, those at a similar place are counted first.
local FEW, CLASSES = 100, 128

-- How many are looked at between two pauses.
local SLICE = 10000

local function no_pause() end

local function sorted_copy(values, first, last)
    local copy, count = {}, 0
    for i = first, last do
        count = count + 1
        copy[count] = values[i]
    end
    table.sort(copy)
    return copy
end

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

-- The values of some classes, and how many are below each of these.
local function wanted_classes(counts, ranks)
    local lists, below, sum = {}, {}, 0
    for class = 0, CLASSES do
        local before = sum
        sum = sum + counts[class]
        for _, rank in ipairs(ranks) do
            if rank > before and rank <= sum then
                lists[class], below[class] = {}, before
            end
        end
    end
    return lists, below
end

-- Counts the values in classes of equal width, and looks closer at those in which a rank lies.
local function look_closer(values, first, last, ranks, pause)
    local low, high = range_of(values, first, last)
    local found = {}
    if low == high then
        for i in ipairs(ranks) do
            found[i] = low
        end
        return found
    end
    local scale, counts = CLASSES / (high - low), {}
    for class = 0, CLASSES do
        counts[class] = 0
    end
    for slice = first, last, SLICE do
        for i = slice, math.min(slice + SLICE - 1, last) do
            local class = (values[i] - low) * scale
            class = class - class % 1
            counts[class] = counts[class] + 1
        end
        pause()
    end
    local lists, below = wanted_classes(counts, ranks)
    for slice = first, last, SLICE do
        for i = slice, math.min(slice + SLICE - 1, last) do
            local class = (values[i] - low) * scale
            local list = lists[class - class % 1]
            if list then
                list[#list + 1] = values[i]
            end
        end
        pause()
    end
    for class, list in pairs(lists) do
        for i, rank in ipairs(ranks) do
            local own = rank - below[class]
            if own >= 1 and own <= #list then
                found[i] = M.ranked(list, 1, #list, { own }, pause)[1]
            end
        end
    end
    return found
end

--- The values at some places of the order, without sorting all of them.
-- @tparam {number,...} values in any order; they stay as they are
-- @tparam integer first
-- @tparam integer last
-- @tparam {integer,...} ranks from 1, the smallest of the values between `first` and `last`
-- @tparam[opt] function pause called now and then
-- @treturn {number,...} the value of each rank
function M.ranked(values, first, last, ranks, pause)
    if last - first < FEW then
        local sorted, found = sorted_copy(values, first, last), {}
        for i, rank in ipairs(ranks) do
            found[i] = sorted[rank]
        end
        return found
    end
    return look_closer(values, first, last, ranks, pause or no_pause)
end

--- The ranks of the one or the two values in the middle: the median is their mean.
-- @tparam integer count
-- @treturn integer
-- @treturn integer
function M.middle(count)
    return math.floor((count + 1) / 2), math.floor(count / 2) + 1
end

return M
