--- Points in time as the service, HTTP and people write them.
-- No clock is read here: "now" is an argument.
-- @module dwsync.timestamps
local lazy = require "dwsync.lazy"
local decimal = lazy "dwsync.decimal"
local sdk_date = require "dwsync.sdk_date"

local M = {}

-- Days since 1970-01-01 of a date in the Gregorian calendar (Howard Hinnant's days_from_civil).
local function days(year, month, day)
    if month <= 2 then
        year = year - 1
    end
    local era = math.floor(year / 400)
    local year_of_era = year - era * 400
    local day_of_year = math.floor((153 * (month + (month > 2 and -3 or 9)) + 2) / 5) + day - 1
    return era * 146097 + year_of_era * 365 + math.floor(year_of_era / 4) - math.floor(year_of_era / 100)
        + day_of_year - 719468
end

local LENGTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function length(year, month)
    local leap = month == 2 and (year % 400 == 0 or year % 4 == 0 and year % 100 ~= 0)
    return LENGTHS[month] + (leap and 1 or 0)
end

local function epoch(year, month, day, hour, minute, second)
    year, month, day = tonumber(year), tonumber(month), tonumber(day)
    hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
    if month < 1 or month > 12 or day < 1 or day > length(year, month) or hour > 23 or minute > 59 or second > 60 then
        return nil
    end
    return days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
end

local MONTHS = {}
for i, name in ipairs { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec" } do
    MONTHS[name] = i
end

--- An HTTP date (RFC 9110, the form that servers must send): "Sun, 06 Nov 1994 08:49:37 GMT".
-- @tparam string text
-- @treturn ?integer seconds since the epoch; nil when it is not such a date
function M.from_http(text)
    local day, month, year, hour, minute, second =
        text:match "^%a+, (%d%d?) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
    month = month and MONTHS[month:lower()]
    return month and year >= "1970" and epoch(year, month, day, hour, minute, second) or nil
end

--- The end of a certificate's life, as OpenSSL prints it: "Dec  1 23:59:59 2026 GMT".
-- @tparam string text
-- @treturn ?integer seconds since the epoch; nil when it is not such a date
function M.from_certificate(text)
    local month, day, hour, minute, second, year =
        text:match "^(%a%a%a) +(%d%d?) (%d%d):(%d%d):(%d%d) (%d%d%d%d) GMT$"
    month = month and MONTHS[month:lower()]
    return month and epoch(year, month, day, hour, minute, second) or nil
end

local function zone_offset(zone)
    if zone == "Z" or zone == "z" or zone == "" then
        return 0
    end
    local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
    if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then
        return nil
    end
    return (sign == "-" and -1 or 1) * (hours * 3600 + minutes * 60)
end

--- An ISO 8601 date or date and time; UTC when it names no zone. A fraction may have any number of digits.
-- @tparam string text "2025-05-19", "2025-05-19T06:55:23Z", "2025-05-19T08:55:23.055+02:00"
-- @treturn ?number seconds since the epoch, with fraction; nil when it is not such a date
function M.from_iso(text)
    local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
    if not year then
        return nil
    end
    if rest == "" then
        return epoch(year, month, day, 0, 0, 0)
    end
    local hour, minute, second, fraction, zone = rest:match "^[Tt ](%d%d):(%d%d):(%d%d)(%.?%d*)(.*)$"
    if not hour then
        hour, minute, zone = rest:match "^[Tt ](%d%d):(%d%d)(.*)$"
        second, fraction = 0, ""
    end
    local offset = hour and zone_offset(zone)
    local whole = offset and (fraction == "" or fraction:find "^%.%d") and epoch(year, month, day, hour, minute, second)
    return whole and whole - offset + (fraction == "" and 0 or tonumber("0" .. fraction)) or nil
end

local EXACT = 2 ^ 53 -- beyond, integers of Lua would begin anew below zero, and others are not exact

local UNITS = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }

--- A length of time: "90s", "30m", "24h", "7d", "2w".
-- @tparam string text
-- @treturn ?number seconds; nil when it is not a length of time
function M.duration(text)
    local number, unit = text:match "^(%d+%.?%d*)([smhdw])$"
    number = number and tonumber(number)
    return number and number < EXACT / UNITS[unit] and number * UNITS[unit] or nil
end

-- Numbers from here on are milliseconds, those below seconds: 1973 in the one, 5138 in the other.
local FIRST_MILLISECONDS = 1e11

local DAYS_AGO = { today = 0, yesterday = 1 }

local function of_number(number)
    if number ~= number or number == math.huge or number == -math.huge then
        return nil
    end
    return number >= FIRST_MILLISECONDS and number or number * 1000
end

local function as_utc(seconds)
    return seconds
end

--- What a person writes for "since" and "until": a length of time before now, a date, "today" or "yesterday" (their
-- midnight), or a number since the epoch, from 1e11 on in milliseconds, below in seconds. A text of few digits is
-- refused: it lacks its unit.
-- @tparam string|number value "24h", "2025-05-19", "2025-05-19T08:55:23+02:00", "yesterday", 1747637723055
-- @tparam number now seconds since the epoch
-- @tparam[opt] table zone of dates that name none: `to_utc(seconds)`, the time that a clock there shows → seconds since
-- the epoch, and `from_utc`; by default UTC
-- @treturn ?number milliseconds since the epoch; nil when it is not a point in time
function M.point(value, now, zone)
    if type(value) == "number" then
        return of_number(value)
    elseif type(value) ~= "string" then
        return nil
    elseif value:find "^%d%d%d%d%d%d%d%d%d+$" then
        return of_number(tonumber(value))
    end
    local to_utc = zone and zone.to_utc or as_utc
    local ago, days_ago = M.duration(value), DAYS_AGO[value:lower()]
    local seconds
    if ago then
        seconds = now - ago
    elseif days_ago then
        local here = (zone and zone.from_utc or as_utc)(now)
        seconds = to_utc(here - here % 86400 - days_ago * 86400)
    else
        local names_zone = value:find "[Zz]$" or value:find "[+-]%d%d:?%d%d$"
        seconds = M.from_iso(value)
        seconds = seconds and (names_zone and seconds or to_utc(seconds))
    end
    return seconds and math.floor(seconds * 1000) or nil
end

--- The form of X-Sdk-Date.
-- @function to_sdk_date
-- @tparam number seconds since the epoch
-- @treturn string "20251025T104952Z"
M.to_sdk_date = sdk_date.of

local MINUTE, DAY, FEW_DAYS = 60000, 86400000, 64
local dates, room = {}, FEW_DAYS

-- Many records share few dates, and the C library is slow. Nil outside the years 1 to 9999.
local function date_of(midnight)
    if not (midnight >= -62135596800000 and midnight < 253402300800000) then
        return nil
    elseif room == 0 then
        dates, room = {}, FEW_DAYS
    end
    local date = os.date("!%Y-%m-%dT", midnight / 1000)
    dates[midnight], room = ("0"):rep(11 - #date) .. date, room - 1 -- the C library writes the year 1 as it is
    return dates[midnight]
end

-- Parts of a day by their milliseconds, each made once.
local function parts(format, unit)
    return setmetatable({}, { __index = function(made, ms)
        made[ms] = format:format(ms / unit)
        return made[ms]
    end })
end

local minutes = setmetatable({}, { __index = function(made, ms)
    local minute = ms / MINUTE
    made[ms] = ("%02d:%02d:"):format(math.floor(minute / 60), minute % 60)
    return made[ms]
end })
local seconds, milliseconds = parts("%02d.", 1000), parts("%03dZ", 1)

--- ISO 8601 in UTC, to the millisecond: "2025-05-19T06:55:23.055Z". Milliseconds beyond the calendar come back as the
-- number they are.
-- @tparam number ms milliseconds since the epoch
-- @treturn string
function M.to_iso(ms)
    local whole = ms - ms % 1
    local of_day = whole % DAY
    local date = dates[whole - of_day] or date_of(whole - of_day)
    if not date then
        return decimal.exact(math.floor(ms))
    end
    local of_minute = of_day % MINUTE
    local ms_of_second = of_minute % 1000
    return date .. minutes[of_day - of_minute] .. seconds[of_minute - ms_of_second] .. milliseconds[ms_of_second]
end

--- ISO 8601 in the machine's zone (TZ), to the millisecond: "2025-05-19T08:55:23.055+02:00". Milliseconds beyond the
-- calendar come back as the number they are.
-- @tparam number ms milliseconds since the epoch
-- @treturn string
function M.to_local_iso(ms)
    local whole = ms - ms % 1
    if not date_of(whole - whole % DAY) then
        return M.to_iso(ms)
    end
    local second = (whole - whole % 1000) / 1000
    local hours, rest = os.date("%z", second):match "^([+-]%d%d)(%d%d)$"
    local zone = hours and hours .. ":" .. rest or ""
    return ("%s.%03d%s"):format(os.date("%Y-%m-%dT%H:%M:%S", second), whole % 1000, zone)
end

-- Smaller differences may come from the network. One of more than a day is a mistake or a lie of what wrote the date.
local MIN_SKEW_SECONDS, MAX_SKEW_SECONDS = 60, 86400 + 60

--- How far a clock is ahead of another one.
-- @tparam number theirs seconds since the epoch
-- @tparam number ours
-- @treturn number seconds to add to ours; 0 when they agree, or the difference is not to be believed
-- @treturn boolean whether it is too large to be believed
function M.skew(theirs, ours)
    local difference = theirs - ours
    local size = math.abs(difference)
    local beyond = size > MAX_SKEW_SECONDS
    return (size <= MIN_SKEW_SECONDS or beyond) and 0 or difference, beyond
end

return M
