--- Times as the service writes and reads them, always UTC.
-- @module dwsync.emulator.timestamps
local M = {}

-- Days since 1970-01-01 of a Gregorian date; os.time would apply the machine's time zone.
local function days(year, month, day)
    if month <= 2 then
        year, month = year - 1, month + 12
    end
    return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
        + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

--- Reads an X-Sdk-Date.
-- @tparam string date `YYYYMMDDTHHMMSSZ`
-- @treturn ?integer seconds since the epoch
function M.from_sdk_date(date)
    local year, month, day, hour, minute, second = date:match "^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$"
    if not year then
        return nil
    end
    return days(tonumber(year), tonumber(month), tonumber(day)) * 86400
        + tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second)
end

--- Writes an X-Sdk-Date.
-- @tparam number seconds since the epoch
-- @treturn string `YYYYMMDDTHHMMSSZ`
function M.to_sdk_date(seconds)
    return os.date("!%Y%m%dT%H%M%SZ", math.floor(seconds))
end

--- Writes a time in an answer.
-- @tparam number seconds since the epoch, with a fraction of milliseconds
-- @tparam integer digits of the fraction: 0 (no point either), 3, 6 or 9
-- @treturn string `YYYY-MM-DDTHH:MM:SS.ffffffZ`
function M.to_iso(seconds, digits)
    local milliseconds = math.floor(seconds * 1000 + 0.5)
    local text = os.date("!%Y-%m-%dT%H:%M:%S", math.floor(milliseconds / 1000))
    if digits == 0 then
        return text .. "Z"
    end
    return ("%s.%03d%sZ"):format(text, milliseconds % 1000, ("0"):rep(digits - 3))
end

return M
