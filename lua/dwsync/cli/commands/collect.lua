--- `dwsync collect`: looks at all clusters of a fleet, again and again.
-- It must not end by itself: it goes on until a signal, or until it is drained.
-- @module dwsync.cli.commands.collect
local checks = require "dwsync.checks"
local collectors = require "dwsync.fleet.collector"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local fleet_file = require "dwsync.cli.fleet_file"
local quantities = require "dwsync.quantities"

local M = {}

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Look at all clusters of a fleet, again and again."
    command:description("Runs in the foreground until SIGTERM or Ctrl-C: then no look begins, those under way end, and "
        .. "the others are given back. Several collectors on one PostgreSQL database share the work, and take over "
        .. "from one that is gone.\n"
        .. "Exit status: 0 it was asked to end, 1 a failure that stays, 2 wrong usage.")
    command:epilog "Example: dwsync collect --fleet /etc/dwsync/fleet.lua"
    fleet_file.configure(command)
    command:group("Collecting",
        command:option("--name", "Name of this collector (default: host and process).", nil,
            checks.reader({ kind = "string", longest = 200 }, "--name"), 1):argname "<name>",
        command:option("--concurrency", "Clusters that are asked at once (default 32).", 32,
            checks.reader({ kind = "integer", from = 1, to = 512 }, "--concurrency"), 1):argname "<n>"
            :show_default(false),
        command:option("--for", "End after so long.", nil, checks.reader({ kind = "duration", above = 0 }, "--for"), 1)
            :argname "<time>")
end

local function reporter(context)
    local failing, told = false, {}
    return function(event)
        if event.type == "database" then
            local text = event.error and event.error.message
            if event.error and text ~= failing then
                context:note(("%s; looks go on when it answers"):format((text:gsub("%.$", ""))), event.error.hint)
            elseif failing and not event.error then
                context:note "the database answers again"
            end
            failing = text or false
        elseif event.type == "failure" then
            local item = event.item
            local text = item.account .. errors.summary(event.error, true):gsub("request id [%w-]+", "")
            if not told[text] then
                told[text] = true
                context:note(("%s %s: %s"):format(item.account, item.name or item.cluster_id ~= "" and item.cluster_id
                    or item.region, errors.summary(event.error, true)), event.error.hint)
            end
        end
    end
end

-- SIGTERM and SIGINT end it in order; a second one at once.
local function on_signals(stop)
    local uv = require "luv"
    local handles = {}
    for _, name in ipairs { "sigterm", "sigint" } do
        local handle = uv.new_signal()
        handle:start(name, stop)
        handle:unref()
        handles[#handles + 1] = handle
    end
    -- Only while it is looked at: the terminal's size, for one, is found by running the loop until nothing is left.
    return function()
        for _, handle in ipairs(handles) do
            handle:ref()
        end
        uv.run "nowait"
        for _, handle in ipairs(handles) do
            handle:unref()
        end
    end
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
    local store, schedule = fleet_file.open(false, args, context, inventory, inventory.lease / 3)
    if not store then
        return failure.report(schedule, context)
    end
    local synced
    synced, err = schedule:sync(inventory)
    if not synced then
        return failure.report(err, context)
    end
    local uv = require "luv"
    local stopped, till = false, args["for"] and core.monotonic() + args["for"] or math.huge
    local poll = on_signals(function() stopped = true end)
    local host, pid = uv.os_gethostname(), uv.os_getpid()
    local collector = collectors.new { schedule = schedule, history = store, inventory = inventory,
        name = args.name or ("%s:%d"):format(host, pid), host = host, pid = pid, concurrency = args.concurrency,
        on_event = reporter(context) }
    context:note(("collecting %s every %s"):format(quantities.count(#inventory.accounts, "account"),
        quantities.duration(inventory.interval)))
    local good
    good, err = collector:run(function()
        poll()
        return stopped or core.monotonic() >= till
    end)
    store:close()
    return good and 0 or failure.report(err, context)
end

return M
