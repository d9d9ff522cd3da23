--- When the next run of a source is due, learned from when its runs began: how long the silence was after the run at
-- the same time of the last weeks, or of the last days where there is no week on record, or between the last few runs.
-- No time zone is needed: what matters is how far the patterns of two days are apart. When clocks are changed for
-- summer, they shift by an hour; so a pause is looked for an hour earlier and later once a day's usual runs are done.
-- @module dwsync.health.model.cadence
local place = require "dwsync.health.model.place"

local M = {}

local SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600000, 86400000

-- Runs that begin closer together than this are one: a retry, two schedulers.
local TWINS = MINUTE

local function clamp(value, low, high)
    return math.max(low, math.min(high, value))
end

local Cadence = {}
Cadence.__index = Cadence

-- The middle of the gaps before each of the last starts; nil with fewer than two.
local function usual_gap(starts, count)
    local gaps, found = {}, 0
    local i = count
    while i > 1 and found < 15 do
        local gap = starts[i] - starts[i - 1]
        if gap >= TWINS then
            local at = found
            while at > 0 and gaps[at] > gap do
                gaps[at + 1] = gaps[at]
                at = at - 1
            end
            gaps[at + 1], found = gap, found + 1
        end
        i = i - 1
    end
    return found >= 2 and gaps[math.ceil(found / 2)] or nil
end

-- The start after the one at a place.
local function following(self, at)
    local starts = self.starts
    for i = at + 1, self.count do
        if starts[i] - starts[at] >= TWINS then
            return starts[i]
        end
    end
end

-- How long it was silent after the run near a time; nil when there was none, or none has followed.
local function silence_after(self, time)
    local at = place.near(self.starts, self.count, time, self.tolerance)
    local next_start = at and following(self, at)
    return next_start and next_start - self.starts[at]
end

-- The smaller of the two in the middle: what happened once is no rule.
local function middle(list)
    table.sort(list)
    return list[math.ceil(#list / 2)]
end

local function silences(self, time, days, step, count)
    local list = {}
    for i = 1, count do
        list[#list + 1] = silence_after(self, time - (days + (i - 1) * step) * DAY)
    end
    return #list > 0 and middle(list) or nil, #list
end

-- How many runs there were since the last pause, and at the same time in the earlier stretches: the usual number.
local function stretch(self, time)
    local starts, pause = self.starts, math.max(3 * self.gap, 2 * HOUR)
    local at = place.last(starts, self.count, time + SECOND)
    if self.stretch_at == at then
        return self.stretch_now, self.stretch_usual
    end
    local lengths, length, i = {}, 1, at
    while i > 1 and #lengths < 4 and at - i < 600 do
        local gap = starts[i] - starts[i - 1]
        if gap >= pause then
            lengths[#lengths + 1] = length
            length = 0
        end
        length = length + (gap >= TWINS and 1 or 0)
        i = i - 1
    end
    local now = table.remove(lengths, 1)
    self.stretch_at, self.stretch_now, self.stretch_usual = at, now, #lengths >= 2 and middle(lengths) or nil
    return now, self.stretch_usual
end

-- A pause that came an hour earlier or later, when a day's usual runs are done.
local function shifted_pause(self, time, silence)
    local now, usual = stretch(self, time)
    if not usual or now < usual then
        return silence
    end
    for _, days in ipairs { 1, 7, 14 } do
        for _, hour in ipairs { -HOUR, 0, HOUR } do
            silence = math.max(silence or 0, silence_after(self, time - days * DAY + hour) or 0)
        end
    end
    return silence > 0 and silence or nil
end

-- Saturday or Sunday, in Greenwich: near enough for a source whose weekends nobody has seen yet.
local function is_weekend(time)
    return (math.floor(time / DAY) + 4) % 7 % 6 == 0
end

-- Whether a run began on the last weekend.
local function saw_weekend(self, time)
    for days = 1, 8 do
        local day = time - time % DAY - days * DAY
        if is_weekend(day) and place.last(self.starts, self.count, day + DAY)
            > place.last(self.starts, self.count, day) then
            return true
        end
    end
    return false
end

local function gap_before(self, time, back)
    local starts = self.starts
    local at = place.last(starts, self.count, time)
    local last
    for _ = 1, back do
        if at < 2 then
            return nil
        end
        last, at = starts[at] - starts[at - 1], at - 1
    end
    return last
end

-- A schedule that has just become slower: the last runs came that late, and so did those of yesterday.
local function changed(self, time, silence)
    local last, other, yesterday = gap_before(self, time, 1), gap_before(self, time, 2),
        silence_after(self, time - DAY)
    if last and last > 1.5 * silence then
        if yesterday and yesterday > 1.5 * silence then
            return yesterday
        elseif other and other > 1.5 * silence then
            return math.min(last, other)
        end
    end
end

-- When all else is missing: the longest of the last gaps, if they are alike.
local function even_gap(self)
    local low, high = math.huge, 0
    for back = 1, 3 do
        local gap = gap_before(self, self.starts[self.count], back)
        if gap then
            low, high = math.min(low, gap), math.max(high, gap)
        end
    end
    return low >= 0.8 * high and high or nil
end

local function usual_silence(self, time)
    if not self.gap then
        return nil
    end
    if self.gap > 8 * DAY then
        return even_gap(self), "gaps"
    end
    local weeks, by = silences(self, time, 7, 7, 3), "weeks"
    local silence = weeks
    if not silence then
        silence, by = silences(self, time, 1, 1, 6), "days"
    end
    local pauses = self.paused
    if pauses and (not silence or silence < 3 * self.gap) then
        silence = shifted_pause(self, time, silence)
    end
    if silence then
        local slower = changed(self, time, silence)
        silence, by = slower or silence, slower and "days" or by
    else
        silence, by = even_gap(self), "gaps"
        if not silence then
            return nil
        end
    end
    if self.nights and not weeks and not saw_weekend(self, time) then
        while is_weekend(time + silence) do
            silence = silence + DAY
        end
    end
    return silence, by
end

--- How long a silence after a run at some time is usual.
-- @tparam number time milliseconds
-- @treturn number|nil milliseconds; nil when that is not known
-- @treturn string|nil by what: "weeks", "days" or "gaps"
function Cadence:silence(time)
    if self.asked ~= time then
        self.asked, self.answer, self.by = time, usual_silence(self, time)
    end
    return self.answer, self.by
end

-- Whether a run began when one had begun a day or a week before, or as long after the one before as that one after its
-- own.
local function is_planned(starts, i, near)
    local start = starts[i]
    local gap, before = start - starts[i - 1], starts[i - 1] - starts[i - 2]
    return math.abs(gap - before) <= math.max(near, 0.12 * before)
        or place.near(starts, i - 1, start - DAY, near) ~= nil
        or place.near(starts, i - 1, start - 7 * DAY, near) ~= nil
end

-- What the cadence of fewer runs found of them, which later ones do not change; nil where it is the first.
local function plans_of(self, near, earlier)
    if earlier and earlier.starts == self.starts then
        return earlier.near == near and earlier.plans or {}
    end
end

-- Whether runs come by a plan: most of the last ones do.
local function is_regular(self, earlier)
    local starts, near, seen, planned = self.starts, clamp(self.gap / 20, 3 * MINUTE, HOUR), 0, 0
    local plans, i = plans_of(self, near, earlier), self.count
    while i > 2 and seen < 12 do
        if starts[i] - starts[i - 1] >= TWINS then
            local is = plans and plans[i]
            if is == nil then
                is = is_planned(starts, i, near)
            end
            seen, planned = seen + 1, planned + (is and 1 or 0)
            if plans then
                plans[i] = is
            end
        end
        i = i - 1
    end
    if plans then
        plans[i] = nil -- it was the last one before
    end
    self.near, self.plans = near, plans
    return seen > 0 and planned >= 0.55 * seen, seen, planned
end

-- Which part of some time runs fill, at the usual gap, until the newest: 1 where there are no pauses.
local function filled(self, length)
    local newest = self.starts[self.count]
    local time = math.min(length, newest - self.starts[1])
    if time < 10 * self.gap then
        return 1
    end
    return (self.count - place.last(self.starts, self.count, newest - time)) * self.gap / time
end

--- The cadence of a source.
-- @tparam {number,...} starts of its runs, rising
-- @tparam integer count how many of them count
-- @tparam[opt] table earlier the cadence when fewer of them did
-- @treturn table cadence: `known`, `gap` (the usual one), `silence(time)`
function M.of(starts, count, earlier)
    local self = setmetatable({ starts = starts, count = count }, Cadence)
    self.gap = usual_gap(starts, count)
    if self.gap then
        self.tolerance = clamp(self.gap / 2.5, 2 * MINUTE, 80 * MINUTE)
        self.known = is_regular(self, earlier)
        self.nights = self.gap >= 20 * HOUR or filled(self, DAY) < 0.75
        self.paused = self.nights or filled(self, 7 * DAY) < 0.98
    else
        self.known = false
    end
    return self
end

return M
