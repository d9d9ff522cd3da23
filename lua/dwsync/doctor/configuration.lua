--- Which settings are in force, and where each value came from.
-- It must not show a secret: not those in a proxy's URL, and credentials are not among the settings.
-- @module dwsync.doctor.configuration
local endpoints = require "dwsync.endpoints"

local M = {}

local function not_empty(text)
    return text ~= "" and text or nil
end

local function nothing() end

-- A value from the first place that has one: the option, then variables of the environment.
local function pick(name, option, getenv, ...)
    if option ~= nil then
        return { name, option, "option" }
    end
    for _, variable in ipairs { ... } do
        local value = not_empty(getenv(variable))
        if value then
            return { name, value, "environment " .. variable }
        end
    end
end

-- Who named the DWS endpoint: what neither an option nor the environment nor the built-in table says stood in a file.
local function endpoint_origin(given, getenv, region, list)
    local variable = region and ("HUAWEICLOUD_SDK_REGION_DWS_%s"):format(region:upper():gsub("-", "_"))
    if given.endpoint then
        return "option"
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

local function proxy(given, getenv)
    local picked = pick("proxy", given.proxy, getenv, (table.unpack or unpack)(PROXIES)) -- luacheck: ignore 113
    return picked and { "proxy", shown_proxy(picked[2]), picked[3] } or nil
end

--- Lists settings with their origins.
-- @tparam table given options as given to dwsync.new; nil for what was not given
-- @tparam function getenv
-- @tparam[opt] dwsync.client client nil when none could be made
-- @treturn {{name, value, origin},...}
function M.list(given, getenv, client)
    local list = {}
    local function add(entry)
        list[#list + 1] = entry
    end
    local region = pick("region", given.region, getenv, "DWSYNC_REGION")
    add(region)
    if client then
        local urls = client.api.endpoints
        local iam = pick("", given.iam_endpoint, getenv, "HUAWEICLOUD_SDK_IAM_ENDPOINT")
        add { "endpoint", table.concat(urls.dws, ","), endpoint_origin(given, getenv, region and region[2], urls.dws) }
        add { "iam_endpoint", urls.iam[1], iam and iam[3] or "default" }
    end
    add(pick("project_id", given.project_id, getenv))
    add(pick("ca_file", given.ca_file, getenv, "DWSYNC_CA_FILE") or { "ca_file", "the system's", "default" })
    add(proxy(given, getenv))
    for _, name in ipairs { "timeout", "retries" } do
        add(pick(name, given[name], getenv) or client and { name, client.settings[name], "default" } or nil)
    end
    return list
end

--- @tparam table subject `settings`, `config_error`
function M.check(subject)
    local parts = {}
    for i, setting in ipairs(subject.settings) do
        local value = type(setting[2]) == "number" and ("%g"):format(setting[2]) or setting[2]
        parts[i] = ("%s %s (%s)"):format(setting[1], value, setting[3])
    end
    local found = table.concat(parts, ", ")
    local err = subject.config_error
    if err then
        return "failed", err.message .. (found ~= "" and "; " .. found or ""), err.hint
    end
    return "ok", found
end

return M
