--- Rows as a page that stands alone.
-- It must not hold all rows in memory as markup: each is written as it comes.
-- @module dwsync.report.rows.html
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"
local markup = require "dwsync.report.page.markup"
local page = require "dwsync.report.page"
local quantities = require "dwsync.quantities"
local record_fields = require "dwsync.record_fields"

local M = {}

local MAX_CELL = 500

local TITLES = { sync_records = "Synchronisation records", clusters = "Clusters" }

-- What a person reads in a page has room for words.
local HEADINGS = { name = "Name", version = "Version", number_of_node = "Nodes" }

local function column(name)
    local field = record_fields.by_name[name]
    return { title = field and field.heading or HEADINGS[name] or columns.title(name),
        class = field and field.class or columns.is_number(name) and "number" or nil }
end

local function cell(name, value)
    local text = columns.text(name, value):gsub("^(%d%d%d%d%-%d%d%-%d%d)T(%d%d:%d%d:%d%d)%.%d%d%dZ$", "%1 %2Z")
    return display.cut(display.safe(text), MAX_CELL)
end

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    local title = TITLES[document.name] or document.name
    local shown = {}
    for i, name in ipairs(document.columns) do
        shown[i] = column(name)
    end
    -- An empty table is taken apart around its rows, which are then written one by one.
    local caption = quantities.count(#document.rows, "row") .. ", times in UTC"
    local before, after = tostring(page.table(caption, shown, {})):match "^(.*)(</tbody></table>)$"
    write(page.head(title) .. tostring(markup.element("header", nil, markup.element("h1", nil, title))))
    write('<main><div class="scroll" role="region" tabindex="0" aria-label="Table">' .. before)
    for _, row in ipairs(document.rows) do
        local cells = {}
        for i, name in ipairs(document.columns) do
            cells[i] = cell(name, row[name])
        end
        write("\n" .. tostring(page.row(shown, cells)))
    end
    write(after .. "</div></main>" .. page.foot())
end

return M
