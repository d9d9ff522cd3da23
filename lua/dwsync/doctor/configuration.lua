--- Which settings are in force, and where each value came from.
-- It must not show a secret, such as the password in a proxy's URL.
-- @module dwsync.doctor.configuration
local decimal = require "dwsync.decimal"
local endpoints = require "dwsync.client.endpoints"

local M = {}

local function not_empty(text)
    return text ~= "" and text or nil
end

local function nothing() end

-- A value from the first place that has one: the option, perhaps from the configuration file, then variables of the
-- environment.
local function pick(name, option, getenv, said, ...)
    if option ~= nil then
        return { name, option, said and said[name] and "configuration file" or "option" }
    end
    for _, variable in ipairs { ... } do
        local value = not_empty(getenv(variable))
        if value then
            return { name, value, "environment " .. variable }
        end
    end
end

-- Where the DWS endpoint came from: if not from an option, the environment or the built-in table, then from a file.
local function endpoint_origin(given, getenv, said, region, list)
    local variable = region and ("HUAWEICLOUD_SDK_REGION_DWS_%s"):format(region:upper():gsub("-", "_"))
    if given.endpoint then
        return said and said.endpoint and "configuration file" or "option"
    elseif not_empty(getenv(variable or "")) then
        return "environment " .. variable
    end
    local default = endpoints.dws { region = region, getenv = nothing, read_file = nothing }
    return default and default[1] == list[1] and "default" or "file"
end

-- Without user name and password.
local function shown_proxy(url)
    return url == "" and "none" or (url:gsub("^(%a[%w+.-]*://).*@", "%1"):gsub("^[^/]*@", ""))
end

local PROXIES = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }

local function proxy(given, getenv, said)
    local picked = pick("proxy", given.proxy, getenv, said, (table.unpack or unpack)(PROXIES)) -- luacheck: ignore 113
    return picked and { "proxy", shown_proxy(picked[2]), picked[3] } or nil
end

--- Lists settings with their origins.
-- @tparam table given options as given to dwsync.new; nil for what was not given
-- @tparam function getenv
-- @tparam[opt] dwsync.client client nil when none could be made
-- @tparam[opt] table said names of the options from the configuration file, as keys
-- @treturn {{name, value, origin},...}
function M.list(given, getenv, client, said)
    local list = {}
    local function add(entry)
        list[#list + 1] = entry
    end
    local region = pick("region", given.region, getenv, said, "DWSYNC_REGION", "HW_REGION_NAME")
        or client and client:option "region" and { "region", client:option "region", "KooCLI's profile" } or nil
    add(region)
    if client then
        local dws = client:endpoints "dws"
        local iam = pick("iam_endpoint", given.iam_endpoint, getenv, said,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT")
        add { "endpoint", table.concat(dws, ","), endpoint_origin(given, getenv, said, region and region[2], dws) }
        add { "iam_endpoint", client:endpoints("iam")[1], iam and iam[3] or "default" }
    end
    add(pick("project_id", given.project_id, getenv, said))
    add(pick("ca_file", given.ca_file, getenv, said, "DWSYNC_CA_FILE") or { "ca_file", "the system's", "default" })
    add(proxy(given, getenv, said))
    for _, name in ipairs { "timeout", "retries" } do
        add(pick(name, given[name], getenv, said) or client and { name, client:option(name), "default" } or nil)
    end
    return list
end

-- What is set without effect would otherwise be taken for what is asked with.
local function without_effect(list)
    local names, instead = {}, {}
    for i, variable in ipairs(list) do
        names[i], instead[#instead + 1] = variable[1], not instead[variable[2]] and variable[2] or nil
        instead[variable[2]] = true
    end
    return "without effect: " .. table.concat(names, ", "), "Instead: " .. table.concat(instead, "; ") .. "."
end

-- In the words of a reader who may have written none of it.
local WORDS = { iam_endpoint = "IAM endpoint", project_id = "project id", ca_file = "CA file" }

--- Checks that the configuration can be read, and what it says.
-- @tparam table subject `settings`, `config_error`, optional `without_effect`: list of variables and what takes their
-- place
-- @treturn string "ok", "warning" or "failed"
-- @treturn string what was found
-- @treturn ?string what to do about it
function M.check(subject)
    local parts = {}
    for i, setting in ipairs(subject.settings) do
        local value = type(setting[2]) == "number" and decimal.format("%g", setting[2]) or setting[2]
        parts[i] = ("%s %s (%s)"):format(WORDS[setting[1]] or setting[1], value, setting[3])
    end
    local found = table.concat(parts, ", ")
    local err = subject.config_error
    if err then
        return "failed", err.message .. (found ~= "" and "; " .. found or ""), err.hint
    end
    if #(subject.without_effect or {}) > 0 then
        local set, instead = without_effect(subject.without_effect)
        return "warning", found .. "; " .. set, instead
    end
    return "ok", found
end

return M
