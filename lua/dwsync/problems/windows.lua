--- Hours of the week, such as "22:00 to 07:00" or all of Saturday: whether they have come, and when they end.
-- It must read no clock: the time comes in.
-- @module dwsync.problems.windows
local M = {}

local MINUTE, DAY, WEEK = 60, 1440, 7 * 1440 -- seconds; minutes
local DAYS = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" }
local THURSDAY = 3 * DAY -- minutes of the week at which 1970 began, if Monday is the first day

local NUMBER_OF = {}
for i, name in ipairs(DAYS) do
    NUMBER_OF[name] = i - 1
end

-- ---- how they are written ------------------------------------------------------------------------

local function minutes(value)
    local hour, minute = (type(value) == "string" and value or ""):match "^(%d%d?):(%d%d)$"
    hour, minute = tonumber(hour), tonumber(minute)
    if not hour or minute > 59 or hour * 60 + minute > DAY then
        return nil
    end
    return hour * 60 + minute
end

-- "mon-fri", "sat, sun", "fri-mon": the numbers of the days, as keys.
local function days(value)
    local set, rest = {}, type(value) == "string" and value:lower() or "?"
    for part in rest:gmatch "[^,%s]+" do
        local first, last = part:match "^(%a+)%-(%a+)$"
        local from, to = NUMBER_OF[first or part], NUMBER_OF[last or part]
        if not from or not to then
            return nil
        end
        for i = from, to < from and to + 7 or to do
            set[i % 7] = true
        end
    end
    return next(set) and set or nil
end

-- Minutes before UTC's; or "local".
local function offset(value)
    if value == "UTC" then
        return 0
    elseif value == "local" then
        return value
    end
    local sign, hours, rest = (type(value) == "string" and value or ""):match "^([+-])(%d%d):(%d%d)$"
    if not sign or tonumber(hours) > 14 or tonumber(rest) > 59 then
        return nil
    end
    return (sign == "-" and -1 or 1) * (hours * 60 + rest)
end

local TIME = { read = minutes, required = true, expected = 'a time such as "22:00"' }

--- How hours are declared, see dwsync.checks. They may go past midnight, and belong to the day on which they begin;
-- where both ends are the same, they are a whole day.
M.FIELDS = {
    from = TIME,
    to = TIME,
    days = { read = days, expected = 'days such as "mon-fri" or "sat, sun"' },
    zone = { read = offset, default = "local",
        expected = 'an offset such as "+08:00", "UTC" or "local"' },
}

-- ---- time ----------------------------------------------------------------------------------------

-- The minute of the week, from 0 on Monday, 00:00.
local function minute_of_week(zone, seconds)
    if zone == "local" then
        local date = os.date("*t", math.floor(seconds))
        return (date.wday + 5) % 7 * DAY + date.hour * 60 + date.min
    end
    return (math.floor(seconds / MINUTE) + zone + THURSDAY) % WEEK
end

-- How many minutes of the window are left; nil outside.
local function left(window, seconds)
    local now = minute_of_week(window.zone, seconds)
    local length = (window.to - window.from) % DAY
    length = length == 0 and DAY or length
    for _, day in ipairs { math.floor(now / DAY), (math.floor(now / DAY) - 1) % 7 } do
        local passed = (now - day * DAY - window.from) % WEEK
        if (not window.days or window.days[day]) and passed < length then
            return length - passed
        end
    end
end

--- Whether some hours have come.
-- @tparam {table,...} windows as declared
-- @tparam number ms milliseconds since the epoch
-- @treturn boolean
function M.contain(windows, ms)
    for _, window in ipairs(windows) do
        if left(window, ms / 1000) then
            return true
        end
    end
    return false
end

--- When some hours end that have come: where others follow at once, when those do.
-- @tparam {table,...} windows
-- @tparam integer ms milliseconds since the epoch
-- @treturn ?integer milliseconds since the epoch; nil where none have come
function M.till(windows, ms)
    local result
    local goes_on = true
    while goes_on and (result or ms) - ms < WEEK * MINUTE * 1000 do
        goes_on = false
        for _, window in ipairs(windows) do
            local at = result or ms
            local minutes_left = left(window, at / 1000)
            if minutes_left then
                result, goes_on = (math.floor(at / 60000) + minutes_left) * 60000, true
            end
        end
    end
    return result
end

return M
