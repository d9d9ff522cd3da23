--- CSV (RFC 4180) with a header; times in ISO 8601, which spreadsheets and databases read.
-- It must not let a cell begin like a formula: spreadsheets would run it.
-- @module dwsync.report.rows.csv
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"
local formula = require "dwsync.report.rows.formula"
local lines = require "dwsync.report.rows.lines"

local M = {}

local function cell_of(name, time)
    return function(value)
        local text = display.harmless(columns.text(name, value, time))
        text = type(value) == "string" and formula.defused(text) or text
        if text:find '[",\r\n]' then
            text = '"' .. text:gsub('"', '""') .. '"'
        end
        return text
    end
end

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    local cells = {}
    for i, name in ipairs(document.columns) do
        cells[i] = { name = name, absent = "", special = '",', special_first = formula.SIGNS,
            integer = columns.time_writer(name, document.time), text = cell_of(name, document.time) }
    end
    write(table.concat(document.columns, ",") .. "\n")
    lines.write(document.rows, lines.layout { columns = cells, separator = ",", close = "\n" }, write)
end

return M
