--- `dwsync collect`: looks at all clusters of a fleet, again and again.
-- It must not end by itself: it goes on until a signal, or until it is drained.
-- @module dwsync.cli.commands.collect
local channel_options = require "dwsync.cli.channel_options"
local checks = require "dwsync.checks"
local collectors = require "dwsync.fleet.collector"
local conditions = require "dwsync.fleet.conditions"
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
local text = require "dwsync.text"

local M = {}

local REFRESH_EVERY, DRAW_EVERY, SLICE = 10, 1, 0.5 -- seconds
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
            checks.reader({ kind = "string", longest = 200 }, "--name"), 1):argname "<name>",
        command:option("--concurrency", "Clusters that are asked at once (default 32).", 32,
            checks.reader({ kind = "integer", from = 1, to = 512 }, "--concurrency"), 1):argname "<n>"
            :show_default(false),
        command:option("--for", "End after so long.", nil, checks.reader({ kind = "duration", above = 0 }, "--for"), 1)
            :argname "<time>")
    command:group("Being watched",
        command:option("--metrics", "Port of 127.0.0.1, or a loopback address with one, for Prometheus.", nil,
            function(value) return checks.from_text(metrics_port.ADDRESS, value, "--metrics") end, 1)
            :argname "<address>",
        command:option("--metrics-file", "File to write them to, for node_exporter.", nil, nil, 1):argname "<file>")
end

-- ---- what is said ---------------------------------------------------------------------------------

local Watch = {}
Watch.__index = Watch

local function new_watch(given)
    return setmetatable({ context = given.context, schedule = given.schedule, manager = given.manager,
        metrics = given.metrics, file = given.file, is_terminal = given.context.is_terminal "stderr",
        width = given.context:width() or 80, present = {}, refresh_due = 0, draw_due = 0, looks = 0, rate = 0 }, Watch)
end

function Watch:clear()
    if self.drawn then
        self.context.stderr:write "\r\27[K"
        self.drawn = false
    end
end

function Watch:note(message, hint)
    self:clear()
    self.context:note(message, hint)
end

-- What it does, in one line.
function Watch:line()
    local sum = self.metrics.sum
    if not sum then
        return "waiting for the database"
    end
    local parts = { quantities.count(sum.clusters, "cluster"), quantities.number(math.floor(self.rate * 10 + 0.5) / 10)
        .. " looks/s here", sum.late > 0 and sum.late .. " late" or "none late",
        quantities.count(sum.alive, "collector") }
    parts[#parts + 1] = sum.failing > 0 and sum.failing .. " failing" or nil
    parts[#parts + 1] = not self.metrics.database_up and "the database does not answer" or nil
    return table.concat(parts, ", ")
end

function Watch:draw()
    if self.is_terminal and core.monotonic() >= self.draw_due then
        self.draw_due = core.monotonic() + DRAW_EVERY
        self.context.stderr:write("\r\27[K" .. text.cut(self:line(), self.width - 1))
        self.context.stderr:flush()
        self.drawn = true
    end
end

function Watch:write_file()
    if not self.file then
        return
    end
    local written, reason = files.write(self.file, self.metrics:render())
    if not written and not self.file_failed then
        self:note(("metrics file %s: %s"):format(self.file, reason), "It is tried again every 10 s.")
    elseif written and self.file_failed then
        self:note(("metrics file %s: it is written again"):format(self.file))
    end
    self.file_failed = not written
end

-- Says what began and what ended since the last time.
function Watch:refresh()
    local now = core.monotonic()
    if now < self.refresh_due then
        return
    end
    local sum = summaries.read(self.schedule)
    if sum then
        local began, ended = conditions.news(self.present, conditions.of(sum))
        for _, condition in ipairs(ended) do
            self:note(condition.over)
        end
        for _, condition in ipairs(began) do
            self:note(condition.text, condition.hint)
        end
        self.metrics.sum = sum
    end
    local looks = self.collector.totals.looks
    self.rate = self.refreshed_at and (looks - self.looks) / (now - self.refreshed_at) or 0
    self.looks, self.refreshed_at, self.refresh_due = looks, now, now + REFRESH_EVERY
    self.metrics.totals = self.collector.totals
    self.manager:status(self:line())
    self:write_file()
end

function Watch:database(err)
    self.metrics.database_up = err == nil
    local message = err and err.message:gsub("%.$", "")
    if err and not self.told then
        self.told = {}
    end
    if err and not self.told[message] then
        self.told[message] = true
        self:note(message .. "; looks go on when it answers", err.hint)
    elseif not err and self.told then
        self.told = nil
        self:note "the database answers again"
    end
    if err and core.monotonic() >= self.refresh_due then
        self.refresh_due = core.monotonic() + REFRESH_EVERY
        self.manager:status(self:line())
        self:write_file()
    end
end

-- Once for each cluster and kind of failure: the look itself was good.
function Watch:accounts(item, err)
    local key = item.cluster_id .. "\0" .. err.kind
    self.unlisted = self.unlisted or {}
    if not self.unlisted[key] then
        self.unlisted[key] = true
        self:note(("%s: the accounts cannot be listed: %s"):format(item.name or item.cluster_id,
            err.message:gsub("%.$", "")), err.hint)
    end
end

function Watch:tick(good)
    self.manager:alive()
    if good and not self.is_ready then
        self.is_ready = true
        self.manager:ready()
    end
    if good then
        self:refresh()
    end
    if self.collector.draining and not self.is_ending then
        self.is_ending = true
        self.manager:stopping()
        local by_drain = not self.is_stopped()
        self:note(by_drain and ("dwsync fleet drain %s: ending"):format(self.collector.name)
            or "ending: looks under way are finished, the others given back",
            by_drain and "Until dwsync fleet drain --undo it will not collect under this name." or nil)
    end
end

function Watch:observe(event)
    if event.type == "look" then
        local item = event.item
        if item.kind == "cluster" and item.looked_at and not event.result.error then
            self.metrics:observe((event.now - item.looked_at) / 1000)
        end
    elseif event.type == "database" then
        self:database(event.error)
    elseif event.type == "accounts" then
        self:accounts(event.item, event.error)
    elseif event.type == "tick" then
        self:tick(event.good)
    end
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
local function serve(watch)
    local uv = require "luv"
    return function()
        uv.run "nowait"
        watch:draw()
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
local function beat(watch, heart)
    local due = 0
    return function()
        if watch.is_ready and not watch.is_ending and core.monotonic() >= due then
            due = core.monotonic() + select(3, heart:beat())
            watch.metrics.heartbeats = heart.sent
        end
        runtimes.current().sleep(SLICE)
    end
end

-- What goes wrong with a channel is said when it begins, not at each try; what is refused for good each time.
local function new_sender(watch, store, channels, plan, name)
    local failing = {}
    local function works(channel)
        if failing[channel.name] then
            failing[channel.name] = nil
            watch:note(("channel %s takes messages again"):format(channel.name))
        end
    end
    return delivery.new { store = store, channels = channels, plan = plan, name = name,
        runtime = { monotonic = core.monotonic, sleep = function(seconds) runtimes.current().sleep(seconds) end,
            now = function() return runtimes.current().now() end,
            perform = function(request) return runtimes.current().perform(request) end },
        sent = function(_, channel) works(channel) end, sent_state = works,
        failed = function(message, hint, channel, outcome)
            if not channel or outcome ~= "later" or not failing[channel.name] then
                watch:note(message, hint)
            end
            if channel and outcome == "later" then
                failing[channel.name] = true
            end
        end }
end

-- The sender of a fleet's messages: functions that go on beside the looks; and whom to tell of a problem.
local function tell(watch, args, context, inventory, store, name)
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
    return new_sender(watch, problems, channels, plan, name):loops(function(failed)
        if failed and not said[failed.message] then
            said[failed.message] = true
            watch:note("messages: " .. failed.message, failed.hint)
        elseif not failed then
            said = {}
        end
    end), plan
end

local function warn_of_namesake(watch, name, host)
    local uv = require "luv"
    local sum = summaries.read(watch.schedule)
    for _, other in ipairs(sum and sum.collectors or {}) do
        local is_gone = other.host == host and not uv.kill(other.pid, 0)
        if other.name == name and other.alive and not is_gone then
            watch:note(("a collector %s runs on %s already, process %s"):format(name, other.host or "unknown",
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

local function collect(args, context, inventory, store, schedule)
    local uv = require "luv"
    local host, pid = uv.os_gethostname(), uv.os_getpid()
    local name = args.name or ("%s:%d"):format(host, pid)
    local stopped, till = false, args["for"] and core.monotonic() + args["for"] or math.huge
    local function is_stopped()
        return stopped or core.monotonic() >= till
    end
    local metrics = fleet_metrics.new(name)
    local watch = new_watch { context = context, schedule = schedule, metrics = metrics, file = args.metrics_file,
        manager = service_manager.new(context.getenv) }
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
    local beside, plan = tell(watch, args, context, inventory, store, name)
    if not beside then
        return nil, plan
    end
    table.insert(beside, serve(watch))
    table.insert(beside, heart and beat(watch, heart) or nil)
    warn_of_namesake(watch, name, host)
    watch.is_stopped = is_stopped
    watch.collector = collectors.new { schedule = schedule, history = store, inventory = inventory, name = name,
        host = host, pid = pid, concurrency = args.concurrency,
        beside = beside, plan = plan,
        on_event = function(event) watch:observe(event) end }
    watch:note(("collecting %s every %s, as %s%s"):format(quantities.count(#inventory.accounts, "account"),
        quantities.duration(inventory.interval), name, port and (", metrics at http://%s:%d/metrics"):format(
        args.metrics.host:find ":" and "[" .. args.metrics.host .. "]" or args.metrics.host, port.port) or ""))
    local close = on_signals(function() stopped = true end)
    local good
    good, err = watch.collector:sync()
    if good then
        good, err = watch.collector:run(is_stopped)
    end
    close()
    if heart then
        heart:close()
    end
    if port then
        port:close()
    end
    uv.run "nowait" -- lets the handles close
    local totals = watch.collector.totals
    watch:note(("ended after %s: %s new, %s failed, %s fenced"):format(quantities.count(totals.looks, "look"),
        quantities.number(totals.changed), quantities.number(totals.failed), quantities.number(totals.fenced)))
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
