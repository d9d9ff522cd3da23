--- Values with their units, lengths of time and points in time, as people read them.
-- It must not fail on what is no number: records may hold anything.
-- @module dwsync.quantities
local timestamps = require "dwsync.timestamps"

local M = {}

local HUGE = 1e15 -- above it digits are noise

--- Whether a value is a number that can be shown: neither NaN nor infinite.
-- @param value
-- @treturn boolean
function M.is_finite(value)
    return type(value) == "number" and value == value and value > -math.huge and value < math.huge
end

-- At most one digit after the point, and none that says nothing.
local function short(number)
    if math.abs(number) >= HUGE then
        return ("%.3g"):format(number)
    end
    return (("%.1f"):format(number):gsub("%.0$", ""))
end

--- A number with at most one decimal; "–" for what is none.
-- @param value
-- @treturn string
function M.number(value)
    return M.is_finite(value) and short(value) or "–"
end

local STEPS = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } }

-- The two largest units, rounded: nobody plans with the seconds of a day.
local function two_units(seconds)
    for i, step in ipairs(STEPS) do
        local unit, below = step[1], STEPS[i + 1]
        local fine = below and below[1] or 1
        local rounded = math.floor(seconds / fine + 0.5) * fine
        if rounded >= unit then
            local text = ("%.0f %s"):format(math.floor(rounded / unit), step[2])
            local rest = below and math.floor(rounded % unit / fine) or 0
            return rest > 0 and ("%s %.0f %s"):format(text, rest, below[2]) or text
        end
    end
    return "0 s"
end

--- A length of time: "2 d 6 h", "48 min", "3.2 s".
-- @param seconds
-- @treturn string
function M.duration(seconds)
    if not M.is_finite(seconds) then
        return "–"
    elseif seconds < 0 then
        return "−" .. M.duration(-seconds)
    elseif seconds < 10 then
        return short(seconds) .. " s"
    elseif seconds >= HUGE then
        return short(seconds / 86400) .. " d"
    end
    return two_units(seconds)
end

--- A share: "98.6 %". Never "100 %" for what is less, nor "0 %" for what is more.
-- @param ratio 0..1
-- @treturn string
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

local WORDS = { accounts = "account", runs = "run", records = "record", deviations = "deviation" }

--- A value with its unit: "480 accounts", "12 %", "6 h".
-- @param value
-- @param unit of a verdict
-- @treturn string
function M.value(value, unit)
    if unit == "seconds" then
        return M.duration(value)
    elseif unit == "ratio" then
        return M.percent(value)
    end
    local word = WORDS[unit]
    return not word and M.number(value) or ("%s %s"):format(M.number(value), value == 1 and word or unit)
end

--- The thresholds of a verdict: "warning from 20 accounts, critical from 50 accounts"; "" without any.
-- @tparam table verdict
-- @treturn string
function M.thresholds(verdict)
    local parts = {}
    for _, severity in ipairs { "warning", "critical" } do
        if verdict[severity] then
            parts[#parts + 1] = ("%s from %s"):format(severity, M.value(verdict[severity], verdict.unit))
        end
    end
    return table.concat(parts, ", ")
end

--- A point in time to the second, ISO 8601 in UTC; "–" for what is none.
-- @param ms milliseconds since the epoch
-- @treturn string
function M.instant(ms)
    if not M.is_finite(ms) then
        return "–"
    end
    return (timestamps.to_iso(ms):gsub("%.%d%d%dZ$", "Z"))
end

--- How far a point in time is from now: "12 min ago", "in 3 h".
-- @param ms milliseconds since the epoch
-- @param now seconds since the epoch
-- @treturn string
function M.distance(ms, now)
    if not M.is_finite(ms) or not M.is_finite(now) then
        return "–"
    end
    local seconds = now - ms / 1000
    if math.abs(seconds) < 1 then
        return "now"
    elseif math.abs(seconds) >= 60 then
        seconds = seconds - math.fmod(seconds, 60) -- what was minutes ago was not so to the second
    end
    return seconds > 0 and M.duration(seconds) .. " ago" or "in " .. M.duration(-seconds)
end

--- The same for what is expected: "in 3 h", "8 h overdue".
-- @param ms milliseconds since the epoch
-- @param now seconds since the epoch
-- @treturn string
function M.due(ms, now)
    return (M.distance(ms, now):gsub(" ago$", " overdue"))
end

return M
