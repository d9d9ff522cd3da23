--- `dwsync notify [CLUSTER…]`: looks once, and tells channels what began, got worse or ended since they were told last.
-- It must print nothing when there is nothing to tell: cron mails what is printed.
-- @module dwsync.cli.commands.notify
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local channel_options = require "dwsync.cli.channel_options"
local delivery = require "dwsync.problems.delivery"
local failure = require "dwsync.cli.failure"
local findings = require "dwsync.problems.findings"
local history_location = require "dwsync.cli.history_location"
local judgement = require "dwsync.cli.judgement"
local messages = require "dwsync.problems.messages"
local names = require "dwsync.history.names"
local outbox = require "dwsync.problems.outbox"
local problems = require "dwsync.problems"
local problems_store = require "dwsync.problems.store"
local telling = require "dwsync.cli.telling"
local text = require "dwsync.text"

local M = {}

local SENDING_SECONDS = 120 -- what is left then waits for the next run

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Tell a chat or a webhook what began, got worse or ended."
    command:description("For cron: looks once, and tells each problem once, when it gets worse, and when it is over. "
        .. "What was told is kept with the history. Prints a line for each message that was sent, else nothing.\n"
        .. "Exit status: 0 all was told, 1 a cluster could not be asked or a message not be sent, 2 wrong usage.")
    command:epilog "Example: dwsync notify --all-clusters --slack-url-file /etc/dwsync/slack"
    judgement.configure(command, { input = false })
    channel_options.configure(command)
    command:group("What to tell",
        command:option("--min-severity", "Problems from this severity on (default warning).", "warning")
            :choices { "unknown", "warning", "critical" }:show_default(false),
        command:flag("--dry-run", "Print what would be sent; send and keep nothing."))
end

M.wrong_usage = clusters_chosen.wrong_usage

-- The items to look at, and the exit status so far.
local function look_around(judge, args, context)
    local overview, err, items = judge:overview()
    local looked_at = overview and overview.clusters or {}
    if args.all_clusters and (overview or err.kind ~= "config") then
        table.insert(looked_at, findings.listing(judge.chosen.client:option "region" or "this endpoint", err))
    end
    return looked_at, overview and clusters_chosen.report_failures(items, context) or failure.report(err, context)
end

-- Reads problems and the outbox: nothing, where there is no history yet.
local function rows_told(args, context, settings)
    if telling.is_new(args, context, settings) then
        return {}, {}
    end
    local history, err = history_location.open(true, args, context, settings)
    if not history then
        return nil, err
    end
    local store, rows, entries
    store, err = problems_store.open(history)
    if store then
        rows, err = store:rows()
    end
    if rows then
        entries, err = outbox.read(store)
    end
    history:close()
    return entries and rows, entries or err
end

-- A problem that is not kept has no id yet that somebody could acknowledge it by.
local function lines_of(message, kept)
    local facts = {}
    for _, fact in ipairs(message.facts) do
        facts[#facts + 1] = (fact[1] ~= "Acknowledge" or kept[message.problem_id]) and fact or nil
    end
    message.facts = facts
    return messages.lines(message)
end

-- Each message once, with all channels that get it in these words.
local function printer(rows, width)
    local kept, blocks = {}, {}
    for _, row in ipairs(rows) do
        kept[messages.problem_id(row)] = true
    end
    local function add(message, channel)
        local lines = lines_of(message, kept)
        local id = message.key .. table.concat(lines)
        if not blocks[id] then
            blocks[id] = { lines = lines, channels = {} }
            table.insert(blocks, blocks[id])
        end
        table.insert(blocks[id].channels, ("%s (%s%s)"):format(channel.name, channel.host or channel.kind,
            channel.is_level_triggered and "; again by each run" or ""))
    end
    return add, function(context)
        for _, block in ipairs(blocks) do
            context:write(table.concat(text.wrap(("to %s:"):format(table.concat(block.channels, ", ")), width - 2),
                "\n  ") .. "\n")
            for _, words in ipairs(block.lines) do
                for _, line in ipairs(text.wrap(text.safe(words), width - 4)) do
                    context:write(("    %s\n"):format(line))
                end
            end
        end
    end
end

local function rehearse(args, context, judge, channels, plan, items, status)
    local rows, entries = rows_told(args, context, judge.chosen.settings)
    if not rows then
        return failure.report(entries, context)
    end
    local now = telling.milliseconds(judge)
    local after, seen = problems.preview(rows, items, telling.policy(args, plan), now())
    local add, print_all = printer(rows, context:width() or 84)
    delivery.preview(after, entries, channels, { now = now, seen = seen, is_meant = telling.is_looked_at(items, args),
        plan = plan }, add)
    print_all(context)
    return status
end

-- Names that cannot be kept are no reason to be silent, nor worth a line: `history pull` says why.
local function keep_names(history, judge, items)
    for _, item in ipairs(items) do
        if item.evaluation and not names.keep(history, item.cluster.id, judge.chosen:naming(item.cluster)) then
            return
        end
    end
end

local function tell(args, context, judge, channels, plan, store, items, status)
    local done, err = telling.tell(args, context, judge, { store = store, channels = channels, plan = plan,
        seconds = SENDING_SECONDS, name = "notify",
        sent = function(message, channel)
            context:write(("told %s: %s\n"):format(channel.name, text.safe(message.title)))
        end,
        failed = function(message, hint)
            context:note(message, hint)
            status = math.max(status, 1)
        end }, items)
    return math.max(status, done and 0 or failure.report(err, context))
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local judge, err = judgement.new(args, context)
    if not judge then
        return failure.report(err, context)
    end
    local settings = judge.chosen.settings
    local channels, plan = channel_options.open(args, context, settings)
    if not channels then
        return failure.report(plan, context)
    elseif args.dry_run then
        local is_missing = telling.is_new(args, context, settings)
        judge.saved.wanted = judge.saved.wanted and not is_missing -- nothing is made, nor missed
        local items, status = look_around(judge, args, context)
        return rehearse(args, context, judge, channels, plan, items, status)
    end
    local store, unusable, history = telling.open_store(args, context, settings)
    if not store then
        return failure.report(unusable, context)
    end
    local good, status = pcall(function()
        local items, so_far = look_around(judge, args, context)
        keep_names(history, judge, items)
        return tell(args, context, judge, channels, plan, store, items, so_far)
    end)
    history:close()
    if not good then
        error(status, 0)
    end
    return status
end

return M
