--- The project id of a region, looked up at IAM.
-- It must never create a project, as two of the official SDKs do when they do not find exactly one.
-- @module dwsync.client.projects
local display = require "dwsync.text"
local errors = require "dwsync.errors"
local json = require "dwsync.json"
local keys_of = require "dwsync.credentials.keys"

local M = {}

local SET_IT = "Set `project_id` (console: My Credentials > API Credentials), or HUAWEICLOUD_SDK_PROJECT_ID."

local function config_error(message)
    return errors.new { kind = "config", message = message, hint = SET_IT }
end

local function describe(found, secrets)
    local parts = {}
    for i, project in ipairs(found) do
        parts[i] = ("%s (%s)"):format(tostring(project.name), tostring(project.id))
    end
    return display.excerpt(display.redact(table.concat(parts, ", "), secrets))
end

-- The projects in a body, or nil and what is wrong with it.
local function list(text)
    local body, reason = json.decode_answer(text)
    if not body or type(body.projects) ~= "table" then
        return nil, reason or "it has no projects"
    end
    local good = json.is_list(body.projects)
    for _, project in ipairs(good and body.projects or {}) do
        good = good and type(project.id) == "string"
    end
    return good and body.projects, "it has a project without id"
end

local function decode_list(response, secrets)
    local found, reason = list(response.body)
    return found, not found and errors.new {
        kind = "decode",
        message = "IAM's answer is not a list of projects: " .. reason,
        status = response.status,
        request_id = errors.request_id(response, secrets),
    } or nil
end

local function decode(response, region, keys)
    local secrets = keys_of.secrets(keys)
    local found, err = decode_list(response, secrets)
    if not found then
        return nil, err
    elseif #found == 0 then
        return nil, config_error(("IAM has no project named %q for these credentials"):format(region))
    elseif #found > 1 then
        return nil, config_error(("IAM has several projects for region %q: %s"):format(region,
            describe(found, secrets)))
    end
    return found[1].id
end

--- Finds the id of the region's main project, whose name is the region's.
-- @tparam dwsync.request api
-- @tparam string region
-- @tparam dwsync.credentials keys
-- @tparam table limits `deadline`, `timeout`
-- @treturn string id, or nil
-- @treturn dwsync.error kind "config" unless there is exactly one; the hint of a refusal says how to do without
function M.find(api, region, keys, limits)
    if not region then
        return nil, config_error "project_id is not set, and without a region it cannot be looked up"
    end
    local response, err = api:get("iam", "/v3/projects?name=" .. region, {
        keys = keys,
        headers = {},
        deadline = limits.deadline,
        timeout = limits.timeout,
    })
    if not response then
        if err.kind == "permission" then
            err.hint = "Looking up the project id needs the permission iam:projects:listProjects. " .. SET_IT
        end
        return nil, err
    end
    return decode(response, region, keys)
end

--- All projects that the credentials may enter.
-- @tparam dwsync.request api
-- @tparam dwsync.credentials keys
-- @tparam table limits `deadline`, `timeout`
-- @treturn ?{{id=string,name=?string},...}
-- @treturn dwsync.error
function M.all(api, keys, limits)
    local response, err = api:get("iam", "/v3/auth/projects", { keys = keys, headers = {}, deadline = limits.deadline,
        timeout = limits.timeout })
    if not response then
        return nil, errors.about(err, { operation = "KeystoneListAuthProjects" })
    end
    return decode_list(response, keys_of.secrets(keys))
end

return M
