--- JSON of a value, of which each value has exactly one, and the value back.
-- It must not be used for JSON of others: it reads only what it wrote.
--
-- It is valid UTF-8 without NUL, fit for a text column of any database. A byte that is no UTF-8 is written as the lone
-- surrogate \udc80 to \udcff, which no other text can become.
-- @module dwsync.history.value
local display = require "dwsync.text"

local M = {}

local MAX_DEPTH, MAX_NULLS = 100, 1000000
local INTEGER_END = 2 ^ 63

-- ---- writing --------------------------------------------------------------------------------------

local function escaped(character)
    if character == '"' or character == "\\" then
        return "\\" .. character
    end
    return ("\\u%04x"):format(character:byte())
end

local function surrogate(byte)
    return ("\\udc%02x"):format(byte:byte())
end

--- A text as JSON.
-- @tparam string text
-- @treturn string
function M.text(text)
    if text:find '[%c"\\\128-\255]' then
        text = display.utf8(text:gsub('[%z\1-\31"\\]', escaped), surrogate)
    end
    return '"' .. text .. '"'
end

local type_of_number = math.type or function()
    return "float"
end

--- A number as JSON, the same for an integer and the equal float. Infinity is 1e999, which readers take for it.
-- @tparam number number
-- @treturn ?string nil for NaN
function M.number(number)
    if type_of_number(number) == "integer" then
        return ("%d"):format(number)
    elseif number ~= number then
        return nil
    elseif number % 1 == 0 and number > -INTEGER_END and number < INTEGER_END then
        return number == 0 and "0" or ("%.0f"):format(number)
    elseif number == math.huge or number == -math.huge then
        return number > 0 and "1e999" or "-1e999"
    end
    return ("%.17g"):format(number)
end

-- Returns the largest key and whether all are of an array; nulls have left holes.
local function array_end(list)
    local last = 0
    for key in pairs(list) do
        if type(key) ~= "number" or key % 1 ~= 0 or key < 1 or key > MAX_NULLS then
            return nil
        end
        last = math.max(last, key)
    end
    return last > 0 and last or nil
end

local function array_of(list, last, depth)
    local parts = {}
    for i = 1, last do
        local text, reason = "null", nil
        if list[i] ~= nil then
            text, reason = M.encode(list[i], depth)
        end
        if not text then
            return nil, reason
        end
        parts[i] = text
    end
    return "[" .. table.concat(parts, ",") .. "]"
end

local function sorted_names(object, except)
    local names = {}
    for name in pairs(object) do
        if type(name) ~= "string" then
            return nil, "a table with keys of several kinds"
        elseif not except[name] then
            names[#names + 1] = name
        end
    end
    table.sort(names)
    return names
end

--- Adds the members of an object, sorted, to a list.
-- @tparam {string,...} parts
-- @tparam table object
-- @tparam table except the names to leave out
-- @tparam integer depth
-- @treturn {string,...} parts, or nil when JSON cannot hold one
-- @treturn string reason
function M.add_members(parts, object, except, depth)
    local names, reason = sorted_names(object, except)
    for _, name in ipairs(names or {}) do
        local text
        text, reason = M.encode(object[name], depth)
        if not text then
            return nil, reason
        end
        parts[#parts + 1] = M.text(name) .. ":" .. text
    end
    return names and parts, reason
end

local NOTHING = {}

local function table_of(value, depth)
    if depth >= MAX_DEPTH then
        return nil, ("tables more than %d levels deep"):format(MAX_DEPTH)
    end
    local last = array_end(value)
    if last then
        return array_of(value, last, depth + 1)
    end
    local parts, reason = M.add_members({}, value, NOTHING, depth + 1)
    return parts and "{" .. table.concat(parts, ",") .. "}", reason
end

--- The JSON of a value.
-- @param value
-- @tparam[opt=1] integer depth
-- @treturn string text, or nil when JSON cannot hold it
-- @treturn string reason
function M.encode(value, depth)
    local kind = type(value)
    if kind == "string" then
        return M.text(value)
    elseif kind == "number" then
        return M.number(value), "a number that is none (NaN)"
    elseif kind == "boolean" then
        return tostring(value)
    elseif kind == "table" then
        return table_of(value, depth or 1)
    end
    return nil, "a " .. kind
end

-- ---- reading --------------------------------------------------------------------------------------

local function unescape(code)
    local number = tonumber(code, 16)
    return string.char(number >= 0xdc80 and number - 0xdc00 or number)
end

local function read_text(text, at)
    local last = at + 1
    while true do
        local found = text:find('["\\]', last)
        if text:sub(found, found) == '"' then
            last = found
            break
        end
        last = found + 2
    end
    local raw = text:sub(at + 1, last - 1)
    if raw:find("\\", 1, true) then
        raw = raw:gsub("\\(.)(%x?%x?%x?%x?)", function(kind, code)
            return kind == "u" and unescape(code) or kind .. code
        end)
    end
    return raw, last + 1
end

local function read_object(text, at)
    local object = {}
    at = at + 1
    while text:sub(at, at) ~= "}" do
        local name
        name, at = read_text(text, text:sub(at, at) == "," and at + 1 or at)
        object[name], at = M.decode(text, at + 1)
    end
    return object, at + 1
end

local function read_array(text, at)
    local list, i = {}, 0
    at = at + 1
    while text:sub(at, at) ~= "]" do
        i = i + 1
        list[i], at = M.decode(text, text:sub(at, at) == "," and at + 1 or at)
    end
    return list, at + 1
end

local WORDS = { t = { true, 4 }, f = { false, 5 }, n = { nil, 4 } }

--- Reads a value.
-- @tparam string text
-- @tparam integer at where it begins
-- @return the value
-- @treturn integer where it has ended
function M.decode(text, at)
    local first = text:sub(at, at)
    if first == '"' then
        return read_text(text, at)
    elseif first == "{" then
        return read_object(text, at)
    elseif first == "[" then
        return read_array(text, at)
    elseif WORDS[first] then
        return WORDS[first][1], at + WORDS[first][2]
    end
    local number, past = text:match("^([%d.eE+-]+)()", at)
    return tonumber(number), past
end

return M
