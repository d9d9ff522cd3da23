--- `dwsync health [CLUSTER…]`: the verdicts.
-- It must not turn a verdict into its exit status: that is for `dwsync check`.
-- @module dwsync.cli.commands.health
local checks = require "dwsync.checks"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local judgement = require "dwsync.cli.judgement"
local output = require "dwsync.cli.output"
local record_options = require "dwsync.cli.record_options"
local report = require "dwsync.report"
local rules = require "dwsync.health.rules"

local M = {}

-- A name that is none is answered with what was probably meant.
local RULES = { check = function(text, name)
    local names, given = record_options.names_in(text), {}
    for _, rule in ipairs(names or {}) do
        given[rule] = true
    end
    local problem = checks.unknown(given, rules.by_name, { noun = "rule" })
    if not names or problem then
        return nil, problem and ("%s: %s"):format(name, checks.line(problem))
            or name .. ": expected names of rules, separated by commas"
    end
    return names
end }

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Judge the synchronisations of a cluster."
    command:description("Judges the records of a cluster by rules: what is wrong, since when, and what to do.\n"
        .. "Exit status: 0 it ran, whatever the verdicts; 1 a cluster could not be asked; 2 wrong usage.\n"
        .. "The exit status of dwsync check follows the verdicts.")
    command:epilog("Examples: dwsync health dws-prod --set stale.warning=6h\n"
        .. "          dwsync health dws-prod --explain stale,volume")
    judgement.configure(command)
    command:group("Output",
        command:option("--explain", "Show the model behind these rules' verdicts; repeatable.", nil,
            checks.reader(RULES, "--explain")):count "*":argname "<rules>",
        output.format(command, report.health_formats),
        command:option("--color", "When to use colour.", "auto"):choices { "auto", "always", "never" })
end

M.wrong_usage = clusters_chosen.wrong_usage

local function explained(args)
    local names = {}
    for _, list in ipairs(args.explain or {}) do
        for _, name in ipairs(list) do
            names[#names + 1] = name
        end
    end
    return #names > 0 and names or nil
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local overview, items = judgement.overview(args, context, args.output, { explained = explained(args) })
    if not overview then
        return items
    end
    report.render_health(args.output, overview, function(text)
        context:write(text)
    end, { width = context:width(), color = context:color(args.color) })
    return clusters_chosen.report_failures(items, context)
end

return M
