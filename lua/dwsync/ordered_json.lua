--- JSON with its fields in a fixed order: the same value is the same text, whatever the locale.
--
-- Everything in it that drives a terminal, turns the direction of writing or is invisible is escaped, so that programs
-- still read it. Bytes that are not UTF-8 become U+FFFD.
-- @module dwsync.ordered_json
local decimal = require "dwsync.decimal"
local safe = require "dwsync.text"

local M = {}

local MAX_DEPTH, MAX_ITEMS = 61, 1000000 -- what core.decode_page reads inside a record's field

local SHORT = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r",
    ["\t"] = "\\t" }

local function escape(character)
    return SHORT[character] or ("\\u%04x"):format(character:byte())
end

local function escape_code_point(code)
    if code > 0xFFFF then
        code = code - 0x10000
        return ("\\u%04x\\u%04x"):format(0xD800 + math.floor(code / 0x400), 0xDC00 + code % 0x400)
    end
    return ("\\u%04x"):format(code)
end

--- What must be escaped in a text beside control characters, and beside what is beyond ASCII and may have to be.
M.SPECIAL = '"\\'

local SPECIAL = "[%c\128-\255" .. M.SPECIAL:gsub("%p", "%%%0") .. "]"

--- A text.
-- @tparam string text
-- @treturn string
function M.text(text)
    if text:find(SPECIAL) then
        text = text:gsub('[%z\1-\31"\\\127]', escape)
        if text:find "[\128-\255]" then
            text = safe.escape_hidden(safe.utf8(text, "\\ufffd"), escape_code_point)
        end
    end
    return '"' .. text .. '"'
end

-- The last place of an array, in which nulls may have left holes; nil for other tables.
local function array_end(list)
    local last = 0
    for key in pairs(list) do
        if type(key) ~= "number" or key % 1 ~= 0 or key < 1 or key > MAX_ITEMS then
            return nil
        end
        last = math.max(last, key)
    end
    return last > 0 and last or nil
end

local function sorted_names(object)
    local names = {}
    for name in pairs(object) do
        if type(name) ~= "string" then
            return nil, "a table with keys of several kinds"
        end
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

local encode

local function encode_array(list, last, depth)
    local parts = {}
    for i = 1, last do
        local text, reason = "null", nil
        if list[i] ~= nil then
            text, reason = encode(list[i], depth)
        end
        if not text then
            return nil, reason
        end
        parts[i] = text
    end
    return "[" .. table.concat(parts, ",") .. "]"
end

local function encode_object(object, depth)
    local names, reason = sorted_names(object)
    for i, name in ipairs(names or {}) do
        local text
        text, reason = encode(object[name], depth)
        if not text then
            return nil, reason
        end
        names[i] = M.text(name) .. ":" .. text
    end
    return names and "{" .. table.concat(names, ",") .. "}", reason
end

local function encode_table(value, depth)
    if depth > MAX_DEPTH then
        return nil, ("tables more than %d levels deep"):format(MAX_DEPTH)
    end
    local last = array_end(value)
    if last then
        return encode_array(value, last, depth)
    end
    return encode_object(value, depth)
end

function encode(value, depth)
    local kind = type(value)
    if kind == "string" then
        return M.text(value)
    elseif kind == "number" then
        return decimal.exact(value), "a number that JSON cannot hold"
    elseif kind == "boolean" then
        return tostring(value)
    elseif kind == "table" then
        return encode_table(value, depth + 1)
    end
    return nil, "a " .. kind
end

--- Any value: the fields of tables sorted by name, nulls that left holes in an array written as such.
-- @param value
-- @treturn string JSON, or nil
-- @treturn string what it is that JSON cannot hold
function M.encode(value)
    return encode(value, 0)
end

--- The members of an object, of some fields of a table. What is absent and what JSON cannot hold is left out.
-- @tparam table value
-- @tparam {string,...} names in their order
-- @treturn {string,...} each "name":value
function M.members(value, names)
    local parts = {}
    for _, name in ipairs(names) do
        local text = value[name] ~= nil and M.encode(value[name])
        parts[#parts + 1] = text and M.text(name) .. ":" .. text or nil
    end
    return parts
end

--- An object of the same.
-- @tparam table value
-- @tparam {string,...} names in their order
-- @tparam[opt] string more members as JSON behind those
-- @treturn string
function M.object(value, names, more)
    local parts = M.members(value, names)
    parts[#parts + 1] = more
    return "{" .. table.concat(parts, ",") .. "}"
end

return M
