local overviews = require "spec.report.overviews"
local outcome_strip = require "dwsync.report.page.outcome_strip"
local time_axis = require "dwsync.report.page.time_axis"
local timeline = require "dwsync.report.page.timeline"

local NOW_MS = overviews.NOW * 1000
local DAY = 86400000

local function draw(list, more)
    local options = { id = "t", title = "Runs", from = NOW_MS - 7 * DAY, till = NOW_MS }
    for name, value in pairs(more or {}) do
        options[name] = value
    end
    return tostring((timeline.draw(list, options)))
end

-- Heights of the bars of one measure in the wide picture: d="M76 91.5h4v30h-4z..."
local function heights(svg, class)
    local found, path = {}, svg:match('<path class="' .. class:gsub("%-", "%%-") .. '" d="([^"]*)"')
    for height in (path or ""):gmatch "v([%d.]+)" do
        found[#found + 1] = tonumber(height)
    end
    return found
end

describe("a picture of runs", function()
    it("comes in two sizes, each named and described for those who do not see it", function()
        local svg = draw(overviews.failing().records)
        assert.equal(2, select(2, svg:gsub("<svg ", "")))
        assert.is_truthy(svg:find('<title id="t-wide-t">Runs</title>', 1, true))
        assert.is_truthy(svg:find('aria-labelledby="t-narrow-t t-narrow-d"', 1, true))
        assert.is_truthy(svg:find("168 runs (96 ok, 72 failed); accounts: ", 1, true))
    end)

    it("lets others have their turn between its parts, however few runs there are", function()
        for _, case in ipairs { { {}, false, 22 }, { {}, true, 22 }, { overviews.failing().records, true, 116 } } do
            local turns = 0
            draw(case[1], { explain = case[2], pause = function() turns = turns + 1 end })
            assert.equal(case[3], turns)
        end
    end)

    it("tells outcomes apart by marks, not by colour alone", function()
        local svg = draw { overviews.record(1, { status = "FAILED" }), overviews.record(30, { failed_count = 1 }),
            overviews.record(60, { status = "RUNNING" }), overviews.record(90, { status = "?" }),
            overviews.record(120) }
        for _, outcome in ipairs { "failed", "partial", "running", "unknown" } do
            assert.equal(2, select(2, svg:gsub('class="tl%-mark tl%-mark%-' .. outcome .. '"', "")), outcome)
            assert.equal(2, select(2, svg:gsub('class="tl%-' .. outcome .. '"', "")), outcome)
        end
        assert.equal(2, select(2, svg:gsub('class="tl%-ok"', "")))
        assert.is_nil(svg:find("tl-mark-ok", 1, true))
    end)

    it("gives each measure bars of its own scale, and a single account a bar that can be seen", function()
        local svg = draw { overviews.record(1, { delete_count = 480, add_count = 0 }),
            overviews.record(50, { delete_count = 1, add_count = 5 }) }
        assert.same({ 3, 30 }, heights(svg, "tl-delete_count"))
        assert.same({ 15 }, heights(svg, "tl-add_count")) -- five are no peak: a lane is full from ten on
        assert.same({}, heights(svg, "tl-failed_count"))
        assert.is_truthy(svg:find(">max 480</text>", 1, true))
        assert.is_truthy(svg:find(">none</text>", 1, true))
    end)

    it("shows one failure among a hundred runs", function()
        local list = overviews.records(100, function(i)
            return { start_time = NOW_MS - i * 1000 - 60000, status = i == 50 and "FAILED" or nil }
        end)
        local svg = draw(list)
        assert.same({ 3 }, heights(svg, "tl-failed"))
        assert.same({ 15 }, heights(svg, "tl-ok"))
    end)

    it("explains each bar on request", function()
        local list = { overviews.record(1, { delete_count = 480, add_count = 0, update_count = 2 }) }
        local text = "2025-11-24 06:00Z: 1 run (1 ok); accounts: 0 added, 2 updated, 480 deleted, 0 failed"
        assert.is_nil(draw(list):find(text, 1, true))
        assert.is_truthy(draw(list, { explain = true }):find("<title>" .. text .. "</title>", 1, true))
    end)

    it("stays small with any number of runs", function()
        local list = overviews.records(20000, function(i)
            return { start_time = NOW_MS - i * 120000, status = i % 7 == 0 and "FAILED" or nil }
        end)
        assert.is_true(#draw(list, { from = NOW_MS - 28 * DAY }) < 30000)
    end)

    it("draws records of any types without failing", function()
        local list = { {}, 7, "x", { start_time = "a" }, { start_time = {} }, { start_time = 0 / 0 },
            { start_time = NOW_MS, status = {}, add_count = "1", delete_count = -1 },
            { start_time = NOW_MS - 5, add_count = 1e300 }, { start_time = NOW_MS - 5, add_count = 1e300 } }
        local svg = draw(list, { explain = true })
        assert.is_nil(svg:find "nan" or svg:find "inf")
    end)

    it("has a title that hostile text cannot leave", function()
        assert.is_nil(draw({}, { title = "</title><script>" }):find("<script", 1, true))
    end)

    it("brings its patterns and a legend of every outcome", function()
        local definitions, legend = tostring(timeline.definitions()), tostring(outcome_strip.legend())
        for _, name in ipairs { "partial", "running", "unknown", "delete", "error" } do
            assert.is_truthy(definitions:find('id="tl-p-' .. name .. '"', 1, true))
        end
        for _, outcome in ipairs { "ok", "partial", "failed", "running", "unknown" } do
            assert.is_truthy(legend:find("</svg>" .. outcome .. "</li>", 1, true))
        end
    end)
end)

describe("the axis of time", function()
    local function words(days, ticks)
        local svg = tostring(time_axis.draw({ from = NOW_MS - days * DAY, till = NOW_MS },
            { left = 0, right = 800, top = 0, bottom = 100, ticks = ticks }))
        local found = {}
        for word in svg:gmatch ">([^<>]+)</text>" do
            found[#found + 1] = word
        end
        return found
    end

    it("names days at midnight and hours between", function()
        assert.same({ "22 Nov", "23 Nov", "24 Nov" }, words(3, 5))
        assert.same({ "12:00", "18:00", "24 Nov", "06:00" }, words(1, 5))
        assert.is_true(#words(30, 9) <= 9)
    end)

    it("has lines as close as their number allows, from an hour to ten days", function()
        local function lines(till)
            local svg = tostring(time_axis.draw({ from = 0, till = till },
                { left = 0, right = 800, top = 0, bottom = 100, ticks = 4 }))
            return select(2, svg:match('d="([^"]*)"'):gsub("M", ""))
        end
        local hours = { 1, 3, 6, 12, 24, 48, 120, 168, 240 }
        for i, each in ipairs(hours) do
            local till = 4 * each * 3600000
            assert.equal(5, lines(till))
            assert.equal(1 + math.floor(4 * each / (hours[i + 1] or each)), lines(till + 1))
        end
    end)

    it("leaves out words that would stick out at an end, and keeps their lines", function()
        local midnight = NOW_MS - 8 * 3600000
        local svg = tostring(time_axis.draw({ from = midnight - 2 * DAY, till = midnight },
            { left = 0, right = 800, top = 0, bottom = 100, ticks = 2 }))
        assert.is_truthy(svg:find('d="M0.0 0V100M400.0 0V100M800.0 0V100"', 1, true))
        assert.equal(1, select(2, svg:gsub("</text>", "")))
        assert.is_truthy(svg:find(">23 Nov</text>", 1, true))
    end)

    it("writes a point in time to the minute", function()
        assert.equal("2025-11-24 08:00Z", time_axis.minute(NOW_MS))
    end)
end)
