--- Reading the environment for credential sources: an empty variable is one that is not set.
-- It must not read the environment by itself: `getenv` comes in with the context.
-- @module dwsync.credentials.variables
local errors = require "dwsync.errors"

local M = {}

--- The value of a variable; an empty one counts as missing.
-- @tparam table context `getenv`
-- @tparam string name
-- @treturn string or nil
function M.get(context, name)
    local text = context.getenv(name)
    return text ~= "" and text or nil
end

--- Two variables that only make sense together.
-- @tparam table context `getenv`
-- @tparam string source for the message
-- @tparam string first
-- @tparam string second names
-- @treturn string value of the first, or nil when neither is set
-- @treturn string|dwsync.error value of the second; the error when only one is set
function M.pair(context, source, first, second)
    local one, two = M.get(context, first), M.get(context, second)
    if (one == nil) == (two == nil) then
        return one, two
    end
    return nil, errors.new {
        kind = "credentials",
        message = ("%s: %s is set but %s is not"):format(source, one and first or second, one and second or first),
        hint = "Set both variables, or neither to let the next source serve.",
    }
end

--- The user's home directory.
-- @tparam table context `getenv`
-- @treturn string or nil
function M.home(context)
    return context.getenv "HOME" or context.getenv "USERPROFILE"
end

return M
