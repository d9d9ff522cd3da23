--- `dwsync doctor [CLUSTER…]`: what works between here and the service, and what to do about what does not.
-- Prints each finding of dwsync.doctor as soon as it is there.
-- @module dwsync.cli.commands.doctor
local channel_options = require "dwsync.cli.channel_options"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local configuration = require "dwsync.cli.configuration"
local connection = require "dwsync.cli.connection"
local display = require "dwsync.text"
local doctor = require "dwsync.doctor"
local failure = require "dwsync.cli.failure"
local files = require "dwsync.files"
local fleet_file = require "dwsync.cli.fleet_file"
local history_location = require "dwsync.cli.history_location"
local ordered_json = require "dwsync.ordered_json"
local output = require "dwsync.cli.output"
local quantities = require "dwsync.quantities"
local runtimes = require "dwsync.runtime"
local spelling = require "dwsync.cli.spelling"
local targets = require "dwsync.history.target"
local settings_in_force = require "dwsync.doctor.configuration"
local variables = require "dwsync.credentials.variables"

local M = {}

local FIELDS = { "cluster", "check", "outcome", "found", "next" }
local COLORS = { ok = "32", warning = "33", failed = "31", skipped = "2" }
local NAME, OUTCOME = 15, 7 -- the longest of each
local MARGIN = NAME + OUTCOME + 4
local DEFAULT_WIDTH, MIN_TEXT = 80, 20

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Find out why something does not work."
    command:description("Checks configuration, network, TLS, clock, credentials, IAM, project, clusters,\n"
        .. "permission and what the service returns; says what to do about what fails.\n"
        .. "Exit status: 0 all required checks passed, 1 one did not, 2 wrong usage.")
    command:epilog "Example: dwsync doctor --region cn-north-4"
    clusters_chosen.configure_names(command, "; default: the first.")
    command:flag("--all-clusters", "Ask about every cluster, or those of the configuration file's all_clusters.")
    connection.configure(command)
    command:group("Alerts", fleet_file.option(command))
    command:group("Output",
        output.format(command, { "table", "json" }),
        command:option("--color", "When to use colour.", "auto"):choices { "auto", "always", "never" })
end

local function names_of(findings)
    local names = {}
    for i, finding in ipairs(findings) do
        names[i] = finding.check
    end
    local last = table.remove(names)
    return names[1] and table.concat(names, ", ") .. " and " .. last or last
end

local function show_row(finding, context, width, color)
    local lines = display.wrap((finding.cluster and finding.cluster .. ": " or "") .. finding.found, width)
    for _, line in ipairs(finding.next and display.wrap("Next: " .. finding.next, width) or {}) do
        lines[#lines + 1] = line
    end
    local outcome = ("%-7s"):format(finding.outcome)
    if color then
        outcome = ("\27[%sm%s\27[0m"):format(COLORS[finding.outcome], outcome)
    end
    context:write(("%-15s  %s  %s\n"):format(finding.check, outcome, lines[1]))
    for i = 2, #lines do
        context:write((" "):rep(MARGIN) .. lines[i] .. "\n")
    end
end

-- Checks that were not tried because another one failed take one row together.
local function show_folded(folded, context, width, color)
    if folded[1] then
        show_row({
            check = folded[1].check,
            outcome = "skipped",
            cluster = folded[1].cluster,
            found = #folded > 1 and ("%s: not tried, %s failed"):format(names_of(folded), folded[1].root)
                or folded[1].found,
        }, context, width, color)
    end
end

-- A function that shows findings as they come, and nil at the end.
local function table_of(context, args)
    local width = math.max((context:width() or DEFAULT_WIDTH) - MARGIN, MIN_TEXT)
    local color, folded = context:color(args.color), {}
    return function(finding)
        local goes_on = finding and finding.untried and folded[1] and finding.root == folded[1].root
            and finding.cluster == folded[1].cluster
        if not goes_on then
            show_folded(folded, context, width, color)
            folded = {}
        end
        if finding and finding.untried then
            folded[#folded + 1] = finding
        elseif finding then
            show_row(finding, context, width, color)
        end
        context:flush()
    end
end

-- "13 checks: 9 ok, 1 warning, 1 failed, 2 skipped. First: clusters."
local function summary_of(findings)
    local counts, first = { ok = 0, warning = 0, failed = 0, skipped = 0 }, nil
    for _, finding in ipairs(findings) do
        counts[finding.outcome] = counts[finding.outcome] + 1
        first = first or finding.outcome == "failed" and finding or nil
    end
    local parts = {}
    for _, outcome in ipairs { "ok", "warning", "failed", "skipped" } do
        local count = counts[outcome]
        if count > 0 or outcome == "ok" then
            parts[#parts + 1] = outcome == "warning" and quantities.count(count, outcome)
                or ("%d %s"):format(count, outcome)
        end
    end
    local text = ("%s: %s"):format(quantities.count(#findings, "check"), table.concat(parts, ", "))
    if not first then
        return text .. "; dwsync can ask this service"
    end
    return ("%s; begin with %s%s"):format(text, first.check, first.cluster and " of " .. first.cluster or "")
end

local function show_json(findings, context)
    context:write "["
    for i, finding in ipairs(findings) do
        context:write((i > 1 and ",\n" or "\n") .. ordered_json.object(finding, FIELDS))
    end
    context:write "\n]\n"
end

-- A wrong configuration file is a finding, too: connection.open reports it.
local function words_of(args, context)
    return clusters_chosen.words(args, configuration.load(args, context) or {})
end

-- Where records are kept, when that is named, and how a database is reached.
local function history_of(args, context)
    local target, is_default = history_location.target(args, context, configuration.load(args, context) or {})
    if is_default then
        return nil
    end
    local place, err = targets.read(target, context.getenv)
    local shown = err and err.message or place.shown
    if place and place.engine == "postgres" then
        shown = ("%s with sslmode %s"):format(shown, place.sslmode or "of libpq")
    end
    return { "history", shown, context.getenv "DWSYNC_HISTORY" == target and "DWSYNC_HISTORY" or "configuration file" }
end

-- What alerts are checked with; a file that cannot be read is a finding of its own.
local function alerts_of(args, context)
    local declared, err = fleet_file.alerts(args, context)
    local runtime = runtimes.complete(context.runtime or runtimes.new())
    local world = channel_options.world(args, context, declared and declared.inventory)
    world.mode_of, world.perform = context.read_file and function() end or files.mode, runtime.perform
    return declared and declared.alerts, world, err
end

local function settings_of(args, context, client)
    local given, said = connection.options(args, context)
    if not given then
        given, said = connection.given(args), nil
    end
    local list = settings_in_force.list(given, context.getenv, client, said)
    list[#list + 1] = history_of(args, context)
    local credentials = given.credentials
    return list, variables.without_effect(context.getenv, credentials ~= nil
        and not (type(credentials) == "table" and credentials.source == "terraform"))
end

--- What is wrong with the combination of options.
-- @tparam table args
-- @treturn ?string
function M.wrong_usage(args)
    return args.all_clusters and args.cluster[1] and "--all-clusters and a cluster cannot be combined"
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local words, wrong = words_of(args, context)
    if wrong then
        return failure.report(wrong, context)
    end
    local client, err, progress = connection.open(args, context)
    local show = args.output == "table" and table_of(context, args) or function() end
    local settings, without_effect = settings_of(args, context, client)
    local alerts, world, unreadable = alerts_of(args, context)
    local findings, healthy, unknown = doctor.run({
        client = client,
        config_error = err or unreadable,
        alerts = alerts,
        world = world,
        settings = settings,
        without_effect = without_effect,
        words = words,
        exclude = args.exclude,
        several = clusters_chosen.are_several(args),
    }, function(finding)
        progress.clear()
        finding.next = finding.next and spelling.hint(finding.next)
        show(finding)
    end)
    if args.output == "json" then
        show_json(findings, context)
    else
        show(nil)
        local lines = display.wrap(summary_of(findings), context:width() or DEFAULT_WIDTH)
        context:write("\n" .. table.concat(lines, "\n") .. "\n")
    end
    return unknown and 2 or healthy and 0 or 1
end

return M
