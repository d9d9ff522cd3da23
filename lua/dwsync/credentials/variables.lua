--- Environment variables for credential sources: an empty one counts as not set.
-- It must not call os.getenv: `getenv` comes in with the context.
-- @module dwsync.credentials.variables
local lazy = require "dwsync.lazy"
local failure = lazy "dwsync.credentials.failure"

local M = lazy("dwsync.credentials.variable_names", {})

--- The value of a variable.
-- @tparam table context `getenv`
-- @tparam string name
-- @treturn string or nil
function M.get(context, name)
    local text = context.getenv(name)
    return text ~= "" and text or nil
end

--- The first of some variables that is set.
-- @tparam table context `getenv`
-- @tparam {string,...} names
-- @treturn ?string its name
function M.first_set(context, names)
    local getenv = context.getenv
    for i = 1, #names do -- for each request
        local text = getenv(names[i])
        if text and text ~= "" then
            return names[i]
        end
    end
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
    local set, unset = one and first or second, one and second or first
    return nil, failure.new(source, ("%s is set but %s is not"):format(set, unset),
        "Set both variables, or neither so that the next source is tried.")
end

--- The user's home directory.
-- @tparam table context `getenv`
-- @treturn string or nil
function M.home(context)
    return context.getenv "HOME" or context.getenv "USERPROFILE"
end

return M
