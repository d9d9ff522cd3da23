--- A table for people: aligned, fitting the terminal, times to the second in UTC.
-- It must not show hostile text as it is: dwsync.text makes it harmless.
-- @module dwsync.report.rows.table
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"

local M = {}

local GAP = "  "
local MIN_LAST = 8 -- the last column is cut to fit, but never to less
local MAX_OTHER = 120 -- of the others, or one long text would widen every row

local COLORS = { FAILED = "31", RUNNING = "33", FINISHED = "32" }

local function cell(name, value)
    -- To the second: milliseconds only cost room here.
    return display.safe(columns.text(name, value):gsub("^(%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d)%.%d%d%dZ$", "%1Z"))
end

local function layout(document)
    local lines, widths = { {} }, {}
    for i, name in ipairs(document.columns) do
        lines[1][i] = columns.title(name)
        widths[i] = #lines[1][i]
    end
    for _, row in ipairs(document.rows) do
        local line = { row = row }
        for i, name in ipairs(document.columns) do
            line[i] = cell(name, row[name])
            widths[i] = math.max(widths[i], display.width(line[i]))
        end
        lines[#lines + 1] = line
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

local function pad(text, width, right)
    local blanks = (" "):rep(width - display.width(text))
    return right and blanks .. text or text .. blanks
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
    for _, line in ipairs(lines) do
        local cells = {}
        for i, name in ipairs(document.columns) do
            local text = pad(display.cut(line[i], widths[i]), widths[i], columns.is_number(name))
            cells[i] = options.color and paint(text, name, line.row) or text
        end
        write((table.concat(cells, GAP):match "^.*%S" or "") .. "\n") -- gsub("%s+$") is slow for many blanks
    end
end

return M
