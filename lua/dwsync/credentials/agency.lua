--- Temporary keys of an agency of another account (or of this one), asked for with the credentials of another source.
-- It must not know which source that is.
-- @module dwsync.credentials.agency
local errors = require "dwsync.errors"
local iam = require "dwsync.credentials.iam"
local text = require "dwsync.text"

local M = {}

M.OPTIONS = {
    agency_name = "string", domain = "string", domain_id = "string", duration = "number", from = "table or function",
    project_id = "string", iam_endpoint = "string",
}

local function failure(message, hint)
    return errors.new { kind = "credentials", message = "agency: " .. message, hint = hint }
end

local function check(options)
    if not options.agency_name then
        return nil, failure("agency_name is missing", "Give agency_name, and domain: the account that made the agency.")
    elseif not options.domain and not options.domain_id then
        return nil, failure("domain is missing", "Give domain, the name of the account that made the agency.")
    end
    local duration = options.duration
    if duration and (duration < 900 or duration > 86400 or duration % 1 ~= 0) then
        return nil, failure("duration is not a number of seconds from 900 to 86400", "Correct duration.")
    end
    return true
end

--- The source "agency".
-- @tparam table context `api`, `runtime`, `iam_endpoints`, `resolve`: function(given, limits) → credentials
-- @tparam table options `agency_name`, `domain` or `domain_id`; optional `duration` (seconds, 900 to 86400, default
-- 21600), `from` (credentials to ask with, in any form that `credentials` of dwsync.new takes; default: the chain),
-- `project_id`, `iam_endpoint`
-- @treturn table plan, or nil
-- @treturn dwsync.error kind "credentials"
function M.load(context, options)
    local good, err = check(options)
    if not good then
        return nil, err
    end
    local endpoints, endpoint_err = iam.endpoints(context, options.iam_endpoint)
    if endpoint_err then
        return nil, endpoint_err
    end
    local duration = math.floor(options.duration or iam.DURATION_SECONDS)
    local source = "agency " .. text.excerpt(options.agency_name)
    local function ask(limits)
        local base, base_err = context.resolve(options.from, limits)
        if not base then
            return nil, base_err
        end
        local fields, keys_err = iam.temporary_keys(context, {
            methods = { "assume_role" },
            assume_role = {
                agency_name = options.agency_name,
                domain_name = options.domain,
                domain_id = not options.domain and options.domain_id or nil,
                duration_seconds = duration,
            },
        }, { limits = limits, keys = base, endpoints = endpoints }, source)
        if fields then
            fields.project_id = options.project_id
        end
        return fields, keys_err
    end
    return {
        key = { "agency", options.agency_name, options.domain or "", options.domain_id or "", tostring(duration),
            options.project_id or "", endpoints and endpoints[1] or "", context.fingerprint(options.from) },
        source = source,
        fetch = ask,
    }
end

return M
