--- Region → hosts of DWS and IAM, with every override that the official SDKs honour.
-- Order: option, environment, regions file, built-in table.
-- @module dwsync.client.endpoints
local lazy = require "dwsync.lazy"
local display = lazy "dwsync.text"
local errors = require "dwsync.errors"
local regions = lazy "dwsync.client.regions"
local variables = require "dwsync.credentials.variables"

local M = {}

local IAM_GLOBAL = "https://iam.myhuaweicloud.com"

local function config_error(message, hint, option)
    return errors.new { kind = "config", message = message, hint = hint, option = option }
end

-- ---- one endpoint --------------------------------------------------------------------------------

local function is_loopback(host)
    local a, b, c, d = host:match "^127%.(%d+)%.(%d+)%.(%d+)()$"
    return host == "localhost" or host:find "%.localhost$" ~= nil or host == "[::1]"
        or (d and tonumber(a) < 256 and tonumber(b) < 256 and tonumber(c) < 256) or false
end

local HOW_TO_WRITE = "Write it as https://host or https://host:port, without user name, spaces or query."

-- The host of "host", "host:port" or "[::1]:port"; nil for anything else.
local function host_of(authority)
    local host, port = authority:match "^(%[[%x:.]+%])(.*)$"
    if not host then
        host, port = authority:match "^([%w._-]+)(.*)$"
    end
    local number = port and tonumber(port:match "^:(%d+)$")
    return (port == "" or number and number >= 1 and number <= 65535) and host or nil
end

-- "host", "https://host:port/" → "https://host:port". A path is dropped for IAM, as the SDKs do (HW_AUTH_URL ends
-- in /v3); for DWS it is refused, since every path of ours starts at the root.
local function normalise(text, origin, options)
    if text:find("@", 1, true) then -- not shown: the part before it may be a password
        return nil, config_error(origin .. " contains a user name", HOW_TO_WRITE, origin)
    end
    local where = ("%s %q"):format(origin, text)
    if not text:find "^%a[%w+.-]*://" then
        text = "https://" .. text
    end
    local scheme, authority, path = text:match "^(%a+)://([^/?#]+)([^?#]*)$"
    scheme = scheme and scheme:lower()
    if scheme ~= "https" and scheme ~= "http" then
        return nil, config_error(where .. " is not an https URL", HOW_TO_WRITE, origin)
    end
    local host = host_of(authority)
    if not host then
        return nil, config_error(where .. " has no host, or its port is not from 1 to 65535", HOW_TO_WRITE, origin)
    end
    if path ~= "" and path ~= "/" and not options.drop_path then
        return nil, config_error(where .. " has a path", "Write scheme and host only: dwsync adds the path.",
            origin)
    end
    if scheme == "http" and not options.allow_http and not is_loopback(host:lower()) then
        return nil, config_error(where .. " is plain http: credentials would travel in the clear",
            "Use https, or set `allow_http` if you must.", origin)
    end
    return scheme .. "://" .. authority
end

local function normalise_all(list, origin, options)
    if #list == 0 then
        return nil, config_error(origin .. " is empty", HOW_TO_WRITE, origin)
    end
    local endpoints = {}
    for _, text in ipairs(list) do
        local endpoint, err = normalise(text, origin, options)
        if not endpoint then
            return nil, err
        end
        endpoints[#endpoints + 1] = endpoint
    end
    return endpoints
end

local function split(text)
    local list = {}
    for item in text:gmatch "[^,]+" do
        list[#list + 1] = item:find "%S" and (item:find "%s" and display.trim(item) or item) or nil
    end
    return list
end

-- ---- the two services ----------------------------------------------------------------------------

local function variable(service, region)
    return ("HUAWEICLOUD_SDK_REGION_%s_%s"):format(service, region:upper():gsub("-", "_"))
end

local function check_region(region)
    if type(region) ~= "string" or not region:find "^%w[%w%-]*$" or #region > 64 then
        return nil, config_error("region is not set",
            "Set `region` (for example cn-north-4) or DWSYNC_REGION, or `endpoint` and `project_id`.", "region")
    end
    return true
end

local function find(service, otherwise, context)
    if context.endpoint then
        return normalise_all(split(context.endpoint), "endpoint", context)
    end
    local good, err = check_region(context.region)
    if not good then
        return nil, err
    end
    local name = variable(service, context.region)
    local value = variables.get(context, name)
    if value then
        return normalise_all(split(value), name, context)
    end
    local listed, path = regions.listed(service, context.region, context)
    if not listed then
        return nil, path
    elseif #listed > 0 then
        return normalise_all(listed, path, context)
    end
    local suffix = regions.suffix(service, context.region) or otherwise
    if not suffix then
        return nil, regions.unknown(context.region, name)
    end
    return { ("https://%s.%s.%s"):format(service:lower(), context.region, suffix) }
end

--- The DWS endpoints to try, in order.
-- @tparam table context `region`, `endpoint` (a URL, or several separated by commas), `allow_http`,
-- `getenv`: function(name) → value or nil, `read_file`: function(path) → text or nil, reason
-- @treturn {string,...} base URLs without path, or nil
-- @treturn dwsync.error kind "config"
function M.dws(context)
    return find("DWS", nil, context)
end

--- The endpoints of another service of a region, such as SMN.
-- @tparam string service in capitals
-- @tparam table context as for `dws`
-- @treturn {string,...} base URLs without path, or nil
-- @treturn dwsync.error kind "config"
function M.of(service, context)
    return find(service, "myhuaweicloud.com", context)
end

--- Whether DWS has an endpoint in a region: by the environment, the regions file or the built-in table.
-- @tparam table context as for `dws`
-- @treturn ?boolean
-- @treturn dwsync.error when that cannot be known, such as for a regions file that is damaged
function M.serves(context)
    local urls, err = M.dws(context)
    if urls then
        return true
    elseif err.option == "region" then
        return false
    end
    return nil, err
end

--- The IAM endpoint.
-- @tparam table context as for `dws`, with `iam_endpoint` in place of `endpoint`
-- @treturn {string} one base URL without path, or nil
-- @treturn dwsync.error kind "config"
function M.iam(context)
    local options = { allow_http = context.allow_http, drop_path = true }
    local named = variables.get(context, "HUAWEICLOUD_SDK_IAM_ENDPOINT")
    if context.iam_endpoint then
        return normalise_all({ context.iam_endpoint }, "iam_endpoint", options)
    elseif named then
        return normalise_all({ named }, "HUAWEICLOUD_SDK_IAM_ENDPOINT", options)
    end
    local suffix = context.region and regions.suffix("IAM", context.region)
    return { suffix and ("https://iam.%s.%s"):format(context.region, suffix) or IAM_GLOBAL }
end

return M
