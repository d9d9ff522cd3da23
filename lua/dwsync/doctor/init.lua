--- What works between here and the service, check by check, and what to do about the first thing that does not.
-- A check is a function(subject) → outcome, found, next, which asks with the caller's client only; its outcome is "ok",
-- "warning" (works, or only informs), "failed", or "skipped" (there is nothing to check; or the check named by a fourth
-- result failed).
-- @module dwsync.doctor
local access = require "dwsync.doctor.access"
local alerts = require "dwsync.doctor.alerts"
local configuration = require "dwsync.doctor.configuration"
local connection = require "dwsync.doctor.connection"
local content = require "dwsync.doctor.content"
local display = require "dwsync.text"

local M = {}

--- The checks in order: name, function, and the checks it needs. First those about the way to the service …
M.checks = {
    { "configuration", configuration.check },
    { "name resolution", connection.resolution, "configuration" },
    { "TCP", connection.tcp, "name resolution" },
    { "TLS", connection.tls, "TCP" },
    { "clock", connection.clock, "TLS" },
    { "credentials", access.credentials, "configuration" },
    { "IAM", access.iam, "configuration" },
    { "project id", access.project_id, "credentials" },
    { "clusters", access.clusters, "project id", "TLS" },
}

--- … then those about one cluster.
M.cluster_checks = {
    { "permission", access.permission, "clusters" },
    { "feature", content.feature, "permission" },
    { "paging", content.paging, "feature" },
    { "time unit", content.time_unit, "feature" },
}

-- The failed check because of which another is not tried; nil when it can be.
local function obstacle(check, roots)
    for i = 3, #check do
        if roots[check[i]] then
            return roots[check[i]]
        end
    end
end

local function finding(name, outcome, found, next_step, root)
    return {
        check = name,
        outcome = outcome,
        found = display.safe(found),
        next = next_step and display.safe(next_step) or nil,
        root = root,
    }
end

local Examination = {}
Examination.__index = Examination

function Examination:try(checks, subject, roots, cluster)
    for _, check in ipairs(checks) do
        local name, root = check[1], obstacle(check, roots)
        local found
        if root then
            found = finding(name, "skipped", ("not tried: %s failed"):format(root), "Fix that first.", root)
            found.untried = true
        else
            found = finding(name, check[2](subject))
        end
        found.cluster = cluster and display.safe(cluster)
        local failed = found.outcome == "failed"
        roots[name], self.healthy = failed and name or found.root, self.healthy and not failed
        self.findings[#self.findings + 1] = found
        if self.on_finding then
            self.on_finding(found)
        end
    end
end

-- A copy for each cluster, so that their findings do not mix.
local function about(subject, cluster_id, name)
    return setmetatable({ cluster_id = cluster_id, cluster = name }, { __index = subject })
end

local function copy(roots)
    local copied = {}
    for name, root in pairs(roots) do
        copied[name] = root
    end
    return copied
end

--- Performs every check that can be tried.
-- @tparam table subject `client`, or `config_error` why there is none; `settings` (list of {name, value, origin});
-- optional `without_effect` (list of {variable, what takes its place}), `words` (names, ids and patterns of clusters;
-- default: the first cluster), `exclude` (the same, to leave out), and `several`: whether findings name their cluster;
-- `alerts` and `world`, see dwsync.doctor.alerts
-- @tparam[opt] function on_finding called with each finding at once
-- @treturn {table,...} findings {check =, outcome =, found =, next =, root =, cluster =}; `next` is absent when there
-- is nothing to do, `root` names the failed check because of which this one was not tried, `cluster` which of all it is
-- about, `untried` is true of those that `root` alone explains
-- @treturn boolean whether no check failed
-- @treturn boolean whether a word means no cluster, or more than one
function M.run(subject, on_finding)
    local roots = {}
    local examination = setmetatable({ findings = {}, healthy = true, on_finding = on_finding }, Examination)
    examination:try(M.checks, subject, roots)
    local clusters = subject.several and subject.clusters or {}
    for _, cluster in ipairs(clusters) do
        examination:try(M.cluster_checks, about(subject, cluster.id, cluster.name), copy(roots),
            cluster.name or cluster.id)
    end
    if #clusters == 0 then
        examination:try(M.cluster_checks, subject, roots)
    end
    examination:try(alerts.list(subject.alerts, subject.world), subject, {})
    return examination.findings, examination.healthy, subject.unknown_cluster or false
end

return M
