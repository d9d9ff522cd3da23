--- One JSON object a line; times are raw milliseconds, absent fields stay absent.
-- @module dwsync.report.rows.ndjson
local lines = require "dwsync.report.rows.lines"
local ordered_json = require "dwsync.ordered_json"
local record_fields = require "dwsync.record_fields"

local M = {}

local function column(name)
    return { name = name, before = ordered_json.text(name) .. ":", quote = '"', special = ordered_json.SPECIAL,
        text = function(value)
            local text, reason = ordered_json.encode(value)
            return text or error(("%s is %s, which JSON cannot hold"):format(name, reason), 0)
        end }
end

-- The members of a row that are not fields of a record.
local function other_members(row)
    local others = {}
    for name, value in pairs(row) do
        if not record_fields.by_name[name] then
            others[name] = value
        end
    end
    local text, reason = ordered_json.encode(others)
    if not text or text:sub(1, 1) == "[" then
        error(("a row holds %s, which JSON cannot hold"):format(reason or "a value without a name"), 0)
    end
    return text:sub(2, -2)
end

--- The layout of rows as JSON objects.
-- @tparam[opt] {string,...} names the fields to write; nil for all: those of a record as documented, then the others by
-- name
-- @tparam[opt=""] string before what stands before each object
-- @tparam[opt=""] string behind what stands behind it
-- @treturn table
function M.layout(names, before, behind)
    local columns = {}
    for i, name in ipairs(names or record_fields.names) do
        columns[i] = column(name)
    end
    return lines.layout { columns = columns, open = (before or "") .. "{", separator = ",",
        close = "}" .. (behind or ""), others = not names and other_members or nil }
end

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    lines.write(document.rows, M.layout(not document.every_field and document.columns or nil, "", "\n"), write)
end

return M
