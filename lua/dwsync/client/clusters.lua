--- The clusters that a client's caller means by names: those that it was given, then those of the service, whose list
-- is kept for a while.
-- @module dwsync.client.clusters
local lazy = require "dwsync.lazy"
local cluster_names = lazy "dwsync.cluster_names"
local errors = require "dwsync.errors"
local options = require "dwsync.client.options"

local M = {}

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

local function plain(listed)
    local list = {}
    for _, cluster in ipairs(listed) do
        if type(cluster) == "table" and cluster.id ~= nil then
            local name = type(cluster.name) == "string" and cluster.name or nil
            list[#list + 1] = { id = tostring(cluster.id), name = name }
        end
    end
    return list
end

-- An id would have met the other failures as well.
local LISTING_ALONE = { permission = true, not_found = true, service = true, decode = true }

local function not_looked_up(word, err)
    local copy = {}
    for name, value in pairs(err) do
        copy[name] = value
    end
    copy.message = cluster_names.is_pattern(word) and err.message
        or ("the cluster '%s' could not be looked up: %s"):format(word, err.message)
    copy.hint = LISTING_ALONE[err.kind] and not cluster_names.is_pattern(word)
        and err.hint .. " An id needs no looking up." or err.hint
    return errors.new(copy)
end

local function sources(client, max_age, timeout)
    return cluster_names.sources(client.settings.clusters or {}, { place = "at the service", read = function(word)
        local kept, age = M.kept(client, max_age)
        local listed, err = client:list_clusters { max_age = max_age, timeout = timeout }
        if not listed then
            return nil, not_looked_up(word, err)
        elseif client.emit then
            client.emit { type = "lookup", cluster = word, count = #listed, age = kept and age or 0 }
        end
        return plain(listed)
    end })
end

--- The clusters that words and patterns mean.
-- @tparam dwsync.client client
-- @tparam table checked parameters of client:find_clusters
-- @treturn {{id=string,name=?string},...} or nil
-- @treturn dwsync.error|{string,...} beside clusters the words of `exclude` that exclude none
function M.find(client, checked)
    local found, problem = cluster_names.choose(checked.clusters,
        sources(client, checked.max_age or M.kept_seconds, checked.timeout), checked.exclude)
    if not found then
        return nil, errors.new(problem)
    end
    return found, problem
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
    local cluster, problem = cluster_names.one(checked.cluster, sources(client, M.kept_seconds, timeout))
    if not cluster then
        return nil, errors.new(problem)
    end
    local id, wrong = options.identifier("cluster_id", cluster.id) -- the service's word, and a part of a path
    return id and cluster, wrong
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
