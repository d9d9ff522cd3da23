--- Records as texts: canonical JSON, so that equal records are equal texts.
-- It must not lose anything: unknown fields, NUL and integers of any size come back. What JSON cannot hold is refused.
-- @module dwsync.history.content
local core = require "dwsync.core"
local ordered_json = require "dwsync.ordered_json"
local record_fields = require "dwsync.record_fields"

local M = {}

local OPENING = {}
for i, name in ipairs(record_fields.names) do
    OPENING[i] = ordered_json.text(name) .. ":"
end

-- ordered_json writes U+FFFD itself as it is, and its escape only for bytes that are not UTF-8.
local function is_utf8(text)
    return not text:find("\\ufffd", 1, true) or not text:gsub("\\\\", ""):find("\\ufffd", 1, true)
end

local function encode(value)
    local text, reason = ordered_json.encode(value)
    if text and not is_utf8(text) then
        return nil, "text that is not UTF-8"
    end
    return text, reason
end

-- The fields that are not the service's; nil without any.
local function others_of(record)
    local others
    for name, value in pairs(record) do
        if not record_fields.by_name[name] then
            others = others or {}
            others[name] = value
        end
    end
    return others
end

--- The text of a record: the service's fields first, in its order, then others, sorted.
-- @tparam table record
-- @treturn string text, or nil when it is not a record or JSON cannot hold it
-- @treturn string reason
function M.encode(record)
    if type(record) ~= "table" then
        return nil, ("a %s is not a record"):format(type(record))
    end
    local parts = {}
    for i, name in ipairs(record_fields.names) do
        if record[name] ~= nil then
            local text, reason = encode(record[name])
            if not text then
                return nil, ("%s is %s"):format(name, reason)
            end
            parts[#parts + 1] = OPENING[i] .. text
        end
    end
    local others = others_of(record)
    if others then
        local text, reason = encode(others)
        if not text or text:sub(1, 1) == "[" then
            return nil, "it holds " .. (reason or "a value without a name")
        end
        parts[#parts + 1] = text:sub(2, -2)
    end
    return "{" .. table.concat(parts, ",") .. "}"
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
