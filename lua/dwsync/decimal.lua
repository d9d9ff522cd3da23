--- Numbers as text with a decimal point in every locale: PUC Lua writes them with the C library, which follows
-- os.setlocale of the host program.
-- @module dwsync.decimal
local M = {}

local INTEGER_END = 2 ^ 63

local math_type = math.type or type

-- LuaJIT rounds what lies between two texts up, as 0.25 to 0.3, PUC Lua to the even one: reports are to be the same.
local ROUNDS_UP = ("%.1f"):format(0.25) == "0.3"

local function to_even(number, digits)
    if number * 2 ^ (digits + 1) % 2 ~= 1 then
        return number -- nearer to one of them
    end
    local below = math.floor(number * 10 ^ digits)
    return (below + below % 2) / 10 ^ digits
end

--- Formats one number as string.format does, but with a point.
-- @tparam string format of one number, such as "%.3f"
-- @tparam number number
-- @treturn string
function M.format(format, number)
    local digits = ROUNDS_UP and format:match "^%%%.(%d)f$"
    if digits then
        number = to_even(number, tonumber(digits))
    end
    return (format:format(number):gsub("[^%w.+-]+", "."))
end

--- All significant digits of a number, and no more; an integer and the equal float are written alike.
-- @tparam number number
-- @treturn string or nil for NaN and infinity, which have no digits
function M.exact(number)
    if math_type(number) == "integer" then
        return ("%d"):format(number)
    elseif number % 1 == 0 and number > -INTEGER_END and number < INTEGER_END then
        return number == 0 and "0" or ("%.0f"):format(number)
    elseif number ~= number or number == math.huge or number == -math.huge then
        return nil
    end
    -- Fourteen digits cover what a person or a program wrote; what needs more was calculated.
    local short = ("%.14g"):format(number)
    return M.format(tonumber(short) == number and "%.14g" or "%.17g", number)
end

return M
