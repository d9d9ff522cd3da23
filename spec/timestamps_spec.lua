local timestamps = require "dwsync.timestamps"

describe("an HTTP date", function()
    it("is read as seconds since the epoch", function()
        assert.equal(784111777, timestamps.from_http "Sun, 06 Nov 1994 08:49:37 GMT")
        assert.equal(0, timestamps.from_http "Thu, 01 Jan 1970 00:00:00 GMT")
        assert.equal(951782400, timestamps.from_http "Tue, 29 Feb 2000 00:00:00 GMT")
        assert.equal(784111777, timestamps.from_http "Sun, 6 nov 1994 08:49:37 GMT")
    end)

    it("is nil for anything else", function()
        for _, text in ipairs {
            "Mon, 01 Jan 0001 00:00:00 GMT",
            "", "soon", "120", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT and more",
            "Sunday, 06-Nov-94 08:49:37 GMT", "Thu, 29 Feb 2001 00:00:00 GMT" } do
            assert.is_nil(timestamps.from_http(text), text)
        end
    end)
end)

describe("the end of a certificate's life", function()
    it("is read as seconds since the epoch", function()
        assert.equal(784111777, timestamps.from_certificate "Nov  6 08:49:37 1994 GMT")
        assert.equal(951782400, timestamps.from_certificate "Feb 29 00:00:00 2000 GMT")
    end)

    it("is nil for anything else", function()
        for _, text in ipairs { "", "Nov  6 08:49:37 1994", "Foo  6 08:49:37 1994 GMT", "Nov 31 08:49:37 1994 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT" } do
            assert.is_nil(timestamps.from_certificate(text), text)
        end
    end)
end)

describe("an ISO 8601 date", function()
    local function near(expected, text)
        assert.is_true(math.abs(timestamps.from_iso(text) - expected) < 1e-6, text)
    end

    it("is UTC when it names no zone", function()
        near(1747612800, "2025-05-19")
        near(1747637723, "2025-05-19T06:55:23")
        near(1747637723, "2025-05-19 06:55:23")
        near(1747637700, "2025-05-19T06:55")
    end)

    it("follows the zone it names", function()
        near(1747637723, "2025-05-19T06:55:23Z")
        near(1747637723, "2025-05-19t06:55:23z")
        near(1747637723, "2025-05-19T08:55:23+02:00")
        near(1747637723, "2025-05-19T08:55:23+0200")
        near(1747637723, "2025-05-19T01:25:23-05:30")
        near(1747637700, "2025-05-19T08:55+02:00")
    end)

    it("may have a fraction of any length", function()
        near(1747637723.055, "2025-05-19T06:55:23.055Z")
        near(1492415718.575, "2017-04-17T07:55:18.575000Z")
        near(1747637723.5, "2025-05-19T06:55:23.5")
        near(1747637723.123456789, "2025-05-19T06:55:23.123456789Z")
    end)

    it("knows leap years", function()
        near(951782400, "2000-02-29")
        near(1709164800, "2024-02-29")
        assert.is_nil(timestamps.from_iso "2025-02-29")
        assert.is_nil(timestamps.from_iso "1900-02-29")
    end)

    it("is nil for anything else", function()
        for _, text in ipairs { "", "today", "2025", "2025-05", "2025-13-01", "2025-00-01", "2025-05-32", "2025-05-00",
            "2025-04-31", "2025-05-19T", "2025-05-19T24:00:00", "2025-05-19T06:61:00", "2025-05-19T06:55:61",
            "2025-05-19T06:55:23.", "2025-05-19T06:55:2305", "2025-05-19T06:55:23 CET", "2025-05-19T06:55:23+2",
            "2025-05-19T06:55:23+24:00", "2025-05-19T06:55:23+02:60", "19.05.2025" } do
            assert.is_nil(timestamps.from_iso(text), text)
        end
    end)
end)

describe("a length of time", function()
    it("has one of five units", function()
        assert.equal(90, timestamps.duration "90s")
        assert.equal(1800, timestamps.duration "30m")
        assert.equal(86400, timestamps.duration "24h")
        assert.equal(604800, timestamps.duration "7d")
        assert.equal(1209600, timestamps.duration "2w")
        assert.equal(5400, timestamps.duration "1.5h")
        assert.equal(9007199254740991, timestamps.duration "9007199254740991s")
    end)

    it("is nil for anything else", function()
        for _, text in ipairs { "", "7", "d", "7y", "-7d", "7 d", "7dd", "1.2.3d", "7D", ("9"):rep(400) .. "d",
            "213503982334602d", "9223372036854775807w", "9007199254740992s" } do
            assert.is_nil(timestamps.duration(text), text)
        end
    end)
end)

describe("a point in time that a person writes", function()
    it("is a length of time before now, in milliseconds", function()
        assert.equal(1747551323000, timestamps.point("24h", 1747637723))
        assert.equal(1747637722500, timestamps.point("0.5s", 1747637723))
    end)

    it("is a date or milliseconds, whatever now is", function()
        assert.equal(1747612800000, timestamps.point("2025-05-19", 0))
        assert.equal(1747637723055, timestamps.point("1747637723055", 0))
        assert.equal(1747637723055, timestamps.point("2025-05-19T06:55:23.055Z", 0))
    end)

    it("is a number since the epoch, in seconds below 1e11, in milliseconds from there on", function()
        assert.equal(1747637723000, timestamps.point("1747637723", 0))
        assert.equal(1747637723000, timestamps.point(1747637723, 0))
        assert.equal(99999999999000, timestamps.point(99999999999, 0))
        assert.equal(100000000000, timestamps.point(100000000000, 0))
        assert.equal(0, timestamps.point(0, 0))
    end)

    it("is midnight of today or yesterday", function()
        assert.equal(1747612800000, timestamps.point("today", 1747637723))
        assert.equal(1747526400000, timestamps.point("Yesterday", 1747637723))
        assert.equal(1747612800000, timestamps.point("today", 1747612800))
    end)

    it("is of the zone given where it names none", function()
        local zone = { -- two hours ahead of UTC
            to_utc = function(seconds) return seconds - 7200 end,
            from_utc = function(seconds) return seconds + 7200 end,
        }
        assert.equal(1747605600000, timestamps.point("2025-05-19", 0, zone))
        assert.equal(1747637723000, timestamps.point("2025-05-19T08:55:23", 0, zone))
        assert.equal(1747637723000, timestamps.point("2025-05-19T06:55:23Z", 0, zone))
        assert.equal(1747637723000, timestamps.point("2025-05-19T09:55:23+03:00", 0, zone))
        -- 23:30 in UTC is half past one of the next day there
        assert.equal(1747692000000, timestamps.point("today", 1747697400, zone))
        assert.equal(1747551323000, timestamps.point("24h", 1747637723, zone))
    end)

    it("is nil for anything else", function()
        for _, value in ipairs { "", "tomorrow", "7", "12345678", "2025-13-01", "-7d", 0 / 0, 1 / 0, -1 / 0, {},
            true, ("9"):rep(400), ("9"):rep(400) .. "d", ("9"):rep(302) .. "w" } do
            assert.is_nil(timestamps.point(value, 1747637723), tostring(value))
        end
        assert.is_nil(timestamps.point(nil, 1747637723))
    end)
end)

describe("a point in time as text", function()
    it("has the form of X-Sdk-Date", function()
        assert.equal("20251025T104952Z", timestamps.to_sdk_date(1761389392))
        assert.equal("20251025T104952Z", timestamps.to_sdk_date(1761389392.999))
        assert.equal("19700101T000000Z", timestamps.to_sdk_date(0))
    end)

    it("is ISO 8601 in UTC to the millisecond", function()
        assert.equal("2025-05-19T06:55:23.055Z", timestamps.to_iso(1747637723055))
        assert.equal("1970-01-01T00:00:00.000Z", timestamps.to_iso(0))
        assert.equal("1969-12-31T23:59:59.999Z", timestamps.to_iso(-1))
        assert.equal("2025-05-19T06:55:23.055Z", timestamps.to_iso(1747637723055.7))
        assert.equal("9999-12-31T23:59:59.999Z", timestamps.to_iso(253402300799999))
        assert.equal("0001-01-01T00:00:00.000Z", timestamps.to_iso(-62135596800000))
        assert.equal("0999-12-31T23:59:59.999Z", timestamps.to_iso(-30610224000001))
    end)

    it("stays the number it is where no calendar reaches", function()
        assert.equal("253402300800000", timestamps.to_iso(253402300800000))
        assert.equal("-62135596800001", timestamps.to_iso(-62135596800001))
        assert.equal("9007199254740992", timestamps.to_iso(9007199254740992))
        if math.type then
            assert.equal("9223372036854775807", timestamps.to_iso(math.maxinteger))
            assert.equal("-9007199254740993", timestamps.to_iso(-9007199254740993))
        end
    end)
end)

describe("a calendar", function()
    local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }
    local LENGTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

    it("has twelve months of their lengths, one day after the other, in each form", function()
        for _, year in ipairs { 1970, 1999, 2000, 2023, 2024, 2100 } do
            local is_leap = year == 2000 or year == 2024
            local midnight = assert(timestamps.from_iso(("%d-01-01"):format(year)))
            for month = 1, 12 do
                local length = LENGTHS[month] + (month == 2 and is_leap and 1 or 0)
                for day = 1, length do
                    local date = ("%d-%02d-%02d"):format(year, month, day)
                    assert.equal(midnight, timestamps.from_iso(date))
                    assert.equal(date .. "T00:00:00.000Z", timestamps.to_iso(midnight * 1000))
                    midnight = midnight + 86400
                end
                assert.is_nil(timestamps.from_iso(("%d-%02d-%02d"):format(year, month, length + 1)))
                local name = MONTHS[month]
                assert.equal(midnight - 1,
                    timestamps.from_http(("Mon, %02d %s %d 23:59:59 GMT"):format(length, name, year)))
                assert.equal(midnight - 86400,
                    timestamps.from_certificate(("%s %2d 00:00:00 %d GMT"):format(name:upper(), length, year)))
            end
        end
        assert.is_nil(timestamps.from_http "Wed, 31 Dec 1969 23:59:59 GMT")
        assert.equal(-1, timestamps.from_certificate "Dec 31 23:59:59 1969 GMT")
    end)

    it("has leap seconds, and no more hours, minutes and seconds", function()
        for time, seconds in pairs { ["23:59:59"] = 86399, ["23:59:60"] = 86400, ["24:00:00"] = false,
            ["23:60:00"] = false, ["23:59:61"] = false, ["00:00:00"] = 0 } do
            assert.equal(seconds or nil, timestamps.from_iso("1970-01-01T" .. time))
        end
        for zone, seconds in pairs { ["+23:59"] = -86340, ["-23:59"] = 86340, ["+24:00"] = false, ["+00:60"] = false,
            ["-00:01"] = 60 } do
            assert.equal(seconds or nil, timestamps.from_iso("1970-01-01T00:00:00" .. zone))
        end
    end)

    it("knows a date at every hour, whatever other dates it remembers", function()
        for hour = 71, -24, -1 do
            assert.equal(os.date("!%Y-%m-%dT%H:00:00.000Z", hour * 3600), timestamps.to_iso(hour * 3600000))
        end
    end)

    it("remembers a few dates, and knows them again when there were many others", function()
        for _ = 1, 2 do
            for day = 0, 200 do
                assert.equal(os.date("!%Y-%m-%dT12:34:56.789Z", day * 86400),
                    timestamps.to_iso(day * 86400000 + 45296789))
            end
        end
    end)

    it("asks the C library once for a date, as long as there were no more than 64", function()
        local date, loaded, asked = os.date, package.loaded["dwsync.timestamps"], 0
        finally(function()
            os.date, package.loaded["dwsync.timestamps"] = date, loaded -- luacheck: ignore 122
        end)
        package.loaded["dwsync.timestamps"] = nil
        local fresh = require "dwsync.timestamps"
        os.date = function(...) -- luacheck: ignore 122
            asked = asked + 1
            return date(...)
        end
        for _, case in ipairs { { 0, 63, 64 }, { 0, 63, 64 }, { 64, 64, 65 }, { 64, 64, 65 }, { 0, 62, 128 },
            { 62, 62, 128 }, { 63, 63, 129 }, { 62, 62, 130 } } do
            for day = case[1], case[2] do
                fresh.to_iso(day * 86400000)
            end
            assert.equal(case[3], asked)
        end
    end)
end)

describe("a point in time of the machine's zone", function()
    it("is what a clock there shows, with the zone", function()
        local date = os.date
        finally(function() os.date = date end) -- luacheck: ignore 122
        local zone = "+0530"
        os.date = function(format, seconds) -- luacheck: ignore 122
            if format == "%z" then
                return seconds == 1747637723 and zone or seconds == -1 and "-0030" or "+0000" -- that of its time
            end
            return date(format:find "^!" and format or "!" .. format, seconds and seconds + 19800)
        end
        assert.equal("2025-05-19T12:25:23.055+05:30", timestamps.to_local_iso(1747637723055))
        assert.equal("2025-05-19T12:25:23.999+05:30", timestamps.to_local_iso(1747637723999.7))
        assert.equal("1970-01-01T05:29:59.001-00:30", timestamps.to_local_iso(-999))
        zone = "IST"
        assert.equal("2025-05-19T12:25:23.055", timestamps.to_local_iso(1747637723055))
        assert.equal("253402300800000", timestamps.to_local_iso(253402300800000))
    end)
end)

describe("a clock's skew", function()
    it("is its difference, unless that is too small, or too large to be believed", function()
        for difference, expected in pairs { [0] = { 0, false }, [60] = { 0, false }, [-60] = { 0, false },
            [61] = { 61, false }, [-61] = { -61, false }, [86460] = { 86460, false }, [-86460] = { -86460, false },
            [86461] = { 0, true }, [-86461] = { 0, true } } do
            assert.same(expected, { timestamps.skew(1000000 + difference, 1000000) })
        end
    end)
end)
