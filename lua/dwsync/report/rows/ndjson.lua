--- One JSON object a line; times are raw milliseconds, absent fields stay absent.
-- It must write fields in a fixed order, so that outputs can be compared.
-- @module dwsync.report.rows.ndjson
local columns = require "dwsync.report.rows.columns"
local display = require "dwsync.text"
local json = require "dwsync.json"

local M = {}

local POSITION = {}
for i, name in ipairs(columns.record_fields) do
    POSITION[name] = i
end

-- Known fields as documented, then the others by name.
local function before(a, b)
    local left, right = POSITION[a] or math.huge, POSITION[b] or math.huge
    if left ~= right then
        return left < right
    end
    return a < b
end

local function field_names(row)
    local names = {}
    for name in pairs(row) do
        names[#names + 1] = name
    end
    table.sort(names, before)
    return names
end

local function escape(code)
    if code > 0xFFFF then
        code = code - 0x10000
        return ("\\u%04x\\u%04x"):format(0xD800 + math.floor(code / 0x400), 0xDC00 + code % 0x400)
    end
    return ("\\u%04x"):format(code)
end

--- A value as JSON that is valid UTF-8, and in which nothing is left that is hidden or that a terminal obeys: all that
-- is escaped, so a program reads what it was.
-- @param value
-- @treturn string
function M.encode(value)
    return display.escape_hidden(json.encode(value), escape)
end

--- One row as a JSON object.
-- @tparam table row
-- @tparam {string,...} names fields to write; nil for all
-- @treturn string
function M.object(row, names)
    local parts = {}
    for _, name in ipairs(names or field_names(row)) do
        if row[name] ~= nil then
            parts[#parts + 1] = ("%s:%s"):format(M.encode(name), M.encode(row[name]))
        end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

--- Writes rows.
-- @tparam table document
-- @tparam function write
function M.render(document, write)
    for _, row in ipairs(document.rows) do
        write(M.object(row, not document.every_field and document.columns or nil) .. "\n")
    end
end

return M
