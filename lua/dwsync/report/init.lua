--- Rows and verdicts in the form that a person or a program wants to read.
-- It must not fetch or judge. All text in a row or a verdict is hostile: each format escapes it in its own way.
--
-- A document is {name =, rows = {row,...}, columns = {name,...}, every_field = boolean}: `name` is the field of the
-- service's answer that held the rows; with `every_field` the JSON formats show all fields of a row, not only columns.
-- An overview is what dwsync.health.overview returns; with `records` in its items "html" and "status" draw their runs.
-- @module dwsync.report
local M = {}

--- What `render` writes.
M.formats = { "table", "csv", "tsv", "json", "ndjson", "markdown", "html" }

--- What `render_health` writes.
M.health_formats = { "table", "csv", "tsv", "json", "ndjson", "markdown", "html", "status", "prometheus", "nagios" }

-- Verdicts are rows like any other to these.
local AS_ROWS = { csv = true, tsv = true, ndjson = true }

local ELSEWHERE = { status = "dwsync.report.status.page" }

local function is_one_of(format, formats)
    for _, name in ipairs(formats) do
        if name == format then
            return true
        end
    end
    return false
end

--- Writes a document.
-- @tparam string format one of `formats`
-- @tparam table document
-- @tparam function write called with pieces of text
-- @tparam[opt] table options for "table": `width` in columns, nil for no limit; `color`
function M.render(format, document, write, options)
    if not is_one_of(format, M.formats) then
        error(("'%s' is no format of rows; there are %s"):format(tostring(format), table.concat(M.formats, ", ")), 2)
    end
    require("dwsync.report.rows." .. format).render(document, write, options or {})
end

--- Writes verdicts.
-- @tparam string format one of `health_formats`
-- @tparam table overview of dwsync.health.overview
-- @tparam function write called with pieces of text
-- @tparam[opt] table options for "table": `width` in columns, nil when there is no terminal, and `color`; for "nagios":
-- `long`, true for a line about each verdict below the first
-- @usage report.render_health("html", health.overview({ { cluster = it, evaluation = evaluation } }, now), io.write)
function M.render_health(format, overview, write, options)
    if not is_one_of(format, M.health_formats) then
        error(("'%s' is no format of verdicts; there are %s"):format(tostring(format),
            table.concat(M.health_formats, ", ")), 2)
    elseif AS_ROWS[format] then
        local document = require("dwsync.report.verdicts.facts").document(overview)
        return require("dwsync.report.rows." .. format).render(document, write, options or {})
    end
    require(ELSEWHERE[format] or "dwsync.report.verdicts." .. format).render(overview, write, options or {})
end

return M
