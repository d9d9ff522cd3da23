--- An id token of an identity provider, read from a file and exchanged at IAM for temporary keys, in two steps.
-- It must not keep the id token: the file is read anew each time, since whoever writes it rotates it.
-- @module dwsync.credentials.oidc
local errors = require "dwsync.errors"
local iam = require "dwsync.credentials.iam"

local M = {}

M.OPTIONS = { idp_id = "string", id_token_file = "string", iam_endpoint = "string", project_id = "string" }

local SOURCE = "id token"

local function failure(path, message)
    return errors.new {
        kind = "credentials",
        message = ("id token file %s: %s"):format(path, message),
        hint = "Check that whoever writes the file still does, and that it may be read.",
    }
end

local function read_id_token(context, path)
    local text, reason = context.read_file(path)
    if not text then
        return nil, failure(path, reason)
    end
    local token = text:match "^%s*(%S+)%s*$"
    if not token then
        return nil, failure(path, text:find "%S" and "holds more than one word" or "is empty")
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
    local fields, keys_err = iam.temporary_keys(context, {
        methods = { "token" },
        token = { id = unscoped.token, duration_seconds = iam.DURATION_SECONDS },
    }, { limits = limits, secrets = { id_token, unscoped.token }, endpoints = endpoints }, SOURCE)
    if fields then
        fields.project_id = options.project_id
    end
    return fields, keys_err
end

--- The plan that gets credentials for an identity provider's token.
-- @tparam table context `api`, `runtime`, `read_file`, `iam_endpoints`
-- @tparam table options `idp_id`, `id_token_file`; optional `iam_endpoint`, `project_id`
-- @treturn table plan, or nil
-- @treturn dwsync.error kind "credentials"
function M.plan(context, options)
    for _, name in ipairs { "idp_id", "id_token_file" } do
        if not options[name] then
            return nil, errors.new {
                kind = "credentials",
                message = ("%s: %s is missing"):format(SOURCE, name),
                hint = "Give idp_id (the identity provider's name in IAM) and id_token_file (a path).",
            }
        end
    end
    local endpoints, err = iam.endpoints(context, options.iam_endpoint)
    if err then
        return nil, err
    end
    return {
        key = { "oidc", options.idp_id, options.id_token_file, options.project_id or "",
            endpoints and endpoints[1] or "" },
        source = SOURCE,
        fetch = function(limits)
            return fetch(context, options, endpoints, limits)
        end,
    }
end

--- The source "oidc".
-- @tparam table context
-- @tparam table options see `plan`
-- @treturn table plan, or nil
-- @treturn dwsync.error
function M.load(context, options)
    return M.plan(context, options)
end

return M
