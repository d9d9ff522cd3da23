local Cadence = require "dwsync.health.model.cadence"
local world = require "spec.health.world"

local MINUTE, HOUR, DAY = 60000, 3600000, 86400000

-- Starts of a schedule of the made world, a little late now and then, from a Monday on for some days.
local function starts_of(name, days)
    local starts, random = {}, world.random(5)
    world.SCHEDULES[name][1](world.MONDAY, world.MONDAY + days * world.DAY, function(time)
        starts[#starts + 1] = (time + math.floor(random:unit() * 20)) * 1000
    end)
    return starts
end

local function cadence_of(starts, count)
    return Cadence.of(starts, count or #starts)
end

-- The usual silence after the last start, in hours.
local function hours_after(starts)
    local silence, by = cadence_of(starts):silence(starts[#starts])
    return silence and math.floor(silence / HOUR + 0.5), by
end

describe("a cadence", function()
    it("is with what was found of fewer runs what it is without", function()
        local random = world.random(4)
        for _, name in ipairs { "hourly", "hourly-office", "8-and-12" } do
            local starts, earlier, known = starts_of(name, 3 * 7), nil, 0
            for i = #starts, 1, -1 do -- some come twice, late, or not at all
                local chance = random:between(0, 1)
                starts[i] = starts[i] + (chance < 0.1 and random:between(0, 3 * HOUR) or 0)
                if chance > 0.9 then
                    table.insert(starts, i, starts[i] + 1000)
                end
            end
            table.sort(starts)
            for count = 1, #starts do
                local alone = cadence_of(starts, count)
                earlier = Cadence.of(starts, count, earlier)
                assert.same({ alone.known, alone.gap }, { earlier.known, earlier.gap })
                assert.same({ alone:silence(starts[count]) }, { earlier:silence(starts[count]) })
                assert.same({ alone:silence(starts[count] + HOUR) }, { earlier:silence(starts[count] + HOUR) })
                known = known + (alone.known and 1 or 0)
            end
            assert.is_true(known > 0 and known < #starts)
        end
    end)

    it("is not known of no run, one or two", function()
        for count = 0, 2 do
            local cadence = cadence_of({ 1767567600000, 1767571200000 }, count)
            assert.is_false(cadence.known)
            assert.is_nil(cadence.gap)
            assert.is_nil(cadence:silence(1767571200000))
        end
    end)

    it("is known of a few runs that are alike", function()
        local starts = starts_of("hourly", 0.25)
        assert.equal(6, #starts)
        assert.is_true(cadence_of(starts).known)
        assert.same({ 1, "gaps" }, { hours_after(starts) })
    end)

    it("has become slower when the last two gaps are more than half as long again", function()
        for gap, silence in pairs { [1.5 * HOUR] = HOUR, [1.5 * HOUR + 1] = 1.5 * HOUR + 1 } do
            local starts = { world.MONDAY * 1000 }
            for i = 1, 73 do
                starts[i + 1] = starts[i] + (i > 71 and gap or HOUR)
            end
            assert.equal(silence, (cadence_of(starts):silence(starts[#starts])))
        end
    end)

    it("is not known of runs without a plan", function()
        local starts, random, time = {}, world.random(9), world.MONDAY * 1000
        for i = 1, 60 do
            time = time + math.floor(random:between(10 * MINUTE, 40 * HOUR))
            starts[i] = time
        end
        assert.is_false(cadence_of(starts).known)
    end)

    it("knows nights and weekends by the same hour of earlier weeks", function()
        local friday = starts_of("hourly-office", 3 * 7 + 5)
        assert.same({ 62, "weeks" }, { hours_after(friday) })
        assert.same({ 14, "weeks" }, { hours_after(starts_of("hourly-office", 3 * 7 + 4)) })
        assert.same({ 1, "weeks" }, { hours_after(starts_of("hourly-office", 3 * 7 + 4.5)) })
    end)

    it("knows days of the week with two unequal gaps", function()
        assert.equal(4, (hours_after(starts_of("8-and-12", 3 * 7 + 0.4))))
        assert.equal(20, (hours_after(starts_of("8-and-12", 3 * 7 + 1))))
        assert.equal(68, (hours_after(starts_of("8-and-12", 3 * 7 + 5))))
    end)

    it("takes the middle of three weeks", function()
        local starts, pauses = {}, { [0] = 3, [7] = 9, [14] = 5 } -- hours between the two runs of a day, usually 6
        for day = 0, 21 do
            for _, hour in ipairs { 8, day < 21 and 8 + (pauses[day] or 6) or nil } do
                starts[#starts + 1] = (world.MONDAY + day * world.DAY) * 1000 + hour * HOUR
            end
        end
        assert.same({ 5, "weeks" }, { hours_after(starts) })
    end)

    it("compares with the last days where there is no week", function()
        assert.same({ 12, "days" }, { hours_after(starts_of("twice", 4)) })
    end)

    it("expects a pause at the first weekend, unless there were runs at one", function()
        local function day_after_day(first, last)
            local starts = {}
            for day = first, last do
                for hour = 8, 18 do
                    starts[#starts + 1] = (world.MONDAY + day * world.DAY) * 1000 + hour * HOUR
                end
            end
            return starts
        end
        assert.same({ 62, "days" }, { hours_after(day_after_day(0, 4)) }) -- until Friday
        assert.same({ 14, "days" }, { hours_after(day_after_day(5, 11)) }) -- from Saturday on
        assert.same({ 14, "days" }, { hours_after(day_after_day(6, 11)) }) -- from Sunday on
    end)

    it("expects a pause when the usual runs are done, though an hour early, be it just above two hours", function()
        local starts = {}
        local function block(day, hour)
            for minute = 0, 100, 20 do
                starts[#starts + 1] = (world.MONDAY + day * world.DAY) * 1000 + hour * HOUR + minute * MINUTE
            end
        end
        for day = 0, 6 do
            for hour = 0, 20, 4 do
                block(day, hour)
            end
        end
        block(7, 3)
        block(7, 7)
        assert.equal(140 * MINUTE, (cadence_of(starts):silence(starts[#starts])))
        assert.equal(20 * MINUTE, (cadence_of(starts, #starts - 1):silence(starts[#starts - 1])))
    end)

    it("knows weekly and monthly runs", function()
        assert.equal(7 * 24, (hours_after(starts_of("weekly", 70))))
        local gap = cadence_of(starts_of("monthly", 200)).gap
        assert.is_true(gap >= 28 * DAY and gap <= 31 * DAY)
    end)

    it("takes two starts within a minute for one", function()
        local starts = {}
        for _, start in ipairs(starts_of("hourly", 10)) do
            starts[#starts + 1] = start
            starts[#starts + 1] = start + 20000
        end
        local cadence = cadence_of(starts)
        assert.is_true(cadence.known)
        assert.is_true(math.abs(cadence.gap - HOUR) < 2 * MINUTE)
    end)

    it("does not look at starts that do not count yet", function()
        local starts = starts_of("hourly", 10)
        local known = cadence_of(starts, 100):silence(starts[100])
        for i = 101, #starts do
            starts[i] = starts[100] + (i - 100) * MINUTE
        end
        assert.equal(known, cadence_of(starts, 100):silence(starts[100]))
    end)

    it("follows from the gaps between starts", function()
        for _, case in ipairs { -- from a Monday at eight on: minutes, NxM is N times M; and so many minutes later
            { "unknown -, - -", "60" },
            { "known 60, 60 gaps", "60 60" },
            { "unknown 60, - -", "60 0.99 60" },
            { "unknown 60, - -", "60 1 60" },
            { "unknown 60, - -", "60 90" },
            { "unknown 90, - -", "60 90 120" },
            { "known 30, 30 gaps, nights", "15x60 15x30" },
            { "known 60, 30 gaps", "15x60 7x30" },
            { "known 30, 30 gaps, nights", "15x60 8x30" },
            { "known 60, 30 gaps", "16x60 7x30" },
            { "known 60, 63 gaps", "60 63" },
            { "known 60, 64 gaps", "60 64" },
            { "known 60, 67 gaps", "60 67" },
            { "unknown 60, 67.3 gaps", "60 67.3" },
            { "known 600, 640 gaps", "600 640" },
            { "known 10, - -", "10 13" },
            { "unknown 10, - -", "10 13.1" },
            { "known 1500, 1600 gaps, nights", "1500 1600" },
            { "unknown 32, - -, nights", "2x60 1 2 4 8 16 32 64 128 256" },
            { "known 60, - -", "100x60 90" },
            { "known 60, - -", "100x60 91" },
            { "known 60, 60 days", "100x60 120" },
            { "known 60, 60 days", "100x60 2x90" },
            { "known 60, 91 days", "100x60 2x91" },
            { "known 60, 120 days, pauses", "100x60 3x120" },
            { "known 60, 840 days, nights", "10x60 840 10x60 840 10x60 840 10x60" },
            { "known 60, 840 days, nights", "10x60 840 10x60 840 10x60 840 10x60", 60 },
            { "known 60, 60 days, nights", "10x60 840 10x60 840 10x60 840 9x60" },
            { "known 60, 60 days, nights", "10x60 840 10x60 840 10x60 840 8x60" },
            { "known 60, 60 weeks, nights", "10x60 840 10x60 840 10x60 840 10x60 3720 10x60 840 10x60 840" },
            { "known 60, 3720 days, nights", "10x60 840 10x60 840 10x60 840 10x60 840 10x60" },
            { "known 60, 60 days, nights", "10x60 840 10x60 840 10x60 840 10x60 840 9x60" },
            { "known 60, 840 days, nights", "10x60 840 10x60 840 10x60" },
            { "known 60, 840 days, nights", "10x60 840 10x60" },
            { "known 60, 900 days, nights", "10x60 840 12x60 780 8x60 900 10x60" },
            { "known 60, 60 days, nights", "10x60 840 10x60 840 10x60 780 9x60" },
            { "known 60, 780 days, nights", "10x60 840 10x60 840 10x60 780 10x60" },
            { "known 1440, 1440 days, nights", "3x1440" },
            { "known 1440, 4320 days, nights", "4x1440" },
            { "known 1440, 1440 days, nights", "6x1440" },
            { "known 1440, 4320 weeks, nights", "4x1440 4320 4x1440" },
            { "known 1440, 1440 weeks, nights", "4x1440 4320 3x1440" },
            { "known 1440, 4320 weeks, nights", "4x1440 4320 4x1440 4320 4x1440" },
            { "known 1440, 1440 weeks, nights", "4x1440 4320 4x1440 4320 2x1440" },
            { "known 11500, 14380 gaps, nights", "4x11500" },
            { "known 11521, 11521 gaps, nights", "4x11521" },
            { "unknown 11521, 14401 gaps, nights", "11521 14401 11521" },
            { "unknown 11521, - gaps, nights", "11521 14402 11521" },
            { "unknown 11521, - gaps, nights", "2x11521 14402" },
            { "known 10080, 10080 weeks, nights", "3x10080" },
            { "known 10080, 10080 weeks, nights", "2x10080" },
            { "unknown 10080, 10080 weeks, nights", "2x10080 20160" },
            { "unknown 60, 60 gaps, pauses", "3x60 120 3x60 120 3x60 120 3x60" },
            { "unknown 60, 60 gaps, pauses", "3x60 121 3x60 121 3x60 121 3x60" },
            { "known 20, 20 gaps, nights", "4x20 200 4x20 200 4x20 200 4x20" },
            { "known 20, 20 gaps, nights", "4x20 119 4x20 119 4x20 119 4x20" },
            { "known 20, 20 gaps, nights", "4x20 121 4x20 121 4x20 121 4x20" },
            { "known 60, - -", "240x60 150" },
            { "known 60, 60 days, pauses", "30x60 300 30x60 300 30x60" },
            { "known 5, - -, nights", "30x5 60" },
            { "known 1, 1 gaps, nights", "30x5 14x1" },
            { "known 5, - -", "30x5 0.9 4.1" },
            { "known 1, 1 days", "1500x1" },
            { "known 60, 60 days, pauses", "8x60 180 8x60 180 8x60 180 8x60 180 8x60" },
            { "known 60, 60 days, pauses", "8x60 179 8x60 179 8x60 179 8x60 179 8x60" },
            { "known 20, 120 days, pauses", "30x20 120 30x20 120 30x20 120 30x20" },
            { "known 20, 119 days, pauses", "30x20 119 30x20 119 30x20 119 30x20" },
            { "known 60, 1080 days, nights", "6x60 1080 6x60 1080 6x60 1080 6x60" },
            { "known 60, 1080 days, nights", "6x60 1080 6x60 1080 5x60 1140 6x60" },
            { "known 60, 60 weeks", "700x60" },
        } do
            local starts = { 1767600000000 }
            for word in case[2]:gmatch "%S+" do
                local times, minutes = word:match "^(%d+)x(%d+)$"
                for _ = 1, tonumber(times or 1) do
                    starts[#starts + 1] = starts[#starts] + tonumber(minutes or word) * MINUTE
                end
            end
            local cadence = cadence_of(starts)
            local silence, by = cadence:silence(starts[#starts] + (case[3] or 0) * MINUTE)
            local function shown(time)
                return time and ("%.7g"):format(time / MINUTE) or "-"
            end
            assert.equal(case[1], ("%s %s, %s %s%s"):format(cadence.known and "known" or "unknown",
                shown(cadence.gap), shown(silence), by or "-", cadence.nights and ", nights"
                or cadence.paused and ", pauses" or ""), case[2])
        end
    end)
end)
