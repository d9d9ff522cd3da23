--- `dwsync collect`: looks at all clusters of a fleet, again and again.
-- It must not end by itself: it goes on until a signal, or until it is drained.
-- @module dwsync.cli.commands.collect
local bulletins = require "dwsync.cli.bulletin"
local channel_options = require "dwsync.cli.channel_options"
local checks = require "dwsync.checks"
local collectors = require "dwsync.fleet.collector"
local core = require "dwsync.core"
local delivery = require "dwsync.problems.delivery"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local files = require "dwsync.files"
local fleet_file = require "dwsync.cli.fleet_file"
local fleet_metrics = require "dwsync.fleet.metrics"
local history_tables = require "dwsync.history.tables"
local problems_store = require "dwsync.problems.store"
local heartbeats = require "dwsync.fleet.heartbeat"
local lazy = require "dwsync.lazy"
local metrics_port = lazy "dwsync.cli.metrics_port"
local quantities = require "dwsync.quantities"
local runtimes = require "dwsync.runtime"
local service_manager = require "dwsync.cli.service_manager"
local summaries = require "dwsync.fleet.summary"

local M = {}

local SLICE = 0.5 -- seconds
local CACHE = 4 -- megabytes: each transaction writes a few records

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Look at all clusters of a fleet, again and again."
    command:description("Runs in the foreground until SIGTERM or Ctrl-C: then no look begins, those under way end, and "
        .. "the others are given back. Several collectors on one PostgreSQL database share the work, and take over "
        .. "from one that is gone.\n"
        .. "Exit status: 0 it was asked to end, 1 a failure that stays, 2 wrong usage.")
    command:epilog "Example: dwsync collect --fleet /etc/dwsync/fleet.lua --metrics 9187"
    fleet_file.configure(command)
    command:group("Collecting",
        command:option("--name", "Name of this collector, of its own (default: host and process).", nil,
            checks.reader({ kind = "string", longest = 200 }, "--name")):argname "<name>",
        command:option("--concurrency", "Clusters that are asked at once (default 32).", 32,
            checks.reader({ kind = "integer", from = 1, to = 512 }, "--concurrency")):argname "<n>"
            :show_default(false),
        command:option("--for", "End after so long.", nil, checks.reader({ kind = "duration", above = 0 }, "--for"))
            :argname "<time>")
    command:group("Being watched",
        command:option("--metrics", "Port of 127.0.0.1, or a loopback address with one, for Prometheus.", nil,
            function(value) return checks.from_text(metrics_port.ADDRESS, value, "--metrics") end)
            :argname "<address>",
        command:option("--metrics-file", "File to write them to, for node_exporter."):argname "<file>")
end

-- ---- running --------------------------------------------------------------------------------------

-- SIGTERM and SIGINT end it in order; a second one at once.
local function on_signals(stop)
    local uv = require "luv"
    local handles, count = {}, 0
    for i, name in ipairs { "sigterm", "sigint" } do
        handles[i] = uv.new_signal()
        handles[i]:start(name, function()
            count = count + 1
            if count > 1 then
                os.exit(130)
            end
            stop()
        end)
    end
    return function()
        for _, handle in ipairs(handles) do
            handle:close()
        end
    end
end

-- Turns luv's loop when something happens in it: signals, and connections that want metrics.
local function serve(bulletin)
    local uv = require "luv"
    return function()
        uv.run "nowait"
        bulletin:draw()
        runtimes.current().wait(uv.backend_fd(), "read", SLICE)
    end
end

-- The dead man's switch; nil where none is declared.
local function heart_of(context, inventory, store, name)
    local declared = inventory.alerts and inventory.alerts.heartbeat
    if not declared then
        return nil
    end
    local target, err = heartbeats.target(declared, { read_file = context.read_file or files.read,
        getenv = context.getenv })
    if not target then
        return nil, err
    end
    return heartbeats.new { target = target, history = store, name = name, perform = function(request)
        return runtimes.current().perform(request)
    end }
end

-- Why none is sent is in the database, and so among the conditions.
local function beat(bulletin, heart)
    local due = 0
    return function()
        if bulletin.is_ready and not bulletin.is_ending and core.monotonic() >= due then
            due = core.monotonic() + select(3, heart:beat())
            bulletin.metrics.heartbeats = heart.sent
        end
        runtimes.current().sleep(SLICE)
    end
end

-- What goes wrong with a channel is said when it begins, not at each try; what is refused for good each time.
local function new_sender(bulletin, store, channels, plan, name)
    local failing = {}
    local function works(channel)
        if failing[channel.name] then
            failing[channel.name] = nil
            bulletin:note(("channel %s takes messages again"):format(channel.name))
        end
    end
    return delivery.new { store = store, channels = channels, plan = plan, name = name,
        runtime = { monotonic = core.monotonic, sleep = function(seconds) runtimes.current().sleep(seconds) end,
            now = function() return runtimes.current().now() end,
            perform = function(request) return runtimes.current().perform(request) end },
        sent = function(_, channel) works(channel) end, sent_state = works,
        failed = function(message, hint, channel, outcome)
            if not channel or outcome ~= "later" or not failing[channel.name] then
                bulletin:note(message, hint)
            end
            if channel and outcome == "later" then
                failing[channel.name] = true
            end
        end }
end

-- The sender of a fleet's messages: functions that go on beside the looks; and whom to tell of a problem.
local function tell(bulletin, args, context, inventory, store, name)
    local channels, plan = channel_options.open_declared(inventory.alerts, args, context, inventory)
    if not channels then
        return nil, plan
    elseif not channels[1] then
        return {}
    end
    local problems, err = problems_store.open(history_tables.beside(store))
    if not problems then
        return nil, err
    end
    local said = {}
    return new_sender(bulletin, problems, channels, plan, name):loops(function(failed)
        if failed and not said[failed.message] then
            said[failed.message] = true
            bulletin:note("messages: " .. failed.message, failed.hint)
        elseif not failed then
            said = {}
        end
    end), plan
end

local function warn_of_namesake(bulletin, name, host)
    local uv = require "luv"
    local sum = summaries.read(bulletin.schedule)
    for _, other in ipairs(sum and sum.collectors or {}) do
        local is_gone = other.host == host and not uv.kill(other.pid, 0)
        if other.name == name and other.alive and not is_gone then
            bulletin:note(("a collector %s runs on %s already, process %s"):format(name, other.host or "unknown",
                other.pid or "unknown"), "Nothing is lost, but their figures mix: give each a --name of its own.")
        end
    end
end

local function listen(args, metrics)
    if not args.metrics then
        return
    end
    local port, reason = metrics_port.listen(args.metrics, function() return metrics:render() end)
    if not port then
        return nil, errors.new { kind = "config", message = ("--metrics: %s:%d: %s"):format(args.metrics.host,
            args.metrics.port, reason), hint = "Choose a port that is free." }
    end
    return port
end

-- How often accounts are looked at, from the most often on.
local function intervals_of(inventory)
    local shortest, longest = math.huge, 0
    for _, account in ipairs(inventory.accounts) do
        local interval = account.interval or inventory.interval
        shortest, longest = math.min(shortest, interval), math.max(longest, interval)
    end
    return quantities.duration(shortest) .. (shortest < longest and " to " .. quantities.duration(longest) or "")
end

local function collect(args, context, inventory, store, schedule)
    local uv = require "luv"
    local host, pid = uv.os_gethostname(), uv.os_getpid()
    local name = args.name or ("%s:%d"):format(host, pid)
    local stopped, till = false, args["for"] and core.monotonic() + args["for"] or math.huge
    local function is_stopped()
        return stopped or core.monotonic() >= till
    end
    local metrics = fleet_metrics.new(name)
    local bulletin = bulletins.new { context = context, schedule = schedule, metrics = metrics,
        file = args.metrics_file, manager = service_manager.new(context.getenv), monotonic = core.monotonic }
    local port, err = listen(args, metrics)
    if err then
        return nil, err
    end
    local synced
    synced, err = schedule:sync(inventory, { collector = name })
    if not synced then
        return nil, err
    end
    local heart
    heart, err = heart_of(context, inventory, store, name)
    if err then
        return nil, err
    end
    local beside, plan = tell(bulletin, args, context, inventory, store, name)
    if not beside then
        return nil, plan
    end
    table.insert(beside, serve(bulletin))
    table.insert(beside, heart and beat(bulletin, heart) or nil)
    warn_of_namesake(bulletin, name, host)
    bulletin.is_stopped = is_stopped
    bulletin.collector = collectors.new { schedule = schedule, history = store, inventory = inventory, name = name,
        host = host, pid = pid, concurrency = args.concurrency,
        beside = beside, plan = plan,
        on_event = function(event) bulletin:observe(event) end }
    bulletin:note(("collecting %s every %s, as %s%s"):format(quantities.count(#inventory.accounts, "account"),
        intervals_of(inventory), name, port and (", metrics at http://%s:%d/metrics"):format(
        args.metrics.host:find ":" and "[" .. args.metrics.host .. "]" or args.metrics.host, port.port) or ""))
    local close = on_signals(function() stopped = true end)
    local good
    good, err = bulletin.collector:sync()
    if good then
        good, err = bulletin.collector:run(is_stopped)
    end
    close()
    if heart then
        heart:close()
    end
    if port then
        port:close()
    end
    uv.run "nowait" -- lets the handles close
    local totals = bulletin.collector.totals
    bulletin:note(("ended after %s: %s new, %s failed, %s fenced%s"):format(quantities.count(totals.looks, "look"),
        quantities.number(totals.changed), quantities.number(totals.failed), quantities.number(totals.fenced),
        totals.unwritten > 0 and (", %s not written"):format(quantities.number(totals.unwritten)) or ""))
    return good, err
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local inventory, err = fleet_file.read(args, context)
    if not inventory then
        return failure.report(err, context)
    end
    local store, schedule = fleet_file.open(false, args, context, inventory, {
        timeout = inventory.lease / 3, cache = CACHE })
    if not store then
        return failure.report(schedule, context)
    end
    local good
    good, err = collect(args, context, inventory, store, schedule)
    store:close()
    return good and 0 or failure.report(err, context)
end

return M
