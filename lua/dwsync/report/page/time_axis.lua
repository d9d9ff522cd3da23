--- The axis of time below a picture: lines and words at hours and days people know, in UTC.
-- It must not depend on the host's locale or time zone.
-- @module dwsync.report.page.time_axis
local decimal = require "dwsync.decimal"
local markup = require "dwsync.report.page.markup"
local timestamps = require "dwsync.timestamps"

local M = {}

local HOUR = 3600 * 1000
local DAY = 24 * HOUR

local STEPS = { HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 7 * DAY, 10 * DAY }

local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

--- A point in time to the minute: "2025-11-24 06:00Z".
-- @tparam number ms
-- @treturn string
function M.minute(ms)
    return (timestamps.to_iso(ms):gsub("^(%S+)T(%d%d:%d%d):.*$", "%1 %2Z"))
end

local function step_for(length, limit)
    for _, step in ipairs(STEPS) do
        if length / step <= limit then
            return step
        end
    end
    return STEPS[#STEPS]
end

-- "24 Nov" at midnight, "06:00" between.
local function words(ms)
    local month, day, clock = timestamps.to_iso(ms):match "^%d%d%d%d%-(%d%d)%-(%d%d)T(%d%d:%d%d)"
    if not month then
        return ""
    end
    return clock == "00:00" and ("%d %s"):format(tonumber(day), MONTHS[tonumber(month)]) or clock
end

--- Draws it.
-- @tparam table span `from` and `till`, milliseconds since the epoch
-- @tparam table place `left`, `right`, `top`, `bottom`: pixels; `ticks`: how many at most
-- @treturn dwsync.markup
function M.draw(span, place)
    local length = span.till - span.from
    local step = step_for(length, place.ticks)
    local lines, texts = {}, {}
    for tick = math.ceil(span.from / step) * step, span.till, step do
        local x = place.left + (place.right - place.left) * (tick - span.from) / length
        lines[#lines + 1] = ("M%s %dV%d"):format(decimal.format("%.1f", x), place.top, place.bottom)
        -- Words that would stick out at an end are left out; their line stays.
        if x >= place.left + 14 and x <= place.right - 14 then
            texts[#texts + 1] = markup.element("text", { class = "tl-tick", x = x, y = place.bottom + 13 }, words(tick))
        end
    end
    return markup.join(markup.element("path", { class = "tl-grid", d = table.concat(lines) }), texts)
end

return M
