--- A table for people: aligned, fitting the terminal, times to the second in UTC.
-- It must not show hostile text as it is: dwsync.text makes it harmless.
-- @module dwsync.report.rows.table
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"
local rows = require "dwsync.report.rows.lines"
local timestamps = require "dwsync.timestamps"

local concat = table.concat

local M = {}

local GAP = "  "
local MIN_LAST = 8 -- the last column is cut to fit, but never to less
local MAX_OTHER = 120 -- of the others, or one long text would widen every row

local BLANK = (" "):byte()
local FEW = 256 -- texts of a column that are remembered

local COLORS = { FAILED = "31", RUNNING = "33", FINISHED = "32" }

-- Remembers what a function makes of a value, for the values that come again and again.
local function remembering(make)
    local made, room = {}, FEW
    return function(value)
        local text = made[value]
        if text == nil then
            text = make(value)
            if room > 0 then
                made[value], room = text, room - 1
            end
        end
        return text
    end
end

-- To the second: milliseconds only cost room here.
local function time(value)
    if type(value) ~= "number" then
        return display.safe(columns.raw(value))
    end
    local text = timestamps.to_iso(value)
    return #text == #"2025-05-19T06:55:23.055Z" and text:sub(1, 19) .. "Z" or text
end

local function cell_of(name)
    if columns.is_time(name) then
        return time
    end
    local text = function(value)
        return display.safe(columns.text(name, value))
    end
    local remembered = remembering(text)
    return function(value)
        return value ~= nil and value == value and remembered(value) or text(value)
    end
end

local function layout(document)
    local lines, widths, cells, width = { {} }, {}, {}, remembering(display.width)
    for i, name in ipairs(document.columns) do
        lines[1][i] = columns.title(name)
        widths[i], cells[i] = #lines[1][i], cell_of(name)
    end
    for r, row in ipairs(document.rows) do
        local line = { row = row }
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

local function padded(width, right)
    return function(text)
        if #text == width and not text:find "[\128-\255]" then
            return text
        end
        text = display.cut(text, width)
        local blanks = (" "):rep(width - display.width(text))
        return right and blanks .. text or text .. blanks
    end
end

local function paint(text, name, row)
    local color = row and name == "status" and COLORS[row.status]
    return color and ("\27[%sm%s\27[0m"):format(color, text) or text
end

--- Writes rows.
-- @tparam table document
-- @tparam function write
-- @tparam table options `width`: columns of the terminal or nil; `color`
function M.render(document, write, options)
    local lines, widths = layout(document)
    fit(widths, options.width)
    local pads, cells, count = {}, {}, #document.columns
    for i, name in ipairs(document.columns) do
        pads[i] = remembering(padded(widths[i], columns.is_number(name)))
    end
    rows.write(lines, function(line)
        for i = 1, count do
            local text = line[i]
            cells[i] = pads[i](text)
            cells[i] = options.color and paint(cells[i], document.columns[i], line.row) or cells[i]
        end
        local text = concat(cells, GAP, 1, count)
        if text:byte(-1) == BLANK then
            text = text:match "^.*%S" or "" -- gsub("%s+$") is slow for many blanks
        end
        return text .. "\n"
    end, write)
end

return M
