--- How long runs usually take, over weeks: durations in classes of a tenth, so that a median costs the same however
-- many there are. The newest week is left out where there are older ones: what became slow this week is not usual yet.
-- @module dwsync.health.model.durations
local core = require "dwsync.core"
local place = require "dwsync.health.model.place"

local M = {}

local count_durations = core.count_durations

local WEEK = 7 * 86400000

-- Classes of core.count_durations: the eighth root of two, about 9 %.
local SCALE = 8 / math.log(2)

local LEAST = 10

local Durations = {}
Durations.__index = Durations

--- None yet.
-- @treturn table
function M.new()
    return setmetatable({ all = {}, old = {}, count = 0, old_count = 0, seen = 0, lag = 0, top = 0 }, Durations)
end

local function add_to(histogram, model, first, last)
    local failures = model.failures
    return count_durations(histogram, model.duration, first, last, failures,
        place.last(failures, #failures, first - 1) + 1)
end

--- Takes in the runs up to a place of the model, unless that was done before.
-- @tparam table model
-- @tparam integer last
function Durations:take(model, last)
    if last <= self.seen then
        return
    end
    local counted, top, newest = add_to(self.all, model, self.seen + 1, last)
    self.seen, self.count, self.top = last, self.count + counted, math.max(self.top, top)
    if newest then
        local lag = place.last(model.time, newest, model.time[newest] - WEEK)
        self.old_count = self.old_count + add_to(self.old, model, self.lag + 1, lag)
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
