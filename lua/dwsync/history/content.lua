--- Records as texts: canonical JSON, so that equal records are equal texts.
-- It must not lose anything: unknown fields, NUL and integers of any size come back. What JSON cannot hold is refused.
-- @module dwsync.history.content
local core = require "dwsync.core"
local ordered_json = require "dwsync.ordered_json"
local record_fields = require "dwsync.record_fields"

local M = {}

-- ordered_json writes U+FFFD itself as it is, and its escape only for bytes that are not UTF-8.
local function is_utf8(text)
    return not text:find "\\ufffd" or not text:gsub("\\\\", ""):find "\\ufffd"
end

-- What is raised for a record that JSON cannot hold: {reason =}.
local Refusal = {}

local function encode(value, format)
    local text, reason = ordered_json.encode(value)
    if text and not is_utf8(text) then
        text, reason = nil, "text that is not UTF-8"
    end
    return text or error(setmetatable({ reason = format:format(reason) }, Refusal))
end

-- The fields that are not the service's.
local function others_of(record)
    local others = {}
    for name, value in pairs(record) do
        if not record_fields.by_name[name] then
            others[name] = value
        end
    end
    local text = encode(others, "it holds %s")
    if text:sub(1, 1) == "[" then
        error(setmetatable({ reason = "it holds a value without a name" }, Refusal))
    end
    return text:sub(2, -2)
end

-- The service's fields first, in its order, then others, sorted. No text holds a line's end, so lines are records.
local LAYOUT = { columns = {}, open = "{", separator = ",", close = "}\n", others = others_of }
for i, name in ipairs(record_fields.names) do
    LAYOUT.columns[i] = { name = name, before = ordered_json.text(name) .. ":", quote = '"',
        special = ordered_json.SPECIAL, text = function(value)
            return encode(value, name .. " is %s")
        end }
end

-- What a metatable shows, as fields.
local function plain(record)
    if getmetatable(record) == nil then
        return record
    end
    local copy = {}
    for name, value in pairs(record) do
        copy[name] = value
    end
    for _, name in ipairs(record_fields.names) do
        copy[name] = record[name]
    end
    return copy
end

local function write(records)
    local texts, next_row = {}, 1
    while next_row <= #records do
        local piece
        piece, next_row = core.write_rows(records, next_row, LAYOUT)
        for line in piece:gmatch "[^\n]+" do
            texts[#texts + 1] = line
        end
    end
    return texts
end

--- The text of a record.
-- @tparam table record
-- @treturn string text, or nil when it is not a record or JSON cannot hold it
-- @treturn string reason
function M.encode(record)
    if type(record) ~= "table" then
        return nil, ("a %s is not a record"):format(type(record))
    end
    local good, texts = pcall(write, { plain(record) })
    if good then
        return texts[1]
    elseif getmetatable(texts) ~= Refusal then
        error(texts, 0)
    end
    return nil, texts.reason
end

local function are_plain(records)
    for _, record in ipairs(records) do
        if getmetatable(record) ~= nil then
            return false
        end
    end
    return true
end

--- The texts of many records, in less time than one by one.
-- @tparam {table,...} records
-- @treturn {string|boolean,...} as many; false where there is none
-- @treturn {string,...} the reasons, at the same places
function M.encode_all(records)
    local good, texts = pcall(write, are_plain(records) and records or {})
    if good and #texts == #records then
        return texts, {}
    end
    local reasons
    texts, reasons = {}, {}
    for i, record in ipairs(records) do
        local text, reason = M.encode(record)
        texts[i], reasons[i] = text or false, reason
    end
    return texts, reasons
end

-- One record; false when the text is damaged. One with a field of the wrong type may be kept, but only be read in
-- another place of a page.
local function decode_one(text)
    if not text or not text:find "^{" then
        return false
    end
    local page = core.decode_page('{"sync_records":[' .. text .. "]}")
    local list = page and page.sync_records
    if not page then
        page = core.decode_page('{"kept":[' .. text .. '],"sync_records":[]}')
        list = page and page.kept -- nil when it is damaged
    end
    return list ~= nil and #list == 1 and list[1]
end

--- Records from their texts.
-- @tparam {string,...} texts as `encode` made them
-- @tparam[opt] {string,...} fields only these
-- @treturn {table|boolean,...} as many; false for a text that is damaged
function M.decode(texts, fields)
    local page = core.decode_page('{"sync_records":[' .. table.concat(texts, ",") .. "]}",
        fields and { fields = fields })
    if page and #page.sync_records == #texts then
        return page.sync_records
    end
    local list = {}
    for i, text in ipairs(texts) do
        list[i] = decode_one(text)
    end
    return list
end

--- Whether two texts are the same record to this version and this Lua: LuaJIT cannot distinguish integers above 2^53,
-- and what another version wrote differently must not look changed.
-- @tparam string text
-- @tparam string other
-- @treturn boolean
function M.same(text, other)
    if text == other then
        return true
    end
    local record, other_record = decode_one(text), decode_one(other)
    return record and other_record and M.encode(record) == M.encode(other_record) or false
end

return M
