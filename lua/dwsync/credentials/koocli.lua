--- Credentials from KooCLI's configuration, ~/.hcloud/config.json, when it is not encrypted (it is by default).
-- It must not write that file, nor try to decrypt it: the format is private to KooCLI.
-- @module dwsync.credentials.koocli
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

local function from_profile(profile, where)
    if profile.mode ~= nil and profile.mode ~= "AKSK" and profile.mode ~= "SSO" then
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

--- The source "koocli".
-- @tparam table context `getenv`, `read_file`
-- @tparam[opt] table options `path`, `profile` (default: the current one)
-- @tparam table limits
-- @treturn table fields, or nil
-- @treturn dwsync.error when it cannot be read, or the profile is half filled
-- @treturn string why there is nothing
function M.load(context, options, limits)
    options = options or {}
    local home = variables.home(context)
    local path = options.path or home and home .. "/.hcloud/config.json"
    if not path then
        return nil, nil, "KooCLI: the home directory is unknown"
    end
    local document, err, why = document_of(context, path, options.path, limits)
    if not document then
        return nil, err, why
    end
    local name = options.profile or text(document.current) or "default"
    local where = ("KooCLI's profile %s in %s"):format(display.excerpt(name), path)
    local profile = profile_named(document, name)
    if not profile then
        return nil, options.profile and failure(where, "does not exist") or nil, where .. ": does not exist"
    end
    return from_profile(profile, where)
end

return M
