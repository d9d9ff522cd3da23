--- Counts calls and says when there were too many: so many in a window that begins with the first call.
-- Times are arguments.
-- @module dwsync.emulator.throttle

local Throttle = { __name = "dwsync.emulator.throttle" }
Throttle.__index = Throttle

local M = {}

--- @treturn Throttle
function M.new()
    return setmetatable({ count = 0, opened = -math.huge }, Throttle)
end

--- May another call pass?
-- @tparam {limit=integer,window=number} policy so many calls in so many seconds
-- @tparam number now
-- @treturn boolean
function Throttle:admit(policy, now)
    if now >= self.opened + policy.window then
        self.opened, self.count = now, 0
    end
    self.count = self.count + 1
    return self.count <= policy.limit
end

return M
