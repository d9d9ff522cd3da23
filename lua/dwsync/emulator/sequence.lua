--- The records of one cluster at this moment: a story, plus what arrived, minus what went. Positions count from the
-- newest record, 0. It hands out JSON because pages are cached so.
-- @module dwsync.emulator.sequence
local cjson = require "cjson"
local stories = require "dwsync.emulator.stories"

local Sequence = { __name = "dwsync.emulator.sequence" }
Sequence.__index = Sequence

local M = {}

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
        arrived = {},       -- oldest first, so that arriving is appending
        arrivals = 0,
        version = 0,        -- changes whenever the records do
    }, Sequence)
end

--- Counts the records.
-- @treturn integer
function Sequence:count()
    return #self.arrived + self.last - self.first
end

local function at(self, position)
    if position < #self.arrived then
        return self.arrived[#self.arrived - position]
    end
    return self.record_at(self.first + position - #self.arrived)
end

--- Puts new records in front.
-- @tparam integer n
-- @tparam number now milliseconds since the epoch
function Sequence:add(n, now)
    local newest = self:count() > 0 and at(self, 0) or nil
    local start = newest and newest.start_time or 0
    for _ = 1, n do
        self.arrivals = self.arrivals + 1
        -- A millisecond apart at least: newest first must hold however fast they arrive.
        start = math.max(start + 1, math.floor(now))
        self.arrived[#self.arrived + 1] = stories.arrival(self.cluster, self.options, self.arrivals, start, newest)
    end
    self.version = self.version + 1
end

--- Takes away up to `n` records.
-- @tparam integer n
-- @tparam string from "front" (the newest) or "back" (the oldest, as retention does)
function Sequence:remove(n, from)
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
    self.version = self.version + 1
end

--- Puts other records in the place of all.
-- @tparam {table,...} records newest first, sent as they are
function Sequence:replace(records)
    self.first, self.last, self.arrived = 0, #records, {}
    self.record_at = function(index) return records[index + 1] end
    self.version = self.version + 1
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
