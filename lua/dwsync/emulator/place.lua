--- A place: the project of one account in one region, and its clusters, which are computed when first asked for and may
-- then be created, renamed, switched off and deleted.
-- @module dwsync.emulator.place
local stories = require "dwsync.emulator.stories"

local Place = { __name = "dwsync.emulator.place" }
Place.__index = Place

local M = {}

--- Makes a place.
-- @tparam table options `account`, `id` (of the project), `region`, and for the clusters `seed`, `stories`, `clusters`,
--   `label`, see @{dwsync.emulator.stories.clusters}
-- @treturn Place with `account`, `id`, `region`, and `name`, which IAM knows the project by
function M.new(options)
    return setmetatable({
        account = options.account, id = options.id, region = options.region, name = options.region, options = options,
    }, Place)
end

local function put(self, cluster)
    self.clusters[#self.clusters + 1], self.by_id[cluster.id] = cluster, cluster
end

-- The clusters that there are, computed if nobody asked yet.
local function known(self)
    if not self.clusters then
        self.clusters, self.by_id, self.created = {}, {}, 0
        for _, cluster in ipairs(stories.clusters(self.options)) do
            put(self, cluster)
        end
    end
    return self
end

--- Lists the clusters.
-- @treturn {{id=string,name=string,story=string},...}
function Place:list()
    return known(self).clusters
end

--- Counts the clusters of the start, without computing them.
-- @treturn integer
function Place:count()
    return (self.options.stories and #stories.names or 0) + self.options.clusters
end

--- Finds a cluster.
-- @tparam string id
-- @treturn ?{id=string,name=string,story=string}
function Place:find(id)
    return known(self).by_id[id]
end

--- Makes another cluster, as the last of the list.
-- @tparam string name
-- @tparam string story
-- @treturn table cluster
function Place:create(name, story)
    known(self)
    self.created, self.changed = self.created + 1, true
    local cluster = stories.cluster(self.options.seed, story, name, self.id .. "/created/" .. self.created)
    put(self, cluster)
    return cluster
end

--- Takes a cluster away.
-- @tparam table cluster
function Place:delete(cluster)
    for position, other in ipairs(self.clusters) do
        if other == cluster then
            table.remove(self.clusters, position)
            break
        end
    end
    self.by_id[cluster.id], self.changed = nil, true
end

--- Changes a cluster.
-- @tparam table cluster
-- @tparam {name=?string,feature=?boolean} changes
function Place:change(cluster, changes)
    for name, value in pairs(changes) do
        cluster[name] = value
    end
    self.changed = true
end

--- Puts the clusters back to the start.
function Place:reset()
    if self.changed then
        self.clusters, self.by_id, self.changed = nil, nil, nil
    end
end

--- Says whether a cluster has identity sources synchronised at all.
-- @tparam table cluster
-- @treturn boolean
function M.has_feature(cluster)
    if cluster.feature == nil then
        return cluster.story ~= "feature_off"
    end
    return cluster.feature
end

return M
