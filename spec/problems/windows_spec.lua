local checks = require "dwsync.checks"
local timestamps = require "dwsync.timestamps"
local windows = require "dwsync.problems.windows"

local function window(given)
    local checked, problem = checks.read(windows.FIELDS, given, { noun = "key", path = "hours." })
    return checked, problem and checks.line(problem)
end

local function at(iso)
    return assert(timestamps.from_iso(iso)) * 1000
end

-- 2025-05-19 was a Monday.
local NIGHT = assert(window { from = "22:00", to = "07:00", zone = "UTC" })

describe("hours of the week", function()
    it("contain their beginning and not their end, past midnight", function()
        for time, inside in pairs { ["21:59:59"] = false, ["22:00:00"] = true, ["23:59:59"] = true,
            ["00:00:00"] = true, ["06:59:59"] = true, ["07:00:00"] = false, ["12:00:00"] = false } do
            assert.equal(inside, windows.contain({ NIGHT }, at("2025-05-19T" .. time .. "Z")), time)
        end
    end)

    it("belong to the day on which they begin", function()
        local friday = assert(window { from = "22:00", to = "07:00", days = "fri", zone = "UTC" })
        assert.is_true(windows.contain({ friday }, at "2025-05-23T23:00:00Z"))
        assert.is_true(windows.contain({ friday }, at "2025-05-24T06:00:00Z"))
        assert.is_false(windows.contain({ friday }, at "2025-05-23T06:00:00Z"))
        assert.is_false(windows.contain({ friday }, at "2025-05-24T23:00:00Z"))
        local sunday = assert(window { from = "22:00", to = "07:00", days = "sun", zone = "UTC" })
        assert.is_true(windows.contain({ sunday }, at "2025-05-19T06:00:00Z")) -- over the end of the week
    end)

    it("know each day by its name", function()
        for i, day in ipairs { "mon", "tue", "wed", "thu", "fri", "sat", "sun" } do
            local hours = assert(window { from = "08:00", to = "09:00", days = day, zone = "UTC" })
            for k = 1, 7 do -- 2025-05-19 was a Monday
                assert.equal(k == i, windows.contain({ hours }, at(("2025-05-%dT08:30:00Z"):format(18 + k))), day)
            end
        end
    end)

    it("are a whole day where both ends are the same", function()
        local weekend = assert(window { from = "00:00", to = "24:00", days = "sat,sun", zone = "UTC" })
        assert.is_false(windows.contain({ weekend }, at "2025-05-23T23:59:00Z"))
        assert.is_true(windows.contain({ weekend }, at "2025-05-24T00:00:00Z"))
        assert.is_true(windows.contain({ weekend }, at "2025-05-25T23:59:00Z"))
        assert.equal(at "2025-05-26T00:00:00Z", windows.till({ weekend }, at "2025-05-24T10:00:00Z"))
    end)

    it("are those of their zone", function()
        local china = assert(window { from = "22:00", to = "07:00", zone = "+08:00" })
        assert.is_true(windows.contain({ china }, at "2025-05-19T14:00:00Z"))
        assert.is_false(windows.contain({ china }, at "2025-05-19T23:00:00Z"))
        assert.equal(at "2025-05-19T23:00:00Z", windows.till({ china }, at "2025-05-19T14:30:30Z"))
        local west = assert(window { from = "09:00", to = "10:00", days = "sun", zone = "-09:30" })
        assert.is_true(windows.contain({ west }, at "2025-05-18T18:30:00Z"))
    end)

    it("are those of this machine unless they name a zone", function()
        local here = assert(window { from = os.date("%H:%M", 1747638000), to = os.date("%H:%M", 1747638000 + 3600) })
        assert.is_true(windows.contain({ here }, 1747638000 * 1000))
        assert.is_false(windows.contain({ here }, (1747638000 - 60) * 1000))
    end)

    it("end when those that follow at once do, and never later than a week", function()
        local weekend = assert(window { from = "00:00", to = "24:00", days = "sat-sun", zone = "UTC" })
        assert.equal(at "2025-05-26T07:00:00Z", windows.till({ NIGHT, weekend }, at "2025-05-23T23:00:00Z"))
        assert.is_nil(windows.till({ NIGHT, weekend }, at "2025-05-23T12:00:00Z"))
        local always = assert(window { from = "00:00", to = "24:00", zone = "UTC" })
        assert.equal(at "2025-05-27T00:00:00Z", windows.till({ always }, at "2025-05-19T12:00:00Z"))
        assert.equal(at "2025-05-26T00:00:00Z", windows.till({ always }, at "2025-05-19T00:00:00Z"))
    end)

    it("are read as minutes, numbers of days and an offset, of this machine where none is given", function()
        local function read(more)
            local given = { from = "0:00", to = "24:00", zone = "UTC" }
            for name, value in pairs(more) do
                given[name] = value
            end
            return (window(given)) or {}
        end
        assert.same({ from = 0, to = 1440, zone = "local" }, (window { from = "00:00", to = "24:00" }))
        for given, minutes in pairs { ["7:05"] = 425, ["23:59"] = 1439, ["00:59"] = 59, ["24:00"] = 1440,
            ["24:01"] = false, ["00:60"] = false, ["23:60"] = false, ["1:5"] = false, ["107:00"] = false,
            [7] = false } do
            assert.equal(minutes or nil, read { from = given }.from, given)
        end
        for given, numbers in pairs { ["mon-fri"] = "01234", ["fri-mon"] = "0456", ["SAT, sun"] = "56", mon = "0",
            ["sun-sun"] = "6", ["tue,,thu-fri"] = "134", ["sun-mon"] = "06", [""] = false, ["mon-x"] = false,
            ["x-mon"] = false, ["mon-tue-wed"] = false, [1] = false } do
            local list, found = {}, read { days = given }.days
            assert.equal(numbers ~= false, found ~= nil, given)
            for number in pairs(found or {}) do
                list[#list + 1] = number
            end
            table.sort(list)
            assert.equal(numbers or "", table.concat(list), given)
        end
        for given, zone in pairs { UTC = 0, ["local"] = "local", ["+00:00"] = 0, ["+08:00"] = 480, ["-09:30"] = -570,
            ["+14:59"] = 899, ["+15:00"] = false, ["+01:60"] = false, ["08:00"] = false, [8] = false } do
            assert.equal(zone or nil, read { zone = given }.zone, given)
        end
    end)

    it("are asked one by one, and none contains nothing", function()
        local noon = assert(window { from = "12:00", to = "12:01", zone = "UTC" })
        assert.is_true(windows.contain({ NIGHT, noon }, at "2025-05-19T12:00:59Z"))
        assert.is_false(windows.contain({ NIGHT, noon }, at "2025-05-19T12:01:00Z"))
        assert.is_false(windows.contain({}, at "2025-05-19T12:00:00Z"))
        assert.equal(at "2025-05-19T12:01:00Z", windows.till({ NIGHT, noon }, at "2025-05-19T12:00:59Z"))
        assert.is_nil(windows.till({}, at "2025-05-19T12:00:00Z"))
    end)

    it("are those of this machine by the clock on its wall", function()
        local date, asked = os.date, nil
        finally(function() os.date = date end) -- luacheck: ignore 122
        os.date = function(format, seconds) -- luacheck: ignore 122
            asked = { format, seconds }
            return date("!*t", seconds + 95 * 3600 + 300) -- 1970 begins on a Sunday, 23:05
        end
        local sunday = assert(window { from = "23:05", to = "23:06", days = "sun" })
        assert.equal(60000, windows.till({ sunday }, 0))
        assert.is_true(windows.contain({ sunday }, 1500))
        assert.same({ "*t", 1 }, asked)
        assert.is_false(windows.contain({ sunday }, 86400000))
    end)

    it("say what is wrong with them", function()
        for _, case in ipairs {
            { { from = "25:00", to = "07:00" }, 'hours.from is "25:00", expected a time such as "22:00"' },
            { { from = "22:00", to = "7" }, 'hours.to is "7", expected a time such as "22:00"' },
            { { from = "22:00" }, 'hours.to is missing, expected a time such as "22:00"' },
            { { from = "22:00", to = "07:00", days = "weekend" },
                'hours.days is "weekend", expected days such as "mon-fri" or "sat, sun"' },
            { { from = "22:00", to = "07:00", zone = "Asia/Shanghai" },
                'hours.zone is "Asia/Shanghai", expected an offset such as "+08:00", "UTC" or "local"' },
        } do
            local checked, message = window(case[1])
            assert.is_nil(checked)
            assert.equal(case[2], message)
        end
    end)
end)
