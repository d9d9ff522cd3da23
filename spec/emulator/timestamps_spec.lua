local timestamps = require "dwsync.emulator.timestamps"

describe("the emulator's times", function()
    it("are written with as many digits as wanted", function()
        local seconds = 1492415718.575
        assert.equal("2017-04-17T07:55:18Z", timestamps.to_iso(seconds, 0))
        assert.equal("2017-04-17T07:55:18.575Z", timestamps.to_iso(seconds, 3))
        assert.equal("2017-04-17T07:55:18.575000Z", timestamps.to_iso(seconds, 6))
        assert.equal("2017-04-17T07:55:18.575000000Z", timestamps.to_iso(seconds, 9))
        assert.equal("1970-01-01T00:00:00.000000Z", timestamps.to_iso(0, 6))
    end)

    it("are read and written as an X-Sdk-Date, leap days included", function()
        for date, seconds in pairs {
            ["19700101T000000Z"] = 0, ["20240229T235959Z"] = 1709251199, ["20251025T104952Z"] = 1761389392,
        } do
            assert.equal(seconds, timestamps.from_sdk_date(date))
            assert.equal(date, timestamps.to_sdk_date(seconds + 0.9))
        end
    end)

    it("are those of the calendar on every day of a century and beyond", function()
        for day = 0, 365 * 140 do
            local seconds = day * 86400 + 43199
            assert.equal(seconds, timestamps.from_sdk_date(os.date("!%Y%m%dT%H%M%SZ", seconds)))
        end
        assert.equal(13574649599, timestamps.from_sdk_date "24000229T235959Z")
    end)

    it("are not read in any other form", function()
        for _, date in ipairs { "", "2025-10-25", "20251025T104952", "20251025T104952ZZ", "20251025 104952Z" } do
            assert.is_nil(timestamps.from_sdk_date(date), date)
        end
    end)
end)
