--- The criteria of a query for kept records. A wrong query raises at the line that called the store.
-- @module dwsync.history.criteria
local checks = require "dwsync.checks"
local identity = require "dwsync.history.identity"
local lookback = require "dwsync.health.lookback"

local M = {}

local function texts(value)
    local list = type(value) == "table" and value or { value }
    for _, text in ipairs(list) do
        if type(text) ~= "string" then
            return nil
        end
    end
    return #list > 0 and list or nil
end

local TEXTS = { read = texts, expected = "a text or a list of texts" }
local POINT = { kind = "number", expected = "milliseconds since the epoch" }

local CRITERIA = {
    cluster_id = { kind = "string", lines = true, required = true },
    since = POINT,
    until_ = POINT,
    source = TEXTS,
    status = TEXTS,
    limit = { kind = "integer", above = 0 },
}

--- Checks a query.
-- @tparam table query
-- @tparam string what the method's name
-- @treturn table `cluster` (as a column holds it) and the other criteria
function M.check(query, what)
    local checked = checks.arguments(CRITERIA, query, what, 3)
    checked.cluster_id = identity.cell(checked.cluster_id)
    return checked
end

local TOGETHER = {
    now = { kind = "number", from = 0, to = 1e11, expected = "seconds since the epoch" },
    source = TEXTS,
    limit = { kind = "integer", above = 0, default = lookback.records },
}

--- Checks the options of `store:together`.
-- @tparam table options
-- @tparam string what the method's name
-- @treturn table
function M.together(options, what)
    local checked = checks.arguments(TOGETHER, options, what, 3) -- not a tail call: that would lose the level
    return checked
end

return M
