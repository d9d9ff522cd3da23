--- Temporary keys of the agency of the virtual machine this runs on, from the metadata service.
-- It must not reach anything else over plain http, and never through a proxy: 169.254.169.254 is this machine's host.
-- @module dwsync.credentials.metadata
local errors = require "dwsync.errors"
local temporary = require "dwsync.credentials.temporary"
local variables = require "dwsync.credentials.variables"

local M = {}

M.OPTIONS = { endpoint = "string", project_id = "string" }

local BASE = "http://169.254.169.254"
local SOURCE = "ECS metadata"

-- Outside the cloud nobody answers at that address: the chain must not stand there for long, nor often.
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

local function failure(message, response, hint)
    return errors.new {
        kind = "credentials",
        message = SOURCE .. ": " .. message,
        hint = hint or "Check the metadata service of this machine, or name another source of credentials.",
        status = response and response.status,
        retryable = false,
    }
end

local function ask(context, plan, method, path, headers, limits)
    local request = {
        method = method,
        url = plan.base .. path,
        headers = headers,
        timeout = math.max(0.001, math.min(ATTEMPT_SECONDS, limits.deadline - context.runtime.now())),
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
    local answer = failure(("nobody answers at %s: %s"):format(plan.base, cause.message), nil,
        "Outside the cloud there is none: set DWSYNC_METADATA=off, or name another source of credentials.")
    answer.cause, answer.retryable = cause, true
    return nil, answer, ABSENT_SECONDS
end

-- Returns the session token, "" where there are none, or nil and an error.
local function session(context, plan, limits, required)
    local response, err, hold = ask(context, plan, "PUT", "/meta-data/latest/api/token",
        { ["X-Metadata-Token-Ttl-Seconds"] = SESSION_TTL }, limits)
    if not response then
        return nil, err, hold
    elseif NO_SESSIONS[response.status] and not required then
        return ""
    elseif response.status ~= 200 then
        return nil, failure(("no session token: HTTP %d"):format(response.status), response)
    end
    local token = response.body:match "^%s*([\33-\126]+)%s*$"
    if not token then
        return nil, failure("the session token is none", response)
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

local function judge(context, response)
    if response.status == 401 and lacks_agency(response) then
        return nil, failure("this machine has no agency", response,
            "Give the machine an agency in the console (ECS > Management Information > Agency)."), ABSENT_SECONDS
    elseif response.status ~= 200 then
        return nil, failure(("no key: HTTP %d"):format(response.status), response),
            response.status == 404 and ABSENT_SECONDS or nil
    end
    return temporary.decode(response, SOURCE, context.runtime.now())
end

local function fetch(context, plan, limits)
    local token, err, hold = session(context, plan, limits, false)
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
    return judge(context, response)
end

--- The source "metadata".
-- @tparam table context `getenv`, `perform`, `runtime`, `metadata` (false: off; a text: the address)
-- @tparam[opt] table options `endpoint`, `project_id`; nil in the chain, which waits less and goes on without
-- @treturn table plan, or nil
-- @treturn nil
-- @treturn string why there is nothing
function M.load(context, options)
    local base = base_of(context, options)
    if not base then
        return nil, nil, SOURCE .. ": switched off"
    end
    local plan = {
        key = { "metadata", base, options and options.project_id or "" },
        source = SOURCE,
        base = base,
        connect_timeout = options and CONNECT_SECONDS or CHAIN_CONNECT_SECONDS,
        optional = options == nil,
    }
    function plan.fetch(limits)
        local fields, err, hold = fetch(context, plan, limits)
        if fields then
            fields.project_id = options and options.project_id
        end
        return fields, err, hold
    end
    return plan
end

return M
