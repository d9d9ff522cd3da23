--- Lengths of time, shares, counts and points in time, as people read them: one way of writing and one rounding for
-- every message, table and page. Programs get the bare numbers instead.
-- Anything that is not a finite number is written "–": records may hold anything.
-- @module dwsync.quantities
local decimal = require "dwsync.decimal"
local timestamps = require "dwsync.timestamps"

local M = {}

local HUGE = 1e15 -- beyond it digits are noise
local MICROSECOND = 1e-6 -- what rounding may take from a difference between points in time

--- Whether a value is a finite number: neither NaN nor infinite.
-- @param value
-- @treturn boolean
function M.is_finite(value)
    return type(value) == "number" and value == value and value > -math.huge and value < math.huge
end

-- At most one digit after the point, and not a zero; the point is one in every locale.
local function short(number)
    if math.abs(number) >= HUGE then
        return decimal.format("%.3g", number)
    end
    return (decimal.format("%.1f", number):gsub("%.0$", ""))
end

--- A number with at most one decimal.
-- @tparam number value
-- @treturn string "480", "1.5"
-- @usage quantities.number(1.25) --> "1.2"
function M.number(value)
    return M.is_finite(value) and short(value) or "–"
end

--- A number of things.
-- @tparam number number
-- @tparam string one the word for one of them
-- @tparam[opt] string more the word for several; `one` with an "s" when left out
-- @treturn string "1 run", "3 runs"
function M.count(number, one, more)
    return ("%s %s"):format(M.number(number), number == 1 and one or more or one .. "s")
end

local UNITS = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "min" }, { 1000, "s" } }

-- The two largest units.
local function two_units(ms)
    for i, unit in ipairs(UNITS) do
        if ms >= unit[1] then
            local smaller = UNITS[i + 1]
            local rest = smaller and math.floor(ms % unit[1] / smaller[1]) or 0
            return ("%.0f %s"):format(math.floor(ms / unit[1]), unit[2])
                .. (rest > 0 and (" %.0f %s"):format(rest, smaller[2]) or "")
        end
    end
end

--- A length of time in its two largest units, rounded down, so that an age is never overstated and a limit never seems
-- reached too early. Below 10 s it has a decimal, below 1 s it is in milliseconds. The status page's script has the
-- same rules, and a spec with the same cases.
-- @tparam number seconds
-- @treturn string "23 h 59 min", "48 min", "3.2 s", "250 ms"
-- @usage quantities.duration(86399) --> "23 h 59 min"
function M.duration(seconds)
    if not M.is_finite(seconds) then
        return "–"
    elseif seconds < 0 then
        return "−" .. M.duration(-seconds)
    elseif seconds >= HUGE then
        return short(seconds / 86400) .. " d"
    end
    local ms = math.floor((seconds + MICROSECOND) * 1000)
    if ms == 0 then
        return seconds == 0 and "0 s" or "< 1 ms"
    elseif ms < 1000 then
        return ("%.0f ms"):format(ms)
    elseif ms < 10000 then
        return short(math.floor(ms / 100) / 10) .. " s"
    end
    return two_units(ms)
end

--- How long something has lasted: as `duration`, but in whole seconds, and from a minute on in whole minutes, since it
-- grows while it is read. Never negative: clocks differ.
-- @tparam number seconds
-- @treturn string "23 h 59 min", "11 min", "43 s"
function M.age(seconds)
    if not M.is_finite(seconds) then
        return "–"
    end
    seconds = math.max(seconds, 0)
    local unit = seconds < 60 and 1 or 60
    return M.duration(math.floor((seconds + MICROSECOND) / unit) * unit)
end

--- About how long something usually is, such as the time between two runs: without the seconds by which each differs.
-- @tparam number seconds
-- @treturn string "1 h" for 59 min 59 s, "15 min", "2 d 14 h"
function M.cadence(seconds)
    if not M.is_finite(seconds) or seconds < 60 then
        return M.duration(seconds)
    end
    local step = seconds < 600 and 10 or seconds < 3600 and 60 or seconds < 86400 and 300 or 3600
    return M.duration(math.floor(seconds / step + 0.5) * step)
end

--- A share as a percentage with at most one decimal, rounded to the nearest; but never "100 %" for less than that, nor
-- "0 %" for more.
-- @tparam number ratio 0 to 1
-- @treturn string "98.6 %", "> 99.9 %", "< 0.1 %"
function M.percent(ratio)
    if not M.is_finite(ratio) then
        return "–"
    end
    local percent = ratio * 100
    if percent < 100 and percent >= 99.95 then
        return "> 99.9 %"
    elseif percent > 0 and percent < 0.05 then
        return "< 0.1 %"
    end
    return short(percent) .. " %"
end

local WORDS = { accounts = "account", runs = "run", records = "record", times = "time" }

--- A value with its unit.
-- @tparam number value
-- @tparam[opt] string unit of a verdict: "seconds", "ratio", "accounts", "runs", "records" or "times"
-- @treturn string "6 h", "12 %", "480 accounts"
function M.value(value, unit)
    if unit == "seconds" then
        return M.duration(value)
    elseif unit == "ratio" then
        return M.percent(value)
    end
    local word = WORDS[unit]
    return word and M.count(value, word) or M.number(value)
end

--- The thresholds of a verdict.
-- @tparam table verdict
-- @treturn string "warning from 20 accounts, critical from 50 accounts"; "" without any
function M.thresholds(verdict)
    local parts = {}
    for _, severity in ipairs { "warning", "critical" } do
        if verdict[severity] then
            parts[#parts + 1] = ("%s from %s"):format(severity, M.value(verdict[severity], verdict.unit))
        end
    end
    return table.concat(parts, ", ")
end

--- A point in time to the second, ISO 8601 in UTC.
-- @tparam number ms milliseconds since the epoch
-- @treturn string "2025-05-19T06:55:23Z"
function M.instant(ms)
    if not M.is_finite(ms) then
        return "–"
    end
    return (timestamps.to_iso(ms):gsub("%.%d%d%dZ$", "Z"))
end

--- How far a point in time is from now.
-- @tparam number ms milliseconds since the epoch
-- @tparam number now seconds since the epoch
-- @treturn string "12 min ago", "in 3 h", "now"
function M.distance(ms, now)
    if not M.is_finite(ms) or not M.is_finite(now) then
        return "–"
    end
    local seconds = now - ms / 1000
    local length = M.age(math.abs(seconds))
    if length == "0 s" then
        return "now"
    end
    return seconds > 0 and length .. " ago" or "in " .. length
end

--- The same for something that is expected.
-- @tparam number ms milliseconds since the epoch
-- @tparam number now seconds since the epoch
-- @treturn string "in 3 h", "8 h overdue"
function M.due(ms, now)
    return (M.distance(ms, now):gsub(" ago$", " overdue"))
end

return M
