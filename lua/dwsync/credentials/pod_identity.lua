--- Temporary keys of a pod in CCE, from the agent that its environment names.
-- It must not send the pod's token in the clear to anywhere but this machine and its own link.
-- @module dwsync.credentials.pod_identity
local errors = require "dwsync.errors"
local failure = require "dwsync.credentials.failure"
local settled_file = require "dwsync.credentials.settled_file"
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

local function token_in(text)
    return text:match "^%s*([\33-\126]+)%s*$"
end

local function fetch(context, uri, token, limits)
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
-- @tparam table limits
-- @treturn table plan, or nil
-- @treturn dwsync.error when only half is set
-- @treturn string why there is nothing
function M.load(context, options, limits)
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
    local text, reason = settled_file.read(context, token_file, token_in, limits)
    local token = text and token_in(text)
    local last = settled_file.last_whole(context, token_file) -- what was fetched with it serves while the file is away
    local unreadable = not token and failed(("token file %s: %s"):format(token_file, reason or "empty or not a token"))
    if unreadable and not last then
        return nil, unreadable
    end
    return {
        key = { "pod_identity", uri, token or token_in(last), options.project_id },
        source = SOURCE,
        project_id = options.project_id,
        fetch = function(till)
            if unreadable then
                return nil, unreadable
            end
            return fetch(context, uri, token, till)
        end,
    }
end

return M
