--- Names for places in the status page that last: made of the ids of clusters and sources, not of their rank, so that a
-- link to one holds while others come, go and change places.
-- It must not trust an id: whatever a service calls a cluster, the name is one that HTML and addresses take as it is.
-- @module dwsync.report.status.anchors
local M = {}

local MAX_PLAIN = 64

-- Enough to tell ids apart; what collides all the same gets a number.
local function digest(text)
    local sum = 0
    for i = 1, #text do
        sum = (sum * 31 + text:byte(i)) % 4294967296
    end
    return ("%08x"):format(sum)
end

local function plain(id)
    return #id <= MAX_PLAIN and id:find "^[%w_-]+$" and id or "~" .. digest(id)
end

local Anchors = { __name = "dwsync.report.status.anchors" }
Anchors.__index = Anchors

--- Names for one page.
-- @treturn dwsync.report.status.anchors
function M.new()
    return setmetatable({ taken = {} }, Anchors)
end

-- Two of the same id: the second gets a number, since a name must stand once in a page.
local function unique(self, name)
    local count = (self.taken[name] or 0) + 1
    self.taken[name] = count
    return count == 1 and name or ("%s~%d"):format(name, count)
end

--- The name of a cluster.
-- @tparam string id
-- @treturn string
function Anchors:cluster(id)
    return unique(self, plain(id))
end

--- The name of a source.
-- @tparam string cluster the cluster's name, as `cluster` gave it
-- @tparam string id
-- @treturn string
function Anchors:source(cluster, id)
    return unique(self, cluster .. "." .. plain(id))
end

return M
