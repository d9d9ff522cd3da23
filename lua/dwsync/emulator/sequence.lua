--- The records of one cluster at this moment: a story, plus what arrived by order or by the clock, minus what went.
-- Positions count from the newest record, 0. It hands out JSON because pages are cached so.
-- @module dwsync.emulator.sequence
local cjson = require "cjson"
local stories = require "dwsync.emulator.stories"

local Sequence = { __name = "dwsync.emulator.sequence" }
Sequence.__index = Sequence

local M = {}

-- Numbers every change of any sequence: two that were never changed are the same, any others are not.
local changes = 0

--- Makes the sequence of a cluster.
-- @tparam table cluster
-- @tparam table options see @{dwsync.emulator.stories.records}
-- @treturn Sequence
function M.new(cluster, options)
    local count, record_at = stories.records(cluster, options)
    return setmetatable({
        cluster = cluster,
        options = options,
        record_at = record_at,
        first = 0,          -- the story's records still there: first ≤ index < last
        last = count,
        told = count,       -- how many the story has
        held = {},          -- those that were held back, newest first
        arrived = {},       -- oldest first, so that arriving is appending; a number: that run of the clock's
        arrivals = 0,
        turns = 0,          -- how many runs the clock brought
        settled = 0,        -- how many of them are among the arrived; the others are newer than all
        change = 0,
        version = "0 0",    -- says which records these are
    }, Sequence)
end

--- Counts the records.
-- @treturn integer
function Sequence:count()
    return self.turns - self.settled + #self.arrived + self.last - self.first
end

local function stamp(self)
    self.version = ("%d %d"):format(self.change, self.turns)
end

--- Lets the clock bring what it brings until now.
-- @tparam number now milliseconds since the epoch
-- @treturn Sequence itself
function Sequence:reach(now)
    self.turns = math.max(self.settled, stories.turns(self.cluster, self.options, now))
    stamp(self)
    return self
end

local function changed(self)
    changes = changes + 1
    self.change = changes
    stamp(self)
end

-- From now on there may be something newer than what the clock brought so far.
local function settle(self)
    for number = self.settled + 1, self.turns do
        self.arrived[#self.arrived + 1] = number
    end
    self.settled = self.turns
end

local function at(self, position)
    local unsettled = self.turns - self.settled
    if position < unsettled then
        return stories.turn(self.cluster, self.options, self.turns - position)
    end
    position = position - unsettled
    if position < #self.arrived then
        local record = self.arrived[#self.arrived - position]
        return type(record) == "number" and stories.turn(self.cluster, self.options, record) or record
    end
    return self.record_at(self.first + position - #self.arrived)
end

--- Puts new records in front.
-- @tparam integer n
-- @tparam number now milliseconds since the epoch
function Sequence:add(n, now)
    settle(self)
    local newest = self:count() > 0 and at(self, 0) or nil
    local start = newest and newest.start_time or 0
    for _ = 1, n do
        self.arrivals = self.arrivals + 1
        -- A millisecond apart at least: newest first must hold however fast they arrive.
        start = math.max(start + 1, math.floor(now))
        self.arrived[#self.arrived + 1] = stories.arrival(self.cluster, self.options, self.arrivals, start, newest)
    end
    changed(self)
end

--- Puts given records in front.
-- @tparam {table,...} records newest first, sent as they are
function Sequence:put(records)
    settle(self)
    for i = #records, 1, -1 do
        self.arrived[#self.arrived + 1] = records[i]
    end
    changed(self)
end

--- Takes away up to `n` records.
-- @tparam integer n
-- @tparam[opt] string from "front" (the newest); else from the back (the oldest, as retention does)
function Sequence:remove(n, from)
    settle(self)
    for _ = 1, math.min(n, self:count()) do
        local of_story = self.last - self.first
        if from == "front" and #self.arrived > 0 then
            table.remove(self.arrived)
        elseif from == "front" then
            self.first = self.first + 1
        elseif of_story > 0 then
            self.last = self.last - 1
        else
            table.remove(self.arrived, 1)
        end
    end
    changed(self)
end

--- Holds the newest records back, as if they had not run yet.
-- @tparam integer n
function Sequence:hold(n)
    for position = 0, math.min(n, self:count()) - 1 do
        self.held[#self.held + 1] = at(self, position)
    end
    table.sort(self.held, function(a, b) return a.start_time > b.start_time end) -- some may be held from before
    self:remove(n, "front")
end

--- Lets those that were held back end just now, in their order.
-- @tparam number now milliseconds since the epoch
function Sequence:release(now)
    for _, record in ipairs(self.held) do
        local late = math.floor(now) - (tonumber(record.end_time) or record.start_time)
        record.start_time = record.start_time + late
        record.end_time = tonumber(record.end_time) and record.end_time + late or record.end_time
    end
    local held = self.held
    self.held = {}
    self:put(held)
end

--- Calls a function with each run that made the cluster's accounts what they are, oldest first: also those that
-- retention took, but not the first of a long story.
-- @tparam integer most runs of the story
-- @tparam function visit
function Sequence:each_run(most, visit)
    for index = math.min(self.told, most) - 1, self.first, -1 do
        visit(self.record_at(index))
    end
    for position = self:count() - (self.last - self.first) - 1, 0, -1 do
        visit(at(self, position))
    end
end

--- Puts other records in the place of all.
-- @tparam {table,...} records newest first, sent as they are
function Sequence:replace(records)
    settle(self)
    self.first, self.last, self.told, self.arrived = 0, #records, #records, {}
    self.record_at = function(index) return records[index + 1] end
    changed(self)
end

--- Writes a slice as a JSON array.
-- @tparam integer position of the first record
-- @tparam integer size at most
-- @treturn string JSON text
-- @treturn integer how many records it holds
function Sequence:json(position, size)
    local parts = {}
    for i = position, math.min(position + size, self:count()) - 1 do
        parts[#parts + 1] = cjson.encode(at(self, i))
    end
    return "[" .. table.concat(parts, ",") .. "]", #parts
end

return M
