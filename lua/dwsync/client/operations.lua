--- What a client does besides asking for records and accounts, loaded when it is first asked for: operations on
-- clusters and projects. They are described at dwsync.client, whose methods they are.
-- @module dwsync.client.operations
local answers = require "dwsync.client.answers"
local clusters = require "dwsync.client.clusters"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local options = require "dwsync.client.options"
local project = require "dwsync.client.project"
local projects = require "dwsync.client.projects"
local transport = require "dwsync.runtime.transport"

local M = {}

--- See dwsync.client.
function M.list_clusters(self, parameters)
    local checked, err = options.parameters("list_clusters", parameters or {})
    if not checked then
        return nil, err
    end
    local kept = checked.max_age and not checked.enterprise_project_id and clusters.kept(self, checked.max_age)
    if kept then
        return kept
    end
    local target = "/clusters"
    if checked.enterprise_project_id then
        target = target .. "?enterprise_project_id=" .. checked.enterprise_project_id
    end
    local response, failure, keys = project.send(self, "GET", "v1.0", target,
        project.limits(self, checked.timeout))
    local list
    if response then
        list, failure = answers.clusters(self, response, keys)
    end
    if not list then
        return nil, errors.about(failure, { operation = "ListClusters" })
    elseif not checked.enterprise_project_id then
        clusters.keep(self, list)
    end
    return list
end

--- See dwsync.client.
function M.newest_page(self, parameters)
    local checked, err = options.parameters("list_sync_records", parameters)
    if not checked then
        return nil, err
    end
    local about = { cluster_id = checked.cluster_id, operation = "ListSyncRecords" }
    local target = ("/clusters/%s/db-manager/sync-records?limit=%d&offset=0"):format(checked.cluster_id, checked.limit)
    local response, failure, keys = project.send(self, "GET", "v1", target, project.limits(self, checked.timeout))
    if not response then
        return nil, errors.about(failure, about)
    end
    return { mark = core.sha256(response.body), decode = function()
        local page, wrong = answers.page(self, response, keys)
        return page, not page and errors.about(wrong, about) or nil
    end }
end

--- See dwsync.client.
function M.list_projects(self, parameters)
    local checked, err = options.parameters("list_projects", parameters or {})
    if not checked then
        return nil, err
    end
    local limits = project.limits(self, checked.timeout)
    local keys, refused = self.api:resolve_credentials(limits)
    if not keys then
        return nil, refused
    end
    return projects.all(self.api, keys, limits)
end

--- See dwsync.client.
function M.find_clusters(self, parameters)
    local checked, err = options.parameters("find_clusters", parameters)
    if not checked then
        return nil, err
    end
    return clusters.find(self, checked)
end

--- See dwsync.client.
function M.probe(self, url)
    local request = transport.copy(self.settings, {})
    request.method, request.url, request.headers = "GET", url .. "/", {}
    request.timeout = math.min(self.settings.attempt_timeout, self.settings.timeout)
    request.certificate_info = true
    return self.api:send_unsigned(request)
end

return M
