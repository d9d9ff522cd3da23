--- `dwsync version`: dwsync, Lua and the libraries at work, for a bug report.
-- @module dwsync.cli.commands.version
local core = require "dwsync.core"

local M = {}

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Show the versions of dwsync and of what it runs on."
    command:epilog "Example: dwsync version"
end

--- Runs the command.
-- @tparam table _
-- @tparam table context
-- @treturn integer exit status
function M.run(_, context)
    context:write(("dwsync %s\n%s\n%s\n"):format(core.version, rawget(_G, "jit") and jit.version or _VERSION,
        core.libraries()))
    return 0
end

return M
