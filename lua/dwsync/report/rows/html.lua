--- Rows as a page that stands alone.
-- It must not hold all rows in memory as markup.
-- @module dwsync.report.rows.html
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"
local lines = require "dwsync.report.rows.lines"
local markup = require "dwsync.report.page.markup"
local page = require "dwsync.report.page"
local quantities = require "dwsync.quantities"
local record_fields = require "dwsync.record_fields"

local M = {}

local MAX_CELL = 500

local TITLES = { sync_records = "Synchronisation records", clusters = "Clusters" }

-- What a person reads in a page has room for words.
local HEADINGS = { name = "Name", version = "Version", number_of_node = "Nodes" }

local TIMES = { iso = "times in UTC", ["local"] = "times with zone", ms = "times in milliseconds" }

local function column(name)
    local field = record_fields.by_name[name]
    return { title = field and field.heading or HEADINGS[name] or columns.title(name),
        class = field and field.class or columns.is_number(name) and "number" or nil }
end

local function cell(name, absent, time)
    return function(value)
        local text = columns.text(name, value, time)
        text = text:gsub("^(%d%d%d%d%-%d%d%-%d%d)T(%d%d:%d%d:%d%d)%.%d%d%dZ$", "%1 %2Z")
        return text == "" and absent or markup.escape(display.cut(display.safe(text), MAX_CELL))
    end
end

-- A row is taken apart around its cells, as an empty table around its rows: only what differs is made for each.
local function cells_between(names, shown, time)
    local slot, slots, cells, at = markup.element("slot"), {}, {}, 1
    for i in ipairs(names) do
        slots[i] = slot
    end
    local row = "\n" .. tostring(page.row(shown, slots))
    for i, name in ipairs(names) do
        local first, last = row:find(tostring(slot), at, true)
        local before, absent = row:sub(at, first - 1), i > 1 and "–" or ""
        local text = cell(name, absent, time)
        cells[i] = { name = name, before = before, absent = before .. absent, text = text,
            integer = columns.is_time(name) and text or nil }
        at = last + 1
    end
    return cells, row:sub(at)
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
    local caption = ("%s, %s"):format(quantities.count(#document.rows, "row"), TIMES[document.time or "iso"])
    local before, after = tostring(page.table(caption, shown, {})):match "^(.*)(</tbody></table>)$"
    write(page.head(title) .. tostring(markup.element("header", nil, markup.element("h1", nil, title))))
    write('<main><div class="scroll" role="region" tabindex="0" aria-label="Table">' .. before)
    local cells, close = cells_between(document.columns, shown, document.time)
    lines.write(document.rows, lines.layout { columns = cells, close = close }, write)
    write(after .. "</div></main>" .. page.foot())
end

return M
