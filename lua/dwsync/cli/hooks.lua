--- What happens with each event of `dwsync watch`: first the configuration's on_change, then a program.
-- @module dwsync.cli.hooks
local changes = require "dwsync.health.changes"
local ordered_json = require "dwsync.ordered_json"
local programs = require "dwsync.programs"
local sandbox = require "dwsync.cli.sandbox"

local M = {}

local function copy_of(event)
    local copy = {}
    for name, value in pairs(event) do
        copy[name] = value
    end
    return copy
end

-- Whether the program gets the event: unless on_change(event) returns false.
local function passes(on_change, event, context)
    if not on_change then
        return true
    end
    local good, result = sandbox.call(on_change, copy_of(event))
    if not good then
        context:note("on_change of the configuration file: " .. tostring(result))
        return true -- rather one alert too many than one too few
    end
    return result ~= false
end

--- Makes the function that runs the program.
-- @tparam[opt] function on_change of the configuration file
-- @tparam[opt] string program its path
-- @tparam {string,...} names further variables that the program gets
-- @tparam table context
-- @tparam function sleep
-- @treturn function(event,fields):?boolean,?string true when it ran well, or was not to run; or nil, why not
function M.runner(on_change, program, names, context, sleep)
    local env = programs.environment(names, context.getenv)
    return function(event, fields)
        if passes(on_change, event, context) and program then
            return programs.run(program, ordered_json.object(event, fields) .. "\n", env, sleep)
        end
        return true
    end
end

--- Makes the function that is called with each event, and says when the program fails.
-- @tparam[opt] function on_change of the configuration file
-- @tparam[opt] string program its path
-- @tparam {string,...} names further variables that the program gets
-- @tparam table context
-- @tparam function sleep
-- @treturn function(event)
function M.new(on_change, program, names, context, sleep)
    local run = M.runner(on_change, program, names, context, sleep)
    return function(event)
        local ran, reason = run(event, changes.FIELDS)
        if not ran then
            context:note(("--on-change %s: %s"):format(program, reason))
        end
    end
end

return M
