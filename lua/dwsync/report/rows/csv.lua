--- CSV (RFC 4180) with a header; times are raw milliseconds.
-- It must not let a cell begin like a formula: spreadsheets would run it.
-- @module dwsync.report.rows.csv
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"
local lines = require "dwsync.report.rows.lines"

local M = {}

-- Full-width + - = @, which spreadsheets of East Asia take for the narrow ones.
local WIDE_SIGN = "^\239\188[\139\141\157\160]"

local function cell(value)
    local text = display.harmless(columns.raw(value))
    if type(value) == "string" and (text:find "^[=+@\t\r\n-]" or text:find(WIDE_SIGN)) then
        text = "'" .. text
    end
    if text:find '[",\r\n]' then
        text = '"' .. text:gsub('"', '""') .. '"'
    end
    return text
end

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    local cells = {}
    for i, name in ipairs(document.columns) do
        cells[i] = { name = name, absent = "", special = '",', special_first = "=+@-", text = cell }
    end
    write(table.concat(document.columns, ",") .. "\n")
    lines.write(document.rows, lines.layout { columns = cells, separator = ",", close = "\n" }, write)
end

return M
