--- An id token of an identity provider, read from a file and exchanged at IAM for temporary keys, in two steps.
-- It must not keep the id token: its writer replaces it now and then, so the file is read for each exchange.
-- @module dwsync.credentials.oidc
local failure = require "dwsync.credentials.failure"
local iam = require "dwsync.credentials.iam"

local M = {}

local SOURCE = "id token"

local function read_id_token(context, path)
    local text, reason = context.read_file(path)
    local token = text and text:match "^%s*(%S+)%s*$"
    if not token then
        return nil, failure.new("id token file " .. path,
            reason or text:find "%S" and "holds more than one word" or "is empty",
            "Check that the program that writes the file is running, and that this one may read it.")
    end
    return token
end

local function fetch(context, options, endpoints, limits)
    local id_token, err = read_id_token(context, options.id_token_file)
    if not id_token then
        return nil, err
    end
    local unscoped, token_err = iam.token(context, "/v3.0/OS-AUTH/id-token/tokens",
        { id_token = { id = id_token } },
        { limits = limits, secrets = { id_token }, endpoints = endpoints, headers = { ["X-Idp-Id"] = options.idp_id } },
        SOURCE)
    if not unscoped then
        return nil, token_err
    end
    return iam.temporary_keys(context, {
        methods = { "token" },
        token = { id = unscoped.token, duration_seconds = iam.DURATION_SECONDS },
    }, { limits = limits, secrets = { id_token, unscoped.token }, endpoints = endpoints }, SOURCE)
end

--- The source "oidc".
-- @tparam table context `api`, `runtime`, `read_file`, `iam_endpoints`
-- @tparam table options `idp_id`, `id_token_file`; optional `iam_endpoint`, `project_id`
-- @treturn table plan, or nil
-- @treturn dwsync.error kind "credentials"
function M.load(context, options)
    local endpoints, err = iam.endpoints(context, options.iam_endpoint)
    if err then
        return nil, err
    end
    return {
        key = { "oidc", options, endpoints },
        source = SOURCE,
        project_id = options.project_id,
        fetch = function(limits)
            return fetch(context, options, endpoints, limits)
        end,
    }
end

return M
