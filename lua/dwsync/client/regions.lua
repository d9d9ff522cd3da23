--- What is known of regions besides the environment: the regions file of the official SDKs, then a built-in table.
-- Loaded when no option and no variable names an endpoint.
-- @module dwsync.client.regions
local lazy = require "dwsync.lazy"
local checks = lazy "dwsync.checks"
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

--- The end of a host's name that a service has in a region, behind it.
-- @tparam string service in capitals
-- @tparam string region
-- @treturn ?string
function M.suffix(service, region)
    return (service == "DWS" and DWS_SUFFIX or IAM_SUFFIX)[region] -- others are where IAM is
end

--- The regions whose endpoint is known.
-- @treturn {string,...} names, sorted
function M.names()
    local names = {}
    for name in pairs(DWS_SUFFIX) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

local function config_error(message, hint)
    return errors.new { kind = "config", message = message, hint = hint }
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

--- The endpoints that the regions file has for a service.
-- @tparam string service in capitals
-- @tparam string region
-- @tparam table context `getenv`, `read_file`
-- @treturn {string,...} as they are there, none when it says nothing; or nil
-- @treturn string|dwsync.error path of the file
function M.listed(service, region, context)
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

--- Says that a region is not known.
-- @tparam string region
-- @tparam string variable that would name its endpoint
-- @treturn dwsync.error
function M.unknown(region, variable)
    return errors.new {
        kind = "config",
        option = "region",
        message = ("region %q has no built-in DWS endpoint%s"):format(region, checks.guess(region, M.names())),
        hint = ("Check the spelling (for example cn-north-4), or set `endpoint` or %s."):format(variable),
    }
end

return M
