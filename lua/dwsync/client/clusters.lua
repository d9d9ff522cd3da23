--- The clusters that a client's caller means by names: those that it was given, then those of the service, whose list
-- is kept for a while.
-- @module dwsync.client.clusters
local lazy = require "dwsync.lazy"

-- Looking names up is for who has no id.
local M = lazy("dwsync.client.cluster_lookup", {})

--- How long the list of clusters serves to look up names, in seconds.
-- @tfield integer kept_seconds
M.kept_seconds = 300

--- Keeps a list that the service gave.
-- @tparam dwsync.client client
-- @tparam dwsync.clusters list
function M.keep(client, list)
    local names = {}
    for _, cluster in ipairs(list) do
        if type(cluster) == "table" and cluster.id ~= nil and type(cluster.name) == "string" then
            names[cluster.id] = names[cluster.id] or cluster.name
        end
    end
    client.kept_clusters = { list = list, names = names, since = client.runtime.monotonic() }
end

--- The kept list.
-- @tparam dwsync.client client
-- @tparam number max_age seconds
-- @treturn ?dwsync.clusters nil without one that is young enough
function M.kept(client, max_age)
    local kept = client.kept_clusters
    local age = kept and client.runtime.monotonic() - kept.since
    return age and age < max_age and kept.list or nil, age
end

--- Lets go of the kept list, but for the names in it.
-- @tparam dwsync.client client
function M.let_go(client)
    local kept = client.kept_clusters
    if kept then
        kept.list, kept.since = nil, -math.huge
    end
end

local NOTHING = {}

-- The name that the service or the caller gave an id, as far as it is known.
local function name_of(client, id)
    local kept = client.kept_clusters
    if kept and kept.names[id] then
        return kept.names[id]
    end
    for name, own in pairs(client.settings.clusters or NOTHING) do
        if own == id then
            return name
        end
    end
end

-- The cluster that parameters name.
local function cluster_of(client, checked, timeout)
    if checked.cluster_id then
        return { id = checked.cluster_id, name = name_of(client, checked.cluster_id) }
    end
    return M.one(client, checked.cluster, timeout)
end

--- Finds the cluster that parameters name.
-- @tparam dwsync.client client
-- @tparam table checked changed: it has `cluster_id`, and `about`: what errors are about, see dwsync.errors.about
-- @tparam string operation of the service
-- @tparam number timeout seconds
-- @treturn ?table
-- @treturn dwsync.error
function M.settle(client, checked, operation, timeout)
    local cluster, err = cluster_of(client, checked, timeout)
    if not cluster then
        return nil, err
    end
    checked.cluster_id = cluster.id
    checked.about = { operation = operation, cluster_id = cluster.id, cluster = cluster.name }
    return checked
end

return M
