--- Which worker does the work: a lease in the shared dict that its owner renews, and that expires when its owner dies.
-- @module dwsync.nginx.shared.lease
local M = {}

local Lease = { __name = "dwsync.nginx.shared.lease" }
Lease.__index = Lease

local KEY = "dwsync.1:lease"

--- A worker's claim to the lease; it does not take it yet.
-- @tparam table dict a shared dict
-- @tparam string owner a name that no other worker has or had a moment ago
-- @tparam number seconds how long the lease lives without being renewed
-- @treturn dwsync.nginx.shared.lease
function M.new(dict, owner, seconds)
    return setmetatable({ dict = dict, owner = owner, seconds = seconds }, Lease)
end

--- Takes the lease when it is free, renews it when it is ours.
-- @treturn boolean whether it is ours
-- @treturn ?string why not, unless another worker has it
function Lease:hold()
    if self:is_ours() then
        -- A value of the same length is replaced in place, which needs no memory.
        local kept, err = self.dict:safe_set(KEY, self.owner, self.seconds)
        return kept == true, err
    end
    local taken, err = self.dict:safe_add(KEY, self.owner, self.seconds)
    if taken then
        return true
    end
    return false, err ~= "exists" and err or nil
end

--- Whether it is ours now.
-- @treturn boolean
function Lease:is_ours()
    return self.dict:get(KEY) == self.owner
end

--- Gives it back, if it is ours, so that the next owner need not wait until it expires.
function Lease:release()
    if self:is_ours() then
        self.dict:delete(KEY)
    end
end

return M
