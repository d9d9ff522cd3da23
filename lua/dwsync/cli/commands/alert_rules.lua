--- `dwsync alert-rules`: the alert and recording rules for Prometheus that go with the thresholds in force.
-- @module dwsync.cli.commands.alert_rules
local alerts = require "dwsync.alerts"
local checks = require "dwsync.checks"
local configuration = require "dwsync.cli.configuration"
local failure = require "dwsync.cli.failure"
local thresholds = require "dwsync.cli.thresholds"

local M = {}

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Print alert rules for Prometheus."
    command:description("Prints alert and recording rules for Prometheus, by the thresholds of dwsync check.\n"
        .. "Give the same --set and --config as to the dwsync that is scraped.")
    command:epilog "Example: dwsync alert-rules --set stale.critical=12h > dwsync.rules.yml"
    command:group("Prometheus",
        command:option("--job", "Job under which dwsync is scraped (default dwsync).", nil,
            checks.reader(alerts.OPTIONS.job, "--job")):argname "<name>",
        command:option("--data-age", "Age from which verdicts are old (default 15m).", nil,
            checks.reader({ kind = "duration", above = 0, unit = true }, "--data-age")):argname "<time>",
        command:option("--patience", "Factor for how long alerts wait before they fire (default 1).", nil,
            checks.reader(alerts.OPTIONS.patience, "--patience")):argname "<factor>",
        command:flag("--fleet", "Those about dwsync collect, in place of those about clusters."))
    thresholds.configure(command)
    configuration.configure(command)
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
    local rules, wrong = thresholds.rules(args, settings)
    if not rules then
        return failure.report(wrong, context)
    end
    if args.fleet then
        context:write(alerts.render_fleet { job = args.job, patience = args.patience })
        return 0
    end
    context:write(alerts.render(rules, { job = args.job, data_age = args.data_age,
        patience = args.patience }))
    return 0
end

return M
