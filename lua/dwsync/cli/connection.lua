--- The options of commands that ask the service, the client made of them, and what stderr shows meanwhile.
-- It must not take a secret as an option, which the process list would show: keys come from the environment or a file.
-- @module dwsync.cli.connection
local checks = require "dwsync.checks"
local configuration = require "dwsync.cli.configuration"
local options = require "dwsync.client.options"
local quantities = require "dwsync.quantities"
local spelling = require "dwsync.cli.spelling"

local M = {}

--- Adds the options.
-- @param command an argparse command
-- @param[opt] timeout the command's own --timeout, where that means something else
function M.configure(command, timeout)
    configuration.configure(command)
    command:group("Where to ask",
        command:option("--region", "Region, for example cn-north-4 [DWSYNC_REGION]."),
        command:option("--endpoint", "DWS endpoint instead of the region's."):argname "<url>",
        command:option("--iam-endpoint", "IAM endpoint instead of the region's."):argname "<url>",
        command:option("--project-id", "Project; looked up at IAM when not given."):argname "<id>",
        command:option("--proxy", "Proxy URL, or none; default: the environment's."):argname "<url>",
        command:option("--ca-file", "PEM file of the CA to trust [DWSYNC_CA_FILE]."):argname "<file>")
    command:group("How to ask",
        timeout or command:option("--timeout", "Seconds for the whole answer (default 60).", nil,
            checks.reader({ kind = "duration", above = 0 }, "--timeout")):argname "<s>",
        command:option("--retries", "How often to try again (default 3).", nil,
            checks.reader(options.PLAIN.retries, "--retries")):argname "<n>",
        command:flag("--debug", "Show each request on stderr."))
end

local function attempt_line(event)
    local outcome = event.status and ("HTTP %d"):format(event.status) or event.error.kind
    local id = event.request_id and ", request id " .. event.request_id or ""
    return ("%s %s: %s in %s%s"):format(event.method, event.url, outcome, quantities.duration(event.seconds), id)
end

-- Progress takes one line, which is wiped before anything else is written.
local function progress(context)
    local shown = false
    local self = {}
    function self.clear()
        if shown then
            context.stderr:write "\r\27[K"
            shown = false
        end
    end
    function self.show(text)
        if context.is_terminal "stderr" then
            context.stderr:write("\r\27[K" .. text)
            shown = true
        end
    end
    function self.page(event) -- replaced where many lists are read at once
        local total = event.count and (" of %d"):format(event.count) or ""
        self.show(("reading page %d: %d%s records"):format(event.pages, event.records, total))
    end
    return self
end

local function observer(args, context, shown)
    local function note(message)
        shown.clear()
        context:note(message)
    end
    return function(event)
        if event.type == "page" then
            shown.page(event)
        elseif event.type == "clock" then
            note(("this machine's clock is %s %s; corrected for now, set it with NTP"):format(
                quantities.duration(math.floor(math.abs(event.skew) + 0.5)), event.skew > 0 and "slow" or "fast"))
        elseif event.type == "warning" then
            note(event.message)
        elseif args.debug and event.type == "attempt" then
            note(attempt_line(event))
        elseif args.debug and event.type == "retry" then
            note("trying again in " .. quantities.duration(event.pause))
        elseif args.debug and event.type == "disorder" then
            note "the records do not come newest first: all are read to find the newest"
        elseif args.debug and event.type == "lookup" then
            note(("looking for '%s' among the %s of the service, %s"):format(event.cluster,
                quantities.count(event.count, "cluster"), event.age > 0
                and "whose list is " .. quantities.duration(math.ceil(event.age)) .. " old" or "asked for now"))
        end
    end
end

--- What options, environment and configuration file say, as dwsync.new takes it; absent where they say nothing.
-- @tparam table args parsed options
-- @tparam table context
-- @treturn table options, or nil
-- @treturn table|dwsync.error names of those from the configuration file, as keys
function M.options(args, context)
    local settings, err = configuration.load(args, context)
    if not settings then
        return nil, err
    end
    return configuration.client_options(M.given(args), settings, context)
end

--- What the command line alone says, as dwsync.new takes it.
-- @tparam table args parsed options
-- @treturn table
function M.given(args)
    local given = {}
    for _, name in ipairs(spelling.ON_COMMAND_LINE) do
        given[name] = args[name]
    end
    given.proxy = given.proxy ~= "none" and given.proxy or given.proxy and ""
    return given
end

--- Makes the client of a command.
-- @tparam table args parsed options
-- @tparam table context
-- @treturn ?dwsync.client
-- @treturn dwsync.error
-- @treturn table progress: `clear()` wipes its line and is to be called before output, `show(text)`, `page(event)`
function M.open(args, context)
    local dwsync = require "dwsync"
    local shown = progress(context)
    local given, said = M.options(args, context)
    if not given then
        return nil, said, shown
    end
    for _, name in ipairs { "getenv", "read_file", "random", "runtime" } do
        given[name] = context[name]
    end
    given.clusters = context.settings.clusters
    given.on_event = observer(args, context, shown)
    local client, failure = dwsync.new(given)
    if failure then
        spelling.option(failure, given, said, context.settings.profile)
    end
    return client, failure, shown
end

return M
