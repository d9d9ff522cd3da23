--- An IAM user's name and password, exchanged for a token of one project.
-- It must not show the password, nor keep it anywhere but in the plan.
-- @module dwsync.credentials.password
local failure = require "dwsync.credentials.failure"
local iam = require "dwsync.credentials.iam"
local text = require "dwsync.text"

local M = {}

local SOURCE = "IAM user"
local HINTS = { auth = "Check user, account and password (and the passcode): IAM locks a user after a few refusals." }

-- DWS refuses a token of the whole account: there is always a project.
local function project_of(context, options)
    local id = options.project_id or not options.project_name and context.project_id
    local name = options.project_name or context.region
    if id then
        return { id = id }
    end
    return name and { name = name } or nil
end

-- A user's name counts within an account, an id everywhere.
local function identity_of(options)
    local identity = { methods = { "password" }, password = { user = options.user and {
        name = options.user,
        password = options.password,
        domain = options.domain and { name = options.domain } or { id = options.domain_id },
    } or { id = options.user_id, password = options.password } } }
    if options.passcode then
        identity.methods[2] = "totp"
        identity.totp = { user = { id = options.user_id, passcode = options.passcode } }
    end
    return identity
end

local function check(options, project)
    if options.user and not options.domain and not options.domain_id then
        return nil, failure.new(SOURCE, "domain is missing",
            "Set domain in `credentials` to the name of the account that the user belongs to.")
    elseif options.passcode and not options.user_id then
        return nil, failure.new(SOURCE, "passcode is set but user_id is not",
            "Set user_id in `credentials`, too (console: My Credentials).")
    elseif not project then
        return nil, failure.new(SOURCE, "neither a project nor a region is known",
            "Set `region` or `project_id`, or project_name in `credentials`.")
    end
    return true
end

--- The source "password".
-- @tparam table context `api`, `runtime`, `region`, `project_id`, `iam_endpoints`
-- @tparam table options `user`, `password`, `domain` (name of the account) or `domain_id`, or `user_id` in place of
-- user and account; optional `project_id` or `project_name` (default: the client's project, else its region),
-- `passcode` with `user_id` for MFA, `iam_endpoint`
-- @treturn table plan, or nil
-- @treturn dwsync.error kind "credentials"
function M.load(context, options)
    local project = project_of(context, options)
    local good, err = check(options, project)
    if not good then
        return nil, err
    end
    local endpoints, endpoint_err = iam.endpoints(context, options.iam_endpoint)
    if endpoint_err then
        return nil, endpoint_err
    end
    local source = SOURCE .. " " .. text.excerpt(options.user or options.user_id)
    return {
        key = { "password", options, project, endpoints },
        source = source,
        iam_endpoint = options.iam_endpoint,
        fetch = function(limits)
            return iam.token(context, "/v3/auth/tokens?nocatalog=true", {
                identity = identity_of(options),
                scope = { project = project },
            }, {
                limits = limits,
                secrets = { options.password, options.passcode },
                endpoints = endpoints,
                hints = HINTS,
            }, source)
        end,
    }
end

return M
