--- `dwsync replay [CLUSTER…]`: which alerts the rules would have raised, when and for how long, to tune thresholds.
-- @module dwsync.cli.commands.replay
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local episode_list = require "dwsync.report.verdicts.episode_list"
local facts = require "dwsync.report.verdicts.facts"
local failure = require "dwsync.cli.failure"
local health = require "dwsync.health"
local history_location = require "dwsync.cli.history_location"
local judgement = require "dwsync.cli.judgement"
local output = require "dwsync.cli.output"
local record_options = require "dwsync.cli.record_options"

local M = {}

-- What programs get; people get two lines an episode, unless they ask for columns.
local ALL = { "cluster_id", "cluster_name", "from", "till", "seconds", "severity", "rule", "also", "source",
    "source_type", "record_id", "headline" }

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Show which alerts the rules would have raised."
    command:description("Goes through the records and shows which problems the rules would have reported, from when "
        .. "till when, how grave, and in which words; alerts with the same cause are one. One that is still open "
        .. "has no end.")
    command:epilog "Example: dwsync replay dws-prod --from-history --set stale.warning=6h"
    judgement.configure(command)
    command:flag("--from-history", "Use the records saved by dwsync history pull.")
    command:option("--since", "Leave out alerts that ended before: 24h, 7d, ISO 8601."):argname "<when>"
    output.configure(command)
end

-- The same items as of chosen:fetch, from the history, each given to `use`.
local function from_history(args, context, chosen, use)
    local store, err = history_location.open(true, args, context, chosen.settings)
    if not store then
        return nil, err
    end
    local clusters, read_err = chosen:saved(store)
    local items = {}
    for i, cluster in ipairs(clusters or {}) do
        local records = {}
        local query = { cluster_id = cluster.id, source = args.source }
        local failure_of_it = history_location.read(store, query, function(record)
            records[#records + 1] = record
        end)
        items[i] = { cluster = cluster, records = records, error = failure_of_it }
        use(items[i])
    end
    store:close()
    return not read_err and items or nil, read_err
end

-- What is shown of a cluster; its records are let go.
local function replay(item, judge, since)
    local now = judge:now()
    local records = judge:records_of(item, now)
    item.episodes, item.had_records = health.episodes(records, judge.rules, { now = now, since = since }), #records > 0
    item.records = nil
end

local function rows_of(items)
    local rows = {}
    for _, item in ipairs(items) do
        for _, episode in ipairs(item.episodes or {}) do
            episode.cluster_id, episode.cluster_name = item.cluster.id, item.cluster.name
            rows[#rows + 1] = episode
        end
    end
    return rows
end

local function place_of(row)
    return ("%s · %s"):format(row.cluster_name or row.cluster_id, facts.source_name(row.source_type, row.source))
end

local function write(rows, several, args, context)
    if args.output ~= "table" or args.columns then
        for _, row in ipairs(rows) do
            row.also = table.concat(row.also, ", ")
        end
        return output.write("alerts", rows, ALL, args, context)
    elseif several then
        for _, row in ipairs(rows) do
            row.place = place_of(row)
        end
    end
    episode_list.lines(rows, { width = context:width(), color = context:color(args.color),
        place = several and "CLUSTER AND SOURCE" }, function(text)
        context:write(text)
    end)
    return 0
end

-- That there were no alerts is good news only if there were records.
local function explain_silence(items, args, context)
    local judged = false
    for _, item in ipairs(items) do
        judged = judged or item.had_records
    end
    if judged then
        context:note "no rule would have raised an alert"
    elseif args.from_history then
        context:note "no records are saved; dwsync history pull saves them"
    else
        context:note "there are no records to go through"
    end
end

--- What is wrong with the combination of options.
-- @tparam table args
-- @treturn ?string
function M.wrong_usage(args)
    return clusters_chosen.wrong_usage(args) or args.input and args.from_history
        and "--input and --from-history cannot be combined"
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local since, _, wrong = record_options.period(args, context)
    if wrong then
        return failure.wrong_usage(wrong, context)
    end
    local judge, err = judgement.new(args, context)
    if not judge then
        return failure.report(err, context)
    end
    local function use(item)
        replay(item, judge, since)
    end
    local items, read_err
    if args.from_history then
        items, read_err = from_history(args, context, judge.chosen, use)
    else
        items, read_err = judge:fetch(nil, use)
    end
    judge:close()
    if not items then
        return failure.report(read_err, context)
    elseif not judge.chosen.several and not items[1].episodes then
        return failure.report(items[1].error, context) -- without a heading: nothing was replayed
    end
    local rows = rows_of(items)
    local status = write(rows, #items > 1, args, context)
    if #rows == 0 then
        explain_silence(items, args, context)
    end
    return math.max(status, clusters_chosen.report_failures(items, context))
end

return M
