--- `dwsync completion SHELL`: the script with which a shell completes this command.
-- @module dwsync.cli.commands.completion
local regions = require "dwsync.client.regions"
local record_fields = require "dwsync.record_fields"
local rules = require "dwsync.health.rules"

local M = {}

local MAKERS = { bash = "get_bash_complete", zsh = "get_zsh_complete", fish = "get_fish_complete" }

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Print the completion script of a shell."
    command:description("Prints the script with which a shell completes dwsync:\n"
        .. "  bash  dwsync completion bash > ~/.local/share/bash-completion/completions/dwsync\n"
        .. "  zsh   dwsync completion zsh > DIRECTORY_OF_FPATH/_dwsync\n"
        .. "  fish  dwsync completion fish > ~/.config/fish/completions/dwsync.fish\n"
        .. "It offers cluster names: those of the configuration file, and those of the service as of the last five "
        .. "minutes, which dwsync completion clusters prints.")
    command:epilog "Example: . <(dwsync completion bash)"
    command:argument("shell", "bash, zsh or fish; clusters: the names that they offer.")
        :choices { "bash", "zsh", "fish", "clusters" }
end

-- What a shell offers for an option, by its name: more than argparse checks, as some take lists.
local function offers()
    local names = rules.names
    local switches = {}
    for i, name in ipairs(names) do
        switches[i] = name .. "=off"
    end
    for _, severity in ipairs { "off", "ok", "unknown", "warning", "critical" } do
        switches[#switches + 1] = "disabled=" .. severity
    end
    return {
        ["--status"] = { "FINISHED", "FAILED", "RUNNING" },
        ["--region"] = regions.names(),
        ["--columns"] = record_fields.names,
        ["--set"] = switches,
    }
end

-- Stands in argparse's scripts for what is found out when a key is pressed.
local CLUSTERS = "@clusters@"

-- Gives the elements of a parser what to offer. Returns the commands that take a cluster.
local function offer(parser, by_option, taking, path)
    for _, option in ipairs(parser._options) do
        option._choices = option._choices or by_option[option._aliases[1]]
            or option._aliases[1] == "--exclude" and { CLUSTERS } or nil
    end
    for _, argument in ipairs(parser._arguments) do
        if argument._name == "cluster" then
            argument._choices = { CLUSTERS }
            taking[#taking + 1] = path
        end
    end
    for _, command in ipairs(parser._commands) do
        offer(command, by_option, taking, path and path .. " " .. command._name or command._name)
    end
    return taking
end

-- What argparse's scripts leave out.
local FINISH = {
    bash = function(script, commands)
        local words = ('    elif [[ "|%s|" = *"|$cmd|"* ]]; then\n'
            .. '        COMPREPLY=($(compgen -W "%s" -- "$cur"))\n    fi\n}'):format(table.concat(commands, "|"),
            CLUSTERS)
        return (script:gsub("    fi\n}", function() return words end, 1):gsub(CLUSTERS,
            '$("${COMP_WORDS[0]}" completion clusters 2>/dev/null)'))
    end,
    zsh = function(script)
        -- Sourced it declares itself; from a folder of fpath it is the function's body.
        return (script:gsub("%(" .. CLUSTERS .. "%)", "{compadd -- \\$(dwsync completion clusters 2>/dev/null)}")
            :gsub("\n_dwsync%s*$", '\nif [ "$funcstack[1]" = _dwsync ]; then\n  _dwsync "$@"\nelse\n'
            .. "  compdef _dwsync dwsync\nfi\n"))
    end,
    fish = function(script, commands)
        local lines = { script }
        for _, command in ipairs(commands) do
            lines[#lines + 1] = ("complete -c dwsync -n '__fish_seen_subcommand_from %s' -xa '%s'"):format(
                command:match "^%S+", CLUSTERS)
        end
        return table.concat(lines, "\n"):gsub(CLUSTERS, "(dwsync completion clusters 2>/dev/null)") .. "\n"
    end,
}

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @param parser the argparse parser of the command
-- @treturn integer exit status
function M.run(args, context, parser)
    if args.shell == "clusters" then
        for _, name in ipairs(require("dwsync.cli.cluster_offers").names(context)) do
            context:write(name .. "\n")
        end
        return 0
    end
    local commands = offer(parser, offers(), {})
    context:write(FINISH[args.shell](parser[MAKERS[args.shell]](parser), commands))
    return 0
end

return M
