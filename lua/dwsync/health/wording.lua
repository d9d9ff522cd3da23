--- Names of sources, and of who speaks, in a sentence.
-- @module dwsync.health.wording
local display = require "dwsync.text"

local M = {}

--- What a source is called in a sentence; the same however often a verdict asks.
-- @tparam table source
-- @treturn string "the ldap source", "the source"
function M.source(source)
    source.words = source.words or source.type and ("the %s source"):format(display.excerpt(source.type, 40))
        or "the source"
    return source.words
end

local SAYS = { directory = "the directory says", ["identity provider"] = "the identity provider says",
    warehouse = "the warehouse says", network = "the network failed", sync = "the synchronisation says" }

--- Who says a reason, to stand before its text.
-- @tparam[opt] string speaker of dwsync.health.causes
-- @treturn string|nil "the directory says"; nil when nobody knows
function M.says(speaker)
    return SAYS[speaker]
end

return M
