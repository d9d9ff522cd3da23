--- Waiting for what must come. The bound is for hangs: so long that the busiest machine does not meet it, and nothing
-- that a spec asserts may depend on it.
local core = require "dwsync.core"
local uv = require "luv"

local M = {}

--- The bound in seconds.
M.seconds = 240

local LOOK_EVERY = 0.01

--- Waits until a condition holds; libuv's callbacks run meanwhile.
-- @tparam function condition
-- @tparam string|function what for the message when it never does
-- @return what the condition returned
function M.wait_until(condition, what)
    local till = core.monotonic() + M.seconds
    while true do
        uv.run "nowait"
        local result = condition()
        if result then
            return result
        end
        if core.monotonic() > till then
            error("waited in vain for " .. (type(what) == "function" and what() or what), 2)
        end
        core.sleep(LOOK_EVERY)
    end
end

return M
