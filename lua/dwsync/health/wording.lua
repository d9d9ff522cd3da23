--- Names of sources in a sentence.
-- @module dwsync.health.wording
local display = require "dwsync.text"

local M = {}

--- What a source is called in a sentence.
-- @tparam table source
-- @treturn string "the ldap source", "the source"
function M.source(source)
    return source.type and ("the %s source"):format(display.excerpt(source.type, 40)) or "the source"
end

return M
