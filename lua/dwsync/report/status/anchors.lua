--- Lasting names for places in the status page: made from the ids of clusters and sources, not from their rank, so that
-- a link stays valid while others come, go and change places.
-- It must not trust an id: whatever a service calls a cluster, the name must be fit for HTML and addresses as it is.
-- @module dwsync.report.status.anchors
local M = {}

local MAX_PLAIN = 64

--- A short digest of a text: enough to distinguish ids, but easy to forge.
-- @tparam string text
-- @treturn string eight hexadecimal digits
function M.digest(text)
    local sum = 0
    for i = 1, #text do
        sum = (sum * 31 + text:byte(i)) % 4294967296
    end
    return ("%08x"):format(sum)
end

local function plain(id)
    return #id <= MAX_PLAIN and id:find "^[%w_-]+$" and id or "~" .. M.digest(id)
end

local Anchors = { __name = "dwsync.report.status.anchors" }
Anchors.__index = Anchors

--- Names for one page.
-- @treturn dwsync.report.status.anchors
function M.new()
    return setmetatable({ taken = {} }, Anchors)
end

-- Names must be unique in a page, so the second of two that are alike gets a number.
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
