--- `dwsync health [CLUSTER…]`: the verdicts.
-- It must not turn a verdict into its exit status: that is for `dwsync check`.
-- @module dwsync.cli.commands.health
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local judgement = require "dwsync.cli.judgement"
local output = require "dwsync.cli.output"
local report = require "dwsync.report"

local M = {}

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Judge the synchronisations of a cluster."
    command:description("Judges the records of a cluster by rules: what is wrong, since when, and what to do.\n"
        .. "Exit status: 0 it ran, whatever the verdicts; 1 a cluster could not be asked; 2 wrong usage.\n"
        .. "The exit status of dwsync check follows the verdicts.")
    command:epilog "Example: dwsync health dws-prod --set stale.warning=6h"
    judgement.configure(command)
    command:group("Output",
        output.format(command, report.health_formats),
        command:option("--color", "When to use colour.", "auto", nil, 1):choices { "auto", "always", "never" })
end

M.wrong_usage = clusters_chosen.wrong_usage

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local overview, items = judgement.overview(args, context, args.output)
    if not overview then
        return items
    end
    report.render_health(args.output, overview, function(text)
        context:write(text)
    end, { width = context:width(), color = context:color(args.color) })
    return clusters_chosen.report_failures(items, context)
end

return M
