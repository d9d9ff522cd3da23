local schedule = require "dwsync.health.model.schedule"

local HOUR, DAY = 3600000, 86400000
local MONDAY = 1767571200000 -- 2026-01-05T00:00:00Z

-- Starts at some hours of some weekdays (0 is Monday), for some days.
local function starts_at(hours, weekdays, days, offset)
    local starts = {}
    for day = 0, days - 1 do
        for _, hour in ipairs(weekdays[day % 7] and hours or {}) do
            starts[#starts + 1] = MONDAY + day * DAY + hour * HOUR + (offset or 0)
        end
    end
    return starts
end

local function hours(first, last)
    local list = {}
    for hour = first, last do
        list[#list + 1] = hour
    end
    return list
end

local OFFICE = { [0] = true, true, true, true, true }
local ALL = { [0] = true, true, true, true, true, true, true }

local function words(...)
    local starts = starts_at(...)
    return (schedule.week(starts, #starts))
end

describe("a schedule in words", function()
    it("names the times of a few runs, by weekdays that are alike", function()
        assert.equal("Mon to Fri 08:00, 12:00; Sat, Sun none", words({ 8, 12 }, OFFICE, 26))
        assert.equal("Mon to Sun 02:00", words({ 2 }, ALL, 28))
    end)

    it("names the hours of many runs, and the usual time between them", function()
        assert.equal("Mon to Fri every 1 h from 08 to 18 h; Sat, Sun none", words(hours(8, 18), OFFICE, 26))
        assert.equal("Mon to Sun every 1 h, all day", words(hours(0, 23), ALL, 28))
        assert.equal("Mon to Sun every 1 h from 00 to 01 and 05 to 23 h", words({ 0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13,
            14, 15, 16, 17, 18, 19, 20, 21, 22, 23 }, ALL, 28))
    end)

    it("takes a run a little before the hour for one of that hour", function()
        assert.equal("Mon to Sun 01:59", words({ 2 }, ALL, 28, -60000))
        assert.equal("Mon to Sun 23:58", words({ 0 }, ALL, 29, -120000))
    end)

    it("says which weekdays are not on record", function()
        assert.equal("Mon to Wed 06:00, 12:00; Thu to Sun not on record", words({ 6, 12 }, ALL, 3))
    end)

    it("gives how many runs begin in each hour, in the mean", function()
        local starts = starts_at({ 8, 8.5, 12 }, OFFICE, 28)
        local _, by_weekday = schedule.week(starts, #starts)
        assert.equal(24, #by_weekday.Mon)
        assert.same({ 2, 1, 0, 0 }, { by_weekday.Mon[9], by_weekday.Mon[13], by_weekday.Mon[14], by_weekday.Sun[9] })
    end)

    it("looks at the last four weeks, and at no start that does not count", function()
        local starts = starts_at({ 3 }, ALL, 60)
        for _, start in ipairs(starts_at({ 9 }, ALL, 29)) do
            starts[#starts + 1] = start + 60 * DAY
        end
        local count = #starts
        starts[count + 1] = starts[count] + 5 * HOUR
        assert.is_nil(schedule.week(starts, count):find("03:00", 1, true))
        assert.equal("Mon to Sun 09:00", schedule.week(starts, count))
    end)

    it("lists pauses by length, the most frequent first", function()
        local starts = starts_at(hours(8, 18), OFFICE, 26)
        assert.same({ { seconds = 14 * 3600, times = 16 }, { seconds = 62 * 3600, times = 3 } },
            schedule.pauses(starts, #starts, HOUR))
        starts = starts_at(hours(0, 23), ALL, 7)
        assert.same({}, schedule.pauses(starts, #starts, HOUR))
    end)

    it("lists pauses that are as frequent by length, the shortest first", function()
        local starts = { 0 }
        for i, gap in ipairs { 9, 3, 6, 3, 9, 6 } do
            starts[i + 1] = starts[i] + gap * HOUR
        end
        assert.same({ { seconds = 3 * 3600, times = 2 }, { seconds = 6 * 3600, times = 2 },
            { seconds = 9 * 3600, times = 2 } }, schedule.pauses(starts, #starts, HOUR))
    end)

    it("takes for a pause what lasts two hours, and two and a half times the usual gap", function()
        for gap, least in pairs { [60000] = 2 * HOUR, [0.8 * HOUR] = 2 * HOUR, [HOUR] = 2.5 * HOUR } do
            assert.same({ { seconds = least / 1000, times = 1 } }, schedule.pauses({ 0, least }, 2, gap))
            assert.same({}, schedule.pauses({ 0, least - 1 }, 2, gap))
        end
    end)

    it("names hours, minutes and days as often as they are usual", function()
        for _, case in ipairs { -- minutes after a Monday's midnight
            { "Mon 00:00; Tue to Sun not on record", 0 },
            { "Mon 23:55; Tue to Sun not on record", -5 },
            { "Mon to Sat not on record; Sun 23:54", -6 },
            { "Mon not on record; Tue 23:55; Wed to Sun not on record", 1435 },
            { "Mon 23:54; Tue to Sun not on record", 1434 },
            { "Mon 01:00, 02:00; Tue to Sun not on record", 60, 120 },
            { "Mon 01:00, 01:59; Tue to Sun not on record", 60, 119.5 },
            { "Mon 00:00, 01:00, 02:00, 03:00, 04:00, 05:00; Tue to Sun not on record", 0, 60, 120, 180, 240, 300 },
            { "Mon every 1 h from 00 to 06 h; Tue to Sun not on record", 0, 60, 120, 180, 240, 300, 360 },
            { "Mon every 1 h from 00 and 02 and 04 and 06 and 08 and 10 and 12 h; Tue to Sun not on record",
                0, 120, 240, 360, 480, 600, 720 },
            { "Mon 00:20; Tue to Sun not on record", 0, 10, 20, 30, 40, 50 },
            { "Mon every 8 min 30 s from 00 h; Tue to Sun not on record", 0, 10, 20, 30, 40, 50, 54 },
            { "Mon every 17 min from 00 to 01 h; Tue to Sun not on record", 0, 10, 20, 30, 40, 50, 55 },
            { "Mon 10:00; Tue to Sun none", 600, 10680 },
            { "Mon 10:00, 11:00; Tue to Sun none", 600, 10740 },
            { "Mon 10:00, 11:00; Tue to Sun none", 600, 660, 20760 },
            { "Mon 10:00; Tue to Sun none", 600, 605, 610, 20760 },
            { "Mon 23:00; Tue 00:00; Wed to Sun not on record", 1380, 1440 },
            { "Mon 23:00; Tue 00:00, 01:00; Wed to Sun none", 1380, 1500, 11520 },
            { "Mon 08:00; Tue to Sun none", 480, 10560, 20640, 30720 },
            { "Mon 08:00; Tue to Sun none", 480, 10560, 20640 },
        } do
            local starts = {}
            for i = 2, #case do
                starts[i - 1] = MONDAY + case[i] * 60000
            end
            assert.equal(case[1], (schedule.week(starts, #starts)))
        end
    end)

    it("takes pauses that differ by less than one and a half hours for the same, over four weeks", function()
        for _, case in ipairs { -- the usual gap and gaps, in minutes
            { "9000x1", 60, 150 },
            { "", 60, 149 },
            { "18000x2", 60, 300, 389 },
            { "18000x1 23400x1", 60, 300, 390 },
            { "18000x2", 60, 300, 211 },
            { "12600x1 18000x1", 60, 300, 210 },
            { "18000x2 30000x1", 60, 300, 60, 300, 500 },
            { "9000x1", 60, 40320, 150 },
            { "2410200x1", 60, 150, 40170 },
            { "9000x1", 60, 151, 40170, 150 },
        } do
            local starts, texts = { 0 }, {}
            for i = 3, #case do
                starts[i - 1] = starts[i - 2] + case[i] * 60000
            end
            for i, pause in ipairs(schedule.pauses(starts, #starts, case[2] * 60000)) do
                texts[i] = ("%dx%d"):format(pause.seconds, pause.times)
            end
            assert.equal(case[1], table.concat(texts, " "))
        end
    end)
end)
