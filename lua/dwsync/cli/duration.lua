--- Lengths of time as options take them: seconds, or 90s, 10m, 6h, 2d.
-- It must not know what they are for.
-- @module dwsync.cli.duration
local timestamps = require "dwsync.timestamps"

local M = {}

--- A length above 0.
-- @tparam string name of the option, for the message
-- @treturn function text → seconds, or nil, why
function M.above_zero(name)
    return function(text)
        local seconds = timestamps.duration(text) or tonumber(text)
        if seconds and seconds > 0 and seconds < math.huge then
            return seconds
        end
        return nil, ("%s: '%s' is not a number above 0, nor a time such as 90s, 10m, 6h"):format(name, text)
    end
end

--- A length of 0 or more.
-- @tparam string name of the option
-- @treturn function text → seconds, or nil, why
function M.not_negative(name)
    local above_zero = M.above_zero(name)
    return function(text)
        local number = tonumber(text) or timestamps.duration(text)
        if number == 0 then
            return 0
        end
        return above_zero(text)
    end
end

return M
