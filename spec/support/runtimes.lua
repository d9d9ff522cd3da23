--- Runtimes for specs: the default one, with its sleep observed instead of slept. It must not change what is performed.
local runtimes = require "dwsync.runtime"

local M = {}

--- The default runtime, except that it notes a pause and goes on at once; its clock moves on by the pause.
-- @treturn table runtime
-- @treturn {number,...} the pauses, as they happen
function M.sleepless()
    local real = runtimes.new()
    local pauses, slept = {}, 0
    return {
        perform = real.perform,
        sleep = function(seconds)
            pauses[#pauses + 1] = seconds
            slept = slept + seconds
        end,
        now = function()
            return real.now() + slept
        end,
        monotonic = function()
            return real.monotonic() + slept
        end,
    }, pauses
end

--- The default runtime, with every request noted.
-- @treturn table runtime
-- @treturn {table,...} the requests, as they are performed
function M.noted()
    local real = runtimes.new()
    local requests = {}
    return {
        perform = function(request)
            requests[#requests + 1] = request
            return real.perform(request)
        end,
        sleep = real.sleep,
        now = real.now,
        monotonic = real.monotonic,
    }, requests
end

return M
