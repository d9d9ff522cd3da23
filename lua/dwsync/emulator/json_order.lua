--- What a JSON body asks for, read without trust: at a path that leads nowhere there is nil, not an error.
-- @module dwsync.emulator.json_order
local cjson = require "cjson"

local M = {}

--- Decodes a body.
-- @tparam ?string body
-- @treturn ?table nil when it is not a JSON object
function M.decode(body)
    local ok, value = pcall(cjson.decode, body or "")
    return ok and type(value) == "table" and value or nil
end

--- Returns the value at a path; null is absent.
-- @param value
-- @tparam string ... names of members
function M.at(value, ...)
    for _, name in ipairs { ... } do
        if type(value) ~= "table" then
            return nil
        end
        value = value[name]
    end
    if value == cjson.null then
        return nil
    end
    return value
end

--- Returns the text at a path.
-- @param value
-- @tparam string ... names of members
-- @treturn ?string nil when it is anything else
function M.text(value, ...)
    local found = M.at(value, ...)
    return type(found) == "string" and found or nil
end

--- Lists the authentication methods that an order names.
-- @tparam table order
-- @treturn {[string]=true}
function M.methods(order)
    local found = {}
    local list = M.at(order, "auth", "identity", "methods")
    for _, method in pairs(type(list) == "table" and list or {}) do
        found[method] = true
    end
    return found
end

return M
