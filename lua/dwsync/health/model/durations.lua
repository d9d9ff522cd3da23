--- How long runs usually take, over weeks: durations in classes of a tenth, so that a median costs the same however
-- many there are. The newest week is left out where there are older ones: what became slow this week is not usual yet.
-- @module dwsync.health.model.durations
local M = {}

local WEEK = 7 * 86400000

-- Classes: the eighth root of two, about 9 %.
local PER_OCTAVE = 8

local LEAST = 10

local Durations = {}
Durations.__index = Durations

local log, floor = math.log, math.floor
local SCALE = PER_OCTAVE / log(2)

local function class_of(seconds)
    return seconds < 1 and 0 or floor(log(seconds) * SCALE + 0.5)
end

--- None yet.
-- @treturn table
function M.new()
    return setmetatable({ all = {}, old = {}, count = 0, old_count = 0, lag = 0, classes = {}, times = {}, top = 0,
        sums = {} }, Durations)
end

--- Adds a run.
-- @tparam number time when it ended
-- @tparam number seconds
function Durations:add(time, seconds)
    local class = class_of(seconds)
    local count = self.count + 1
    self.count, self.classes[count], self.times[count] = count, class, time
    self.all[class] = (self.all[class] or 0) + 1
    if class > self.top then
        self.top = class
    end
    local lag, times, limit = self.lag, self.times, time - WEEK
    while times[lag + 1] <= limit do
        lag = lag + 1
        local old = self.classes[lag]
        self.old[old] = (self.old[old] or 0) + 1
    end
    self.lag = lag
end

local function median_of(histogram, count, top)
    local half, sum = count / 2, 0
    for class = 0, top do
        sum = sum + (histogram[class] or 0)
        if sum >= half then
            return class > 0 and math.exp(class / SCALE) or 0.5
        end
    end
end

--- The usual duration of the runs before the newest week, or of all when there are too few of them.
-- @treturn number|nil seconds; nil when too few are known
-- @treturn integer how many runs that rests on
function Durations:usual()
    if self.lag >= LEAST then
        return median_of(self.old, self.lag, self.top), self.lag
    elseif self.count >= LEAST then
        return median_of(self.all, self.count, self.top), self.count
    end
    return nil, self.count
end

return M
