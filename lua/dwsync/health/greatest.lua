--- The greatest of the values seen within a length of time. The newest counts however old it is.
-- @module dwsync.health.greatest
local M = {}

local Greatest = {}
Greatest.__index = Greatest

--- An empty one.
-- @tparam number seconds how long a value counts
-- @treturn table with `put` and `get`
function M.new(seconds)
    return setmetatable({ length = seconds * 1000, first = 1, last = 0 }, Greatest)
end

--- Adds a value. Only those that may still become the greatest are kept, in falling order.
-- @tparam number time milliseconds
-- @tparam number value
-- @tparam table run what it was seen in
function Greatest:put(time, value, run)
    local place = self.last
    while place >= self.first and self[place].time > time do
        if self[place].value >= value then
            return -- a newer one at least as great outlives this one
        end
        place = place - 1
    end
    local keep = place
    while keep >= self.first and self[keep].value <= value do
        keep = keep - 1
    end
    if keep == place then
        for i = self.last, place + 1, -1 do
            self[i + 1] = self[i]
        end
        self[place + 1], self.last = { time = time, value = value, run = run }, self.last + 1
        return
    end
    self[keep + 1] = { time = time, value = value, run = run }
    local gone = place - keep - 1
    for i = place + 1, self.last do
        self[i - gone] = self[i]
    end
    for i = self.last - gone + 1, self.last do
        self[i] = nil
    end
    self.last = self.last - gone
end

--- The greatest value at a point in time.
-- @tparam number now milliseconds, never before those of earlier calls
-- @treturn table {time =, value =, run =}, or nil when it is empty
-- @treturn number when another becomes the greatest, or nil when this one stays
function Greatest:get(now)
    while self.first < self.last and now - self[self.first].time >= self.length do
        self[self.first], self.first = nil, self.first + 1
    end
    local head = self[self.first]
    return head, head and self.first < self.last and head.time + self.length or nil
end

return M
