--- Which worker does the work: a lease in the shared dict that its owner renews, and that expires when its owner dies.
-- The dict's own expiry runs on the wall clock, which somebody may set: the lease holds its end by core.monotonic.
-- @module dwsync.nginx.shared.lease
local M = {}

local Lease = { __name = "dwsync.nginx.shared.lease" }
Lease.__index = Lease

local KEY, TAKING = "dwsync.1:lease", "dwsync.1:lease taking"

-- Of the same length always: then the dict replaces a lease in place, which needs no memory.
local function value_of(self)
    return ("%017.6f %s"):format(self.monotonic() + self.seconds, self.owner)
end

-- Who has it now, if anybody.
local function owner_now(self)
    local till, owner = (self.dict:get(KEY) or ""):match "^(%S+) (.*)$"
    return till and self.monotonic() < tonumber(till) and owner or nil
end

-- One worker at a time replaces a lease that ran out. Nothing in here waits; should it be killed just here, the mark
-- goes after a second.
local function take(self)
    local marked, err = self.dict:safe_add(TAKING, self.owner, 1)
    if not marked then
        return false, err ~= "exists" and err or nil
    end
    local taken = false
    if not owner_now(self) then
        taken, err = self.dict:safe_set(KEY, value_of(self))
    end
    self.dict:delete(TAKING)
    return taken == true, err
end

--- Whether any worker has it, or had it until it was killed.
-- @tparam table dict a shared dict
-- @treturn boolean
function M.was_held(dict)
    return dict:get(KEY) ~= nil
end

--- A worker's claim to the lease; it does not take it yet.
-- @tparam table dict a shared dict
-- @tparam string owner a name that no other worker has or had a moment ago
-- @tparam ?number seconds how long the lease lives without being renewed; nil for who only looks whether it is ours
-- @tparam function monotonic
-- @treturn dwsync.nginx.shared.lease
function M.new(dict, owner, seconds, monotonic)
    return setmetatable({ dict = dict, owner = owner, seconds = seconds, monotonic = monotonic }, Lease)
end

--- Takes the lease when it is free, renews it when it is ours.
-- @treturn boolean whether it is ours
-- @treturn ?string why not, unless another worker has it
function Lease:hold()
    if self:is_ours() then
        local kept, err = self.dict:safe_set(KEY, value_of(self))
        return kept == true, err
    elseif owner_now(self) then
        return false
    end
    return take(self)
end

--- Whether it is ours now.
-- @treturn boolean
function Lease:is_ours()
    return owner_now(self) == self.owner
end

--- Gives it back, if it is ours, so that the next owner need not wait until it expires.
function Lease:release()
    if self:is_ours() then
        self.dict:delete(KEY)
    end
end

return M
