--- The text that keeps a record: JSON of which each record has exactly one, so that equal records are equal texts.
-- It must not lose anything: unknown fields, NUL, bytes that are no UTF-8 and integers of any size come back.
-- @module dwsync.history.content
local core = require "dwsync.core"
local value = require "dwsync.history.value"

local M = {}

-- The service's fields come first, in its order; others follow, sorted.
local FIELDS = { "id", "identity_source_id", "identity_source_type", "start_time", "end_time", "add_count",
    "update_count", "delete_count", "failed_count", "status", "fail_reason" }
local OPENING, KNOWN = {}, {}
for i, name in ipairs(FIELDS) do
    OPENING[i], KNOWN[name] = ('"%s":'):format(name), true
end

local function has_unknown(record)
    for name in pairs(record) do
        if not KNOWN[name] then
            return true
        end
    end
    return false
end

--- The text of a record.
-- @tparam table record
-- @treturn string text, or nil when it is no record or JSON cannot hold it
-- @treturn string reason
function M.encode(record)
    if type(record) ~= "table" then
        return nil, ("a %s is no record"):format(type(record))
    end
    local parts = {}
    for i = 1, #FIELDS do
        local field = record[FIELDS[i]]
        if field ~= nil then
            local text, reason = value.encode(field)
            if not text then
                return nil, ("%s is %s"):format(FIELDS[i], reason)
            end
            parts[#parts + 1] = OPENING[i] .. text
        end
    end
    if has_unknown(record) then
        local added, reason = value.add_members(parts, record, KNOWN, 1)
        if not added then
            return nil, "it holds " .. reason
        end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

--- Records from their texts. Those that the decoder of pages takes, nearly all, are its work; it refuses wrong types
-- and what is no Unicode, which is read here.
-- @tparam {string,...} texts as `encode` made them
-- @treturn {table,...}
function M.decode(texts)
    local page = core.decode_page(('{"count":%d,"sync_records":[%s]}'):format(#texts, table.concat(texts, ",")))
    if page then
        return page.sync_records
    end
    local records = {}
    for i, text in ipairs(texts) do
        records[i] = value.decode(text, 1)
    end
    return records
end

--- Whether two texts are the same record to this Lua: LuaJIT's numbers cannot tell integers above 2^53 apart, and what
-- another Lua wrote exactly must not be taken for changed.
-- @tparam string text
-- @tparam string other
-- @treturn boolean
function M.same(text, other)
    if text == other then
        return true
    elseif math.type or not text:find "%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d" then
        return false
    end
    return M.encode((value.decode(text, 1))) == M.encode((value.decode(other, 1)))
end

return M
