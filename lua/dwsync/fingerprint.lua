--- A text that tells one set of options from another.
-- It must not be shown or kept beyond the process: whatever the options hold, secrets included, is in it.
-- @module dwsync.fingerprint
local M = {}

-- Texts are quoted, so that no content of one looks like the end of it.
local function of_plain(value)
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

--- The same text for equal values, in whatever order their tables are walked through: that is another in each Lua
-- state, and so is any JSON that is made of them.
-- @param value plain data; functions are told apart by their address
-- @treturn string
function M.of(value)
    if type(value) ~= "table" then
        return of_plain(value)
    end
    local parts = {}
    for name, item in pairs(value) do
        parts[#parts + 1] = of_plain(name) .. "=" .. M.of(item)
    end
    table.sort(parts)
    return "{" .. table.concat(parts, ",") .. "}"
end

return M
