--- The configuration file: where it is, what it says, and what of it applies beside options and environment.
-- It must not give what it reads access to anything (see dwsync.cli.sandbox), nor let it beat the environment.
-- @module dwsync.cli.configuration
local checks = require "dwsync.checks"
local display = require "dwsync.text"
local errors = require "dwsync.errors"
local files = require "dwsync.files"
local keys = require "dwsync.cli.configuration_keys"
local sandbox = require "dwsync.cli.sandbox"

local M = {}

local VARIABLE, PROFILE_VARIABLE = "DWSYNC_CONFIG", "DWSYNC_PROFILE"

--- Adds the options.
-- @param command an argparse command
function M.configure(command)
    command:group("Configuration",
        command:option("--config", "Configuration file [DWSYNC_CONFIG]."):argname "<file>",
        command:option("--profile", "Profile of that file [DWSYNC_PROFILE]."):argname "<name>")
end

local function variable(context, name)
    local value = context.getenv(name)
    return value ~= "" and value or nil
end

--- A directory of the XDG base directory specification, where relative ones are to be ignored.
-- @tparam table context
-- @tparam string name of the variable
-- @tparam string below the home directory, without it
-- @treturn string or nil
function M.base_directory(context, name, below)
    local named = variable(context, name)
    if named and named:sub(1, 1) == "/" then
        return named
    end
    local home = variable(context, "HOME")
    return home and home .. below
end

local function path_of(args, context)
    local named = args.config or variable(context, VARIABLE)
    if named then
        return named, true
    end
    local base = M.base_directory(context, "XDG_CONFIG_HOME", "/.config")
    return base and base .. "/dwsync/config.lua", false
end

local function wrong(message, hint)
    return nil, errors.new { kind = "config", message = message, hint = hint }
end

local HOW = "Write return { profiles = …, clusters = …, thresholds = … }; see man dwsync, CONFIGURATION."

local function evaluate(text, path)
    local good, given, globals = sandbox.evaluate(text, path)
    if not good then
        return wrong(given, "The file is one Lua table, return { … }, and has access to nothing but itself.")
    elseif next(globals) ~= nil then
        return wrong(("%s sets the global '%s'"):format(path, tostring((next(globals)))), HOW)
    elseif given == nil and not text:find "%S" then
        given = {} -- an empty file, such as /dev/null
    end
    if type(given) ~= "table" then
        return wrong(("%s returns a %s, not a table"):format(path, type(given)), HOW)
    end
    local checked, err = keys.check(given)
    if not checked then
        return wrong(("%s: %s"):format(path, err.message), err.hint)
    end
    return checked
end

local PATHS = { "ca_file", "client_cert", "client_key" }

-- The file cannot read HOME, so paths in it may begin with "~/".
local function expand(path, context)
    local home = variable(context, "HOME")
    return path and home and path:gsub("^~/", function() return home .. "/" end) or path
end

--- Makes whole the paths that alerts name, in this file or in the inventory of a fleet.
-- @tparam ?table alerts see dwsync.problems.settings
-- @tparam table context
function M.expand_alerts(alerts, context)
    if alerts then
        require("dwsync.problems.settings").expand_paths(alerts, function(named)
            return (expand(named, context))
        end)
    end
end

local function list_of(profiles)
    local names = checks.names(profiles)
    return #names > 0 and ("Its profiles are %s."):format(table.concat(names, ", ")) or "It has no profiles."
end

-- The options of the profile chosen, and its name.
local function choose_profile(settings, args, context, path)
    local name = args.profile or variable(context, PROFILE_VARIABLE)
    local wanted = name or settings.profile
    if not wanted then
        return {}
    elseif settings.profiles[wanted] then
        return settings.profiles[wanted], wanted
    end
    return wrong(("%s has no profile '%s'%s"):format(path, display.excerpt(wanted),
        checks.guess(wanted, checks.names(settings.profiles))), list_of(settings.profiles))
end

local function warn_when_open(settings, context, path)
    local holds_password = settings.history and settings.history:find "^%w+://[^/@]*:[^/]*@"
    local mode = holds_password and not context.read_file and files.mode(path)
    if mode and mode % 64 > 0 then
        context:note(("%s holds a password and is open to others (mode %03o): chmod 600 it")
            :format(display.excerpt(path), mode))
    end
end

local function read(args, context)
    local path, named = path_of(args, context)
    local text, reason, missing
    if path then
        text, reason, missing = (context.read_file or files.read)(path)
    end
    if text then
        local settings, err = evaluate(text, path)
        return settings, err, path
    elseif path and (named or not missing) then
        return wrong(("configuration file %s: %s"):format(path, reason),
            "Correct --config or DWSYNC_CONFIG, or make the file readable.")
    end
    local profile = args.profile or variable(context, PROFILE_VARIABLE)
    if profile then
        return wrong(("no configuration file to look for the profile '%s' in"):format(display.excerpt(profile)),
            ("Write %s, or name the file with --config."):format(path or "one"))
    end
    return { profiles = {}, clusters = {} }
end

--- Reads the configuration file, once for a command.
-- @tparam table args parsed options: `config`, `profile`
-- @tparam table context
-- @treturn table `clusters` (name → id), `all_clusters` (what --all-clusters means), `thresholds`, `history`,
-- `on_change`, `pass_environment`, `client` (options of the profile), `profile` (its name), `path`, each nil where the
-- file has nothing; or nil
-- @treturn dwsync.error kind "config"
function M.load(args, context)
    if context.settings then
        return context.settings
    end
    local settings, err, path = read(args, context)
    if not settings then
        return nil, err
    end
    if path then
        settings.client, settings.profile = choose_profile(settings, args, context, path)
        if not settings.client then
            return nil, settings.profile
        end
        warn_when_open(settings, context, path)
    end
    settings.client = settings.client or {}
    for _, name in ipairs(PATHS) do
        settings.client[name] = expand(settings.client[name], context)
    end
    settings.history, settings.path = expand(settings.history, context), path
    M.expand_alerts(settings.alerts, context)
    context.settings = settings
    return settings
end

-- ---- options, environment, file ------------------------------------------------------------------

local TWINS = {
    ca_file = { "DWSYNC_CA_FILE" },
    credentials = { "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_IDP_ID" },
    iam_endpoint = { "HUAWEICLOUD_SDK_IAM_ENDPOINT" },
    metadata = { "DWSYNC_METADATA" },
    project_id = { "HUAWEICLOUD_SDK_PROJECT_ID" },
    proxy = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" },
    region = { "DWSYNC_REGION" },
}

local function twins_of(name, region)
    if name == "endpoint" and region then
        return { "HUAWEICLOUD_SDK_REGION_DWS_" .. region:upper():gsub("-", "_") }
    end
    return TWINS[name] or {}
end

local function in_environment(name, region, context)
    for _, twin in ipairs(twins_of(name, region)) do
        local value = variable(context, twin)
        if value then
            return value
        end
    end
end

-- These belong to the profile's region and mean nothing in another.
local OF_REGION = { endpoint = true, project_id = true }

--- Options of dwsync.new: those given, then those of the profile that the environment does not set.
-- @tparam table given from the command line
-- @tparam table settings see `load`
-- @tparam table context
-- @treturn table
-- @treturn table names of those from the profile, as keys
function M.client_options(given, settings, context)
    local profile = settings.client
    local region = given.region or variable(context, TWINS.region[1]) or profile.region
    local elsewhere = profile.region ~= nil and region ~= profile.region
    local said = {}
    for name, value in pairs(profile) do
        local twin = in_environment(name, region, context)
        if given[name] == nil and not (elsewhere and OF_REGION[name]) then
            if not twin then
                given[name], said[name] = value, true
            elseif name == "project_id" then
                given[name] = twin -- only the environment's own keys would bring it along
            end
        end
    end
    return given, said
end

return M
