--- An id token of an identity provider, read from a file and exchanged at IAM for temporary keys, in two steps.
-- Its writer replaces it now and then, so the file is read each time: another token is another plan, tried at once.
-- @module dwsync.credentials.oidc
local failure = require "dwsync.credentials.failure"
local iam = require "dwsync.credentials.iam"
local settled_file = require "dwsync.credentials.settled_file"

local M = {}

local SOURCE = "id token"
local AGAIN = "Check that idp_id names the provider that issued the id token, and that the token is fresh and for "
    .. "this audience."
local HINTS = { auth = AGAIN, request = AGAIN,
    permission = "Ask the account's administrator for a rule of the identity provider that lets this id token in.",
    not_found = "Check idp_id and iam_endpoint: IAM does not know that identity provider." }

local function token_in(text)
    return text:match "^%s*(%S+)%s*$"
end

local function read_id_token(context, path, limits)
    local text, reason = settled_file.read(context, path, token_in, limits)
    local token = text and token_in(text)
    if not token then
        return nil, failure.new("id token file " .. path,
            reason or text:find "%S" and "holds more than one word" or "is empty",
            "Check that the program that writes the file is running, and that this one may read it.")
    end
    return token
end

local function fetch(context, options, id_token, endpoints, limits)
    local unscoped, token_err = iam.token(context, "/v3.0/OS-AUTH/id-token/tokens",
        { id_token = { id = id_token } },
        { limits = limits, secrets = { id_token }, endpoints = endpoints, headers = { ["X-Idp-Id"] = options.idp_id },
            hints = HINTS },
        SOURCE)
    if not unscoped then
        return nil, token_err
    end
    return iam.temporary_keys(context, {
        methods = { "token" },
        token = { id = unscoped.token, duration_seconds = iam.DURATION_SECONDS },
    }, { limits = limits, secrets = { id_token, unscoped.token }, endpoints = endpoints,
        hints = HINTS }, SOURCE)
end

--- The source "oidc".
-- @tparam table context `api`, `runtime`, `read_file`, `iam_endpoints`
-- @tparam table options `idp_id`, `id_token_file`; optional `iam_endpoint`, `project_id`
-- @tparam table limits
-- @treturn table plan, or nil
-- @treturn dwsync.error kind "credentials"
function M.load(context, options, limits)
    local endpoints, err = iam.endpoints(context, options.iam_endpoint)
    if err then
        return nil, err
    end
    local path = options.id_token_file
    local id_token, unreadable = read_id_token(context, path, limits)
    local last = settled_file.last_whole(context, path) -- what was fetched with it serves while the file is away
    if not id_token and not last then
        return nil, unreadable
    end
    return {
        key = { "oidc", options, id_token or token_in(last), endpoints },
        source = SOURCE,
        project_id = options.project_id,
        iam_endpoint = options.iam_endpoint,
        fetch = function(till)
            if not id_token then
                return nil, unreadable
            end
            return fetch(context, options, id_token, endpoints, till)
        end,
    }
end

return M
