--- The variables that configuration and credentials come from, read once by the master: a worker only sees those that
-- an `env` line of nginx.conf names, so its threads get what the master saw.
-- @module dwsync.nginx.environment
local names = require("dwsync.credentials.variables").NAMES

local M = {}

--- Reads them. The regions' own variables are found when a client is made.
-- @tparam function getenv function(name) → text or nil
-- @treturn {[string]=string} the variables that are set
-- @treturn function a getenv that adds to this table what it is asked for
function M.capture(getenv)
    local variables = {}
    local function recorded(name)
        variables[name] = getenv(name)
        return variables[name]
    end
    for _, name in ipairs(names) do
        recorded(name)
    end
    return variables, recorded
end

return M
