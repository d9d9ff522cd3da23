--- Sources and foreign words as they stand in a sentence.
-- It must not let what a record says drive a terminal: foreign words come out as printable ASCII.
-- @module dwsync.health.wording
local errors = require "dwsync.errors"

local M = {}

--- A foreign word, cut short.
-- @tparam string text
-- @tparam integer longest
-- @treturn string
function M.foreign(text, longest)
    local printable = errors.printable(text:sub(1, longest + 1))
    return #printable > longest and printable:sub(1, longest) .. "..." or printable
end

--- What a source is called in a sentence.
-- @tparam table source
-- @treturn string "the ldap source", "the source"
function M.source(source)
    return source.type and ("the %s source"):format(M.foreign(source.type, 40)) or "the source"
end

return M
