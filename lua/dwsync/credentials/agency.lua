--- Temporary keys of an agency of another account (or of this one), asked for with the credentials of another source.
-- @module dwsync.credentials.agency
local failure = require "dwsync.credentials.failure"
local iam = require "dwsync.credentials.iam"
local text = require "dwsync.text"

local M = {}

--- The source "agency".
-- @tparam table context `api`, `runtime`, `iam_endpoints`, `resolve`: function(given, limits) → credentials,
-- `identify`: function(given, limits) → plain data
-- @tparam table options `agency_name`, `domain` or `domain_id`; optional `duration` (seconds, 900 to 86400, default
-- 21600), `from` (credentials to ask with, in any form that `credentials` of dwsync.new takes; default: the chain),
-- `project_id`, `iam_endpoint`
-- @tparam table limits
-- @treturn table plan, or nil
-- @treturn dwsync.error kind "credentials"
function M.load(context, options, limits)
    if not options.domain and not options.domain_id then
        return nil, failure.new("agency", "domain is missing",
            "Set domain in `credentials` to the name of the account that made the agency.")
    end
    local endpoints, err = iam.endpoints(context, options.iam_endpoint)
    if err then
        return nil, err
    end
    local source = "agency " .. text.excerpt(options.agency_name)
    local identity = {
        methods = { "assume_role" },
        assume_role = {
            agency_name = options.agency_name,
            domain_name = options.domain,
            domain_id = not options.domain and options.domain_id or nil,
            duration_seconds = math.floor(options.duration or iam.DURATION_SECONDS),
        },
    }
    return {
        key = { "agency", options, endpoints, context.identify(options.from, limits) },
        source = source,
        project_id = options.project_id,
        fetch = function(till)
            local base, base_err = context.resolve(options.from, till)
            if not base then
                return nil, base_err
            end
            local fields, refused = iam.temporary_keys(context, identity, { limits = till, keys = base,
                endpoints = endpoints }, source)
            if fields then
                fields.iam_endpoint = options.iam_endpoint or base.iam_endpoint -- where these keys are known
            end
            return fields, refused
        end,
    }
end

return M
