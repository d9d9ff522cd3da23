--- Temporary keys of the agency of the virtual machine this runs on, from the metadata service.
-- It must not reach anything else over plain http, and never through a proxy: 169.254.169.254 is this machine's host.
-- @module dwsync.credentials.metadata
local errors = require "dwsync.errors"
local failure = require "dwsync.credentials.failure"
local temporary = require "dwsync.credentials.temporary"
local variables = require "dwsync.credentials.variables"

local M = {}

local BASE = "http://169.254.169.254"
local SOURCE = "ECS metadata"

-- Outside the cloud that address does not answer: the chain must not wait long for it, nor often.
local CONNECT_SECONDS, CHAIN_CONNECT_SECONDS = 3, 1
local ATTEMPT_SECONDS = 3
local ABSENT_SECONDS = 600

local SESSION_TTL = "21600"
-- The session token is an option of newer hosts; these say that this one does not have it.
local NO_SESSIONS = { [404] = true, [405] = true, [503] = true }
local NO_AGENCY = "Please configure Cloud Service Agency first"

local function base_of(context, options)
    local named = variables.get(context, "DWSYNC_METADATA")
    if options and options.endpoint then
        return (options.endpoint:gsub("/+$", ""))
    elseif context.metadata == false or context.metadata == nil and named == "off" then
        return nil
    end
    local option = type(context.metadata) == "string" and context.metadata or nil
    return ((option or named or BASE):gsub("/+$", ""))
end

local function failed(message, response, hint)
    return failure.new(SOURCE, message,
        hint or "Check the metadata service of this machine, or name another source of credentials.", response)
end

local function ask(context, plan, method, path, headers, limits)
    local request = {
        method = method,
        url = plan.base .. path,
        headers = headers,
        timeout = math.max(0.001, math.min(ATTEMPT_SECONDS, limits.deadline - context.runtime.monotonic())),
        connect_timeout = plan.connect_timeout,
        max_response_bytes = 65536,
        proxy = "",
        allow_http = plan.base == BASE,
        ca_file = context.ca_file,
    }
    local response, err = context.perform(request)
    if response then
        return response
    end
    local cause = errors.from_core(err)
    local answer = failed(("%s does not answer: %s"):format(plan.base, cause.message), nil,
        "Outside the cloud set DWSYNC_METADATA=off, or name another source of credentials.")
    answer.cause, answer.retryable = cause, true
    return nil, answer, plan.absent_seconds
end

-- Returns the session token, "" where the host has no sessions, or nil and an error.
local function session(context, plan, limits, required)
    local response, err, hold = ask(context, plan, "PUT", "/meta-data/latest/api/token",
        { ["X-Metadata-Token-Ttl-Seconds"] = SESSION_TTL }, limits)
    if not response then
        return nil, err, hold
    elseif NO_SESSIONS[response.status] and not required then
        return ""
    elseif response.status ~= 200 then
        return nil, failed(("no session token: HTTP %d"):format(response.status), response)
    end
    local token = response.body:match "^%s*([\33-\126]+)%s*$"
    if not token then
        return nil, failed("the session token is empty or malformed", response)
    end
    return token
end

local function key_with(context, plan, limits, token)
    return ask(context, plan, "GET", "/openstack/latest/securitykey",
        { ["X-Metadata-Token"] = token ~= "" and token or nil }, limits)
end

local function lacks_agency(response)
    return response.body:find(NO_AGENCY, 1, true) ~= nil
end

local function judge(context, plan, response)
    if response.status == 401 and lacks_agency(response) then
        return nil, failed("this machine has no agency", response,
            "Give the machine an agency in the console (ECS > Management Information > Agency)."), ABSENT_SECONDS
    elseif response.status ~= 200 then
        return nil, failed(("no key: HTTP %d"):format(response.status), response),
            response.status == 404 and plan.absent_seconds or nil
    end
    return temporary.decode(response, SOURCE, context.runtime.now())
end

local function fetch(context, plan, limits)
    local token, err, hold = session(context, plan, limits)
    if not token then
        return nil, err, hold
    end
    local response, key_err, key_hold = key_with(context, plan, limits, token)
    if response and response.status == 401 and not lacks_agency(response) then
        token, err = session(context, plan, limits, true)
        if not token then
            return nil, err
        end
        response, key_err, key_hold = key_with(context, plan, limits, token)
    end
    if not response then
        return nil, key_err, key_hold
    end
    return judge(context, plan, response)
end

--- The source "metadata".
-- @tparam table context `getenv`, `perform`, `runtime`, `metadata` (false: off; a text: the address)
-- @tparam[opt] table options `endpoint`, `project_id`; nil in the default chain, which waits less and may do without
-- @treturn table plan, or nil
-- @treturn nil
-- @treturn string why there is nothing
function M.load(context, options)
    local base = base_of(context, options)
    if not base then
        return nil, nil, SOURCE .. ": switched off"
    end
    local plan = {
        source = SOURCE,
        project_id = options and options.project_id,
        base = base,
        connect_timeout = options and CONNECT_SECONDS or CHAIN_CONNECT_SECONDS,
        optional = options == nil,
        -- Named, it is not up yet: a machine that boots. In the chain it may not be there at all.
        absent_seconds = options == nil and ABSENT_SECONDS or nil,
    }
    plan.key = { "metadata", base, plan.project_id }
    function plan.fetch(limits)
        return fetch(context, plan, limits)
    end
    return plan
end

return M
