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

-- How much is done between two pauses.
local SLICE = 1000

local function no_pause() end

--- Turns a list round, in place.
-- @tparam {table,...} list
-- @tparam integer last how many items it has
function M.reverse(list, last)
    for i = 1, math.floor(last / 2) do
        list[i], list[last + 1 - i] = list[last + 1 - i], list[i]
    end
end

local Merging = {}
Merging.__index = Merging

-- Merges two sorted stretches of `list` into `into`; `keys` and `new_keys` belong to them, item by item.
function Merging:merge(first, middle, last)
    local list, keys, into, new_keys = self.list, self.keys, self.into, self.new_keys
    local left, right, before = first, middle + 1, self.before
    for slice = first, last, SLICE do
        for i = slice, math.min(slice + SLICE - 1, last) do
            local take_left = right > last
            if not take_left and left <= middle then
                local a, b = keys[left], keys[right]
                take_left = a < b or a == b and not before(list[right], list[left])
            end
            if take_left then
                into[i], new_keys[i], left = list[left], keys[left], left + 1
            else
                into[i], new_keys[i], right = list[right], keys[right], right + 1
            end
        end
        self.done = self.done + math.min(SLICE, last - slice + 1)
        if self.done >= SLICE then
            self.done = 0
            self.pause()
        end
    end
end

local function fill_keys(keys, list, count, by_end, pause)
    for slice = 1, count, SLICE do
        for i = slice, math.min(slice + SLICE - 1, count) do
            local run = list[i]
            keys[i] = by_end and run.end_time or run.start_time or run.end_time or 0
        end
        pause()
    end
end

-- Stretches of 1, 2, 4, ... are merged: numbers are compared, and records only where those are equal.
local function merge_sort(list, count, before, pause, room)
    local merging = setmetatable({ list = list, keys = room.keys, into = room.into, new_keys = room.new_keys,
        before = before, pause = pause, done = 0 }, Merging)
    fill_keys(room.keys, list, count, before == M.ends_before, pause)
    local width = 1
    while width < count do
        for first = 1, count, 2 * width do
            merging:merge(first, math.min(first + width - 1, count), math.min(first + 2 * width - 1, count))
        end
        merging.list, merging.into = merging.into, merging.list
        merging.keys, merging.new_keys = merging.new_keys, merging.keys
        width = 2 * width
    end
    if merging.list ~= list then
        for i = 1, count do
            list[i] = merging.list[i]
        end
    end
end

-- Whether a list is sorted, and whether it is backwards.
local function direction_of(list, count, before, pause)
    local by_end, rising, falling, previous, run_before = before == M.ends_before, true, true, nil, nil
    for slice = 1, count, SLICE do
        for i = slice, math.min(slice + SLICE - 1, count) do
            local run = list[i]
            local key = by_end and run.end_time or run.start_time or run.end_time or 0
            if not previous or key == previous then
                rising = rising and not (previous and before(run, run_before))
                falling = falling and not (previous and before(run_before, run))
            elseif key > previous then
                falling = false
            else
                rising = false
            end
            previous, run_before = key, run
        end
        pause()
        if not rising and not falling then
            break
        end
    end
    return rising, falling
end

--- Room for sorting, which several lists may use one after the other.
-- @treturn table
function M.room()
    return { keys = {}, into = {}, new_keys = {} }
end

--- Sorts a list in place. Most come sorted, forwards or backwards; finding that out costs a fraction of sorting.
-- @tparam {table,...} list
-- @tparam function before `starts_before` or `ends_before`
-- @tparam[opt] function pause called now and then while a long list is sorted
-- @tparam[opt] table room of `room`
function M.sort(list, before, pause, room)
    local count = #list
    local rising, falling = direction_of(list, count, before, pause or no_pause)
    if falling and not rising then
        M.reverse(list, count)
    elseif not rising then
        merge_sort(list, count, before, pause or no_pause, room or M.room())
    end
end

return M
