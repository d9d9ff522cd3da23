--- The command `dwsync`: options, exit status, errors on stderr. Each command has its own file in commands/:
-- configure(parser); run(args, context, parser) → exit status; where needed wrong_usage(args) → what argparse cannot
-- check, arrange(arguments) → arguments for argparse, give_up(err, context) → exit status instead of an error message.
-- Exit status: 0 ran; 1 the service or the network failed; 2 wrong usage or configuration.
-- @module dwsync.cli
local M = {}

local COMMANDS = { "records", "health", "check", "report", "watch", "notify", "alerts", "wait", "history", "accounts",
    "collect", "fleet", "replay", "run", "clusters", "doctor", "emulator", "alert-rules", "completion", "version" }

local DESCRIPTION = "Shows how the identity-source synchronisations of a Huawei Cloud DWS cluster went.\n"
    .. "Data goes to stdout, everything else to stderr."

-- Only the command that is named is loaded: loading all takes as long as asking the service. Help and completion
-- describe them all.
local function names_to_load(first)
    for _, name in ipairs(COMMANDS) do
        if name == first and name ~= "completion" then
            return { name }
        end
    end
    return COMMANDS
end

local function load_commands(parser, first)
    local commands = {}
    for _, name in ipairs(names_to_load(first)) do
        local command = require("dwsync.cli.commands." .. name:gsub("-", "_"))
        command.configure(parser:command(name))
        commands[name] = command
    end
    return commands
end

local function make_parser(argparse)
    local parser = argparse("dwsync", DESCRIPTION, "Example: dwsync records dws-prod --region cn-north-4 --since 7d")
    parser:command_target "command"
    parser:usage_max_width(80):help_max_width(80)
    return parser
end

-- What people try first, in the words of this command.
local ALIASES = { ["--version"] = "version", ["-V"] = "version", help = "--help" }

-- "help records" is "records --help".
local function in_our_words(arguments)
    local list = { (table.unpack or unpack)(arguments) } -- luacheck: ignore 113
    if list[1] == "help" and list[2] and list[2]:sub(1, 1) ~= "-" then
        table.remove(list, 1)
        list[#list + 1] = "--help"
    end
    list[1] = ALIASES[list[1]] or list[1]
    return list
end

-- A command that could not write all of its output has failed: the disk is full, or the reader closed the pipe.
local function finish(status, command, context)
    context:flush()
    if not context.write_failure then
        return status
    end
    local message = "cannot write the output: " .. context.write_failure
    if command.give_up then
        return command.give_up(message, context)
    end
    context:note(message)
    return status ~= 0 and status or 1
end

local function missing_argparse(context, name)
    context:note("the command needs argparse for this Lua",
        "Debian: apt-get install lua-argparse. Elsewhere: luarocks install argparse.")
    if name ~= "check" then
        return 2
    end
    local check = require "dwsync.cli.commands.check"
    return finish(check.give_up("dwsync needs argparse for this Lua", context), check, context)
end

-- The parsed options, or nil and what is wrong with them; and the command that they are for.
local function parse(parser, arguments, commands)
    local named = commands[arguments[1]] or {}
    if named.arrange then
        arguments = named.arrange(arguments)
    end
    if arguments[1] == "emulator" and arguments[#arguments] == "--" then
        return nil, "a command must follow --", named
    end
    local good, args = parser:pparse(arguments)
    if not good then
        return nil, require("dwsync.cli.spelling").usage(args, arguments), named
    end
    local command = commands[args.command]
    local wrong = command.wrong_usage and command.wrong_usage(args)
    return not wrong and args or nil, wrong, command
end

local function is_interrupt(err)
    return type(err) == "string" and err:find "interrupted!$" ~= nil
end

local function guard(err)
    -- A bug shows its traceback; an error object and an interrupt do not.
    if type(err) == "string" and not is_interrupt(err) then
        return debug.traceback(err, 2)
    end
    return err
end

-- "records", "history list": what stands before --help.
local function words_of_command(commands, arguments)
    local command, action = commands[arguments[1]], arguments[2]
    return command and (command.actions and command.actions[action] and arguments[1] .. " " .. action or arguments[1])
end

-- Makes the command ready and runs it; `running.command` is set as soon as it is known.
local function run_command(arguments, context, running)
    local found, argparse = pcall(require, "argparse")
    if not found and is_interrupt(argparse) then
        error(argparse, 0)
    elseif not found then
        return missing_argparse(context, arguments[1])
    end
    local parser = make_parser(argparse)
    local commands = load_commands(parser, arguments[1])
    local args, reason, command = parse(parser, arguments, commands)
    running.command = command
    context.command = words_of_command(commands, arguments)
    if args then
        return finish(command.run(args, context, parser), command, context)
    elseif command.give_up then
        local see = reason:find "%?$" and " See" or "; see"
        reason = ("wrong usage: %s%s dwsync %s --help"):format(reason, see, arguments[1])
        return finish(command.give_up(reason, context), command, context)
    end
    return require("dwsync.cli.failure").wrong_usage(reason, context)
end

--- Runs the command.
-- @tparam {string,...} arguments without the program's name
-- @tparam[opt] table given replaces parts of the context, for tests: `stdin`, `stdout`, `stderr`, `getenv`, `now`,
-- `is_terminal`, `terminal_columns`, `read_file`, `random`, `runtime`
-- @treturn integer exit status
function M.main(arguments, given)
    local context = require("dwsync.cli.context").new(given)
    arguments = in_our_words(arguments)
    local running = {}
    local ran, status = xpcall(function() -- Lua 5.1 passes no arguments on
        return run_command(arguments, context, running)
    end, guard)
    if ran then
        return status
    elseif is_interrupt(status) then
        context:note "interrupted"
        return 130
    elseif running.command and running.command.give_up then
        return running.command.give_up(status, context)
    end
    return require("dwsync.cli.failure").report(status, context)
end

return M
