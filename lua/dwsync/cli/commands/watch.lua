--- `dwsync watch [CLUSTER…]`: the verdicts again and again; events when they change.
-- It must not end with 0: it goes on until a signal, a failure that stays, or a closed pipe.
-- @module dwsync.cli.commands.watch
local channel_options = require "dwsync.cli.channel_options"
local checks = require "dwsync.checks"
local changes = require "dwsync.health.changes"
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local display = require "dwsync.text"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local hooks = require "dwsync.cli.hooks"
local judgement = require "dwsync.cli.judgement"
local ordered_json = require "dwsync.ordered_json"
local problems = require "dwsync.problems"
local programs = require "dwsync.programs"
local quantities = require "dwsync.quantities"
local report = require "dwsync.report"
local saved_records = require "dwsync.cli.saved_records"
local telling = require "dwsync.cli.telling"
local told_program = require "dwsync.cli.told_program"
local transient = require "dwsync.errors.transient"

local M = {}

local DEFAULT_INTERVAL = 60
local MOST_SENDING = 60 -- seconds of a look in which messages are sent

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "Watch the verdicts and report changes."
    command:description("On a terminal it redraws the verdicts; piped it writes one line of JSON for each change, and "
        .. "at the start for everything that is not ok. It goes on through failures that may pass.\n"
        .. "Exit status: 130 interrupted, 1 a failure that stays, 2 wrong usage; never 0.")
    command:epilog "Example: dwsync watch dws-prod --interval 5m --on-change ./notify | tee events.ndjson"
    judgement.configure(command, { input = false })
    command:group("Watching",
        command:option("--interval", "Time between looks (default 60s).", DEFAULT_INTERVAL,
            checks.reader({ kind = "duration", above = 0 }, "--interval")):argname "<time>":show_default(false),
        command:option("--on-change", "Program to run for each event, which it gets as JSON on stdin.")
            :argname "<program>",
        command:option("--pass-environment",
            "Variable that this program gets besides PATH, HOME, LANG and the like; repeatable.", nil,
            checks.reader(programs.VARIABLE, "--pass-environment")):count "*":argname "<name>",
        command:option("--color", "When to use colour.", "auto"):choices { "auto", "always", "never" })
end

local AROUND = 4 -- our two lines, the one that counts the rest, and the cursor's

-- The worst comes first and stays in sight; lines that do not fit are counted.
local function fit(text, rows)
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do
        lines[#lines + 1] = line
    end
    if not rows or #lines <= rows - AROUND then
        return text
    end
    local shown = math.max(1, rows - AROUND)
    return ("%s\n… %d more lines: dwsync health shows them\n"):format(table.concat(lines, "\n", 1, shown),
        #lines - shown)
end

local function draw(overview, judge, args, context)
    local parts = {}
    report.render_health("table", overview, function(text)
        parts[#parts + 1] = text
    end, { width = context:width(), color = context:color(args.color) })
    context:write(("\27[H\27[2Jdwsync watch, every %s, Ctrl-C ends: %s\n\n"):format(
        quantities.duration(args.interval), quantities.instant(judge:now() * 1000)))
    context:write(fit(table.concat(parts), context.terminal_rows()))
end

local function again(kind, message, args)
    return ("%s: %s; trying again every %s"):format(kind, (message:gsub("%.$", "")),
        quantities.duration(args.interval))
end

-- A failure to list the clusters is reported once, and again only when it changes.
local function reporter(args, context)
    local reported
    return function(err)
        local text = err and err.message
        if err and text ~= reported then
            context:note(again(err.kind, err.message, args))
        elseif reported and not err then
            context:note "recovered"
        end
        reported = text
    end
end

local function report_event(event, args, context)
    local name = event.cluster_name or event.cluster_id
    if event.event == "failure" then
        context:note(("%s: %s"):format(name, again(event.kind, event.message, args)))
    elseif event.event == "recovery" then
        context:note(name .. ": recovered")
    end
end

-- Looks once. Returns the error that ends it all, if any.
local function look(judge, args, context, state)
    local overview, err, items = judge:overview()
    if not overview then
        if not transient.may_pass(err) then
            return err
        end
        return state.report(err)
    end
    state.report(nil)
    local final = transient.final_failure(items, judge.chosen.several)
    local events = state.changes:look(items, judge:now(), judge.rules)
    if not (state.terminal or state.noted or final) then
        clusters_chosen.note_disabled(items, context)
        state.noted = true
    end
    if state.terminal then
        draw(overview, judge, args, context)
    end
    for _, event in ipairs(state.terminal and {} or events) do
        if not final then
            report_event(event, args, context)
        end
        context:write(ordered_json.object(event, changes.FIELDS) .. "\n")
    end
    context:flush()
    for _, event in ipairs(events) do
        state.hook(event)
    end
    state.tell(items)
    return final
end

local function watch(judge, args, context, state)
    while true do
        local final = look(judge, args, context, state)
        if final then
            return failure.report(final, context)
        elseif context.write_failure then
            return 1 -- reported when the command ends
        end
        state.sleep(args.interval)
    end
end

local function program_of(args, context)
    if not args.on_change then
        return nil
    end
    local program, reason = programs.find(args.on_change, context.getenv)
    if not program then
        return nil, errors.new {
            kind = "config",
            message = ("--on-change %s: %s"):format(display.excerpt(args.on_change), reason),
            hint = "Name a program without arguments: each event is a line of JSON on its standard input.",
        }
    end
    return program
end

-- The configuration file's, and those of the command line.
local function names_of(args, settings)
    local names = {}
    for _, list in ipairs { settings.pass_environment or {}, args.pass_environment } do
        for _, name in ipairs(list) do
            names[#names + 1] = name
        end
    end
    return names
end

-- The program as a channel, where there is a history that keeps what it was told; `items()` are those of the present
-- look.
local function told_program_of(given, items)
    local context, settings = given.context, given.settings
    local has_history = given.program and saved_records.target(given.args, context, settings) ~= nil
    return has_history and told_program.new(given.program, hooks.runner(settings.on_change, given.program, given.names,
        context, given.sleep), items) or nil
end

-- The channels that the configuration file declares, and the program. Returns them, whom to tell of a problem, and
-- whether the program is among them; or nil, err.
local function receivers_of(given, items)
    local alerts = given.settings.alerts
    local channels, plan = channel_options.open_declared(alerts, given.args, given.context)
    if not channels then
        return nil, plan
    end
    local program = told_program_of(given, items)
    if program then
        channels[#channels + 1] = program
        plan = problems.plan(alerts and alerts.routes, channels, { [program.name] = true })
    end
    return channels, plan, program ~= nil
end

-- What tells the channels and the program, once: also after a restart, since the history keeps what was told. Returns a
-- function that does nothing where there is nobody to tell, and whether the program is told by it; or nil, err.
local function teller(judge, given)
    local args, context, current = given.args, given.context, {}
    local channels, plan, tells_program = receivers_of(given, function() return current end)
    if not channels then
        return nil, plan
    elseif not channels[1] then
        return function() end, false
    end
    local store, err = telling.open_store(args, context, given.settings)
    if not store and tells_program and not channels[2] then
        context:note("--on-change is told again what is not ok after each restart: " .. err.message, err.hint)
        return function() end, false
    elseif not store then
        return nil, err
    end
    local said = {}
    local function say(message, hint)
        if not said[message] then
            said[message] = true
            context:note(message, hint)
        end
    end
    return function(items)
        current = items
        local done, failed = telling.tell(args, context, judge, { store = store, channels = channels, plan = plan,
            seconds = math.min(MOST_SENDING, args.interval), every = args.interval, name = "watch",
            failed = say }, items)
        if not done then
            say("nothing can be told: " .. failed.message, failed.hint)
        end
    end, tells_program
end

M.wrong_usage = clusters_chosen.wrong_usage

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local program, unusable = program_of(args, context)
    if unusable then
        return failure.report(unusable, context)
    end
    local judge, err = judgement.new(args, context)
    if not judge then
        return failure.report(err, context)
    end
    local settings = judge.chosen.settings
    local function sleep(seconds)
        judge.chosen.client:sleep(seconds)
    end
    local names = names_of(args, settings)
    local tell, tells_program = teller(judge, { args = args, context = context, settings = settings, program = program,
        names = names, sleep = sleep })
    if not tell then
        return failure.report(tells_program, context)
    end
    return watch(judge, args, context, {
        tell = tell,
        changes = changes.new(),
        terminal = context.is_terminal "stdout",
        sleep = sleep,
        report = reporter(args, context),
        hook = tells_program and function() end or hooks.new(settings.on_change, program, names, context, sleep),
    })
end

return M
