local time_axis = require "dwsync.report.page.time_axis"
local timestamps = require "dwsync.timestamps"

local function ms(text)
    return timestamps.from_iso(text) * 1000
end

local HOUR = 3600000
local DAY = 24 * HOUR

-- The places of lines and the words, each with its place, of so many hours from a moment on.
local function drawn(from, hours, ticks)
    local text = tostring(time_axis.draw({ from = from, till = from + hours * HOUR },
        { left = 10, right = 110, top = 5, bottom = 50, ticks = ticks }))
    local lines, words = {}, {}
    for x in text:gmatch "M([%d.]+) 5V50" do
        lines[#lines + 1] = tonumber(x)
    end
    for attributes, word in text:gmatch "<text([^>]*)>([^<]*)</text>" do
        assert.matches(' y="63"', attributes)
        words[#words + 1] = attributes:match ' x="([%d.]+)"' .. " " .. word
    end
    return lines, words
end

describe("the axis of time", function()
    it("has lines at round hours and days, as many as there is room for at most", function()
        for _, case in ipairs { { 4, 4, 1 }, { 5, 4, 3 }, { 12, 4, 3 }, { 13, 4, 6 }, { 24, 4, 6 }, { 25, 4, 12 },
            { 48, 4, 12 }, { 49, 4, 24 }, { 96, 4, 24 }, { 97, 4, 48 }, { 192, 4, 48 }, { 193, 4, 120 },
            { 480, 4, 120 }, { 481, 4, 168 }, { 672, 4, 168 }, { 673, 4, 240 }, { 960, 4, 240 }, { 2000, 4, 240 } } do
            local lines = drawn(0, case[1], case[2])
            assert.equal(math.floor(case[1] / case[3]) + 1, #lines, case[1])
            assert.equal(10, lines[1])
        end
        assert.same({ 60 }, (drawn(HOUR / 2, 1, 4)))
    end)

    it("says the hour, at midnight the day, where there is room for the words", function()
        local _, words = drawn(ms "2025-11-23T21:00:00Z", 6, 2)
        assert.same({ "60 24 Nov" }, words)
        _, words = drawn(ms "2025-11-24T05:00:00Z", 2, 2)
        assert.same({ "60 06:00" }, words)
        for left, count in pairs { [14] = 1, [13.9] = 0 } do
            _, words = drawn(-left / 100 * 10 * HOUR, 10, 1)
            assert.equal(count, #words, left)
            _, words = drawn((-100 + left) / 100 * 10 * HOUR, 10, 1)
            assert.equal(count, #words, -left)
        end
        local months = {}
        for month = 1, 12 do
            _, words = drawn(ms(("2025-%02d-10"):format(month)) - DAY, 48, 2)
            months[month] = words[1]:match "^60 10 (%a+)$"
        end
        assert.equal("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", table.concat(months, " "))
    end)

    it("has no words for a moment that no calendar holds", function()
        assert.same({ "60 " }, (select(2, drawn(DAY * 1e10 - DAY, 48, 2))))
    end)

    it("knows a moment to the minute", function()
        assert.equal("2025-11-24 06:00Z", time_axis.minute(ms "2025-11-24T06:00:59Z"))
    end)
end)
