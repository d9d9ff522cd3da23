--- What works between here and the service, check by check, and what to do about the first thing that does not.
-- It must not print, and asks with the caller's client only. A check is a function(subject) → outcome, found, next; its
-- outcome is "ok", "warning" (works, or only informs), "failed", or "skipped" (there is nothing to check; or, with a
-- fourth result, the check named there stands in its way).
-- @module dwsync.doctor
local access = require "dwsync.doctor.access"
local configuration = require "dwsync.doctor.configuration"
local connection = require "dwsync.doctor.connection"
local content = require "dwsync.doctor.content"
local display = require "dwsync.report.display"

local M = {}

--- The checks in order: name, function, and the check it needs.
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
    { "permission", access.permission, "clusters" },
    { "feature", content.feature, "permission" },
    { "paging", content.paging, "feature" },
    { "time unit", content.time_unit, "feature" },
}

-- Why a check is not tried: the check at the root of it, which failed; nil when nothing is in its way.
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

--- Performs every check that can be tried.
-- @tparam table subject `client`, or `config_error` why there is none; `settings` (list of {name, value, origin});
-- optional `cluster_id` (default: the first cluster)
-- @tparam[opt] function on_finding called with each finding as soon as it is there
-- @treturn {table,...} findings {check =, outcome =, found =, next =, root =}; `next` is absent when all is
-- well, `root` names the failed check because of which this one was not tried
-- @treturn boolean whether no check failed
function M.run(subject, on_finding)
    local findings, roots, healthy = {}, {}, true
    for i, check in ipairs(M.checks) do
        local name, root = check[1], obstacle(check, roots)
        if root then
            findings[i] = finding(name, "skipped", ("not tried: %s failed"):format(root), "Mend that first.", root)
        else
            findings[i] = finding(name, check[2](subject))
        end
        local failed = findings[i].outcome == "failed"
        roots[name], healthy = failed and name or findings[i].root, healthy and not failed
        if on_finding then
            on_finding(findings[i])
        end
    end
    return findings, healthy
end

return M
