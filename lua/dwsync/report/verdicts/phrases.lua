--- The phrases that pages of verdicts are made of: cut texts, points in time, what was left out. Every text they take
-- may be hostile and of any type.
-- @module dwsync.report.verdicts.phrases
local display = require "dwsync.text"
local markup = require "dwsync.report.page.markup"
local quantities = require "dwsync.quantities"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local element = markup.element

local MAX_TEXT = 500

--- The longest name that is shown.
M.MAX_NAME = 120

--- A text of any type on one line, cut to a width.
-- @param value
-- @tparam[opt=500] integer width
-- @treturn string
function M.text(value, width)
    return display.cut(display.safe(verdicts.text(value)), width or MAX_TEXT)
end

--- A point in time, to the second.
-- @param ms
-- @treturn dwsync.markup
function M.instant(ms)
    return element("time", { datetime = quantities.instant(ms) }, (quantities.instant(ms):gsub("T", " ")))
end

--- How long ago a point in time was, as an element that a script can keep up to date.
-- @param ms milliseconds since the epoch
-- @param now seconds since the epoch
-- @treturn dwsync.markup
function M.ago(ms, now)
    return element("time", { class = "ago", datetime = quantities.instant(ms) }, quantities.distance(ms, now))
end

--- "7 further runs are left out here.", or nothing.
-- @tparam integer count
-- @tparam integer limit
-- @tparam string noun
-- @return markup or false
function M.and_more(count, limit, noun)
    return count > limit and element("p", { class = "fine" }, ("%d further %s are left out here."):format(count - limit,
        noun))
end

--- A sentence behind its label ("Next: …"), or nothing.
-- @tparam string label
-- @param value
-- @return markup or nil
function M.labelled(label, value)
    return value and element("p", { class = "advice" }, element("span", { class = "label" }, label),
        element("bdi", nil, M.text(verdicts.sentence(value))))
end

return M
