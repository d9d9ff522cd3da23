--- Rows as a Markdown table.
-- It must not let a cell end its row, or mean anything to whoever renders it.
-- @module dwsync.report.rows.markdown
local columns = require "dwsync.report.rows.columns"
local markdown_text = require "dwsync.report.markdown_text"

local M = {}

local MAX_CELL = 300

local function line(cells)
    return "| " .. table.concat(cells, " | ") .. " |\n"
end

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    local titles, rules = {}, {}
    for i, name in ipairs(document.columns) do
        titles[i] = markdown_text.prose(columns.title(name))
        rules[i] = columns.is_number(name) and "--:" or "---"
    end
    write(line(titles) .. line(rules))
    for _, row in ipairs(document.rows) do
        local cells = {}
        for i, name in ipairs(document.columns) do
            cells[i] = markdown_text.prose(columns.text(name, row[name], document.time), MAX_CELL)
        end
        write(line(cells))
    end
end

return M
