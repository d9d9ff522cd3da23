--- Credentials from the environment variables of the Terraform provider: a token, a key pair, or a user's password.
-- @module dwsync.credentials.terraform
local failure = require "dwsync.credentials.failure"
local password = require "dwsync.credentials.password"
local variables = require "dwsync.credentials.variables"

local M = {}

local SOURCE = "environment (Terraform)"

-- A user is named within an account, or by an id alone.
local function by_password(context, user, user_id, secret, project_id, iam_endpoint)
    local domain, domain_id = variables.get(context, "HW_DOMAIN_NAME"), variables.get(context, "HW_DOMAIN_ID")
    if user and not domain and not domain_id then
        return nil, failure.new(SOURCE, "HW_USER_NAME and HW_USER_PASSWORD are set but HW_DOMAIN_NAME is not",
            "Set HW_DOMAIN_NAME to the name of the account that the user belongs to.")
    end
    return password.load(context, {
        user = user,
        user_id = user_id,
        password = secret,
        domain = domain,
        domain_id = domain_id,
        project_id = project_id,
        project_name = variables.get(context, "HW_PROJECT_NAME"),
        iam_endpoint = iam_endpoint,
    })
end

--- The source "terraform".
-- @tparam table context `getenv`, and what `password` needs
-- @treturn table fields or plan, or nil
-- @treturn dwsync.error when something is half set
-- @treturn string why there is nothing
function M.load(context)
    local project_id = variables.get(context, "HW_PROJECT_ID")
    local source = "the environment (HW_*)"
    local iam_endpoint = variables.get(context, "HW_AUTH_URL")
    local token = variables.get(context, "HW_AUTH_TOKEN")
    if token then
        return { token = token, project_id = project_id, source = source, iam_endpoint = iam_endpoint }
    end
    local ak, sk = variables.pair(context, SOURCE, "HW_ACCESS_KEY", "HW_SECRET_KEY")
    if ak then
        return { ak = ak, sk = sk, security_token = variables.get(context, "HW_SECURITY_TOKEN"),
            project_id = project_id, source = source, iam_endpoint = iam_endpoint }
    elseif sk then
        return nil, sk
    end
    local user_id = variables.get(context, "HW_USER_ID")
    local named = not variables.get(context, "HW_USER_NAME") and user_id and "HW_USER_ID" or "HW_USER_NAME"
    local user, secret = variables.pair(context, SOURCE, named, "HW_USER_PASSWORD")
    if user then
        return by_password(context, named == "HW_USER_NAME" and user or nil, user_id, secret, project_id, iam_endpoint)
    end
    return nil, secret,
        not secret and SOURCE .. ": HW_AUTH_TOKEN, HW_ACCESS_KEY and HW_USER_NAME are not set" or nil
end

return M
