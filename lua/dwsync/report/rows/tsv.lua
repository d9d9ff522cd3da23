--- Tab-separated values with a header; times in ISO 8601.
-- It must keep one record on one line: tab, line break and backslash are written \t, \n, \r and \\.
-- @module dwsync.report.rows.tsv
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"

local M = {}

local ESCAPES = { ["\t"] = "\\t", ["\n"] = "\\n", ["\r"] = "\\r", ["\\"] = "\\\\" }

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    write(table.concat(document.columns, "\t") .. "\n")
    for _, row in ipairs(document.rows) do
        local cells = {}
        for i, name in ipairs(document.columns) do
            cells[i] = display.harmless(columns.text(name, row[name])):gsub("[\t\n\r\\]", ESCAPES)
        end
        write(table.concat(cells, "\t") .. "\n")
    end
end

return M
