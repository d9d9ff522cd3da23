--- What may stand in a configuration file, and the error that names the key which may not.
-- It must not take a secret: keys come from a source that is named, and no value of a refused key is shown.
-- @module dwsync.cli.configuration_keys
local errors = require "dwsync.errors"
local options = require "dwsync.client.options"
local text = require "dwsync.text"

local M = {}

local TOP = { profile = true, profiles = true, clusters = true, thresholds = true, history = true, on_change = true }

local CLIENT = { region = true, endpoint = true, iam_endpoint = true, project_id = true, credentials = true,
    metadata = true, algorithm = true, signing_service = true, signing_region = true, timeout = true,
    attempt_timeout = true, connect_timeout = true, retries = true, limit = true, paging = true, max_pages = true,
    max_response_bytes = true, ca_file = true, client_cert = true, client_key = true, proxy = true,
    user_agent = true, allow_http = true }

local SECRET = { ak = true, sk = true, security_token = true, password = true, passcode = true, token = true }

local MAX_DEPTH = 8

local function wrong(message, hint)
    return nil, errors.new { kind = "config", message = message, hint = hint }
end

local function shown(key)
    return type(key) == "string" and text.excerpt(key, 60) or "[" .. tostring(key) .. "]"
end

local function below(path, key)
    return path == "" and shown(key) or ("%s.%s"):format(path, shown(key))
end

local function names_of(known)
    local names = {}
    for name in pairs(known) do
        names[#names + 1] = name
    end
    table.sort(names)
    return table.concat(names, ", ")
end

local function check_keys(path, given, known)
    for key in pairs(given) do
        if not known[key] then
            return wrong(("there is no key '%s'"):format(below(path, key)),
                ("There are: %s."):format(names_of(known)))
        end
    end
    return true
end

local function check_type(path, value, expected)
    if type(value) == expected then
        return true
    end
    return wrong(("%s is a %s, expected a %s"):format(path, type(value), expected == "string" and "text" or expected))
end

-- A copy of plain data, so that nothing of the file's code is left in it.
local function copy(path, value, depth)
    if type(value) == "function" then
        return wrong(path .. " is a function, which only on_change may be", "Write the value itself.")
    elseif type(value) ~= "table" then
        return value
    elseif depth > MAX_DEPTH then
        return wrong(path .. " is nested too deeply", "Write a table of plain values.")
    end
    local result = {}
    for key, item in pairs(value) do
        local err
        result[key], err = copy(below(path, key), item, depth + 1)
        if err then
            return nil, err
        end
    end
    return result
end

local function check_credentials(path, given)
    if type(given) == "string" then
        given = { source = given }
    elseif type(given) ~= "table" then
        return wrong(("%s is a %s, expected the name of a source or a table"):format(path, type(given)),
            'Write "environment", "file", "metadata", … or { source = …, … }.')
    end
    for key in pairs(given) do
        if SECRET[key] then
            return wrong(("%s.%s is a secret, and secrets do not belong in this file"):format(path, key),
                "Name a source that has them: the environment, the credentials file, the metadata service.")
        end
    end
    if given.source == nil then
        return wrong(path .. " names no source", 'Write "environment", "file", "metadata", … or { source = …, … }.')
    elseif given.from ~= nil then
        local from, err = check_credentials(path .. ".from", given.from)
        if not from then
            return nil, err
        end
        given.from = from
    end
    return given
end

-- Options of dwsync.new, checked by the same rules.
local function check_profile(path, given)
    local good, err = check_type(path, given, "table")
    if good then
        good, err = check_keys(path, given, CLIENT)
    end
    if good and given.credentials ~= nil then
        given.credentials, err = check_credentials(path .. ".credentials", given.credentials)
        good = given.credentials
    end
    if not good then
        return nil, err
    end
    good, err = options.client(given)
    if not good then
        return wrong(("%s: %s"):format(path, err.message), err.hint)
    end
    return true
end

local function check_profiles(given)
    local good, err = check_type("profiles", given, "table")
    if not good then
        return nil, err
    end
    for name, profile in pairs(given) do
        if type(name) ~= "string" or name == "" then
            return wrong(("profiles: %s is no name of a profile"):format(shown(name)), "Write name = { … }.")
        end
        good, err = check_profile(below("profiles", name), profile)
        if not good then
            return nil, err
        end
    end
    return true
end

local function check_clusters(given)
    local good, err = check_type("clusters", given, "table")
    if not good then
        return nil, err
    end
    for name, id in pairs(given) do
        if type(name) ~= "string" or not name:find "%S" or name:find "%c" then
            return wrong(("clusters: %s is no name of a cluster"):format(shown(name)), 'Write name = "its id".')
        end
        good, err = options.identifier(below("clusters", name), id)
        if not good then
            return nil, err
        end
    end
    return true
end

local function check_thresholds(given)
    local good, err = require("dwsync.health").rules(given)
    if not good then
        return wrong("thresholds: " .. err.message, err.hint)
    end
    return true
end

local function check_default_profile(given)
    local good, err = check_type("profile", given.profile, "string")
    if good and not (given.profiles and given.profiles[given.profile]) then
        return wrong(("profile is '%s', but profiles has none of that name"):format(shown(given.profile)),
            "Add it to profiles, or name one that is there.")
    end
    return good, err
end

local CHECKS = {
    { "profiles", check_profiles },
    { "clusters", check_clusters },
    { "thresholds", check_thresholds },
    { "history", function(value) return check_type("history", value, "string") end },
    { "profile", function(_, given) return check_default_profile(given) end },
}

--- Checks what a configuration file returned.
-- @tparam table given
-- @treturn table copy, with `profiles`, `clusters` and `thresholds` present, or nil
-- @treturn dwsync.error kind "config"
function M.check(given)
    local good, err = check_keys("", given, TOP)
    if not good then
        return nil, err
    end
    local on_change = given.on_change
    if on_change ~= nil and type(on_change) ~= "function" then
        return check_type("on_change", on_change, "function")
    end
    given.on_change = nil
    local result
    result, err = copy("", given, 0)
    if not result then
        return nil, err
    end
    for _, check in ipairs(CHECKS) do
        local value = result[check[1]]
        if value ~= nil then
            good, err = check[2](value, result)
            if not good then
                return nil, err
            end
        end
    end
    result.on_change = on_change
    result.profiles, result.clusters = result.profiles or {}, result.clusters or {}
    return result
end

return M
