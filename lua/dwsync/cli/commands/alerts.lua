--- `dwsync alerts list|ack|silence|unsilence|test`: what is told, to whom, and what people do about it.
-- It must not look at clusters: what is known of problems is in the history.
-- @module dwsync.cli.commands.alerts
local channel_options = require "dwsync.cli.channel_options"
local checks = require "dwsync.checks"
local cluster_names = require "dwsync.cluster_names"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local fleet_file = require "dwsync.cli.fleet_file"
local ledger = require "dwsync.problems.ledger"
local messages = require "dwsync.problems.messages"
local ordered_json = require "dwsync.ordered_json"
local output = require "dwsync.cli.output"
local problems_store = require "dwsync.problems.store"
local quantities = require "dwsync.quantities"
local record_options = require "dwsync.cli.record_options"
local runtimes = require "dwsync.runtime"
local severities = require "dwsync.severity"
local text = require "dwsync.text"
local timestamps = require "dwsync.timestamps"
local transitions = require "dwsync.problems.transitions"

local M = {}

local WIDTH = 80
local LONGEST_NOTE, LONGEST_NAME = 500, 100
local LONGEST_SILENCE = 366 * 86400

-- ---- options -------------------------------------------------------------------------------------

-- "18:30": the next time that the clock of this machine shows it.
local function next_time(value, now)
    local hour, minute = value:match "^(%d%d?):(%d%d)$"
    hour, minute = tonumber(hour), tonumber(minute)
    if not hour or hour > 23 or minute > 59 then
        return nil
    end
    local date = os.date("*t", now)
    for day = 0, 1 do
        local at = os.time { year = date.year, month = date.month, day = date.day + day, hour = hour, min = minute,
            sec = 0 }
        if at > now then
            return at * 1000
        end
    end
end

local UNTIL = { expected = 'a time to come such as 18:30, 2025-05-19 or "2025-05-19 06:55"', read = function(value, now)
    local at = type(value) == "string" and (next_time(value, now or 0) or value:find "^%d%d%d%d%-"
        and timestamps.point(value, now or 0, record_options.LOCAL))
    return at or nil
end }
local FOR = { kind = "duration", from = 60, to = LONGEST_SILENCE }
local WORDS = { kind = "string", longest = LONGEST_NOTE }
local NAME = { kind = "string", longest = LONGEST_NAME }

local function configure_choice(command)
    command:argument("problem", "Id that `dwsync alerts list` shows, or name or id of the cluster."):argname "<problem>"
    command:group("Which problem",
        command:option("--rule", "Only of this rule."):argname "<rule>",
        command:option("--source", "Only of this identity source."):argname "<id>",
        command:flag("--all", "All that are meant, where several are."))
end

local function by_option(command)
    return command:option("--by", "Who does this [USER].", nil, checks.reader(NAME, "--by")):argname "<name>"
end

local function configure_list(command)
    command:summary "Which problems there are, who was told, and what is still owed."
    command:description("Open problems, worst first; with --all those that ended, too.\nExit status: 0, whatever is "
        .. "listed; 1 the history failed; 2 wrong usage.")
    command:epilog "Example: dwsync alerts list --all -o json"
    command:flag("--all", "Those that ended, too.")
    fleet_file.configure(command)
    command:group("Output", output.format(command, { "table", "json" }))
end

local function configure_ack(command)
    command:summary "Say that somebody takes care: no reminders until it ends or gets worse."
    command:epilog 'Example: dwsync alerts ack 3f2a91bc --note "the certificate is on its way"'
    configure_choice(command)
    command:group("What is kept", by_option(command),
        command:option("--note", "A word for the others.", nil, checks.reader(WORDS, "--note")):argname "<text>")
    fleet_file.configure(command)
end

local function configure_silence(command)
    command:summary "Tell nothing of a problem for a while, but its end."
    command:epilog "Example: dwsync alerts silence dws-prod --rule stale --for 4h"
    configure_choice(command)
    command:group("For how long",
        command:option("--for", "So long.", nil, checks.reader(FOR, "--for")):argname "<time>",
        command:option("--until", "Until then: 18:30, or a date and time."):argname "<time>")
    command:group("What is kept", by_option(command))
    fleet_file.configure(command)
end

local function configure_unsilence(command)
    command:summary "End a silence."
    command:epilog "Example: dwsync alerts unsilence dws-prod --all"
    configure_choice(command)
    fleet_file.configure(command)
end

local function configure_test(command)
    command:summary "Send one real message to a channel, and say what came back."
    command:description "Exit status: 0 the channel took it, 1 it did not, 2 wrong usage or configuration."
    command:epilog "Example: dwsync alerts test ops"
    command:argument("channel", "Name of the channel."):argname "<channel>"
    channel_options.configure(command)
    fleet_file.configure(command)
end

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Show what was told, and acknowledge, silence or test."
    command:epilog "Example: dwsync alerts list"
    command:command_target "action"
    command:require_command(true)
    configure_list(command:command "list")
    configure_ack(command:command "ack")
    configure_silence(command:command "silence")
    configure_unsilence(command:command "unsilence")
    configure_test(command:command "test")
end

--- What is wrong with the combination of options.
-- @tparam table args
-- @treturn ?string
function M.wrong_usage(args)
    if args.action == "silence" and (args["for"] == nil) == (args["until"] == nil) then
        return args["for"] and "--for and --until cannot be combined" or "--for or --until is missing"
    end
end

-- ---- list ----------------------------------------------------------------------------------------

local function in_order(list)
    local places = {}
    for i, item in ipairs(list) do
        places[item] = i
    end
    local function rank(item)
        return transitions.is_open(item.row) and severities.level(item.row.severity) or 0
    end
    table.sort(list, function(a, b)
        if rank(a) ~= rank(b) then
            return rank(a) > rank(b)
        end
        return places[a] < places[b]
    end)
    return list
end

local function ago(ms, now)
    return quantities.distance(ms, now / 1000)
end

local function excerpt(value)
    return text.excerpt(value, 60)
end

-- What a channel was told last, and what it is still owed.
local function words_of_messages(item, now)
    local told, owed, lost = {}, {}, {}
    for _, message in ipairs(item.messages) do
        local channel, step = excerpt(message.channel), message.step:gsub("%-", " ")
        if message.state == "sent" then
            told[#told + 1] = ("%s (%s, %s)"):format(channel, step, ago(message.sent_at or message.created_at, now))
        elseif message.state == "given_up" then
            lost[#lost + 1] = ("%s (%s): %s"):format(channel, step, excerpt(message.last_error or "refused"))
        elseif message.state == "owed" then
            local tries = message.attempts > 0 and (", tried %s: %s"):format(quantities.count(message.attempts, "time"),
                excerpt(message.last_error or "no answer")) or ""
            owed[#owed + 1] = ("%s (%s, due %s%s)"):format(channel, step,
                quantities.due(math.max(message.next_at, now), now / 1000), tries)
        end
    end
    return told, owed, lost
end

local function facts_of(item, now)
    local row, facts = item.row, {}
    local function add(format, ...)
        facts[#facts + 1] = format:format(...)
    end
    if row.acknowledged_at then
        add("acknowledged by %s %s%s", excerpt(row.acknowledged_by or "somebody"), ago(row.acknowledged_at, now),
            row.acknowledged_note and ": " .. text.excerpt(row.acknowledged_note, LONGEST_NOTE) or "")
    end
    if transitions.is_silenced(row, now) then
        add("silenced until %s%s", quantities.instant(row.silenced_until), row.silenced_by and " by "
            .. excerpt(row.silenced_by) or "")
    end
    local words = { "told", "owed", "given up" }
    for i, list in ipairs { words_of_messages(item, now) } do
        if list[1] then
            add("%s: %s", words[i], table.concat(list, "; "))
        end
    end
    return facts
end

local function write_item(context, item, now)
    local row, width = item.row, context:width() or WIDTH
    local began = row.since or row.fired_at or row.seen_at
    context:write(("%s  %-12s  %-8s  since %s (%s)\n"):format(item.id, item.state, row.severity,
        quantities.instant(began), ago(began, now)))
    local subject = ("%s: %s%s: %s"):format(cluster_names.shown { id = row.cluster_id, name = row.cluster_name },
        excerpt(row.rule), row.source ~= "" and " of " .. excerpt(row.source) or "",
        text.excerpt(row.message or "", LONGEST_NOTE))
    local lines = facts_of(item, now)
    table.insert(lines, 1, subject)
    for _, fact in ipairs(lines) do
        for i, line in ipairs(text.wrap(text.safe(fact), width - 6)) do
            context:write((i == 1 and "    " or "      ") .. line .. "\n")
        end
    end
end

local FIELDS = { "id", "state", "severity", "since", "cluster_id", "cluster_name", "rule", "source", "source_type",
    "episode", "message", "acknowledged_at", "acknowledged_by", "acknowledged_note", "silenced_until", "silenced_by" }
local OF_MESSAGE = { "channel", "step", "state", "created_at", "sent_at", "next_at", "attempts", "last_error" }

local function write_json(context, list)
    context:write "["
    for i, item in ipairs(list) do
        local shown, parts = { id = item.id, state = item.state }, {}
        for _, name in ipairs(FIELDS) do
            shown[name] = shown[name] or item.row[name] ~= "" and item.row[name] or nil
        end
        for j, message in ipairs(item.messages) do
            parts[j] = ordered_json.object(message, OF_MESSAGE)
        end
        context:write((i > 1 and ",\n" or "\n") .. ordered_json.object(shown, FIELDS,
            '"messages":[' .. table.concat(parts, ",") .. "]"))
    end
    context:write "\n]\n"
end

local function list_problems(args, context, store)
    local now = context.now() * 1000
    local found, wrong = ledger.read(store, now)
    if not found then
        return failure.report(wrong, context)
    end
    for _, damaged in ipairs(wrong or {}) do
        failure.report(damaged, context)
    end
    local list = {}
    for _, item in ipairs(in_order(found)) do
        list[#list + 1] = (args.all or transitions.is_open(item.row)) and item or nil
    end
    if args.output == "json" then
        write_json(context, list)
    else
        for _, item in ipairs(list) do
            write_item(context, item, now)
        end
        if not list[1] then
            context:note(#found > 0 and ("no problem is open; %s ended"):format(quantities.count(#found, "problem"))
                or "no problem is known", #found > 0 and "dwsync alerts list --all shows them." or nil)
        end
    end
    return wrong and wrong[1] and 1 or 0
end

-- ---- acknowledging and silencing -----------------------------------------------------------------

local function who(args, context)
    for _, name in ipairs { args.by or "", context.getenv "USER" or "", context.getenv "LOGNAME" or "" } do
        if name ~= "" then
            return name
        end
    end
    return "somebody"
end

local function till_of(args, context)
    local now = context.now()
    if args["for"] then
        return (now + args["for"]) * 1000
    end
    local till, message = checks.value(UNTIL, args["until"], "--until", now)
    if till and till <= now * 1000 then
        till, message = nil, ("--until is in the past: %s"):format(quantities.instant(till))
    end
    return till, message and errors.new { kind = "config", message = message,
        hint = "For a length of time write --for 4h." }
end

-- What each does with a row; and the words for it.
local CHANGES = {
    ack = function(args, context)
        local name, now = who(args, context), context.now() * 1000
        return function(row) return transitions.acknowledge(row, name, args.note, now) end,
            "acknowledged by " .. excerpt(name)
    end,
    silence = function(args, context)
        local till, err = till_of(args, context)
        if not till then
            return nil, err
        end
        local name, now = who(args, context), context.now() * 1000
        return function(row) return transitions.silence(row, till, name, now) end,
            "silenced until " .. quantities.instant(till)
    end,
    unsilence = function()
        return transitions.unsilence, "no longer silenced"
    end,
}

local function change_problems(args, context, store)
    local work, words = CHANGES[args.action](args, context)
    if not work then
        return failure.report(words, context)
    end
    local list, err = ledger.read(store, context.now() * 1000)
    if not list then
        return failure.report(err, context)
    end
    local found, problem = ledger.find(list, { word = args.problem, rule = args.rule, source = args.source,
        all = args.all })
    if not found then
        return failure.report(errors.new(problem), context)
    end
    for _, item in ipairs(found) do
        local done
        done, err = ledger.change(store, item, work)
        if not done then
            return failure.report(err, context)
        end
        local subject = ("%s (%s)"):format(item.id, ledger.words_of(item.row))
        context:note(done.changed and ("%s: %s"):format(subject, words) or subject .. ": nothing to change")
    end
    return 0
end

-- ---- test ----------------------------------------------------------------------------------------

local function test(args, context, settings)
    local channel, err = channel_options.open_one(args.channel, args, context, settings)
    if not channel then
        return failure.report(err, context)
    end
    local runtime = runtimes.complete(context.runtime or runtimes.new())
    local answer
    local how = { monotonic = runtime.monotonic, sleep = runtime.sleep,
        now = function() return context.now() * 1000 end,
        perform = function(request)
            local response, failed = runtime.perform(request)
            answer = response and response.status and (" HTTP %d"):format(response.status) or nil
            return response, failed
        end }
    local outcome, reason = channel.send(messages.test(channel.name, who(args, context), how.now()), how)
    local subject = ("channel %s (%s)"):format(channel.name, channel.host or channel.kind)
    if outcome == "sent" then
        context:write(("%s took it%s\n"):format(text.safe(subject), answer and ", with" .. answer or ""))
        if reason then
            context:note(("%s: not all got it: %s"):format(subject, reason))
        end
        return 0
    end
    context:note(("%s did not take it: %s"):format(subject, reason or "no reason given"), outcome == "refused"
        and "Trying again will not help: correct the channel's address, or what else it is declared with." or nil)
    return 1
end

-- ---- the command ---------------------------------------------------------------------------------

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local settings, err = fleet_file.alerts(args, context)
    if not settings then
        return failure.report(err, context)
    elseif args.action == "test" then
        return test(args, context, settings)
    end
    local history, wrong = fleet_file.open_history(args.action == "list", args, context, settings.inventory)
    if not history then
        return failure.report(wrong, context)
    end
    local store, status
    store, wrong = problems_store.open(history)
    if store then
        status = (args.action == "list" and list_problems or change_problems)(args, context, store)
    else
        status = failure.report(wrong, context)
    end
    history:close()
    return status
end

return M
