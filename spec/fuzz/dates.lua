--- Fuzz target: points and lengths of time in all their spellings. What is read is written by the C library and must be
-- what was there.
local checks = require "dwsync.checks"
local timestamps = require "dwsync.timestamps"

local NOW = 1750000000

local function is_finite(number)
    return number - number == 0
end

-- A leap second is the first one of the next minute.
local function fields_of(seconds, leap)
    local fields = os.date("!*t", seconds - (leap and 1 or 0))
    fields.sec = fields.sec + (leap and 1 or 0)
    return fields
end

local function same_fields(seconds, year, month, day, hour, minute, second)
    local fields = fields_of(seconds, tonumber(second) == 60)
    assert(fields.year == tonumber(year) and fields.month == month and fields.day == tonumber(day), "the day")
    assert(fields.hour == tonumber(hour) and fields.min == tonumber(minute) and fields.sec == tonumber(second),
        "the time of day")
end

local MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"

local function month_of(name)
    return math.floor((MONTHS:find(name:lower(), 1, true) + 2) / 3)
end

local function check_http(text)
    local seconds = timestamps.from_http(text)
    if seconds then
        local words = {}
        for word in text:gmatch "[^ ,:]+" do
            words[#words + 1] = word
        end
        assert(#words == 8 and words[8] == "GMT" and seconds >= 0)
        same_fields(seconds, words[4], month_of(words[3]), words[2], words[5], words[6], words[7])
    end
end

local function check_certificate(text)
    local seconds = timestamps.from_certificate(text)
    if seconds then
        local month, day, hour, minute, second, year = text:match "^(%a+) +(%d+) (%d+):(%d+):(%d+) (%d+) GMT$"
        same_fields(seconds, year, month_of(month), day, hour, minute, second)
    end
end

local function check_iso(text)
    local seconds = timestamps.from_iso(text)
    if not seconds then
        return
    end
    assert(is_finite(seconds))
    local time = text:sub(12)
    local sign, hours, minutes = time:match "([+-])(%d%d):?(%d%d)$"
    local offset = sign and tonumber(sign .. "1") * (hours * 3600 + minutes * 60) or 0
    local second = time:match "^%d%d:%d%d:(%d%d)" or "0"
    same_fields(math.floor(seconds + offset), text:sub(1, 4), tonumber(text:sub(6, 7)), text:sub(9, 10),
        time == "" and 0 or time:sub(1, 2), time == "" and 0 or time:sub(4, 5), second)
    local fraction = time:match "%.(%d+)"
    local part = fraction and tonumber("0." .. fraction) or 0
    -- In the year 9999 a double knows no more.
    assert(math.abs(seconds - math.floor(seconds) - part) % 1 < 1e-4, "the fraction")
    local ms = math.floor(seconds * 1000)
    local again = timestamps.from_iso(timestamps.to_iso(ms))
    assert(again and math.abs(again * 1000 - ms) < 0.5 or seconds < -62135596800, "as it was written")
end

local UNITS = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }

local function check_lengths(text)
    local seconds = timestamps.duration(text)
    if seconds then
        assert(seconds >= 0 and seconds == tonumber(text:sub(1, -2)) * UNITS[text:sub(-1)])
    end
    local checked = checks.from_text({ kind = "duration", from = 0 }, text, "max_age")
    assert(checked == nil or is_finite(checked) and checked >= 0)
end

local function check_point(text)
    local ms = timestamps.point(text, NOW)
    if ms then
        assert(is_finite(ms) and ms % 1 == 0, "a point in time")
        assert(#timestamps.to_iso(ms) > 0)
    end
end

local function check_number(text)
    local number = tonumber(text)
    if number and is_finite(number) then
        local written = timestamps.to_iso(number)
        local again = timestamps.from_iso(written)
        assert(again and math.abs(again * 1000 - math.floor(number)) < 0.5 or tonumber(written) == math.floor(number),
            written)
    end
end

return {
    fuzz = function(text)
        check_http(text)
        check_certificate(text)
        check_iso(text)
        check_lengths(text)
        check_point(text)
        check_number(text)
    end,
    grammar = {
        input = { "<iso>", "<http>", "<certificate>", "<digits><unit>", "<digits>.<digits><unit>", "<digits>",
            "-<digits>",
            "<digits>.<digits>", "<iso><digits>" },
        iso = { "<year>-<two>-<two>", "<year>-<two>-<two><between><two>:<two><zone>",
            "<year>-<two>-<two><between><two>:<two>:<two><zone>",
            "<year>-<two>-<two><between><two>:<two>:<two>.<digits><zone>" },
        between = { "T", " ", "t" },
        zone = { "Z", "z", "", "+<two>:<two>", "-<two><two>", "+24:00", " Z" },
        http = { "Sun, <two> <month> <year> <two>:<two>:<two> GMT", "Sun, 6 <month> <year> <two>:<two>:<two> GMT" },
        certificate = { "<month> <two> <two>:<two>:<two> <year> GMT", "<month>  1 <two>:<two>:<two> <year> GMT" },
        month = { "Jan", "Feb", "feb", "Jun", "DEC", "Mai", "anf" },
        year = { "1970", "1994", "2025", "9999", "0000", "0001", "1969", "2000", "1900", "2100" },
        two = { "00", "01", "02", "12", "28", "29", "30", "31", "23", "24", "59", "60", "61" },
        unit = { "s", "m", "h", "d", "w", "y", "" },
        digits = { "0", "1", "9", "055", "<digits><digits>", "<digits><digits>", "253402300800000", "62135596800000",
            "9223372036854775808", "e9" },
    },
}
