--- The clusters that names and patterns mean: part of dwsync.client.clusters.
-- @module dwsync.client.cluster_lookup
local cluster_names = require "dwsync.cluster_names"
local clusters = require "dwsync.client.clusters"
local errors = require "dwsync.errors"
local options = require "dwsync.client.options"

local M = {}

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
        local kept, age = clusters.kept(client, max_age)
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
        sources(client, checked.max_age or clusters.kept_seconds, checked.timeout), checked.exclude)
    if not found then
        return nil, errors.new(problem)
    end
    return found, problem
end

--- The cluster that one word means.
-- @tparam dwsync.client client
-- @tparam string word
-- @tparam number timeout seconds
-- @treturn ?{id=string,name=?string}
-- @treturn dwsync.error
function M.one(client, word, timeout)
    local cluster, problem = cluster_names.one(word, sources(client, clusters.kept_seconds, timeout))
    if not cluster then
        return nil, errors.new(problem)
    end
    local id, wrong = options.identifier("cluster_id", cluster.id) -- the service's word, and a part of a path
    return id and cluster, wrong
end

return M
