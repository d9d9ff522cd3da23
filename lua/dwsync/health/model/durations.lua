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

local log = math.log
local SCALE = PER_OCTAVE / log(2)

local function class_of(duration)
    if duration < 1000 then
        return 0
    end
    local class = log(duration / 1000) * SCALE + 0.5
    return class - class % 1
end

--- None yet.
-- @treturn table
function M.new()
    return setmetatable({ all = {}, old = {}, count = 0, old_count = 0, seen = 0, lag = 0, top = 0 }, Durations)
end

-- The class of the run at a place; nil unless it FINISHED and its duration is known.
local function class_at(model, at)
    local duration = model.duration[at]
    return duration and model.run[at].status == "FINISHED" and class_of(duration) or nil
end

--- Takes in the runs up to a place of the model, unless that was done before.
-- @tparam table model
-- @tparam integer last
function Durations:take(model, last)
    local all, count, top, times, newest = self.all, self.count, self.top, model.time, nil
    local durations, runs = model.duration, model.run
    for i = self.seen + 1, last do
        local duration = durations[i]
        if duration and runs[i].status == "FINISHED" then
            local class = class_of(duration)
            all[class] = (all[class] or 0) + 1
            count, newest = count + 1, i
            if class > top then
                top = class
            end
        end
    end
    self.seen, self.count, self.top = math.max(self.seen, last), count, top
    local limit, lag, old = newest and times[newest] - WEEK, self.lag, self.old
    while limit and times[lag + 1] <= limit do
        lag = lag + 1
        local class = class_at(model, lag)
        if class then
            old[class] = (old[class] or 0) + 1
            self.old_count = self.old_count + 1
        end
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
    if self.old_count >= LEAST then
        return median_of(self.old, self.old_count, self.top), self.old_count
    elseif self.count >= LEAST then
        return median_of(self.all, self.count, self.top), self.count
    end
    return nil, self.count
end

return M
