--- A map that keeps only what was put in last, so that nothing a client does makes the service grow without bound.
-- Pure.
-- @module dwsync.emulator.newest

local Newest = { __name = "dwsync.emulator.newest" }
Newest.__index = Newest

local M = {}

--- @tparam integer room how many entries are kept
-- @treturn Newest
function M.new(room)
    return setmetatable({ room = room, values = {}, names = {} }, Newest)
end

--- @tparam string name one that was not put before
-- @param value
function Newest:put(name, value)
    self.values[name] = value
    self.names[#self.names + 1] = name
    if #self.names > self.room then
        self.values[table.remove(self.names, 1)] = nil
    end
end

--- @tparam string name
-- @return the value, or nil when there is none, or none any more
function Newest:get(name)
    return self.values[name]
end

return M
