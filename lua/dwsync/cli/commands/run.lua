--- `dwsync run SCRIPT [ARGUMENT…]`: a runbook in Lua with the library at hand and the command's options applied.
-- It must not make a client, nor load a part of the library, before the script uses it.
-- @module dwsync.cli.commands.run
local chunks = require "dwsync.cli.chunk"
local configuration = require "dwsync.cli.configuration"
local connection = require "dwsync.cli.connection"
local failure = require "dwsync.cli.failure"
local history_location = require "dwsync.cli.history_location"

local M = {}

local LIBRARY = { dwsync = "dwsync", records = "dwsync.records", health = "dwsync.health", report = "dwsync.report",
    history = "dwsync.history" }

-- Globals that are made when they are first used.
local OF_COMMAND = { client = true, with_history = true, alerts = true }

-- Options without a value, beside those for help, behind which nothing matters: what follows any other option is its
-- value, not the script.
local FLAGS = { ["--dry-run"] = true, ["--debug"] = true }

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Run a runbook: a Lua script with the library ready."
    command:description("The script has client, records, health, report, history, dwsync, settings (clusters, "
        .. "thresholds and history), with_history, alerts, dry_run and arg as globals beside Lua's own. What follows "
        .. "its name is for the script.\n"
        .. "Exit status: the number that it returns or gives to os.exit; 0 when it returns nothing, 1 when it raises "
        .. "an error or returns nil and one.")
    command:epilog "Example: dwsync run --profile prod nightly.lua dws-prod --keep 90"
    command:flag("--dry-run", "Ask the script, by dry_run, to change nothing.")
    history_location.configure(command)
    connection.configure(command)
    command:argument("script", "The script, or - for standard input."):argname "<script>"
    command:argument("argument", "The script's own arguments."):argname "<argument>":args "*"
end

--- Separates the script's arguments from this command's options.
-- @tparam {string,...} arguments beginning with "run"
-- @treturn {string,...}
function M.arrange(arguments)
    local arranged, position = { arguments[1] }, 2
    while arguments[position] and arguments[position]:find "^%-." and arguments[position] ~= "--" do
        local option = arguments[position]
        arranged[#arranged + 1] = option
        position = position + 1
        if not FLAGS[option] and not option:find("=", 1, true) and arguments[position] then
            arranged[#arranged + 1] = arguments[position]
            position = position + 1
        end
    end
    if arguments[position] == "--" then
        position = position + 1
    end
    arranged[#arranged + 1] = arguments[position] -- the script
    if arguments[position + 1] then
        arranged[#arranged + 1] = "--"
    end
    for i = position + 1, #arguments do
        arranged[#arranged + 1] = arguments[i]
    end
    return arranged
end

local function settings_for_script(args, context, settings)
    return { clusters = settings.clusters, thresholds = settings.thresholds, profile = settings.profile,
        history = require("dwsync.cli.saved_records").target(args, context, settings) }
end

local HISTORY_SECONDS = 30

-- with_history(cluster_id, records): those together with what is kept, as `dwsync check` judges them.
local function joiner(args, context, settings)
    local saved = require("dwsync.cli.saved_records").new(args, context, settings)
    local monotonic = require("dwsync.core").monotonic
    return function(cluster_id, records)
        saved:begin(monotonic, monotonic() + HISTORY_SECONDS)
        local list = saved:with(cluster_id, records, context.now())
        saved:close()
        return list
    end
end

-- The script's globals. The client and the library are made when first used; what the script sets is its own.
local function environment_of(args, context, settings)
    local own = { dry_run = args.dry_run or false, settings = settings_for_script(args, context, settings) }
    own.arg = { [0] = args.script }
    for i, argument in ipairs(args.argument) do
        own.arg[i] = argument
    end
    own._G = own
    return setmetatable(own, { __index = function(_, name)
        local value = _G[name]
        if name == "client" then
            local err
            value, err = connection.open(args, context)
            if not value then
                error(err)
            end
        elseif name == "with_history" then
            value = joiner(args, context, settings)
        elseif name == "alerts" then
            value = require("dwsync.cli.runbook_alerts").new(args, context)
        elseif LIBRARY[name] then
            value = require(LIBRARY[name])
        end
        if OF_COMMAND[name] or LIBRARY[name] then
            rawset(own, name, value)
        end
        return value
    end })
end

local function load_script(path, context, environment)
    local text, reason
    if path == "-" then
        text, reason = context.stdin:read "*a"
    else
        local file
        file, reason = io.open(path, "rb")
        if file then
            text, reason = file:read "*a"
            file:close()
        end
    end
    if not text then
        return nil, ("cannot read %s: %s"):format(path, tostring(reason):gsub("^.*: ", ""))
    end
    local name = path == "-" and "=stdin" or "@" .. path
    return chunks.load(text:gsub("^#[^\n]*", ""), name, environment) -- its first line may name its interpreter
end

-- Whether the library complains of its caller: it raised the error, but at the script's line, or at no line, where a
-- tail call left none. The message says it all then, and a traceback would show the library.
local function is_wrong_use(err, raiser, script)
    local place = err:match "^([^\n]-):%d+: "
    return raiser.source ~= script.source and (place == nil or place == script.short_src)
end

local function handler_for(script)
    return function(err)
        local level, raiser = 2, debug.getinfo(2, "S")
        while raiser.what == "C" or raiser.what == "tail" do -- to the innermost Lua function
            level = level + 1
            raiser = debug.getinfo(level, "S")
        end
        if type(err) ~= "string" or err:find "interrupted!$" or is_wrong_use(err, raiser, script) then
            return err
        end
        local trace = debug.traceback(err, 2):gsub("\n%s*%[C%]: in %a+ 'xpcall'.*$", "") -- ours is not of interest
        return (trace:gsub("\n%s*%([^\n]*tail call[^\n]*$", ""))
    end
end

local function status_of(context, result, err)
    if result == nil and err ~= nil then
        return failure.report(err, context)
    elseif result == nil or result == true then
        return 0
    elseif type(result) == "number" and result % 1 == 0 and result >= 0 and result <= 255 then
        return result
    elseif result == false then
        return 1
    end
    local what = type(result) == "number" and ("%.16g"):format(result) or "a " .. type(result)
    context:note(("the script returned %s, which is not an exit status"):format(what),
        "Return an integer from 0 to 255, true or false.")
    return 1
end

local function finish(context, ran, ...)
    if ran then
        return status_of(context, ...)
    end
    local err = ...
    if type(err) == "string" and err:find "interrupted!$" then
        error(err) -- dwsync.cli reports it
    end
    return failure.report(err, context)
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local settings, err = configuration.load(args, context)
    if not settings then
        return failure.report(err, context)
    end
    local chunk, reason = load_script(args.script, context, environment_of(args, context, settings))
    if not chunk then
        context:note(reason)
        return 2
    end
    return finish(context, xpcall(function() -- Lua 5.1 passes no arguments on
        return chunk((table.unpack or unpack)(args.argument)) -- luacheck: ignore 113
    end, handler_for(debug.getinfo(chunk))))
end

return M
