--- A picture of runs over time, as SVG: a strip of outcomes, below it bars of accounts added, updated, deleted, failed.
-- It must mean nothing by colour alone: outcomes differ in pattern and in the mark above, measures in their place.
-- Pure: records in, markup out. The page brings the style rules and, once, the `definitions`.
-- @module dwsync.report.page.timeline
local markup = require "dwsync.report.page.markup"
local outcome_strip = require "dwsync.report.page.outcome_strip"
local quantities = require "dwsync.quantities"
local run_bins = require "dwsync.report.page.run_bins"
local time_axis = require "dwsync.report.page.time_axis"

local M = {}

local element = markup.element

-- Two sizes, since text inside a picture shrinks with it: one for screens and paper, one for phones.
local SIZES = {
    wide = { width = 860, left = 76, right = 64, bins = 120, ticks = 9, labels_above = false },
    narrow = { width = 320, left = 0, right = 0, bins = 36, ticks = 5, labels_above = true },
}

local MARKS, STRIP, LANE, GAP = outcome_strip.MARKS, outcome_strip.STRIP, 30, 10
local FULL = 10 -- it takes this many to fill a lane: a single deletion is not a peak
local LEAST = outcome_strip.LEAST -- a single deletion must be visible beside a thousand

local LANES = { { "add_count", "Added" }, { "update_count", "Updated" }, { "delete_count", "Deleted" },
    { "failed_count", "Failed" } }

-- ---- parts ---------------------------------------------------------------------------------------

local number, rectangle = outcome_strip.number, outcome_strip.rectangle

local function most_of(bins, field)
    local most = 0
    for _, bin in ipairs(bins) do
        most = math.max(most, bin[field])
    end
    return most
end

local function label(place, y, text, most)
    if place.size.labels_above then
        return { element("text", { class = "tl-label", x = 0, y = y }, text),
            most and element("text", { class = "tl-most", x = place.size.width, y = y }, most) }
    end
    return { element("text", { class = "tl-label tl-side", x = place.size.left - 10, y = y }, text),
        most and element("text", { class = "tl-most tl-side", x = place.size.width - place.size.right + 8, y = y },
            most) }
end

local function lane(bins, place, top, field, title)
    local most = most_of(bins, field)
    local parts = {}
    for i, bin in ipairs(bins) do
        if bin[field] > 0 then
            local height = math.max(LEAST, LANE * bin[field] / math.max(most, FULL))
            parts[#parts + 1] = outcome_strip.bar(place.x(i) + place.bar / 2, top + LANE - height, height)
        end
    end
    local base = top + LANE + 0.5
    local text_y = place.size.labels_above and top - 4 or top + LANE - 2
    return { element("path", { class = "tl-base", d = ("M%s %sH%s"):format(number(place.size.left), number(base),
            number(place.size.width - place.size.right)) }),
        outcome_strip.path("tl-" .. field, parts, place.bar),
        label(place, text_y, title, most > 0 and "max " .. quantities.number(most) or "none") }
end

-- Invisible areas over everything: each explains the bar under the pointer, without a script.
local function explanations(bins, place, bottom, pause)
    local parts = {}
    for i, bin in ipairs(bins) do
        if bin.runs > 0 then
            pause()
            local start = bins.from + (i - 1) * bins.step
            local area = rectangle(place.x(i), place.top, place.step, bottom - place.top)
            parts[#parts + 1] = element("path", { d = area },
                element("title", nil, ("%s: %s"):format(time_axis.minute(start), M.sentence(bin))))
        end
    end
    return element("g", { class = "tl-over" }, parts)
end

-- ---- whole ---------------------------------------------------------------------------------------

local function no_pause() end

--- What happened in a bin, in words: "24 runs (23 ok, 1 failed); 3 added, 8 updated, 0 deleted, 1 failed".
-- @tparam table bin of dwsync.report.page.run_bins
-- @treturn string
function M.sentence(bin)
    local outcomes = {}
    for _, outcome in ipairs { "ok", "partial", "failed", "running", "unknown" } do
        if bin[outcome] > 0 then
            outcomes[#outcomes + 1] = ("%d %s"):format(bin[outcome], outcome)
        end
    end
    return ("%s (%s); accounts: %s added, %s updated, %s deleted, %s failed"):format(
        quantities.value(bin.runs, "runs"), table.concat(outcomes, ", "), quantities.number(bin.add_count),
        quantities.number(bin.update_count), quantities.number(bin.delete_count), quantities.number(bin.failed_count))
end

local function placement(size, bins, top, pause)
    local step = (size.width - size.left - size.right) / #bins
    return { size = size, top = top, step = step, pause = pause, bar = math.max(1, step - math.min(2, step * 0.25)),
        x = function(i)
            return size.left + (i - 1) * step
        end }
end

local function drawing(list, options, size_name)
    local size, pause = SIZES[size_name], options.pause or no_pause
    local bins = run_bins.count(list, options.from, options.till, size.bins, pause)
    local head = size.labels_above and 14 or 0
    local place = placement(size, bins, head, pause)
    local parts = { label(place, size.labels_above and 10 or MARKS + STRIP - 4, "Outcome"),
        element("path", { class = "tl-track", d = rectangle(size.left, head + MARKS,
            size.width - size.left - size.right, STRIP) }),
        outcome_strip.draw(bins, place) }
    local top = head + MARKS + STRIP + GAP
    for _, measure in ipairs(LANES) do
        top = top + head
        pause()
        parts[#parts + 1] = lane(bins, place, top, measure[1], measure[2])
        top = top + LANE + GAP
    end
    table.insert(parts, 1, time_axis.draw(bins, { left = size.left, right = size.width - size.right, top = head,
        bottom = top, ticks = size.ticks }))
    parts[#parts + 1] = options.explain and size_name == "wide" and explanations(bins, place, top, pause)
    pause()
    local id = options.id .. "-" .. size_name
    return element("svg", { class = "tl tl-" .. size_name, viewBox = ("0 0 %d %d"):format(size.width, top + 18),
        role = "img", ["aria-labelledby"] = id .. "-t " .. id .. "-d" },
        element("title", { id = id .. "-t" }, options.title),
        element("desc", { id = id .. "-d" }, ("%s to %s: %s."):format(time_axis.minute(options.from),
            time_axis.minute(options.till), M.sentence(bins.total))), parts), bins
end

--- Draws the runs of one source, for wide and for narrow pages; style rules show the one that fits.
-- @tparam {table,...} list records
-- @tparam table options `id`: prefix of the ids within the page; `title`; `from` and `till`: milliseconds since the
-- epoch; `explain`: whether each bar shows its numbers under a pointer; `pause`: called between two parts, or nil
-- @treturn dwsync.markup
-- @treturn table the bins of the wide one, see dwsync.report.page.run_bins
-- @treturn table those of the narrow one
function M.draw(list, options)
    local wide, wide_bins = drawing(list, options, "wide")
    local narrow, narrow_bins = drawing(list, options, "narrow")
    return markup.join(wide, narrow), wide_bins, narrow_bins
end

-- ---- what all pictures of a page share -----------------------------------------------------------

local function pattern(id, size, d)
    return element("pattern", { id = id, width = size, height = size, patternUnits = "userSpaceOnUse" },
        element("path", { class = "tl-ground " .. id, d = rectangle(0, 0, size, size) }),
        element("path", { class = "tl-ink " .. id, d = d }))
end

--- The patterns, to be written once in a page before the first picture.
-- @treturn dwsync.markup
function M.definitions()
    return element("svg", { class = "tl-definitions", width = 0, height = 0, ["aria-hidden"] = "true" },
        element("defs", nil,
            pattern("tl-p-partial", 5, "M-1 1l2 -2M0 5l5 -5M4 6l2 -2"),
            pattern("tl-p-running", 5, "M0 1h2M2.5 3.5h2"),
            pattern("tl-p-unknown", 4, "M1 0v4"),
            pattern("tl-p-delete", 5, "M-1 4l2 2M0 0l5 5M4 -1l2 2"),
            pattern("tl-p-error", 6, "M-1 -1l8 8M-1 7l8 -8")))
end

return M
