--- Region → hosts of DWS and IAM, with every override that the official SDKs honour.
-- Order: option, environment, regions file, built-in table.
-- @module dwsync.client.endpoints
local lazy = require "dwsync.lazy"
local checks = lazy "dwsync.checks"
local display = lazy "dwsync.text"
local errors = require "dwsync.errors"
local variables = require "dwsync.credentials.variables"

local M = {}

-- The tables of the official SDKs (dws_region.py, endpoint.py of 3.1.211). The hosts under myhuaweicloud.cn and
-- .eu are doubtful: most other services of those regions are under .com. Hence the overrides.
local DWS_SUFFIX = {}
local function add_regions(suffix, names)
    for name in names:gmatch "%S+" do
        DWS_SUFFIX[name] = suffix
    end
end
add_regions("myhuaweicloud.com", [[
    af-north-1 af-south-1 ae-ad-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-5 cn-east-2 cn-east-3
    cn-east-5 cn-north-1 cn-north-2 cn-north-4 cn-north-9 cn-north-11 cn-south-1 cn-southwest-2 cn-southwest-3
    la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1]])
add_regions("myhuaweicloud.cn", "ap-southeast-4 cn-east-4 cn-north-12 cn-south-4 tr-west-1")
add_regions("myhuaweicloud.eu", "eu-west-101")
-- Open Telekom Cloud, which is the same product.
add_regions("otc.t-systems.com", "eu-de eu-nl")

local IAM_SUFFIX = {}
for name in ([[
    ae-ad-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 cn-east-2 cn-east-3 cn-east-4
    cn-east-5 cn-north-1 cn-north-2 cn-north-4 cn-north-9 cn-north-12 cn-south-1 cn-south-2 cn-southwest-2 eu-west-0
    la-north-2 la-south-2 me-east-1 my-kualalumpur-1 na-mexico-1 ru-moscow-1 sa-brazil-1 tr-west-1]]):gmatch "%S+" do
    IAM_SUFFIX[name] = "myhuaweicloud.com"
end
IAM_SUFFIX["eu-west-101"] = "myhuaweicloud.eu" -- a site of its own; the SDKs' default goes to the wrong one
IAM_SUFFIX["eu-de"] = "otc.t-systems.com"
IAM_SUFFIX["eu-nl"] = "otc.t-systems.com"

--- The regions whose endpoint is known.
-- @treturn {string,...} names, sorted
function M.regions()
    local names = {}
    for name in pairs(DWS_SUFFIX) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

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

-- ---- the regions file ----------------------------------------------------------------------------

local function entry_endpoints(entry)
    local list = {}
    for _, endpoint in ipairs(type(entry.endpoints) == "table" and entry.endpoints or {}) do
        list[#list + 1] = tostring(endpoint)
    end
    list[#list + 1] = entry.endpoint and tostring(entry.endpoint) or nil
    return list
end

local function find_in_regions(document, service, region)
    for name, entries in pairs(type(document) == "table" and document or {}) do
        if tostring(name):upper() == service and type(entries) == "table" then
            for _, entry in ipairs(entries) do
                if type(entry) == "table" and entry.id == region then
                    return entry_endpoints(entry)
                end
            end
        end
    end
    return {}
end

local function regions_path(context)
    local named, home = variables.get(context, "HUAWEICLOUD_SDK_REGIONS_FILE"), variables.home(context)
    return named or home and home .. "/.huaweicloud/regions.yaml", named ~= nil
end

-- Returns the file's endpoints for the region ({} when it says nothing) or nil and an error.
local function from_regions_file(service, region, context)
    local path, named = regions_path(context)
    if not path then
        return {}
    end
    local text, reason = context.read_file(path)
    if not text then
        if named then
            return nil, config_error(("regions file %s: %s"):format(path, reason),
                "Correct HUAWEICLOUD_SDK_REGIONS_FILE, or unset it.")
        end
        return {}
    end
    local found, lyaml = pcall(require, "lyaml")
    if not found then
        return nil, config_error(("regions file %s cannot be read without lyaml"):format(path),
            "Install lyaml (Debian: lua-yaml), or set `endpoint` instead.")
    end
    local ok, document = pcall(lyaml.load, text)
    if not ok then
        return nil, config_error(("regions file %s is not YAML: %s"):format(path, tostring(document):match "[^\n]*"),
            "Correct the file, or set `endpoint` instead.")
    end
    return find_in_regions(document, service, region), path
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

local function unknown_region(region)
    local guess = checks.guess(region, M.regions())
    return config_error(("region %q has no built-in DWS endpoint%s"):format(region, guess),
        ("Check the spelling (for example cn-north-4), or set `endpoint` or %s."):format(variable("DWS", region)),
        "region")
end

-- The endpoints of a service; `suffixes` by region.
local function find(service, suffixes, otherwise, context)
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
    local listed, path = from_regions_file(service, context.region, context)
    if not listed then
        return nil, path
    elseif #listed > 0 then
        return normalise_all(listed, path, context)
    end
    local suffix = suffixes[context.region] or otherwise
    if not suffix then
        return nil, unknown_region(context.region)
    end
    return { ("https://%s.%s.%s"):format(service:lower(), context.region, suffix) }
end

--- The DWS endpoints to try, in order.
-- @tparam table context `region`, `endpoint` (a URL, or several separated by commas), `allow_http`,
-- `getenv`: function(name) → value or nil, `read_file`: function(path) → text or nil, reason
-- @treturn {string,...} base URLs without path, or nil
-- @treturn dwsync.error kind "config"
function M.dws(context)
    return find("DWS", DWS_SUFFIX, nil, context)
end

--- The endpoints of another service of a region, such as SMN.
-- @tparam string service in capitals
-- @tparam table context as for `dws`
-- @treturn {string,...} base URLs without path, or nil
-- @treturn dwsync.error kind "config"
function M.of(service, context)
    return find(service, IAM_SUFFIX, "myhuaweicloud.com", context)
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
    local suffix = IAM_SUFFIX[context.region or ""]
    return { suffix and ("https://iam.%s.%s"):format(context.region, suffix) or IAM_GLOBAL }
end

return M
