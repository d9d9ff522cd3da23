--- `dwsync fleet status|explain|drain`: what the collectors of a fleet do.
-- It must not ask the service: the database says it all.
-- @module dwsync.cli.commands.fleet
local cluster_names = require "dwsync.cluster_names"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local fleet_file = require "dwsync.cli.fleet_file"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local summaries = require "dwsync.fleet.summary"
local text = require "dwsync.text"

local M = {}

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Show what the collectors of a fleet do."
    command:epilog "Example: dwsync fleet status --fleet /etc/dwsync/fleet.lua"
    command:command_target "action"
    command:require_command(true)
    local status = command:command "status"
    status:summary "Who collects, what is late, how the accounts do."
    status:description "Exit status: 0 nothing is late, 1 something is, or the database failed; 2 wrong usage."
    fleet_file.configure(status)
    local explain = command:command "explain"
    explain:summary "Why a cluster is looked at when it is, and what came of it."
    explain:argument("cluster", "Name or id."):argname "<cluster>"
    fleet_file.configure(explain)
    local drain = command:command "drain"
    drain:summary "Let a collector end: it claims nothing more."
    drain:argument("name", "Name of the collector."):argname "<name>"
    drain:flag("--undo", "Take it back.")
    fleet_file.configure(drain)
end

local function write(context, format, ...)
    context:write((format .. "\n"):format(...))
end

local function ago(ms, now)
    return ms and quantities.duration(math.max(0, now - ms) / 1000) .. " ago" or "never"
end

local function status_of(context, schedule)
    local status, err = schedule:status()
    if not status then
        return failure.report(err, context)
    end
    local sum = summaries.of(status)
    write(context, "%s: %s%s", quantities.count(sum.clusters, "cluster"), severities.census_of(sum.by_severity),
        sum.late > 0 and ("; %d late"):format(sum.late) or "; none late")
    for _, account in ipairs(sum.accounts) do
        write(context, "account %-12s %-9s %6d clusters  every %s%s%s", text.excerpt(account.account, 12),
            account.state, account.clusters, quantities.duration(account.interval),
            account.paced > account.interval * 1.01 and (", stretched to %s by its rate"):format(
            quantities.duration(account.paced)) or "", account.late > 0 and ("  %d late, by up to %s"):format(
            account.late, quantities.duration(account.overdue)) or "")
        if account.error then
            write(context, "        %s", text.excerpt(account.error, 200))
        end
    end
    for _, collector in ipairs(sum.collectors) do
        write(context, "collector %s: %s, seen %s, %d looks, %d fenced, %d expired, %d throttled",
            text.excerpt(collector.name, 40), (collector.alive or collector.state == "ended") and collector.state
            or "gone", ago(collector.seen_at, sum.now), collector.looks, collector.fenced, collector.expired,
            collector.throttled)
    end
    return sum.late > 0 and 1 or 0
end

local function explain(args, context, schedule)
    local status, err = schedule:status()
    if not status then
        return failure.report(err, context)
    end
    local list, by_id = {}, {}
    for _, item in ipairs(status.items) do
        if item.kind == "cluster" then
            list[#list + 1] = { id = item.cluster_id, name = item.name }
            by_id[item.cluster_id] = item
        end
    end
    local found, problem = cluster_names.listed(args.cluster, { place = "in the fleet", list = list })
    if not found then
        return failure.report(errors.new(problem), context)
    end
    local item, now = by_id[found.id], status.now
    write(context, "%s in %s, account %s: %s, %s", cluster_names.shown(found), item.region, item.account, item.state,
        item.severity or "not judged yet")
    write(context, "looked at %s, every %s; the longest time between two looks was %s", ago(item.looked_at, now),
        quantities.duration(item.interval_ms / 1000), item.longest_gap and quantities.duration(item.longest_gap / 1000)
        or "not measured yet")
    local due = quantities.instant(item.due_at)
    write(context, "%s", item.leased_by
        and ("being looked at by %s, until %s"):format(text.excerpt(item.leased_by), due) or "next look " .. due)
    if item.failures > 0 then
        write(context, "failed %s in a row: %s", quantities.count(item.failures, "time"), item.error or "")
    end
    write(context, "whole list read %s; judged again %s", ago(item.read_at, now), item.next_at and item.next_at > 0
        and quantities.instant(item.next_at) .. " even if nothing new comes" or "when something new comes")
    return 0
end

local function drain(args, context, schedule)
    local found, err = schedule:drain(args.name, not args.undo)
    if found == nil then
        return failure.report(err, context)
    elseif not found then
        return failure.report(errors.new { kind = "config", message = ("there is no collector '%s'"):format(args.name),
            hint = "dwsync fleet status lists them." }, context)
    end
    return 0
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local inventory, err
    if args.fleet or (context.getenv "DWSYNC_FLEET" or "") ~= "" then
        inventory, err = fleet_file.read(args, context)
        if not inventory then
            return failure.report(err, context)
        end
    end
    local store, schedule = fleet_file.open(args.action ~= "drain", args, context, inventory)
    if not store then
        return failure.report(schedule, context)
    end
    local status
    if args.action == "status" then
        status = status_of(context, schedule)
    elseif args.action == "explain" then
        status = explain(args, context, schedule)
    else
        status = drain(args, context, schedule)
    end
    store:close()
    return status
end

return M
