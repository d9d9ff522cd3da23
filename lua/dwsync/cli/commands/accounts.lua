--- `dwsync accounts`: who is in a cluster's database, who came and who went, from the ledger of the history.
-- It must not ask the service, nor show a name on stderr: they are people.
-- @module dwsync.cli.commands.accounts
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local configuration = require "dwsync.cli.configuration"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local history_location = require "dwsync.cli.history_location"
local output = require "dwsync.cli.output"
local quantities = require "dwsync.quantities"
local record_options = require "dwsync.cli.record_options"

local M = {}

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Show who is in a database, who came and who went."
    command:description("Shows the accounts that dwsync history pull --accounts found: who is there, or who came and "
        .. "who went, and between which two looks. What came and went while a run ran counts as that run's. That is an "
        .. "inference: the service says of no account who made it or dropped it.\n"
        .. "The service is not asked.")
    command:epilog "Example: dwsync accounts dws-prod --gone --since 24h -o csv"
    clusters_chosen.configure_names(command, ".")
    command:group("Which accounts",
        command:flag("--gone", "Those who went."),
        command:flag("--new", "Those who came since the first look."),
        command:option("--at", "Those who were there: a local date or time, 7d."):argname "<when>",
        command:option("--run", "Who came and went with this run."):argname "<record id>",
        command:option("--since", "With --gone, --new: missed or first seen at or after.")
            :argname "<when>",
        command:option("--until", "With --gone, --new: before."):argname "<when>")
    configuration.configure(command)
    history_location.configure(command)
    output.configure(command)
end

--- What is wrong with the combination of options.
-- @tparam table args
-- @treturn ?string
function M.wrong_usage(args)
    local chosen = {}
    for _, name in ipairs { "gone", "new", "at", "run" } do
        chosen[#chosen + 1] = args[name] and "--" .. name or nil
    end
    if chosen[2] then
        return ("%s and %s cannot be combined"):format(chosen[1], chosen[2])
    elseif (args.since or args["until"]) and not (args.gone or args.new) then
        return "--since and --until need --gone or --new"
    elseif not args.cluster[1] then
        return "missing argument 'cluster'"
    elseif clusters_chosen.are_several(args) then
        return "accounts are shown of one cluster"
    end
end

local PRESENT = { "name", "user_type", "login", "first_seen" }
local GONE = { "name", "user_type", "last_seen", "gone_at" }
local NEW = { "name", "user_type", "came_after", "first_seen" }
local CHANGES = { "change", "name", "user_type", "first_seen", "last_seen", "gone_at" }

local function never_looked(cluster)
    return errors.new { kind = "config",
        message = ("nobody has looked at the accounts of %s"):format(cluster.name or cluster.id),
        hint = ("dwsync history pull --accounts %s does; what came and went before stays unknown."):format(
            cluster.name or cluster.id) }
end

-- ---- a run ----------------------------------------------------------------------------------------

local function rows_of(found)
    local rows = {}
    for _, change in ipairs { "came", "went" } do
        for _, list in ipairs { found[change], found.others[change] } do
            for _, account in ipairs(list) do
                account.change = list == found[change] and change or change .. ", not of this source"
                rows[#rows + 1] = account
            end
        end
    end
    return rows
end

local function counts(came, went)
    return ("%s added and %s deleted"):format(quantities.number(came), quantities.number(went))
end

-- What the lists show beside what the run reports, and why the two may differ.
local function note_difference(found, context)
    local record, between, watched = found.record, found.between, found.watched
    local came, went = #found.came, #found.went
    local added, deleted = record.add_count or 0, record.delete_count or 0
    context:note(("the run reports %s; the looks at the accounts show %s"):format(counts(added, deleted),
        counts(came, went)))
    if not watched.before then
        context:note "the accounts were first looked at after this run began: who came and went before is unknown"
    elseif not watched.after then
        context:note "the accounts have not been looked at since this run ended: dwsync history pull --accounts does"
    elseif between.runs > 1 then
        context:note(("%s lie between the same looks and report %s: who is whose cannot be told"):format(
            quantities.count(between.runs, "run"), counts(between.add_count, between.delete_count)))
    elseif came ~= added or went ~= deleted then
        context:note(("the difference (%+d added, %+d deleted) came and went between the looks, or by hand"):format(
            came - added, went - deleted))
    end
    context:note "that these are the run's is an inference from the time: the service does not say who made the change"
end

-- --------------------------------------------------------------------------------------------------

local function points_of(args, context)
    local since, till, wrong = record_options.period(args, context)
    local at
    if args.at and not wrong then
        at, wrong = record_options.point(args.at, "--at", context)
    end
    return { since = since, until_ = till, at = at, gone = args.gone, new = args.new, run = args.run }, wrong
end

local function show(args, context, store, cluster, query)
    query.cluster_id = cluster.id
    local found, err = store:accounts(query)
    if not found then
        return failure.report(err, context)
    elseif not found.look then
        return failure.report(never_looked(cluster), context)
    end
    local fields = args.run and CHANGES or args.gone and GONE or args.new and NEW or PRESENT
    local rows = args.run and rows_of(found) or found
    if args.run then
        note_difference(found, context)
    elseif query.at and query.at < found.look.first_at then
        context:note "the first look was later: those are shown whom it found"
    end
    if #rows == 0 then
        local ago = quantities.distance(found.look.ended_at, context.now())
        context:note(("no accounts match; %s %s there %s"):format(quantities.count(found.look.accounts, "account"),
            ago == "now" and "are" or "were", ago))
    end
    return output.write("users", rows, fields, args, context)
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local query, wrong = points_of(args, context)
    if wrong then
        return failure.wrong_usage(wrong, context)
    end
    local settings, err = configuration.load(args, context)
    if not settings then
        return failure.report(err, context)
    end
    local store, store_err = history_location.open(true, args, context, settings)
    if not store then
        if store_err.code == "absent" then
            store_err.hint = "Check the path or URL; dwsync history pull --accounts makes a history of who is there."
        end
        return failure.report(store_err, context)
    end
    args.from_history = true
    local chosen, clusters
    chosen, err = clusters_chosen.new(args, context)
    if chosen then
        clusters, err = chosen:saved(store)
    end
    local status = clusters and show(args, context, store, clusters[1], query) or failure.report(err, context)
    store:close()
    return status
end

return M
