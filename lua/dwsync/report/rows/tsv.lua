--- Tab-separated values with a header; times in ISO 8601.
-- It must keep one record on one line: tab, line break and backslash are written \t, \n, \r and \\. Nor may a cell
-- begin like a formula: what is copied into a spreadsheet is run there.
-- @module dwsync.report.rows.tsv
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"
local formula = require "dwsync.report.rows.formula"
local lines = require "dwsync.report.rows.lines"

local M = {}

local ESCAPES = { ["\t"] = "\\t", ["\n"] = "\\n", ["\r"] = "\\r", ["\\"] = "\\\\" }

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    local cells = {}
    for i, name in ipairs(document.columns) do
        cells[i] = { name = name, absent = "", special = "\\", special_first = formula.SIGNS,
            integer = columns.time_writer(name, document.time),
            text = function(value)
                local text = display.harmless(columns.text(name, value, document.time))
                text = type(value) == "string" and formula.defused(text) or text
                return (text:gsub("[\t\n\r\\]", ESCAPES))
            end }
    end
    write(table.concat(document.columns, "\t") .. "\n")
    lines.write(document.rows, lines.layout { columns = cells, separator = "\t", close = "\n" }, write)
end

return M
