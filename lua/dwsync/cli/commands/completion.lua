--- `dwsync completion SHELL`: the script with which a shell completes this command.
-- @module dwsync.cli.commands.completion
local M = {}

local MAKERS = { bash = "get_bash_complete", zsh = "get_zsh_complete", fish = "get_fish_complete" }

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Print the completion script of a shell."
    command:description("Prints the script with which a shell completes dwsync:\n"
        .. "  bash  dwsync completion bash > ~/.local/share/bash-completion/completions/dwsync\n"
        .. "  zsh   dwsync completion zsh > DIRECTORY_OF_FPATH/_dwsync\n"
        .. "  fish  dwsync completion fish > ~/.config/fish/completions/dwsync.fish")
    command:epilog "Example: . <(dwsync completion bash)"
    command:argument("shell", "bash, zsh or fish."):choices { "bash", "zsh", "fish" }
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @param parser the argparse parser of the command
-- @treturn integer exit status
function M.run(args, context, parser)
    context:write(parser[MAKERS[args.shell]](parser))
    return 0
end

return M
