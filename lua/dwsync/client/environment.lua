--- What the environment and files add to the options of a client, before anything is asked.
-- @module dwsync.client.environment
local endpoints = require "dwsync.client.endpoints"
local errors = require "dwsync.errors"
local files = require "dwsync.files"
local options = require "dwsync.client.options"
local variables = require "dwsync.credentials.variables"

local M = {}

local function resolve_endpoints(settings, context)
    local where = {
        region = settings.region,
        endpoint = settings.endpoint,
        iam_endpoint = settings.iam_endpoint,
        allow_http = settings.allow_http,
        getenv = context.getenv,
        read_file = context.read_file,
    }
    local dws, err = endpoints.dws(where)
    if not dws then
        return nil, err
    end
    local iam, iam_err = endpoints.iam(where)
    return iam and { dws = dws, iam = iam }, iam_err
end

-- What credential sources need to know. An IAM endpoint that they name is checked by the same rules as the option.
local function credentials_context(settings, context)
    return {
        getenv = context.getenv,
        read_file = context.read_file,
        file_mode = settings.read_file == nil and files.mode or nil,
        metadata = settings.metadata,
        region = settings.region,
        project_id = settings.project_id,
        ca_file = settings.ca_file,
        iam_endpoints = function(text)
            return endpoints.iam { iam_endpoint = text, allow_http = settings.allow_http, getenv = context.getenv }
        end,
    }
end

-- Fills an option that is not given from a variable. Returns the name of where the value comes from.
local function or_variable(settings, name, variable, context)
    if settings[name] ~= nil then
        return name
    end
    settings[name] = variables.get(context, variable)
    return variable
end

-- Fills in the region: that of dwsync, of Terraform, of the KooCLI profile that the credentials may come from. Returns
-- the name of where it comes from.
local function settle_region(settings, context)
    local from = or_variable(settings, "region", "DWSYNC_REGION", context)
    if settings.region == nil then
        from = or_variable(settings, "region", "HW_REGION_NAME", context)
    end
    local given = settings.credentials
    while type(given) == "table" and given.source == "agency" do
        given = given.from
    end
    local may_be_koocli = given == nil or type(given) == "table" and given.source == "koocli"
    if settings.region == nil and settings.endpoint == nil and may_be_koocli then
        settings.region, from = require("dwsync.credentials.koocli").region(context, given)
    end
    return from
end

-- libcurl would only complain at the first request, and as if the server's certificate were wrong.
local function check_files(settings, ca_file_from)
    for _, name in ipairs { "ca_file", "client_cert", "client_key" } do
        local path, from = settings[name], name == "ca_file" and ca_file_from or name
        local readable, reason = true, nil
        if path then
            readable, reason = files.is_readable(path)
        end
        if not readable then
            return nil, errors.new {
                kind = "config",
                option = from,
                message = ("%s %s: %s"):format(from, path, reason),
            }
        end
    end
    return true
end

--- Fills in what options leave open, and checks what they name.
-- @tparam table settings options that were checked; changed: `region` and `ca_file` may come from variables
-- @treturn ?table `endpoints` by service, `credentials_context`, `iam_is_default`: nobody named an IAM endpoint;
-- `project_id` of the environment
-- @treturn dwsync.error kind "config"
function M.settle(settings)
    local context = { getenv = settings.getenv or os.getenv, read_file = settings.read_file or files.read }
    local region_from = settle_region(settings, context)
    local ca_file_from = or_variable(settings, "ca_file", "DWSYNC_CA_FILE", context)
    local good, found, err = true, nil, nil
    if settings.region then
        good, err = options.identifier(region_from, settings.region)
    end
    if good then
        good, err = check_files(settings, ca_file_from)
    end
    if good then
        found, err = resolve_endpoints(settings, context)
    end
    return found and {
        endpoints = found,
        credentials_context = credentials_context(settings, context),
        iam_is_default = not (settings.iam_endpoint or variables.get(context, "HUAWEICLOUD_SDK_IAM_ENDPOINT")),
        project_id = variables.get(context, "HUAWEICLOUD_SDK_PROJECT_ID"),
    }, err
end

return M
