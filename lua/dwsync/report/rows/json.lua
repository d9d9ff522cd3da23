--- One JSON document in the shape of the service's own answer, one row a line.
-- It must stay valid JSON for an empty list, too.
-- @module dwsync.report.rows.json
local lines = require "dwsync.report.rows.lines"
local ndjson = require "dwsync.report.rows.ndjson"
local ordered_json = require "dwsync.ordered_json"

local M = {}

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    write(('{"count":%d,%s:['):format(#document.rows, ordered_json.text(document.name)))
    local layout = ndjson.layout(not document.every_field and document.columns or nil, ",\n")
    local is_first = true
    lines.write(document.rows, layout, function(text)
        write(is_first and text:sub(2) or text)
        is_first = false
    end)
    write "\n]}\n"
end

return M
