--- Temporary keys of a pod in CCE, from the agent that its environment names.
-- It must not send the pod's token in the clear to anywhere but this machine and its own link.
-- @module dwsync.credentials.pod_identity
local errors = require "dwsync.errors"
local failure = require "dwsync.credentials.failure"
local temporary = require "dwsync.credentials.temporary"
local variables = require "dwsync.credentials.variables"

local M = {}

local SOURCE = "CCE pod identity"
local URI, TOKEN_FILE = "HC_CONTAINER_CREDENTIALS_FULL_URI", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"
local ATTEMPT_SECONDS = 5

local function failed(message, response)
    return failure.new(SOURCE, message, "Check the pod's service account and its association with an agency.", response)
end

local function is_link_local(url)
    return url:find "^http://169%.254%.%d+%.%d+[:/]" ~= nil or url:find "^http://169%.254%.%d+%.%d+$" ~= nil
end

local function fetch(context, uri, token_file, limits)
    local text, reason = context.read_file(token_file)
    local token = text and text:match "^%s*([\33-\126]+)%s*$"
    if not token then
        return nil, failed(("token file %s: %s"):format(token_file, reason or "empty or not a token"))
    end
    local response, err = context.perform {
        method = "POST",
        url = uri,
        headers = { Authorization = token, ["Content-Type"] = "application/json" },
        body = "{}",
        timeout = math.max(0.001, math.min(ATTEMPT_SECONDS, limits.deadline - context.runtime.monotonic())),
        connect_timeout = ATTEMPT_SECONDS,
        max_response_bytes = 65536,
        proxy = "",
        allow_http = is_link_local(uri),
        ca_file = context.ca_file,
    }
    if not response then
        local cause = errors.from_core(err, { token })
        local answer = failed("the agent does not answer: " .. cause.message)
        answer.cause, answer.retryable = cause, true
        return nil, answer
    elseif response.status ~= 200 and response.status ~= 201 then
        return nil, failed(("the agent answers HTTP %d"):format(response.status), response)
    end
    return temporary.decode(response, SOURCE, context.runtime.now())
end

--- The source "pod_identity".
-- @tparam table context `getenv`, `read_file`, `perform`, `runtime`
-- @tparam[opt] table options `endpoint`, `token_file` (both or neither; default: the environment's), `project_id`
-- @treturn table plan, or nil
-- @treturn dwsync.error when only half is set
-- @treturn string why there is nothing
function M.load(context, options)
    options = options or {}
    local uri, token_file = variables.pair(context, SOURCE, URI, TOKEN_FILE)
    if options.endpoint or options.token_file then
        uri, token_file = options.endpoint, options.token_file
        if not uri or not token_file then
            return nil, failure.new(SOURCE, (uri and "token_file" or "endpoint") .. " is missing",
                "Set both endpoint and token_file in `credentials`, or neither.")
        end
    elseif not uri then
        return nil, token_file, not token_file and ("%s: %s is not set"):format(SOURCE, URI) or nil
    end
    return {
        key = { "pod_identity", uri, token_file, options.project_id },
        source = SOURCE,
        project_id = options.project_id,
        fetch = function(limits)
            return fetch(context, uri, token_file, limits)
        end,
    }
end

return M
