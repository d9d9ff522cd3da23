--- The name under which a record is kept: its id or, without one, what else identifies a run.
-- It must not give two records one name, whatever their texts hold.
--
-- An id is kept as it is, with the backslash, NUL and bytes that are not UTF-8 escaped. Names that begin with "~" are
-- made here: ~number:5 (the id is a number), ~run:[type,source,start] (no id, but a source's start), ~content:digest
-- (neither: the same content is the same record), ~long:digest (a name too long for an index).
-- @module dwsync.history.identity
local core = require "dwsync.core"
local decimal = require "dwsync.decimal"
local display = require "dwsync.text"
local ordered_json = require "dwsync.ordered_json"

local M = {}

local LONGEST = 400 -- bytes; PostgreSQL's index entries end at 2,700, clusters included

local PLAIN, TILDE = "^[0-9a-z-]*$", 126

local function escape(character)
    return character == "\\" and "\\\\" or ("\\x%02x"):format(character:byte())
end

--- A text as a column holds it: without NUL and invalid UTF-8, and different for different texts.
-- @tparam string text
-- @treturn string
function M.cell(text)
    if text:find(PLAIN) or not text:find "[%z\\\128-\255]" then -- most are UUIDs
        return text
    end
    return display.utf8(text:gsub("[%z\\]", escape), escape)
end

--- The text that `cell` was given.
-- @tparam string cell
-- @treturn string
function M.text(cell)
    return (cell:gsub("\\(.)(%x?%x?)", function(kind, code)
        return kind == "x" and string.char(tonumber(code, 16)) or kind .. code
    end))
end

local function bounded(name)
    return #name <= LONGEST and name or "~long:" .. core.sha256(name)
end

--- The name of an id.
-- @tparam string id
-- @treturn string
function M.of_id(id)
    if #id <= LONGEST and id:find(PLAIN) then
        return id
    end
    local cell = M.cell(id)
    return bounded(cell:byte(1) == TILDE and "\\" .. cell or cell)
end

--- Whether names are the ids of their records as they are; then another id has none of these names.
-- @tparam string names as one text
-- @treturn boolean
function M.are_ids(names)
    return not (names:find("\\", 1, true) or names:find("~", 1, true))
end

--- The name of a record.
-- @tparam table record
-- @tparam string text its content
-- @treturn string
function M.of(record, text)
    local id = record.id
    if type(id) == "string" and id ~= "" then
        return M.of_id(id)
    elseif type(id) == "number" and decimal.exact(id) then
        return "~number:" .. decimal.exact(id)
    end
    local start, source = record.start_time, record.identity_source_id
    if type(start) == "number" and decimal.exact(start) and type(source) == "string" then
        local kind = type(record.identity_source_type) == "string" and record.identity_source_type or ""
        return bounded("~run:" .. ordered_json.encode { kind, source, start })
    end
    return "~content:" .. core.sha256(text)
end

return M
