--- Which projects an account has, and which clusters are in them.
-- A list that could not be had whole must not make anything disappear: then nothing is completed but the failure.
-- @module dwsync.fleet.discovery
local checks = require "dwsync.checks"
local clusters = require "dwsync.client.clusters"
local errors = require "dwsync.errors"

local M = {}

local IDENTIFIER = { kind = "identifier" }

local function failed(err)
    return nil, { failure = err, error = errors.summary(err, true), retry_after = err.retry_after }
end

-- The region whose main project this is: that has the region's name. Others are called "cn-north-4_shop".
local function main_project_of(name)
    return type(name) == "string" and name:match "^[%w-]+$"
end

--- The regions in which an account has a project.
-- @tparam table context `client`, `inventory`, `timeout`; `serves(region)`: see dwsync.client.endpoints
-- @tparam table item
-- @treturn ?{table,...} items of kind "place"; nil when it failed
-- @treturn table result
function M.projects(context, item)
    local list, err = context.client:list_projects { timeout = context.timeout }
    if not list then
        return failed(err)
    end
    local found = {}
    for _, project in ipairs(list) do
        local region, served = main_project_of(project.name), false
        if region then
            served, err = context.serves(region)
        end
        if served == nil then
            return failed(err)
        elseif served then
            found[#found + 1] = { kind = "place", account = item.account, region = region, project_id = project.id,
                interval = context.inventory.discovery }
        end
    end
    return found, {}
end

--- The clusters of a place.
-- @tparam table context
-- @tparam table item
-- @treturn ?{table,...} items of kind "cluster"; nil when it failed
-- @treturn table result
function M.clusters(context, item)
    local list, err = context.client:list_clusters { timeout = context.timeout }
    clusters.let_go(context.client) -- nobody asks for it again, and there is a client for each place
    if not list then
        return failed(err)
    end
    local found = {}
    for _, cluster in ipairs(list) do
        local one = { id = tostring(cluster.id), name = type(cluster.name) == "string" and cluster.name or nil }
        local _, wrong = checks.value(IDENTIFIER, one.id, "the id of a cluster")
        if wrong then
            return failed(errors.new { kind = "decode", message = wrong }) -- no index holds any text
        end
        if context.inventory:has(item.account, one) then
            found[#found + 1] = { kind = "cluster", account = item.account, region = item.region, cluster_id = one.id,
                name = one.name, project_id = item.project_id,
                interval = (context.inventory:settings_of(item.account, one)) }
        end
    end
    return found, {}
end

return M
