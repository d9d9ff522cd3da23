--- The command `dwsync`: options, exit status, errors on stderr.
-- It must not do a command's work: each has a file of its own here, {configure(parser), run(args, context) → status}.
-- Exit status: 0 ran; 1 the service or the network failed; 2 wrong usage or configuration.
-- @module dwsync.cli
local M = {}

local COMMANDS = { "records", "health", "check", "report", "watch", "wait", "history", "replay", "run", "clusters",
    "doctor", "emulator", "alert-rules", "completion", "version" }

local DESCRIPTION = "Shows how the identity-source synchronisations of a Huawei Cloud DWS cluster went.\n"
    .. "Data goes to stdout, everything else to stderr."

-- One command is made ready when it is named, all of them when somebody looks around: that takes as long as asking the
-- service. Completion describes them all.
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
    local parser = argparse("dwsync", DESCRIPTION, "Example: dwsync records CLUSTER_ID --region cn-north-4 --since 7d")
    parser:command_target "command"
    parser:require_command(true)
    parser:usage_max_width(80):help_max_width(80)
    return parser
end

local function missing_argparse(context, arguments)
    context.stderr:write("dwsync: the command needs argparse for this Lua.\n"
        .. "        Debian: apt-get install lua-argparse. Elsewhere: luarocks install argparse.\n")
    if arguments[1] == "check" then -- 2 would mean CRITICAL to Nagios
        context:write "UNKNOWN - dwsync needs argparse for this Lua\n"
        return 3
    end
    return 2
end

-- What people try first, in the words of this command.
local ALIASES = { ["--version"] = "version", help = "--help" }

-- Output that could not be written whole is no success: a disk was full, or a pipe closed.
local function finish(status, command, context)
    local written, reason = context:finish_output()
    if written then
        return status
    end
    local text = ("cannot write the output: %s"):format(tostring(reason))
    if command.give_up then
        return command.give_up(text, context)
    end
    context.stderr:write(("dwsync: %s\n"):format(text))
    return status ~= 0 and status or 1
end

local function parse(parser, arguments, commands)
    local meant = commands[arguments[1]]
    if meant and meant.arrange then
        arguments = meant.arrange(arguments)
    end
    if arguments[1] == "emulator" and arguments[#arguments] == "--" then
        return nil, "a command must follow --"
    end
    local good, args = parser:pparse(arguments)
    if not good then
        return nil, args, meant
    end
    return args
end

local function is_interrupt(err)
    return type(err) == "string" and err:find "interrupted!$" ~= nil
end

local function guard(err)
    -- A bug shows its traceback; what the world did to us is an error object, what the user did an interrupt.
    if type(err) == "string" and not is_interrupt(err) then
        return debug.traceback(err, 2)
    end
    return err
end

-- Makes the command ready and runs it; `running.command` is set as soon as it is known.
local function run_command(arguments, context, running)
    local found, argparse = pcall(require, "argparse")
    if not found and is_interrupt(argparse) then
        error(argparse, 0)
    elseif not found then
        return missing_argparse(context, arguments)
    end
    local parser = make_parser(argparse)
    local commands = load_commands(parser, arguments[1])
    local args, reason, meant = parse(parser, arguments, commands)
    if not args then
        if meant and meant.give_up then
            return meant.give_up(("wrong usage: %s; see dwsync %s --help"):format(reason, arguments[1]), context)
        end
        return require("dwsync.cli.failure").wrong_usage(reason, context)
    end
    running.command = commands[args.command]
    return finish(running.command.run(args, context, parser), running.command, context)
end

--- Runs the command.
-- @tparam {string,...} arguments without the program's name
-- @tparam[opt] table given replaces parts of the context, for tests: `stdin`, `stdout`, `stderr`, `getenv`, `now`,
-- `is_terminal`, `terminal_columns`, `read_file`, `random`, `runtime`
-- @treturn integer exit status
function M.main(arguments, given)
    local context = require("dwsync.cli.context").new(given)
    arguments[1] = ALIASES[arguments[1]] or arguments[1]
    local running = {}
    local ran, status = xpcall(run_command, guard, arguments, context, running)
    if ran then
        return status
    elseif is_interrupt(status) then
        context.stderr:write "dwsync: interrupted\n"
        return 130
    elseif running.command and running.command.give_up then
        return running.command.give_up(status, context)
    end
    return require("dwsync.cli.failure").report(status, context)
end

return M
