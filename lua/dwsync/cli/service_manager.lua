--- What a service says to systemd, or to whatever else set NOTIFY_SOCKET: see sd_notify(3).
-- @module dwsync.cli.service_manager
local core = require "dwsync.core"
local text = require "dwsync.text"

local M = {}

local Manager = { __name = "dwsync.cli.service_manager" }
Manager.__index = Manager

--- Makes it from the environment.
-- @tparam function(name:string):?string getenv
-- @treturn table says nothing where there is no service manager
function M.new(getenv)
    local address, microseconds = getenv "NOTIFY_SOCKET", tonumber(getenv "WATCHDOG_USEC" or "")
    return setmetatable({ address = address ~= "" and address or nil, last_alive = -math.huge,
        pause = microseconds and microseconds > 0 and microseconds / 4e6 or nil }, Manager)
end

local function say(self, line)
    return not self.address or core.notify(self.address, line)
end

--- It runs.
function Manager:ready()
    return say(self, "READY=1")
end

--- It ends in order.
function Manager:stopping()
    return say(self, "STOPPING=1")
end

--- What it does, in a line that systemctl status shows.
-- @tparam string line
function Manager:status(line)
    return say(self, "STATUS=" .. text.safe(line))
end

--- It made progress; said as often as the watchdog wants to hear it.
function Manager:alive()
    local now = core.monotonic()
    if self.pause and now - self.last_alive >= self.pause then
        self.last_alive = now
        return say(self, "WATCHDOG=1")
    end
    return true
end

return M
