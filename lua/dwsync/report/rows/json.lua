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
    local object = ndjson.maker(not document.every_field and document.columns or nil, ",\n")
    lines.write(document.rows, function(row, i)
        local text = object(row)
        return i > 1 and text or text:sub(2)
    end, write)
    write "\n]}\n"
end

return M
