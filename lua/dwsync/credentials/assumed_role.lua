--- The agency that Terraform's variables HW_ASSUME_ROLE_… name. They are about whatever credentials are found, so they
-- apply to the default chain and to the source "terraform"; who chooses other credentials does not mean them.
-- @module dwsync.credentials.assumed_role
local lazy = require "dwsync.lazy"
local checks = require "dwsync.checks"
local errors = require "dwsync.errors"
local failure = lazy "dwsync.credentials.failure"
local options = lazy "dwsync.credentials.options"
local variables = require "dwsync.credentials.variables"

local M = {}

local SOURCE = "environment (Terraform)"
local AGENCY_NAME, DURATION = "HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DURATION"
local DOMAIN_NAME, DOMAIN_ID = "HW_ASSUME_ROLE_DOMAIN_NAME", "HW_ASSUME_ROLE_DOMAIN_ID"
local COMPANIONS = { DOMAIN_NAME, DOMAIN_ID, DURATION }
local WITH_ID_TOKEN = { "HW_ASSUME_ROLE_IDP_ID", "HW_ASSUME_ROLE_ID_TOKEN", "HW_ASSUME_ROLE_ID_TOKEN_FILE" }

local function config_error(message, hint)
    return errors.new { kind = "config", message = ("%s: %s"):format(SOURCE, message), hint = hint }
end

-- Terraform asks another service for these, by rules that are not published.
local function refusal_of_id_token(context)
    local name = variables.first_set(context, WITH_ID_TOKEN)
    return name and config_error(name .. " is set: agencies are not asked for with an id token",
        "Unset it, and set HUAWEICLOUD_SDK_IDP_ID and HUAWEICLOUD_SDK_ID_TOKEN_FILE.")
end

local function duration_of(context)
    local text = variables.get(context, DURATION)
    if not text then
        return nil
    end
    local seconds, message = checks.from_text(options.DURATION, text, DURATION)
    return seconds, message and config_error(message, "Terraform's duration is in seconds.")
end

local function read(context, from)
    local agency_name = variables.get(context, AGENCY_NAME)
    local refused, companion = refusal_of_id_token(context), variables.first_set(context, COMPANIONS)
    if refused then
        return nil, refused
    elseif not agency_name then
        return nil, companion and failure.new(SOURCE, ("%s is set but %s is not"):format(companion, AGENCY_NAME),
            "Set both variables, or neither to ask without an agency.")
    end
    local domain, domain_id = variables.get(context, DOMAIN_NAME), variables.get(context, DOMAIN_ID)
    if not domain and not domain_id then
        return nil, failure.new(SOURCE, ("%s is set but %s is not"):format(AGENCY_NAME, DOMAIN_NAME),
            ("Set %s or %s to the account that made the agency."):format(DOMAIN_NAME, DOMAIN_ID))
    end
    local duration, err = duration_of(context)
    return not err and {
        source = "agency", agency_name = agency_name, domain = domain, domain_id = domain_id, duration = duration,
        project_id = variables.get(context, "HW_PROJECT_ID"),
        from = from,
    } or nil, err
end

--- The option `credentials` with the agency that the variables name.
-- @tparam table context `getenv`
-- @param given the option `credentials`; nil for the default chain
-- @return given, or the options of a source "agency" that asks with it; nil for the chain alone
-- @treturn ?dwsync.error kind "credentials" when something is half set, "config" for what cannot be done
function M.apply(context, given)
    if given ~= nil and not (type(given) == "table" and given.source == "terraform") then
        return given
    end
    local role, err = read(context, given)
    return not err and (role or given) or nil, err
end

return M
