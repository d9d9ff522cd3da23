--- A text that identifies a set of options.
-- It must not be shown or kept beyond the process: it contains the options with their secrets.
-- @module dwsync.fingerprint
local M = {}

-- Texts are quoted, so that nothing in one can look like its end.
local function of_plain(value)
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

--- The same text for equal values, whatever the order of their tables: that differs from one Lua state to the next, and
-- so does JSON made from them.
-- @param value plain data; functions are identified by their address
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
