--- One JSON document in the shape of the service's own answer, one row a line.
-- It must stay valid JSON for an empty list, too.
-- @module dwsync.report.rows.json
local ndjson = require "dwsync.report.rows.ndjson"

local M = {}

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    write(('{"count":%d,%s:['):format(#document.rows, ndjson.encode(document.name)))
    for i, row in ipairs(document.rows) do
        write((i > 1 and ",\n" or "\n") .. ndjson.object(row, not document.every_field and document.columns or nil))
    end
    write "\n]}\n"
end

return M
