--- What a question about kept records may name.
-- It must not ask; a wrong question raises at the line that called the store.
-- @module dwsync.history.criteria
local identity = require "dwsync.history.identity"

local M = {}

local CALLER = 5 -- fail, the check of a kind, check, the store's method, its caller

local function fail(what, name, expected)
    error(("%s of %s must be %s"):format(name, what, expected), CALLER)
end

local function point(value, what, name)
    if type(value) ~= "number" or value ~= value or value == math.huge or value == -math.huge then
        fail(what, name, "milliseconds since the epoch")
    end
    return value
end

local function texts(value, what, name)
    local list = type(value) == "table" and value or { value }
    for _, text in ipairs(list) do
        if type(text) ~= "string" then
            fail(what, name, "a text or a list of texts")
        end
    end
    if #list == 0 then
        fail(what, name, "a text or a list of texts")
    end
    return list
end

local function limit(value, what, name)
    if type(value) ~= "number" or value % 1 ~= 0 or value < 1 then
        fail(what, name, "an integer of 1 or more")
    end
    return value
end

local function cluster(value, what, name)
    if type(value) ~= "string" or value == "" then
        fail(what, name, "a text that is not empty")
    end
    return identity.cell(value)
end

local CRITERIA = { cluster_id = cluster, since = point, until_ = point, source = texts, status = texts, limit = limit }

--- Checks a question.
-- @tparam table query
-- @tparam string what the method's name
-- @treturn table `cluster` (as a column holds it) and the other criteria
function M.check(query, what)
    if type(query) ~= "table" then
        error(("%s expects a table, got a %s"):format(what, type(query)), 3)
    end
    local checked = {}
    for name, value in pairs(query) do
        if not CRITERIA[name] then
            error(("unknown criterion '%s' of %s"):format(tostring(name), what), 3)
        end
        checked[name] = CRITERIA[name](value, what, name)
    end
    if not checked.cluster_id then
        error(("cluster_id of %s is missing"):format(what), 3)
    end
    return checked
end

return M
