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
local SLICE = 500

local function no_pause() end

--- Turns a part of a list round, in place.
-- @tparam {any,...} list
-- @tparam integer first
-- @tparam integer last
-- @tparam[opt] function pause called now and then
function M.reverse(list, first, last, pause)
    pause = pause or no_pause
    while first < last do
        local ends = first + last
        for low = first, math.min(first + SLICE, math.ceil(ends / 2)) - 1 do
            list[low], list[ends - low] = list[ends - low], list[low]
        end
        first, last = first + SLICE, last - SLICE
        pause()
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

-- Finds the stretches that are sorted already, and turns those round that are backwards. Returns their last places.
local function stretches(list, keys, count, before, pause)
    local ends, first = {}, 1
    local function goes_back(at)
        local key, next_key = keys[at], keys[at + 1]
        return next_key < key or next_key == key and before(list[at + 1], list[at])
    end
    while first <= count do
        local last, falling = first, first < count and goes_back(first)
        repeat
            last = last + 1
            if last % SLICE == 0 then
                pause()
            end
        until last >= count or goes_back(last) ~= falling
        last = math.min(last, count)
        if falling then
            M.reverse(list, first, last)
            M.reverse(keys, first, last)
        end
        ends[#ends + 1], first = last, last + 1
    end
    return ends
end

-- Merges neighbours until there is one stretch: numbers are compared, and records only where those are equal.
local function merge_all(list, ends, before, pause, room)
    local merging = setmetatable({ list = list, keys = room.keys, into = room.into, new_keys = room.new_keys,
        before = before, pause = pause, done = 0 }, Merging)
    while #ends > 1 do
        local first, merged = 1, {}
        for i = 1, #ends, 2 do
            local last = ends[i + 1] or ends[i]
            merging:merge(first, ends[i], last)
            merged[#merged + 1], first = last, last + 1
        end
        merging.list, merging.into = merging.into, merging.list
        merging.keys, merging.new_keys = merging.new_keys, merging.keys
        ends = merged
    end
    if merging.list ~= list then
        for i = 1, ends[1] do
            list[i] = merging.list[i]
        end
    end
end

--- Room for sorting, which several lists may use one after the other.
-- @treturn table
function M.room()
    return { keys = {}, into = {}, new_keys = {} }
end

--- Sorts a list in place. Most come sorted, forwards or backwards, or in a few stretches that are: finding that out
-- costs a fraction of sorting.
-- @tparam {table,...} list
-- @tparam function before `starts_before` or `ends_before`
-- @tparam[opt] function pause called now and then while a long list is sorted
-- @tparam[opt] table room of `room`
function M.sort(list, before, pause, room)
    local count = #list
    pause, room = pause or no_pause, room or M.room()
    fill_keys(room.keys, list, count, before == M.ends_before, pause)
    merge_all(list, stretches(list, room.keys, count, before, pause), before, pause, room)
end

return M
