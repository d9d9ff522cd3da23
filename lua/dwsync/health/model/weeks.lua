--- How many accounts usually change in a stretch of time: in the same stretch, weekday and hour, of earlier weeks. They
-- are whole weeks apart, so no time zone is needed.
-- @module dwsync.health.model.weeks
local place = require "dwsync.health.model.place"

local M = {}

local DAY = 86400000
local WEEK, WEEKS = 7 * DAY, 4

-- The changes within a stretch that is moved back, and half a gap later, so that a run that is a little late is in it.
local function sum(model, at, sums, from, till)
    local times = model.time
    return (sums[place.last(times, at, till)] or 0) - (sums[place.last(times, at, from)] or 0)
end

--- Whether a stretch that is so many weeks earlier may be on record.
-- @tparam table model
-- @tparam number from milliseconds
-- @tparam number lag the greatest
-- @tparam integer skip weeks
-- @treturn boolean
function M.reaches(model, from, lag, skip)
    return from - skip * WEEK + lag >= model.time[1]
end

--- What was changed in the same stretch of up to four earlier weeks.
-- @tparam table model
-- @tparam integer at what ended later does not count
-- @tparam {number,...} sums `model.changed` or `model.added`
-- @tparam number from milliseconds
-- @tparam number till milliseconds
-- @tparam number lag how much later runs may be
-- @tparam integer skip how many weeks back the newest is that counts, 1 or more
-- @treturn {number,...} rising
function M.sums(model, at, sums, from, till, lag, skip)
    local found, count, first = {}, 0, model.time[1]
    for week = skip, skip + WEEKS - 1 do
        local start = from - week * WEEK + lag
        if start < first then
            break
        end
        local value = sum(model, at, sums, start, till - week * WEEK + lag)
        local i = count
        while i > 0 and found[i] > value do
            found[i + 1] = found[i]
            i = i - 1
        end
        found[i + 1], count = value, count + 1
    end
    return found, count
end

-- A wave does not come at the same minute each month.
local APART = 3 * 3600000

--- The most that was changed in the same hours of a day about a month earlier: what comes with the first of the month.
-- @tparam table model
-- @tparam integer at
-- @tparam {number,...} sums
-- @tparam number from milliseconds
-- @tparam number till milliseconds
-- @treturn number
function M.month_before(model, at, sums, from, till)
    local most = 0
    for days = 27, 32 do
        most = math.max(most, sum(model, at, sums, from - days * DAY - APART, till - days * DAY + APART))
    end
    return most
end

return M
