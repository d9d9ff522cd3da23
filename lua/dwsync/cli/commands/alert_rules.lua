--- `dwsync alert-rules`: the alert and recording rules for Prometheus that go with the thresholds in force.
-- It must not contact anything: what the alerts look at is scraped from dwsync elsewhere.
-- @module dwsync.cli.commands.alert_rules
local configuration = require "dwsync.cli.configuration"
local duration = require "dwsync.cli.duration"
local failure = require "dwsync.cli.failure"
local thresholds = require "dwsync.cli.thresholds"

local M = {}

local function factor(text)
    local number = tonumber(text)
    if number and number >= 0 and number <= 100 then
        return number
    end
    return nil, ("--patience: '%s' is not a number between 0 and 100"):format(text)
end

local function job(text)
    if text:find "^[\32-\126]+$" then
        return text
    end
    return nil, "--job: expected printable ASCII"
end

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Print alert rules for Prometheus."
    command:description("Prints alert and recording rules for Prometheus, by the thresholds of dwsync check.\n"
        .. "Give the same --set and --config as to the dwsync that is scraped.")
    command:epilog "Example: dwsync alert-rules --set stale.critical=12h > dwsync.rules.yml"
    command:group("Prometheus",
        command:option("--job", "Job under which dwsync is scraped (default dwsync).", nil, job, 1):argname "<name>",
        command:option("--data-age", "Age from which verdicts are old (default 15m).", nil,
            duration.above_zero "--data-age", 1):argname "<time>",
        command:option("--patience", "Factor for how long alerts wait before they fire (default 1).", nil, factor, 1)
            :argname "<factor>")
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
    context:write(require("dwsync.alerts").render(rules, { job = args.job, data_age = args.data_age,
        patience = args.patience }))
    return 0
end

return M
