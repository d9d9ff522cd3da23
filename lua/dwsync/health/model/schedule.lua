--- When the runs of a source begin, by weekday and hour, and its pauses, over the last four weeks: what the cadence was
-- learned from, in numbers and words. In UTC; to explain a verdict, not to make one.
-- @module dwsync.health.model.schedule
local place = require "dwsync.health.model.place"
local quantities = require "dwsync.quantities"

local M = {}

local MINUTE, HOUR, DAY = 60000, 3600000, 86400000
local WINDOW = 28 * DAY

--- The weekdays, as they are called in a schedule.
M.weekdays = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" }

-- What begins a little before the hour is due on the hour.
local EARLY = 5 * MINUTE

-- An hour is usual when a run begins in it on at least this part of its days; so few are named with their minute.
local USUAL, FEW = 0.5, 6

-- Pauses whose lengths differ by less than this are the same pause.
local ALIKE = 90 * MINUTE

local function cell_of(time)
    local hour = math.floor(time / HOUR)
    return (math.floor(hour / 24) + 3) % 7 + 1, hour % 24 + 1
end

local function empty_week(value)
    local week = {}
    for day = 1, 7 do
        week[day] = {}
        for hour = 1, 24 do
            week[day][hour] = value()
        end
    end
    return week
end

local function nothing()
    return 0
end

local function none()
    return {}
end

-- By weekday and hour: the minutes at which runs began, and how often that hour has passed.
local function count(starts, first, last)
    local minutes, seen = empty_week(none), empty_week(nothing)
    for time = starts[first] + EARLY, starts[last] + EARLY + HOUR - 1, HOUR do
        local day, hour = cell_of(time)
        seen[day][hour] = seen[day][hour] + 1
    end
    for i = first, last do
        local day, hour = cell_of(starts[i] + EARLY)
        local list = minutes[day][hour]
        list[#list + 1] = (starts[i] + EARLY) % HOUR - EARLY
    end
    return minutes, seen
end

local function clock(hour, offset)
    local minute = math.floor((hour * HOUR + offset) % DAY / MINUTE)
    return ("%02d:%02d"):format(math.floor(minute / 60), minute % 60)
end

-- "06 to 18 h", "00 to 02 and 06 to 23 h": the hours in which runs begin.
local function ranges(usual)
    local parts, hour = {}, 1
    while hour <= 24 do
        local last = hour
        while last < 24 and usual[hour] and usual[last + 1] do
            last = last + 1
        end
        if usual[hour] then
            parts[#parts + 1] = hour == last and ("%02d"):format(hour - 1)
                or ("%02d to %02d"):format(hour - 1, last - 1)
        end
        hour = last + 1
    end
    return table.concat(parts, " and ") .. " h"
end

-- What a weekday looks like, in words; nil when it is not on record.
local function day_text(minutes, seen)
    local usual, times, runs, hours, passed = {}, {}, 0, 0, 0
    for hour = 1, 24 do
        local list = minutes[hour]
        passed = passed + seen[hour]
        if seen[hour] > 0 and #list >= USUAL * seen[hour] then
            table.sort(list)
            usual[hour], hours, runs = true, hours + 1, runs + #list / seen[hour]
            times[#times + 1] = clock(hour - 1, list[math.ceil(#list / 2)])
        end
    end
    if passed == 0 then
        return nil
    elseif hours == 0 then
        return "none"
    elseif runs <= FEW and hours <= FEW then
        return table.concat(times, ", ")
    end
    return ("every %s%s"):format(quantities.cadence(hours * HOUR / runs / 1000), hours == 24 and ", all day"
        or " from " .. ranges(usual))
end

-- "Mon to Fri 08:00, 12:00; Sat, Sun none".
local function week_text(texts)
    local parts, day = {}, 1
    while day <= 7 do
        local last = day
        while last < 7 and texts[last + 1] == texts[day] do
            last = last + 1
        end
        local days = M.weekdays[day]
        if last > day then
            days = days .. (last == day + 1 and ", " or " to ") .. M.weekdays[last]
        end
        parts[#parts + 1] = days .. " " .. (texts[day] or "not on record")
        day = last + 1
    end
    return table.concat(parts, "; ")
end

local function share(minutes, seen)
    local shares = {}
    for hour = 1, 24 do
        shares[hour] = seen[hour] > 0 and math.floor(#minutes[hour] / seen[hour] * 100 + 0.5) / 100 or 0
    end
    return shares
end

local function first_within(starts, last, window)
    return place.last(starts, last, starts[last] - window) + 1
end

--- When runs begin.
-- @tparam {number,...} starts rising
-- @tparam integer last how many of them count, at least 1
-- @treturn string "Mon to Fri 08:00, 12:00; Sat, Sun none"
-- @treturn {[string]={number,...}} by weekday, how many runs begin in each of its 24 hours, in the mean
function M.week(starts, last)
    local minutes, seen = count(starts, first_within(starts, last, WINDOW), last)
    local texts, by_weekday = {}, {}
    for day = 1, 7 do
        texts[day] = day_text(minutes[day], seen[day])
        by_weekday[M.weekdays[day]] = share(minutes[day], seen[day])
    end
    return week_text(texts), by_weekday
end

--- The pauses: stretches without a run that are much longer than the usual gap.
-- @tparam {number,...} starts rising
-- @tparam integer last how many of them count
-- @tparam number gap the usual one, milliseconds
-- @treturn {{seconds=number,times=integer},...} most frequent first
function M.pauses(starts, last, gap)
    local found, least = {}, math.max(2.5 * gap, 2 * HOUR)
    for i = first_within(starts, last, WINDOW) + 1, last do
        local length = starts[i] - starts[i - 1]
        if length >= least then
            local known
            for _, pause in ipairs(found) do
                known = known or math.abs(pause.length - length) < ALIKE and pause
            end
            if known then
                known.times = known.times + 1
            else
                found[#found + 1] = { length = length, times = 1 }
            end
        end
    end
    table.sort(found, function(a, b)
        if a.times ~= b.times then
            return a.times > b.times
        end
        return a.length < b.length
    end)
    local list = {}
    for i, pause in ipairs(found) do
        list[i] = { seconds = math.floor(pause.length / 1000), times = pause.times }
    end
    return list
end

return M
