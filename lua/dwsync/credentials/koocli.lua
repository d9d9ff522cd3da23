--- Credentials from KooCLI's configuration, ~/.hcloud/config.json, when it is not encrypted (it is by default).
-- It must not write that file, nor try to decrypt it: the format is private to KooCLI.
-- @module dwsync.credentials.koocli
local agency = require "dwsync.credentials.agency"
local display = require "dwsync.text"
local failures = require "dwsync.credentials.failure"
local json = require "dwsync.json"
local settled_file = require "dwsync.credentials.settled_file"
local variables = require "dwsync.credentials.variables"

local M = {}

local DECRYPT = "hcloud configure set --cli-auth-encrypt=false"

local function failure(where, message)
    return failures.new(where, message,
        "Correct the profile with hcloud configure set, or name another source of credentials.")
end

local function profile_named(document, name)
    for _, profile in ipairs(type(document.profiles) == "table" and document.profiles or {}) do
        if type(profile) == "table" and profile.name == name then
            return profile
        end
    end
end

local function text(value)
    return type(value) == "string" and value ~= "" and value or nil
end

-- A profile of single sign-on has its temporary keys one level deeper.
local function pair_of(profile)
    if profile.mode == "SSO" then
        local deeper = type(profile.ssoAuth) == "table" and profile.ssoAuth.stsToken
        return type(deeper) == "table" and deeper or {}
    end
    return profile
end

local WITH_KEYS = { AKSK = true, SSO = true, agency = true }

local function from_profile(profile, where)
    if profile.mode ~= nil and not WITH_KEYS[profile.mode] then
        return nil, nil, ("%s: a profile of mode %s has no key"):format(where, display.excerpt(tostring(profile.mode)))
    end
    local pair = pair_of(profile)
    local ak, sk = text(pair.accessKeyId), text(pair.secretAccessKey)
    if not ak and not sk then
        return nil, nil, where .. ": has no key"
    elseif not ak or not sk then
        return nil, failure(where, ("has %s but no %s"):format(ak and "accessKeyId" or "secretAccessKey",
            ak and "secretAccessKey" or "accessKeyId"))
    end
    return {
        ak = ak,
        sk = sk,
        security_token = text(pair.securityToken),
        project_id = text(profile.projectId),
        source = where,
    }
end

local function is_whole(content)
    return json.decode(content) ~= nil
end

local function document_of(context, path, named, limits)
    local content, reason, missing = settled_file.read(context, path, is_whole, limits)
    if not content then
        if missing and not named then
            return nil, nil, ("KooCLI's %s: does not exist"):format(path)
        end
        return nil, failure("KooCLI's " .. path, reason)
    end
    local document = json.decode(content)
    if not document then
        return nil, failure("KooCLI's " .. path, "not a JSON object")
    elseif document.authEncrypt ~= "false" and document.authEncrypt ~= false then
        return nil, nil, ("KooCLI's %s: its values are encrypted (%s writes them plainly)"):format(path, DECRYPT)
    end
    return document
end

-- A profile that names an agency asks with its keys for those of the agency.
local function from_agency(context, profile, fields, limits)
    if not text(profile.agencyDomainName) and not text(profile.agencyDomainId) then
        return nil, failure(fields.source, "has agencyName but no agencyDomainName")
    end
    return agency.load(context, {
        agency_name = profile.agencyName,
        domain = text(profile.agencyDomainName),
        domain_id = text(profile.agencyDomainId),
        project_id = fields.project_id,
        from = { ak = fields.ak, sk = fields.sk, security_token = fields.security_token },
    }, limits)
end

-- Terraform reads KooCLI's file, too, where these variables say. Returns path and profile, and whether they are named.
local function place_of(context, options)
    local path = options.path or variables.get(context, "HW_SHARED_CONFIG_FILE")
    local home = variables.home(context)
    return path and path:gsub("^~", function() return home end) or home and home .. "/.hcloud/config.json",
        options.profile or variables.get(context, "HW_PROFILE"), path ~= nil
end

-- Returns the profile and what messages call it; or nil, err; or nil, nil, why.
local function find_profile(context, options, limits)
    local path, named_profile, is_named = place_of(context, options or {})
    if not path then
        return nil, nil, "KooCLI: the home directory is unknown"
    end
    local document, err, why = document_of(context, path, is_named, limits)
    if not document then
        return nil, err, why
    end
    local name = named_profile or text(document.current) or "default"
    local where = ("KooCLI's profile %s in %s"):format(display.excerpt(name), path)
    local profile = profile_named(document, name)
    if not profile then
        return nil, named_profile and failure(where, "does not exist") or nil, where .. ": does not exist"
    end
    return profile, where
end

--- The source "koocli".
-- @tparam table context `getenv`, `read_file`, and what `agency` needs
-- @tparam[opt] table options `path`, `profile` (default: HW_SHARED_CONFIG_FILE and HW_PROFILE, else the current one of
-- ~/.hcloud/config.json)
-- @tparam table limits
-- @treturn table fields or plan, or nil
-- @treturn dwsync.error when it cannot be read, or the profile is half filled
-- @treturn string why there is nothing
function M.load(context, options, limits)
    local profile, where, why = find_profile(context, options, limits)
    if not profile then
        return nil, where, why
    end
    local fields, err, nothing = from_profile(profile, where)
    if fields and text(profile.agencyName) then
        return from_agency(context, profile, fields, limits)
    end
    return fields, err, nothing
end

--- The region of the profile that `load` reads.
-- @tparam table context `getenv`, `read_file`
-- @tparam[opt] table options as for `load`
-- @treturn ?string region; nil when there is none to be read
-- @treturn string what messages call it
function M.region(context, options)
    local profile, where = find_profile(context, options)
    local region = profile and text(profile.region)
    return region, region and "region of " .. where
end

return M
