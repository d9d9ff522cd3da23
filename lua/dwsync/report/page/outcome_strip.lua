--- How runs ended, bin by bin, as SVG: a bar of outcomes for each and a mark above those that were not all ok.
-- It must mean nothing by colour alone: outcomes differ in pattern and in the mark above.
-- Pure: bins in, markup out. The page brings the style rules and, once, the patterns of dwsync.report.page.timeline.
-- @module dwsync.report.page.outcome_strip
local decimal = require "dwsync.decimal"
local markup = require "dwsync.report.page.markup"
local run_bins = require "dwsync.report.page.run_bins"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local M = {}

local element = markup.element

-- Pixels: the height of the marks and of the bars in a picture, and of a part of a bar that is not zero.
M.MARKS, M.STRIP, M.LEAST = 12, 18, 3

-- From the bottom of the strip to its top: the worst is on top.
local STACK = { "ok", "running", "unknown", "partial", "failed" }
local WORST_FIRST = { "failed", "partial", "unknown", "running" }

-- ---- paths ---------------------------------------------------------------------------------------

local MAX_KEPT = 4096
local written, count = {}, 0

--- A coordinate, short. Pictures of the same size have the same ones, and a page has thousands.
-- @tparam number value
-- @treturn string
function M.number(value)
    local text = written[value]
    if not text then
        if count >= MAX_KEPT then
            written, count = {}, 0
        end
        text = decimal.format("%.1f", value):gsub("%.0$", "")
        written[value], count = text, count + 1
    end
    return text
end

local number = M.number

-- A piece of a path with coordinates for its "%s".
local function piece(format, ...)
    local texts = { ... }
    for i, value in ipairs(texts) do
        texts[i] = number(value)
    end
    return format:format(unpack(texts))
end

--- A rectangle as a piece of a path.
-- @tparam number x
-- @tparam number y
-- @tparam number width
-- @tparam number height
-- @treturn string
function M.rectangle(x, y, width, height)
    return piece("M%s %sh%sv%sh-%sz", x, y, width, height, width)
end

--- A bar as a piece of a path that is drawn as wide as a bar is: half the bytes of a rectangle.
-- @tparam number x its middle
-- @tparam number y its top
-- @tparam number height
-- @treturn string
function M.bar(x, y, height)
    return piece("M%s %sv%s", x, y, height)
end

--- Pieces as one element, or nothing.
-- @tparam string class
-- @tparam {string,...} parts
-- @tparam[opt] number width of bars
-- @return markup or false
function M.path(class, parts, width)
    return #parts > 0 and element("path", { class = class, d = table.concat(parts), ["stroke-width"] = width })
end

-- Each around the point where its path begins; `r` is half its width.
local MARK_SHAPES = {
    failed = function(r) -- a cross
        return piece("m-%s -%sl%s %sm0 -%sl-%s %s", r, r, 2 * r, 2 * r, 2 * r, 2 * r, 2 * r)
    end,
    partial = function(r) -- a triangle
        return piece("m0 -%sl%s %sh-%sz", 1.2 * r, 1.1 * r, 2.1 * r, 2.2 * r)
    end,
    running = function(r) -- a ring
        return piece("m-%s 0a%s %s 0 1 0 %s 0a%s %s 0 1 0 -%s 0", r, r, r, 2 * r, r, r, 2 * r)
    end,
    unknown = function(r) -- a square
        return piece("m-%s -%sh%sv%sh-%sz", 0.9 * r, 0.9 * r, 1.8 * r, 1.8 * r, 1.8 * r)
    end,
}
local MARK = 3

-- ---- strip ---------------------------------------------------------------------------------------

local BETWEEN_PAUSES = 16 -- bins

local function rest(place, i)
    if place.pause and i % BETWEEN_PAUSES == 0 then
        place.pause()
    end
end

-- The pieces of each outcome as one element.
local function paths(outcomes, class, parts, width)
    local drawn = {}
    for _, outcome in ipairs(outcomes) do
        drawn[#drawn + 1] = M.path(class .. outcome, parts[outcome] or {}, width) or nil
    end
    return drawn
end

local function marks(bins, place)
    local parts = {}
    local half = math.min(MARK, place.step * 0.36)
    for i, bin in ipairs(bins) do
        rest(place, i)
        for _, outcome in ipairs(WORST_FIRST) do
            if bin[outcome] > 0 then
                parts[outcome] = parts[outcome] or {}
                table.insert(parts[outcome], ("M%s %s%s"):format(number(place.x(i) + place.bar / 2),
                    number(place.top + M.MARKS / 2 - 1), MARK_SHAPES[outcome](half)))
                break
            end
        end
    end
    return paths(WORST_FIRST, "tl-mark tl-mark-", parts)
end

-- One failure among a hundred runs must be visible too; the part that is ok makes room for it.
local function share(bin, outcome)
    if bin[outcome] == 0 then
        return 0
    elseif outcome ~= "ok" then
        return math.max(M.LEAST, M.STRIP * bin[outcome] / bin.runs)
    end
    local others = 0
    for _, other in ipairs(WORST_FIRST) do
        others = others + share(bin, other)
    end
    return math.max(0, M.STRIP - others)
end

local function bars(bins, place)
    local parts = {}
    for i, bin in ipairs(bins) do
        rest(place, i)
        local y = place.top + M.MARKS + M.STRIP
        for _, outcome in ipairs(STACK) do
            local height = share(bin, outcome)
            if height > 0 then
                y = y - height
                parts[outcome] = parts[outcome] or {}
                table.insert(parts[outcome], M.bar(place.x(i) + place.bar / 2, y, height))
            end
        end
    end
    return paths(STACK, "tl-", parts, place.bar)
end

--- Draws it into a picture.
-- @tparam table bins of dwsync.report.page.run_bins
-- @tparam table place `top`; `step` and `bar`: widths of a bin and of what is painted of it; `x`: function from the
-- number of a bin to its left edge; `pause`: called every tenth of a millisecond or so, or nil
-- @treturn dwsync.markup
function M.draw(bins, place)
    return markup.join(bars(bins, place), marks(bins, place))
end

-- ---- alone ---------------------------------------------------------------------------------------

local STEP, BAR = 6, 5

--- A small picture of its own. It is hidden from screen readers, so it needs words beside it that say the same.
-- @tparam {table,...} list records
-- @tparam number from milliseconds since the epoch
-- @tparam number till
-- @tparam integer limit bins at most
-- @tparam[opt] function pause called every tenth of a millisecond or so
-- @treturn dwsync.markup
function M.alone(list, from, till, limit, pause)
    local bins = run_bins.count(list, from, till, limit, pause)
    local place = { top = 0, step = STEP, bar = BAR, pause = pause, x = function(i)
        return (i - 1) * STEP
    end }
    local width, height = #bins * STEP - (STEP - BAR), M.MARKS + M.STRIP
    return element("svg", { class = "strip", viewBox = ("0 0 %d %d"):format(width, height), ["aria-hidden"] = "true",
        preserveAspectRatio = "none" },
        element("path", { class = "tl-track", d = M.rectangle(0, M.MARKS, width, M.STRIP) }), M.draw(bins, place))
end

--- What marks and patterns mean.
-- @treturn dwsync.markup
function M.legend()
    local items = {}
    for i, outcome in ipairs { "ok", "partial", "failed", "running", "unknown" } do
        items[i] = element("li", nil, element("svg", { class = "tl-sample", viewBox = "0 0 14 24", width = 14,
            height = 24, ["aria-hidden"] = "true" },
            MARK_SHAPES[outcome] and element("path", { class = "tl-mark tl-mark-" .. outcome,
                d = "M7 5" .. MARK_SHAPES[outcome](MARK) }),
            M.path("tl-" .. outcome, { M.bar(7, 11, 12) }, 12)), outcome)
    end
    return element("ul", { class = "tl-legend" }, items)
end

return M
