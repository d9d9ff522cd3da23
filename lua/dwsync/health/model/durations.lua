--- How long runs usually take, over weeks: durations in classes of a tenth, so that a median costs the same however
-- many there are. The newest week is left out where there are older ones: what became slow this week is not usual yet.
-- @module dwsync.health.model.durations
local place = require "dwsync.health.model.place"

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
    return duration >= 1000 and math.floor(log(duration / 1000) * SCALE + 0.5) or 0
end

-- The classes of durations that share their tenth of a second, which spares most of the logarithms; and up to where.
local CLASSES, TENTH, LONGEST = {}, 100, 600000

local function find_class(duration, tenth)
    local class = class_of(tenth)
    if class ~= class_of(tenth + TENTH - 1) then
        return class_of(duration)
    elseif tenth < LONGEST then
        CLASSES[tenth] = class
    end
    return class
end

-- Counts the runs between two places in a histogram: those that FINISHED and whose duration is known.
-- Returns how many they are, the greatest class and the place of the newest.
local function count_in(histogram, model, first, last)
    local durations, runs, classes, count, top, newest = model.duration, model.run, CLASSES, 0, 0, nil
    for i = first, last do
        local duration = durations[i]
        if duration and runs[i].status == "FINISHED" then
            local tenth = duration - duration % TENTH
            local class = classes[tenth] or find_class(duration, tenth)
            histogram[class] = (histogram[class] or 0) + 1
            count, newest = count + 1, i
            if class > top then
                top = class
            end
        end
    end
    return count, top, newest
end

--- None yet.
-- @treturn table
function M.new()
    return setmetatable({ all = {}, old = {}, count = 0, old_count = 0, seen = 0, lag = 0, top = 0 }, Durations)
end

--- Takes in the runs up to a place of the model, unless that was done before.
-- @tparam table model
-- @tparam integer last
function Durations:take(model, last)
    if last <= self.seen then
        return
    end
    local count, top, newest = count_in(self.all, model, self.seen + 1, last)
    self.seen, self.count, self.top = last, self.count + count, math.max(self.top, top)
    if newest then
        local lag = place.last(model.time, newest, model.time[newest] - WEEK)
        self.old_count = self.old_count + count_in(self.old, model, self.lag + 1, lag)
        self.lag = math.max(self.lag, lag)
    end
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
