--- `dwsync history pull|list|stats|migrate|prune`: the records kept beyond the service's retention.
-- It must not show the password of a database.
-- @module dwsync.cli.commands.history
local checks = require "dwsync.checks"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local columns = require "dwsync.report.rows.columns"
local configuration = require "dwsync.cli.configuration"
local connection = require "dwsync.cli.connection"
local display = require "dwsync.text"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local history_location = require "dwsync.cli.history_location"
local lazy = require "dwsync.lazy"
local migration = require "dwsync.history.migration"
local output = require "dwsync.cli.output"
local outbox = lazy "dwsync.problems.outbox"
local prune = require "dwsync.history.prune"
local quantities = require "dwsync.quantities"
local retention = lazy "dwsync.fleet.retention"
local record_options = require "dwsync.cli.record_options"

local M = {}

local function configure_pull(command)
    command:summary "Save the records of a cluster."
    command:description("Saves what the service has. Records that are saved already stay, so pull as often as you "
        .. "like. A record that changed after its end is kept in both versions and reported.\n"
        .. "Where synchronisation is off, that is an error if only that cluster was asked for, else a note.\n"
        .. "With --accounts the names of the database's accounts are kept, too: see dwsync accounts.")
    command:epilog "Example: dwsync history pull --all-clusters"
    clusters_chosen.configure(command)
    command:flag("--accounts", "Look at the accounts of the database, too, and keep who came and who went.")
    command:flag("--accept-short", "With --accounts: those missing from a list that may go on went.")
    connection.configure(command)
    history_location.configure(command)
    output.configure(command)
end

local function configure_list(command)
    command:summary "List saved records, newest first."
    command:epilog "Example: dwsync history list dws-prod --since 90d -o ndjson | dwsync health --input -"
    clusters_chosen.configure_names(command, "; default: all saved.")
    command:flag("--all-clusters", "Of every cluster, or of the configuration file's all_clusters.")
    record_options.configure(command, record_options.limit(command))
    configuration.configure(command)
    history_location.configure(command)
    output.configure(command)
end

local function configure_stats(command)
    command:summary "Show how many records are saved, of which clusters, since when."
    command:epilog "Example: dwsync history stats"
    configuration.configure(command)
    history_location.configure(command)
    output.configure(command)
end

local function configure_migrate(command)
    command:summary "Bring a history of an older release to this one's schema."
    command:description("Says which steps that takes, and takes them in one transaction. Nothing else changes the "
        .. "schema of a history that is there. Programs of older releases go on beside it where the steps say so.\n"
        .. "Exit status: 0 it is up to date, 1 it failed, 2 wrong usage.")
    command:epilog "Example: dwsync history migrate --dry-run"
    command:flag("--dry-run", "Only say which steps there are.")
    configuration.configure(command)
    history_location.configure(command)
end

local function configure_prune(command)
    command:summary "Remove old records."
    command:description("Removes records that began longer ago, with their earlier versions. A run that has not ended "
        .. "stays, as does the newest record of each cluster. Verdicts compare with up to 126 days: no less is kept.\n"
        .. "Messages of alerts that are over go, too, and what a fleet keeps of clusters, accounts and collectors that "
        .. "are gone.\n"
        .. "With --accounts it removes the accounts that went longer ago instead, after any time.")
    command:epilog "Example: dwsync history prune --older-than 400d --dry-run"
    command:option("--older-than", "How long ago they began, at least 126d."):argname "<time>"
    command:flag("--accounts", "Instead of records: accounts that went.")
    command:flag("--dry-run", "Only say how many there are.")
    configuration.configure(command)
    history_location.configure(command)
end

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Keep records beyond the service's retention, and list them."
    command:description("Keeps records in a file, or in a PostgreSQL database. "
        .. "The file is $XDG_DATA_HOME/dwsync/history.sqlite unless --history, DWSYNC_HISTORY or the "
        .. "configuration file names another place.")
    command:epilog "Example: dwsync history pull --all-clusters && dwsync history stats"
    command:command_target "action"
    command:require_command(true)
    configure_pull(command:command "pull")
    configure_list(command:command "list")
    configure_stats(command:command "stats")
    configure_migrate(command:command "migrate")
    configure_prune(command:command "prune")
end

-- ---- pull ----------------------------------------------------------------------------------------

-- A table fits a terminal of 80 columns; programs get everything.
local SUMMARY = { "cluster_id", "cluster_name", "inserted", "updated", "unchanged", "revised", "late", "refused" }
local SUMMARY_TABLE = { "cluster", "inserted", "updated", "unchanged", "revised" }
local MAX_IDS = 5

local function warn_of_revised(name, revised, context)
    if #revised > 0 then
        local ids = table.concat(revised, ", ", 1, math.min(#revised, MAX_IDS))
        context:note(("%s: %s changed after the run ended, both versions are kept: %s%s"):format(name,
            quantities.count(#revised, "record"), ids, #revised > MAX_IDS and ", …" or ""))
    end
end

-- Whatever keeps one name from being kept keeps the others, too.
local function warn_of_unnamed(items, context)
    for _, item in ipairs(items) do
        local err = item.records and item.records.unnamed
        if err then
            context:note("the names of clusters cannot be kept: " .. err.message, err.hint)
            return
        end
    end
end

local function summary_row(item, context)
    local sum = item.records
    local name = item.cluster.name or item.cluster.id
    warn_of_revised(name, sum.revised, context)
    if sum.refused > 0 then
        context:note(("%s: %s cannot be kept: %s"):format(name, quantities.count(sum.refused, "record"),
            tostring(sum.refusal)))
    end
    local row = { revised = #sum.revised, cluster_id = item.cluster.id, cluster_name = item.cluster.name }
    for _, field in ipairs(SUMMARY) do
        row[field] = row[field] or sum[field]
    end
    for _, field in ipairs(sum.accounts and { "accounts", "came", "went" } or {}) do
        row[field] = sum.accounts[field]
    end
    return row
end

-- Either the records of a file or the command line must name the cluster.
local function save_input(items, store, chosen)
    for _, item in ipairs(items) do
        if item.cluster.is_file then
            return "the records do not name their cluster: name it beside --input"
        end
        item.records, item.error = store:pull(item.cluster.id, item.records, chosen:naming(item.cluster))
    end
end

-- Looks at the accounts when the records are saved, in what is left of the time.
local function add_accounts(store, client, cluster, till, summary, options)
    summary.accounts, summary.accounts_error = store:pull_accounts(cluster.id, function()
        return client:all_database_users { cluster_id = cluster.id, timeout = math.max(0.001,
            till - client:monotonic()) }
    end, options)
end

local function save_page_by_page(store, chosen, args)
    return function(client, cluster, parameters)
        local till = client:monotonic() + parameters.timeout
        parameters.cluster_id = cluster.id
        local summary, err = store:pull(cluster.id, client:sync_records(parameters), chosen:naming(cluster))
        if summary and args.accounts then
            add_accounts(store, client, cluster, till, summary, { accept_short = args.accept_short })
        end
        return summary, err
    end
end

-- The columns with those of accounts, which a row has when they were looked at.
local function with_accounts(fields)
    local all = { (table.unpack or unpack)(fields) } -- luacheck: ignore 113
    for _, name in ipairs { "accounts", "came", "went" } do
        all[#all + 1] = name
    end
    return all
end

local function account_failures(items)
    local failed = {}
    for _, item in ipairs(items) do
        local err = item.records and item.records.accounts_error
        failed[#failed + 1] = err and { cluster = item.cluster, error = errors.about(err, {
            cluster_id = item.cluster.id, cluster = item.cluster.name }) } or nil
    end
    return failed
end

local function pull(args, context, _, store)
    local chosen, err = clusters_chosen.new(args, context)
    if not chosen then
        return failure.report(err, context)
    end
    local items
    if args.input then
        items, err = chosen:fetch()
        local wrong = items and save_input(items, store, chosen)
        if wrong then
            return failure.wrong_usage(wrong, context)
        end
    else
        items, err = chosen:fetch({}, save_page_by_page(store, chosen, args))
    end
    if not items then
        return failure.report(err, context)
    elseif not chosen.several and items[1] and errors.is_feature_off(items[1].error) then
        return failure.report(items[1].error, context) -- without a heading: nothing was pulled
    end
    warn_of_unnamed(items, context)
    local rows = {}
    for _, item in ipairs(items) do
        rows[#rows + 1] = item.records and summary_row(item, context) or nil
    end
    local status = 0
    if #rows > 0 or args.output ~= "table" then -- a heading without rows says nothing
        local fields = args.output == "table" and SUMMARY_TABLE or SUMMARY
        status = output.write("clusters", rows, args.accounts and with_accounts(fields) or fields, args, context)
    end
    return math.max(status, clusters_chosen.report_failures(items, context),
        clusters_chosen.report_failures(account_failures(items), context))
end

-- ---- list ----------------------------------------------------------------------------------------

-- Of several clusters a table says whose each record is.
local function columns_of(args, clusters)
    local names = { clusters[2] and args.output ~= "csv" and args.output ~= "tsv" and "cluster" or nil }
    for _, name in ipairs(columns.records) do
        names[#names + 1] = name
    end
    return names
end

local function list(args, context, _, store)
    local since, till, wrong = record_options.period(args, context)
    if wrong then
        return failure.wrong_usage(wrong, context)
    end
    args.from_history = true
    local chosen, err = clusters_chosen.new(args, context)
    local clusters
    if chosen then
        clusters, err = chosen:saved(store)
    end
    if not clusters then
        return failure.report(err, context)
    end
    local rows, items = {}, {}
    for i, cluster in ipairs(clusters) do
        local query = { cluster_id = cluster.id, since = since, until_ = till, status = args.status,
            source = args.source, limit = args.limit }
        items[i] = { cluster = cluster, error = history_location.read(store, query, function(record)
            record.cluster_id, record.cluster_name = cluster.id, cluster.name
            rows[#rows + 1] = record
        end) }
    end
    local failed = clusters_chosen.report_failures(items, context)
    if #rows == 0 and failed == 0 then
        context:note "no saved records match; dwsync history stats shows what there is"
    end
    return math.max(output.write("sync_records", rows, columns_of(args, clusters), args, context), failed)
end

-- ---- stats ---------------------------------------------------------------------------------------

local OF_CLUSTERS = { "cluster_id", "cluster_name", "records", "first", "last" }
local OF_CLUSTERS_TABLE = { "cluster_id", "cluster_name", "records", "last" }
local OF_ALL = { "engine", "schema_version", "clusters", "records", "versions", "first", "last", "bytes" }

local function stats(args, context, _, store, shown)
    local clusters
    local sums, err = store:stats()
    if sums then
        clusters, err = store:clusters()
    end
    if not clusters then
        return failure.report(err, context)
    end
    if args.output == "table" and not args.columns then
        context:write(("%-15s %s\n"):format("history", display.safe(shown)))
        for _, name in ipairs(OF_ALL) do
            context:write(("%-15s %s\n"):format(name, display.safe(columns.text(name, sums[name]))))
        end
        context:write "\n"
    end
    clusters_chosen.note_unnamed(clusters, context)
    for _, cluster in ipairs(clusters) do
        cluster.cluster_name, cluster.name = cluster.name, nil
    end
    local fields = args.output == "table" and OF_CLUSTERS_TABLE or OF_CLUSTERS
    return output.write("clusters", clusters, fields, args, context)
end

-- ---- migrate -------------------------------------------------------------------------------------

-- The parts that a history may have: only those that it has are brought to the present schema.
local function parts()
    local fleet = require "dwsync.fleet.tables"
    return { require("dwsync.problems.store").part, fleet.part, fleet.heartbeat, require("dwsync.history.names").part,
        require("dwsync.history.accounts").part }
end

local function write_step(step, context)
    context:write(("%s: version %d to %d%s\n"):format(step.name or "records", step.from, step.to,
        step.compatible_from < step.to and ("; programs that know version %d go on beside it"):format(
            step.compatible_from) or "; older programs must be upgraded"))
    for _, statement in ipairs(step.statements) do
        context:write(("    %s\n"):format((statement:gsub("%s+", " "))))
    end
end

local function migrate(args, context, settings)
    local target, wrong, shown = history_location.place(args, context, settings)
    if not target then
        return failure.report(wrong, context)
    end
    local plan, err = migration.plan(target, parts())
    if not plan then
        return failure.report(err, context)
    end
    for _, step in ipairs(plan) do
        write_step(step, context)
    end
    if not plan[1] then
        context:write(("%s is up to date\n"):format(display.safe(shown)))
    elseif not args.dry_run then
        context:flush()
        local done
        done, err = migration.run(target, parts())
        if not done then
            return failure.report(err, context)
        end
        context:write(("%s is up to date now\n"):format(display.safe(shown)))
    end
    return 0
end

-- ---- prune ---------------------------------------------------------------------------------------

local function prune_accounts(args, context, store)
    local sum, err, before = store:prune_accounts { older_than = args.older_than, dry_run = args.dry_run }
    local removed = sum or before
    context:write(("%s %s that went, of %s\n"):format(args.dry_run and "would remove" or "removed",
        quantities.count(removed.accounts, "account"), quantities.count(removed.clusters, "cluster")))
    return sum and 0 or failure.report(err, context)
end

local function write_forgotten(context, verb, sum)
    if sum.clusters + sum.accounts + sum.collectors > 0 then
        context:write(("%s from the fleet, all of them gone: %s, %s, %s\n"):format(verb,
            quantities.count(sum.clusters, "cluster"), quantities.count(sum.accounts, "account"),
            quantities.count(sum.collectors, "collector")))
    end
end

local function prune_store(args, context, _, store)
    if args.accounts then
        return prune_accounts(args, context, store)
    end
    local sum, err, before = store:prune { older_than = args.older_than, dry_run = args.dry_run, now = context.now() }
    local removed, verb = sum or before, args.dry_run and "would remove" or "removed"
    context:write(("%s %s with %s, of %s\n"):format(verb, quantities.count(removed.records, "record"),
        quantities.count(removed.versions, "earlier version"), quantities.count(removed.clusters, "cluster")))
    local point = (context.now() - args.older_than) * 1000
    local messages, failed, rest
    if sum then
        messages, failed, rest = outbox.prune_all(store, point, args.dry_run)
    end
    if (messages or rest or 0) > 0 then
        context:write(("%s %s of alerts that are over\n"):format(verb, quantities.count(messages or rest, "message")))
    end
    local fleet
    if messages then
        fleet, failed, rest = retention.prune_all(store, point, { dry_run = args.dry_run })
        write_forgotten(context, verb, fleet or rest)
    end
    return fleet and 0 or failure.report(err or failed, context)
end

-- --------------------------------------------------------------------------------------------------

local ACTIONS = { pull = pull, list = list, stats = stats, prune = prune_store }
local WRITES = { pull = true, prune = true }

--- The words below `dwsync history`.
M.actions = { pull = true, list = true, stats = true, migrate = true, prune = true }

-- Reads --older-than, whose least value is that of what is removed.
local function wrong_age(args)
    if not args.older_than then
        return "--older-than is missing"
    end
    local wrong
    args.older_than, wrong = checks.from_text({ kind = "duration", from = args.accounts and 0 or prune.floor },
        args.older_than, "--older-than")
    return wrong
end

--- What is wrong with the combination of options.
-- @tparam table args
-- @treturn ?string
function M.wrong_usage(args)
    return args.action == "pull" and clusters_chosen.wrong_usage(args)
        or args.action == "pull" and args.accounts and args.input and "--accounts and --input cannot be combined"
        or args.accept_short and not args.accounts and "--accept-short needs --accounts"
        or args.action == "prune" and wrong_age(args)
        or args.all_clusters and args.cluster[1] and "--all-clusters and a cluster cannot be combined"
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
    if args.action == "migrate" then
        return migrate(args, context, settings)
    end
    local readonly = not WRITES[args.action] or args.dry_run or false
    if args.action == "prune" and not readonly then
        local there, err_there = history_location.open(true, args, context, settings) -- it makes no history
        if not there then
            return failure.report(err_there, context)
        end
        there:close()
    end
    local store, store_err, shown = history_location.open(readonly, args, context, settings)
    if not store then
        return failure.report(store_err, context)
    end
    local good, status = pcall(ACTIONS[args.action], args, context, settings, store, shown)
    store:close()
    if not good then
        error(status, 0)
    end
    return status
end

return M
