--- A table for people: aligned, fitting the terminal, times to the second, in UTC unless another way is asked for.
-- It must not show hostile text as it is: dwsync.text makes it harmless.
-- @module dwsync.report.rows.table
local causes = require "dwsync.health.causes"
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"
local rows = require "dwsync.report.rows.lines"

local M = {}

local GAP = "  "
local MIN_LAST = 8 -- the last column is cut to fit, but never to less
local MAX_OTHER = 120 -- of the others, or one long text would widen every row

local COLORS = { FAILED = "31", RUNNING = "33", FINISHED = "32" }

-- To the second: milliseconds only cost room here.
local function time_by(writer)
    return function(value)
        if type(value) ~= "number" then
            return display.safe(columns.raw(value))
        end
        return (writer(value):gsub("^(....%-..%-..T..:..:..)%.%d%d%d", "%1"))
    end
end

local function cell_of(name, time)
    local writer = columns.time_writer(name, time)
    if writer then
        return time_by(writer)
    end
    local text = function(value)
        return display.safe(columns.text(name, value, time))
    end
    local remembered = rows.remembering(text)
    return function(value)
        return value ~= nil and value == value and remembered(value) or text(value)
    end
end

local function layout(document)
    local lines, widths, cells, width = { {} }, {}, {}, rows.remembering(display.width)
    for i, name in ipairs(document.columns) do
        lines[1][i] = columns.title(name)
        widths[i], cells[i] = #lines[1][i], cell_of(name, document.time)
    end
    for r, row in ipairs(document.rows) do
        local line = {}
        for i, name in ipairs(document.columns) do
            line[i] = cells[i](row[name])
            if #line[i] > widths[i] then
                widths[i] = math.max(widths[i], width(line[i]))
            end
        end
        lines[r + 1] = line
    end
    return lines, widths
end

local function fit(widths, limit)
    local used = 0
    for i = 1, #widths - 1 do
        widths[i] = math.min(widths[i], MAX_OTHER)
        used = used + widths[i] + #GAP
    end
    if limit and #widths > 0 then
        widths[#widths] = math.min(widths[#widths], math.max(MIN_LAST, limit - used))
    end
end

local function paint(padded, text)
    local color = COLORS[text]
    return color and ("\27[%sm%s\27[0m"):format(color, padded) or padded
end

local MIN_REST = 12 -- columns of a reason behind its class

-- What a reason is, then as much of it as fits, of both of its ends.
local function fitted_reason(text, width)
    if display.width(text) <= width then
        return text
    end
    local class = causes.explain(text).class
    local label = class ~= "other" and class .. ": " or ""
    local rest = width - #label
    if label ~= "" and rest < MIN_REST then
        return display.cut(class, width)
    end
    return label .. display.elide(text, rest)
end

local function column(i, name, width, options)
    local right, painted = columns.is_number(name), options.color and name == "status"
    local fitted = name == "fail_reason" and fitted_reason or display.cut
    return { name = i, special = not painted and "" or nil, width = width, right = right, text = function(text)
        local shown = fitted(text, width)
        local blanks = (" "):rep(width - display.width(shown))
        shown = right and blanks .. shown or shown .. blanks
        return painted and paint(shown, text) or shown
    end }
end

--- Writes rows.
-- @tparam table document
-- @tparam function write
-- @tparam table options `width`: columns of the terminal or nil; `color`
function M.render(document, write, options)
    local lines, widths = layout(document)
    fit(widths, options.width)
    local cells = {}
    for i, name in ipairs(document.columns) do
        cells[i] = column(i, name, widths[i], options)
    end
    rows.write(lines, rows.layout { columns = cells, separator = GAP, close = "\n", trim = true }, write)
end

return M
