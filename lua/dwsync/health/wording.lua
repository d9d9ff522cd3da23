--- Numbers and names of sources as they stand in a sentence.
-- @module dwsync.health.wording
local display = require "dwsync.text"

local M = {}

local UNITS = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } }

--- A length of time in its two largest units: "9 h 12 min".
-- @tparam number seconds
-- @treturn string
function M.length(seconds)
    if seconds < 1 then
        return ("%.0f ms"):format(seconds * 1000)
    end
    seconds = math.floor(seconds)
    for i, unit in ipairs(UNITS) do
        if seconds >= unit[1] then
            local whole = math.floor(seconds / unit[1])
            local smaller = UNITS[i + 1]
            local rest = smaller and math.floor((seconds - whole * unit[1]) / smaller[1]) or 0
            return ("%.0f %s"):format(whole, unit[2]) .. (rest > 0 and (" %.0f %s"):format(rest, smaller[2]) or "")
        end
    end
end

--- A number with the word for what it counts.
-- @treturn string "1 run", "3 runs"
function M.count(number, one, more)
    return ("%.0f %s"):format(number, number == 1 and one or more or one .. "s")
end

--- A ratio.
-- @treturn string "2.5 %"
function M.percent(ratio)
    return ("%.3g %%"):format(ratio * 100)
end

--- What a source is called in a sentence.
-- @tparam table source
-- @treturn string "the ldap source", "the source"
function M.source(source)
    return source.type and ("the %s source"):format(display.excerpt(source.type, 40)) or "the source"
end

return M
