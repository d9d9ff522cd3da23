--- `dwsync fleet status|explain|drain`: what the collectors of a fleet do.
-- It must not ask the service: the database says it all.
-- @module dwsync.cli.commands.fleet
local cluster_names = require "dwsync.cluster_names"
local conditions = require "dwsync.fleet.conditions"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local fleet_file = require "dwsync.cli.fleet_file"
local history_accounts = require "dwsync.history.accounts"
local identity = require "dwsync.history.identity"
local ordered_json = require "dwsync.ordered_json"
local output = require "dwsync.cli.output"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local summaries = require "dwsync.fleet.summary"
local tables = require "dwsync.fleet.tables"
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
    status:description("What needs attention comes first, marked with '!', with what to do next. Works while "
        .. "collectors run, and when none does.\n"
        .. "Exit status: 0 nothing needs attention; 1 something does, or the database failed; 2 wrong usage.")
    fleet_file.configure(status)
    status:group("Output", output.format(status, { "table", "json" }))
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

local WIDTH = 80
local NAME_WIDTH = 20

local function write(context, format, ...)
    context:write((format .. "\n"):format(...))
end

-- A sentence over as many lines as it takes, and what to do next.
local function write_wrapped(context, first, message, hint)
    local width = context:width() or WIDTH
    for _, part in ipairs { { first, message }, { (" "):rep(#first) .. "→ ", hint } } do
        for i, line in ipairs(part[2] and text.wrap(text.safe(part[2]), width - text.width(part[1])) or {}) do
            write(context, "%s%s", i == 1 and part[1] or (" "):rep(text.width(part[1])), line)
        end
    end
end

local function cell(value, width)
    local shown = text.elide(text.safe(value), width)
    return shown .. (" "):rep(width - text.width(shown))
end

local function ago(ms, now)
    return ms and quantities.distance(ms, now / 1000) or "never"
end

-- ---- status ---------------------------------------------------------------------------------------

local function write_accounts(context, sum)
    write(context, "\n%s %-9s %8s %6s %5s %7s  %s", cell("ACCOUNT", NAME_WIDTH), "STATE", "CLUSTERS", "FAILED", "LATE",
        "RATE/S", "LOOKED AT EVERY")
    for _, account in ipairs(sum.accounts) do
        local stretched = account.interval and account.paced > account.interval * 1.01
        write(context, "%s %-9s %8d %6d %5d %7s  %s", cell(account.account, NAME_WIDTH), account.state,
            account.clusters, account.failing, account.late, quantities.number(account.rate),
            account.interval and quantities.duration(stretched and account.paced or account.interval)
            .. (stretched and " (!)" or "") or "–")
    end
end

local function state_of(collector)
    return (collector.alive or collector.state == "ended") and (collector.drain == 1 and collector.alive
        and "draining" or collector.state) or "gone"
end

local function write_collectors(context, sum)
    if sum.collectors[1] then
        write(context, "\n%s %-9s %13s %9s %7s %7s %9s", cell("COLLECTOR", NAME_WIDTH), "STATE", "SEEN", "LOOKS",
            "FENCED", "EXPIRED", "THROTTLED")
    end
    for _, collector in ipairs(sum.collectors) do
        write(context, "%s %-9s %13s %9d %7d %7d %9d", cell(collector.name, NAME_WIDTH), state_of(collector),
            ago(collector.seen_at, sum.now), collector.looks, collector.fenced, collector.expired, collector.throttled)
    end
end

local function write_late(context, sum)
    if sum.late == 0 then
        return
    end
    write(context, "\n%s %s %12s  %s", cell("LATE CLUSTER", 30), cell("ACCOUNT", 14), "BY", "WITH")
    for _, late in ipairs(sum.latest) do
        write(context, "%s %s %12s  %s", cell(late.name or late.cluster_id, 30), cell(late.account, 14),
            quantities.age(late.overdue), text.elide(text.safe(late.leased_by or "nobody"), NAME_WIDTH))
    end
    if sum.late > #sum.latest then
        write(context, "and %d more", sum.late - #sum.latest)
    end
end

local function needs_attention(list)
    for _, condition in ipairs(list) do
        if condition.attention then
            return true
        end
    end
    return false
end

local function write_status(context, sum, list)
    local census = severities.census_of(sum.by_severity)
    write_wrapped(context, "", ("%s%s%s; %s"):format(quantities.count(sum.clusters, "cluster"), sum.clusters > 0
        and sum.unseen < sum.clusters and ": " .. census or "", sum.unseen > 0 and (", %d not looked at yet"):format(
        sum.unseen) or "", sum.late > 0 and sum.late .. " late" or "none late"))
    for _, condition in ipairs(list) do
        write_wrapped(context, condition.attention and "! " or "- ", condition.text, condition.hint)
    end
    write_accounts(context, sum)
    write_collectors(context, sum)
    write_late(context, sum)
end

local FIELDS = { "now", "clusters", "late", "failing", "disabled", "unseen", "alive", "by_severity", "conditions",
    "accounts", "collectors", "latest", "failures", "messages", "heartbeat" }

local function write_json(context, sum, list)
    local shown = {}
    for i, condition in ipairs(list) do
        shown[i] = { text = condition.text, hint = condition.hint, attention = condition.attention or false }
    end
    for _, collector in ipairs(sum.collectors) do
        collector.state = state_of(collector)
    end
    sum.conditions = shown
    context:write(ordered_json.object(sum, FIELDS) .. "\n")
end

local function status_of(args, context, schedule)
    local sum, err = summaries.read(schedule)
    if not sum then
        return failure.report(err or errors.new { kind = "config", message = "there is no fleet in this history yet",
            hint = "Start dwsync collect --fleet FILE, or name its history with --history." }, context)
    end
    local list = conditions.of(sum)
    local show = args.output == "json" and write_json or write_status
    show(context, sum, list)
    return needs_attention(list) and 1 or 0
end

-- ---- explain --------------------------------------------------------------------------------------

local function find(args, status)
    local list, by_id = {}, {}
    for _, item in ipairs(status.items) do
        if item.kind == "cluster" then
            list[#list + 1] = { id = item.cluster_id, name = item.name }
            by_id[item.cluster_id] = item
        end
    end
    local found, problem = cluster_names.listed(args.cluster, { place = "in the fleet", list = list })
    if not found then
        return nil, errors.new(problem)
    end
    return by_id[found.id], found
end

-- The cluster of this name or id that left the fleet last, unless one is in it now.
local function find_gone(args, status, schedule)
    for _, item in ipairs(status.items) do
        if item.cluster_id == args.cluster or item.name == args.cluster then
            return nil -- there are several
        end
    end
    local list, err = schedule:gone()
    for _, item in ipairs(list or {}) do
        if item.cluster_id == args.cluster or item.name == args.cluster then
            return item
        end
    end
    return nil, err
end

-- By how much an account's rate stretches its intervals.
local function stretch_of(status, account)
    local wanted = 0 -- looks a second
    for _, item in ipairs(status.items) do
        if item.kind == "cluster" and item.account == account.account and item.state ~= "disabled" then
            wanted = wanted + 1000 / item.interval_ms
        end
    end
    return math.max(1, wanted / account.rate)
end

local function is_collected(status)
    for _, collector in ipairs(status.collectors) do
        if collector.state ~= "ended" and status.now - collector.seen_at < tables.ALIVE_MS then
            return true
        end
    end
    return false
end

local function why_not_yet(item, account, status)
    local now = status.now
    if account and (account.blocked_until or 0) > now then
        return ("but the key of account %s was refused: nothing is sent until %s"):format(item.account,
            quantities.instant(account.blocked_until))
    elseif account and (account.paused_until or 0) > now then
        return ("but the service asked account %s for a pause, until %s"):format(item.account,
            quantities.instant(account.paused_until))
    elseif item.due_at < now and not is_collected(status) then
        return "but no collector is running: start dwsync collect on one machine or more"
    elseif item.due_at < now and account and account.refusals > 0 then
        return ("but the key of account %s was refused: correct its credentials"):format(item.account)
    elseif item.due_at < now and account and stretch_of(status, account) > 1.01 then
        return ("and waits for its turn at the rate of account %s, %s a second"):format(item.account,
            quantities.count(account.rate, "request"))
    elseif item.due_at < now then
        return "and waits for a collector, or for its account's rate: dwsync fleet status shows both"
    end
end

local function when(item, account, status)
    local now = status.now
    local due = ("%s (%s)"):format(quantities.instant(item.due_at), quantities.due(item.due_at, now / 1000))
    if item.leased_by and item.due_at >= now then
        return ("under way, with %s, who has until %s"):format(text.excerpt(item.leased_by, 60), due)
    elseif item.leased_by then
        return ("%s had it until %s and did not come back; the next collector takes it"):format(
            text.excerpt(item.leased_by, 60), due)
    end
    local reason = why_not_yet(item, account, status)
    return due .. (reason and ", " .. reason or "")
end

-- Why nothing more is known of who is in a cluster's database.
local function why_unlisted(trial, now)
    return trial and ("could not be listed, %s in a row: %s%s The next try is %s."):format(
        quantities.number(trial.failures), trial.error or "", trial.hint and " " .. trial.hint or "",
        quantities.due(trial.next_at, now / 1000)) or nil
end

local function write_facts(context, facts)
    for _, fact in ipairs(facts) do
        if fact[2] then
            write_wrapped(context, ("%-13s "):format(fact[1]), fact[2])
        end
    end
end

local function explain_gone(context, item, now)
    write_facts(context, {
        { "cluster", cluster_names.shown { id = item.cluster_id, name = item.name } },
        { "where", ("region %s, account %s"):format(item.region, item.account) },
        { "gone", ("since %s (%s): the service lists it no more, or the inventory leaves it out"):format(
            quantities.instant(item.gone_at), ago(item.gone_at, now)) },
        { "verdict", item.severity and item.severity .. ", when it was last looked at" or "never judged" },
        { "looked at", ago(item.looked_at, now) },
        { "next look", "when it is listed again" },
    })
    return 0
end

local function explain(args, context, schedule)
    local status, err = schedule:status()
    if not status then
        return failure.report(err, context)
    end
    local item, found = find(args, status)
    if not item then
        local gone
        gone, err = find_gone(args, status, schedule)
        if gone then
            return explain_gone(context, gone, status.now)
        end
        return failure.report(err or found, context)
    end
    local trial
    trial, err = schedule:read(function(session)
        return history_accounts.trial_in(session, identity.cell(item.cluster_id)) or false
    end)
    if trial == nil then
        return failure.report(err, context)
    end
    local account
    for _, one in ipairs(status.accounts) do
        account = one.account == item.account and one or account
    end
    local now, stretch = status.now, account and stretch_of(status, account) or 1
    local facts = {
        { "cluster", cluster_names.shown(found) },
        { "where", ("region %s, account %s"):format(item.region, item.account) },
        { "verdict", (item.severity or "not judged yet") .. (item.state == "disabled"
            and ", synchronisation is off: looked at once an hour" or "") },
        { "looked at", ("%s; every %s%s; longest gap so far %s"):format(ago(item.looked_at, now),
            quantities.duration(item.interval_ms / 1000), stretch > 1.01 and item.state ~= "disabled"
            and (" wanted, every %s at its account's rate"):format(quantities.duration(
            item.interval_ms / 1000 * stretch)) or "", item.longest_gap
            and quantities.duration(item.longest_gap / 1000) or "not known yet") },
        { "next look", when(item, account, status) },
        { "failures", item.failures > 0 and ("%s in a row: %s"):format(quantities.number(item.failures),
            item.error or "") or nil },
        { "accounts", why_unlisted(trial, status.now) },
        { "whole list", item.read_at and "read " .. ago(item.read_at, now) or "not read yet" },
        { "judged again", item.next_at and item.next_at > 0 and quantities.instant(item.next_at)
            .. " even if nothing new comes" or "when something new comes" },
    }
    write_facts(context, facts)
    return 0
end

-- ---- drain ----------------------------------------------------------------------------------------

local function drain(args, context, schedule)
    local found, err = schedule:drain(args.name, not args.undo)
    if found == nil then
        return failure.report(err, context)
    elseif not found then
        return failure.report(errors.new { kind = "config", message = ("there is no collector '%s'"):format(args.name),
            hint = "dwsync fleet status lists them." }, context)
    end
    local name = text.excerpt(args.name, 60)
    if args.undo then
        context:note(("%s may collect again; start it if it has ended"):format(name))
    else
        context:note(("%s claims nothing more, and ends when its looks have"):format(name),
            ("dwsync fleet status shows it as ended then. Take it back: dwsync fleet drain --undo %s"):format(name))
    end
    return 0
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local inventory, err
    if fleet_file.is_named(args, context) then
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
        status = status_of(args, context, schedule)
    elseif args.action == "explain" then
        status = explain(args, context, schedule)
    else
        status = drain(args, context, schedule)
    end
    store:close()
    return status
end

return M
