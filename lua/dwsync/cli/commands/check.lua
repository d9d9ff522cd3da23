--- `dwsync check [CLUSTER…]`: the verdict for Nagios and Icinga: one line, and the exit status.
-- It must not end with anything but 0, 1, 2 or 3, nor without its line on stdout: whatever goes wrong is UNKNOWN, 3.
-- @module dwsync.cli.commands.check
local display = require "dwsync.text"
local errors = require "dwsync.errors"
local severities = require "dwsync.severity"

local M = {}

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Check a cluster for Nagios or Icinga."
    command:description("Prints one line, STATUS - text | perfdata, and ends with the plugin's status: "
        .. "0 ok, 1 warning, 2 critical, 3 unknown: also after a failure, a timeout or wrong usage.\n"
        .. "A cluster whose synchronisation is off is ok, and counted as disabled; see --set disabled=warning.")
    command:epilog "Example: dwsync check dws-prod --timeout 20 --set stale.critical=12h"
    require("dwsync.cli.judgement").configure(command)
    command:flag("--long", "Add a line about each finding.")
end

-- "|" would begin the perfdata.
local function plain(text)
    return display.cut((display.safe(text):gsub("|", "/")), 600)
end

--- Ends with UNKNOWN.
-- @tparam dwsync.error|string err what is wrong
-- @tparam table context
-- @treturn integer 3
function M.give_up(err, context)
    local text = tostring(err)
    if not errors.is(err) and text:find("stack traceback:", 1, true) then -- a bug: that goes to stderr
        context.stderr:write(("dwsync: %s\n"):format(display.harmless(text)))
        text = text:match "^[^\n]*"
    end
    context:write(("UNKNOWN - %s\n"):format(plain(text)))
    return severities.exit_status "unknown"
end

--- What is wrong with the combination of options.
-- @tparam table args
-- @treturn ?string
function M.wrong_usage(args)
    return require("dwsync.cli.clusters_chosen").wrong_usage(args)
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local judge, err = require("dwsync.cli.judgement").new(args, context)
    if not judge then
        return M.give_up(err, context)
    end
    local overview, failure = judge:overview()
    if not overview then
        return M.give_up(failure, context)
    end
    require("dwsync.report").render_health("nagios", overview, function(text)
        context:write(text)
    end, { long = args.long })
    return severities.exit_status(overview.severity)
end

return M
