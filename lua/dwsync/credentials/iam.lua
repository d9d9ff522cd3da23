--- Tokens and temporary keys from IAM.
-- It must not keep any: dwsync.credentials.cache does.
-- @module dwsync.credentials.iam
local errors = require "dwsync.errors"
local json = require "dwsync.json"
local keys_of = require "dwsync.credentials.keys"
local temporary = require "dwsync.credentials.temporary"

local M = {}

-- What the official SDKs ask for: six hours.
M.DURATION_SECONDS = 21600

local HINTS = {
    permission = "Ask the account's administrator for the right to get tokens or to switch to that agency.",
    not_found = "Check the account's name, the agency's name and iam_endpoint.",
}

-- A refusal by IAM is of kind "credentials"; a failure of the network keeps its kind.
local function rename(err, source, hints)
    local kind = err.kind
    local refused = kind == "auth" or kind == "permission" or kind == "not_found" or kind == "request"
    return errors.new {
        kind = refused and "credentials" or kind,
        message = ("%s: %s"):format(source, err.message),
        hint = refused and (hints[kind] or HINTS[kind]) or err.hint,
        status = err.status,
        code = err.code,
        request_id = err.request_id,
        attempts = err.attempts,
        retryable = err.retryable,
        cause = err,
    }
end

local function post(context, target, auth, call, source)
    local response, err = context.api:send("POST", "iam", target, {
        keys = call.keys,
        headers = call.headers or {},
        body = json.encode { auth = auth },
        secrets = keys_of.hide(call.secrets or {}, #(call.secrets or {})),
        endpoints = call.endpoints,
        deadline = call.limits.deadline,
        timeout = call.limits.timeout,
    })
    return response, err and rename(err, source, call.hints or {})
end

--- The endpoint that a source names instead of the client's.
-- @tparam table context `iam_endpoints`: function(text) → list of URLs or nil, err
-- @tparam ?string text
-- @treturn ?table endpoints
-- @treturn ?dwsync.error
function M.endpoints(context, text)
    if text then
        return context.iam_endpoints(text)
    end
end

--- Asks for a token.
-- @tparam table context `api`, `runtime`
-- @tparam string target path
-- @tparam table auth the body's
-- @tparam table call `limits`, `secrets` (texts that must not show), optional `keys`, `headers`, `endpoints`,
-- `hints` (by kind of refusal)
-- @tparam string source for messages
-- @treturn table {token, expires_at, project_id, source}, or nil
-- @treturn dwsync.error
function M.token(context, target, auth, call, source)
    local response, err = post(context, target, auth, call, source)
    if not response then
        return nil, err
    end
    local token = response.headers["x-subject-token"]
    local body = json.decode_answer(response.body)
    if not token or token == "" or not body or type(body.token) ~= "table" then
        return nil, temporary.failure(response, source, "IAM's answer holds no token")
    end
    local expires_at, wrong = temporary.expiry(body.token.expires_at, response, context.runtime.now())
    if not expires_at then
        return nil, temporary.failure(response, source, "IAM's answer holds a token, but " .. wrong)
    end
    local project = type(body.token.project) == "table" and body.token.project.id
    return {
        token = token,
        expires_at = expires_at,
        project_id = type(project) == "string" and project or nil,
        source = source,
    }
end

--- Asks for temporary keys.
-- @tparam table context `api`, `runtime`
-- @tparam table identity of the body
-- @tparam table call as for `token`
-- @tparam string source for messages
-- @treturn table {ak, sk, security_token, expires_at, source}, or nil
-- @treturn dwsync.error
function M.temporary_keys(context, identity, call, source)
    local response, err = post(context, "/v3.0/OS-CREDENTIAL/securitytokens", { identity = identity }, call, source)
    if not response then
        return nil, err
    end
    return temporary.decode(response, source, context.runtime.now())
end

return M
