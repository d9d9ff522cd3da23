--- Rows in the form that a person or a program wants to read.
-- It must not fetch or judge. All text in a row is hostile: each format escapes it in its own way.
--
-- A document is {name =, rows = {row,...}, columns = {name,...}, every_field = boolean}: `name` is the field of the
-- service's answer that held the rows; with `every_field` the JSON formats show all fields of a row, not only columns.
-- @module dwsync.report
local M = {}

M.formats = { "table", "csv", "tsv", "json", "ndjson" }

--- Writes a document.
-- @tparam string format one of `formats`
-- @tparam table document
-- @tparam function write called with pieces of text
-- @tparam[opt] table options for "table": `width` in columns, nil for no limit; `color`
function M.render(format, document, write, options)
    require("dwsync.report." .. format).render(document, write, options or {})
end

return M
