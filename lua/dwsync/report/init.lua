--- Rows and verdicts in the form that a person or a program wants to read.
-- All text in a row or a verdict is hostile: each format escapes it in its own way.
-- @module dwsync.report
local checks = require "dwsync.checks"

local M = {}

--- Rows to write.
-- @table dwsync.document
-- @tfield string name the field of the service's answer that held the rows, such as "sync_records"
-- @tfield {table,...} rows
-- @tfield {string,...} columns names of the fields to show
-- @tfield[opt="iso"] "iso"|"ms"|"local" time how points in time are written, but in the JSON formats, where they are
-- milliseconds
-- @tfield[opt] boolean every_field whether the JSON formats show all fields of a row instead of only the columns

--- The formats that `render` knows.
-- @class field
-- @name formats
-- @tfield {string,...} formats
M.formats = { "table", "csv", "tsv", "json", "ndjson", "markdown", "html" }

--- The formats that `render_health` knows.
-- @class field
-- @name health_formats
-- @tfield {string,...} health_formats
M.health_formats = { "table", "csv", "tsv", "json", "ndjson", "markdown", "html", "status", "prometheus", "nagios" }

-- These formats write verdicts as rows.
local AS_ROWS = { csv = true, tsv = true, ndjson = true }

local ELSEWHERE = { status = "dwsync.report.status.page" }

-- Raises at the line that called `render` or `render_health`.
local function check_format(format, formats, noun)
    for _, name in ipairs(formats) do
        if name == format then
            return
        end
    end
    error(("unknown %s '%s', expected one of %s"):format(noun, tostring(format), table.concat(formats, ", ")), 3)
end

local DOCUMENT = {
    name = { kind = "string", required = true },
    rows = { kind = "table", required = true }, -- a list from the client has more than records
    columns = { kind = "list", required = true },
    time = { kind = "one_of", values = { "iso", "ms", "local" } },
    every_field = { kind = "boolean" },
}

-- A document with the columns that are worked out of its rows. What is wrong raises at the line that called `render`.
local function check_document(document, write)
    if type(write) ~= "function" then
        error(("report.render: write is a %s, expected a function such as io.write"):format(type(write)), 3)
    end
    local checked = checks.arguments(DOCUMENT, document, "report.render", 3)
    checked.rows = require("dwsync.report.rows.columns").complete(checked.rows, checked.columns)
    return checked
end

--- Writes a document.
-- @tparam string format one of `formats`
-- @tparam dwsync.document document
-- @tparam function(text:string):any write called with pieces of text, such as `io.write`
-- @tparam[opt] table options for "table"
-- @tparam[opt] integer options.width columns; nil for no limit
-- @tparam[opt] boolean options.color
-- @raise for an unknown format
-- @usage report.render("csv", { name = "sync_records", rows = list, columns = { "id", "status" } }, io.write)
function M.render(format, document, write, options)
    check_format(format, M.formats, "row format")
    local checked = check_document(document, write)
    require("dwsync.report.rows." .. format).render(checked, write, options or {})
end

--- Writes verdicts.
-- @tparam string format one of `health_formats`
-- @tparam dwsync.overview overview what dwsync.health.overview returned
-- @tparam function(text:string):any write called with pieces of text, such as `io.write`
-- @tparam[opt] table options
-- @tparam[opt] integer options.width for "table": columns; nil without a terminal
-- @tparam[opt] boolean options.color for "table"
-- @tparam[opt] boolean options.long for "nagios": a line about each verdict below the first
-- @raise for an unknown format
-- @usage report.render_health("html", health.overview({ { cluster = it, evaluation = evaluation } }, now), io.write)
function M.render_health(format, overview, write, options)
    check_format(format, M.health_formats, "verdict format")
    if AS_ROWS[format] then
        local document = require("dwsync.report.verdicts.facts").document(overview)
        return require("dwsync.report.rows." .. format).render(document, write)
    end
    require(ELSEWHERE[format] or "dwsync.report.verdicts." .. format).render(overview, write, options or {})
end

return M
