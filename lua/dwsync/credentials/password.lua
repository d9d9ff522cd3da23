--- An IAM user's name and password, exchanged for a token of one project.
-- It must not keep the password anywhere but in the plan, nor show it.
-- @module dwsync.credentials.password
local errors = require "dwsync.errors"
local iam = require "dwsync.credentials.iam"
local text = require "dwsync.text"

local M = {}

M.OPTIONS = {
    user = "string", password = "string", domain = "string", domain_id = "string", user_id = "string",
    passcode = "string", project_id = "string", project_name = "string", iam_endpoint = "string",
}

local SOURCE = "IAM user"

local function failure(message, hint)
    return errors.new { kind = "credentials", message = SOURCE .. ": " .. message, hint = hint }
end

-- DWS refuses a token of the whole account: there is always a project.
local function project_of(context, options)
    local id = options.project_id or not options.project_name and context.project_id
    local name = options.project_name or context.region
    if id then
        return { id = id }
    end
    return name and { name = name } or nil
end

local function identity_of(options)
    local identity = {
        methods = { "password" },
        password = {
            user = {
                name = options.user,
                password = options.password,
                domain = options.domain and { name = options.domain } or { id = options.domain_id },
            },
        },
    }
    if options.passcode then
        identity.methods[2] = "totp"
        identity.totp = { user = { id = options.user_id, passcode = options.passcode } }
    end
    return identity
end

local function check(options)
    for _, name in ipairs { "user", "password" } do
        if not options[name] then
            return nil, failure(name .. " is missing", "Give user, password and domain (the account's name).")
        end
    end
    if not options.domain and not options.domain_id then
        return nil, failure("domain is missing", "Give domain, the name of the account that the user belongs to.")
    elseif options.passcode and not options.user_id then
        return nil, failure("there is a passcode but no user_id", "Give user_id (console: My Credentials).")
    end
    return true
end

--- What is to be asked, and how.
-- @tparam table context `api`, `runtime`, `region`, `project_id`, `iam_endpoints`
-- @tparam table options `user`, `password`, `domain` (name of the account) or `domain_id`; optional `project_id` or
-- `project_name` (default: the client's project, else its region), `passcode` with `user_id` for MFA, `iam_endpoint`
-- @treturn table plan, or nil
-- @treturn dwsync.error kind "credentials"
function M.plan(context, options)
    local good, err = check(options)
    if not good then
        return nil, err
    end
    local project = project_of(context, options)
    if not project then
        return nil, failure("neither a project nor a region is known", "Give project_name or project_id, or region.")
    end
    local endpoints, endpoint_err = iam.endpoints(context, options.iam_endpoint)
    if endpoint_err then
        return nil, endpoint_err
    end
    return {
        key = { "password", options.user, options.password, options.domain or "", options.domain_id or "",
            options.passcode or "", project.id or "", project.name or "", endpoints and endpoints[1] or "" },
        source = SOURCE .. " " .. text.excerpt(options.user),
        fetch = function(limits)
            return iam.token(context, "/v3/auth/tokens?nocatalog=true", {
                identity = identity_of(options),
                scope = { project = project },
            }, {
                limits = limits,
                secrets = { options.password, options.passcode },
                endpoints = endpoints,
            }, SOURCE .. " " .. text.excerpt(options.user))
        end,
    }
end

--- The source "password".
-- @tparam table context
-- @tparam table options see `plan`
-- @treturn table plan, or nil
-- @treturn dwsync.error
function M.load(context, options)
    return M.plan(context, options)
end

return M
