--- Requests to the service in the project of a client, and which project that is.
-- @module dwsync.client.project
local options = require "dwsync.client.options"

local M = {}

--- How long a call may take.
-- @tparam dwsync.client client
-- @tparam[opt] number timeout seconds; by default the client's
-- @treturn {timeout=number,deadline=number} the deadline by the runtime's `monotonic`
function M.limits(client, timeout)
    timeout = timeout or client.settings.timeout
    return { timeout = timeout, deadline = client.runtime.monotonic() + timeout }
end

-- The project id that was found for these keys, by IAM endpoint: access keys are unique within a site only.
local function known_projects(client, keys)
    local owner = keys.identity or keys.ak or keys.token
    client.projects[owner] = client.projects[owner] or {}
    return client.projects[owner], keys.iam_endpoint or ""
end

-- The project id: given, known from the credentials, the environment's, or looked up once per access key.
local function project_id_of(client, keys, limits)
    local id = client.settings.project_id or keys.project_id or client.project_variable
    local is_variable = not client.settings.project_id and id == client.project_variable
    if not id then
        local known, endpoint = known_projects(client, keys)
        local err
        id = known[endpoint]
        if not id then
            id, err = require("dwsync.client.projects").find(client.api, client.settings.region, keys, limits)
        end
        if err then
            return nil, err
        end
        known[endpoint] = id
    end
    if id == client.checked_project_id then
        return id
    end
    local checked, err = options.identifier(is_variable and "HUAWEICLOUD_SDK_PROJECT_ID" or "project_id", id)
    client.checked_project_id = checked
    return checked, err
end

--- The credentials in use, and the id of the project that they are for.
-- @tparam dwsync.client client
-- @tparam table limits `deadline`, `timeout`
-- @treturn ?dwsync.credentials
-- @treturn string|dwsync.error
function M.keys_and_id(client, limits)
    local keys, err = client.api:resolve_credentials(limits)
    if not keys then
        return nil, err
    end
    local id, project_err = project_id_of(client, keys, limits)
    return id and keys, id or project_err
end

--- A request below /{version}/{project_id} of the service that the client has for an endpoint, which need not be DWS.
-- @tparam dwsync.client client
-- @tparam string method
-- @tparam string version
-- @tparam string target what follows the project's id
-- @tparam table limits `deadline`, `timeout`
-- @tparam[opt] table more `body`, `decode`: see dwsync.request
-- @treturn ?dwsync.response
-- @treturn dwsync.error
-- @treturn ?dwsync.credentials those that were used, whose secrets must not show in an error made of the response
function M.send(client, method, version, target, limits, more)
    local keys, id = M.keys_and_id(client, limits)
    if not keys then
        return nil, id
    end
    return client.api:send(method, "dws", "/" .. version .. "/" .. id .. target, {
        keys = keys,
        headers = { ["X-Project-Id"] = id },
        body = more and more.body,
        decode = more and more.decode,
        deadline = limits.deadline,
        timeout = limits.timeout,
    })
end

return M
