--- `alerts` of a runbook: what is known of problems, what people do about them, and telling what a judgement found; in
-- the same history, and to the same channels, as `dwsync alerts` and `dwsync notify`.
--
-- Wrong use raises at the script's line; everything else returns nil and an error object.
-- @module dwsync.cli.runbook_alerts
-- @usage
-- for _, problem in ipairs(assert(alerts.list())) do
--     print(problem.id, problem.state, problem.cluster_name, problem.rule)
-- end
-- assert(alerts.silence("dws-prod", { duration = "2h", by = "maintenance", all = true }))
-- local told = assert(alerts.tell({ id = id }, health.evaluate(list, settings.thresholds)))
-- print(told.sent, table.concat(told.failed, "\n"))
local channel_options = require "dwsync.cli.channel_options"
local checks = require "dwsync.checks"
local configuration = require "dwsync.cli.configuration"
local errors = require "dwsync.errors"
local fleet_file = require "dwsync.cli.fleet_file"
local ledger = require "dwsync.problems.ledger"
local problems_store = require "dwsync.problems.store"
local telling = require "dwsync.cli.telling"
local transitions = require "dwsync.problems.transitions"

local M = {}

local SENDING_SECONDS = 120
local LONGEST_SILENCE = 366 * 86400

local WORD = { kind = "string", longest = 200 }
local WHICH = { rule = WORD, source = WORD, all = { kind = "boolean", default = false } }
local WHO = { kind = "string", longest = 100, default = "a runbook" }

local function with_which(more)
    for name, declaration in pairs(WHICH) do
        more[name] = declaration
    end
    return more
end

local LIST = { all = { kind = "boolean", default = false } }
local ACKNOWLEDGE = with_which { by = WHO, note = { kind = "string", longest = 500 } }
local SILENCE = with_which { by = WHO, duration = { kind = "duration", from = 60, to = LONGEST_SILENCE,
    required = true } }
local UNSILENCE = with_which {}
local CLUSTER = { id = { kind = "identifier", required = true }, name = { kind = "string", longest = 200 } }

local FIELDS = { "cluster_id", "cluster_name", "source", "source_type", "rule", "severity", "episode", "since",
    "message", "advice", "acknowledged_at", "acknowledged_by", "acknowledged_note", "silenced_until", "silenced_by" }

-- Opens the history, works, and closes it again: a runbook may take its time in between.
local function with_store(world, readonly, work)
    local args, context = world.args, world.context
    local settings, err = fleet_file.alerts(args, context)
    local history, store, result
    if settings then
        history, err = fleet_file.open_history(readonly, args, context, settings.inventory)
    end
    if history then
        store, err = problems_store.open(history)
    end
    if store then
        result, err = work(store)
    end
    if history then
        history:close()
    end
    return result, err
end

local function flat(item)
    local problem = { id = item.id, state = item.state }
    for _, name in ipairs(FIELDS) do
        problem[name] = item.row[name] ~= "" and item.row[name] or nil
    end
    return problem
end

-- Changes the problems that are meant, as they are by then. Returns them as they were.
local function change(world, word, which, work)
    return with_store(world, false, function(store)
        local list, err = ledger.read(store, world.now())
        if not list then
            return nil, err
        end
        local found, problem = ledger.find(list, { word = word, rule = which.rule, source = which.source,
            all = which.all })
        if not found then
            return nil, errors.new(problem)
        end
        local changed = {}
        for _, item in ipairs(found) do
            local done
            done, err = ledger.change(store, item, work)
            if not done then
                return nil, err
            end
            changed[#changed + 1] = done.changed and flat(item) or nil
        end
        return changed
    end)
end

local function word_of(value, what)
    local word, message = checks.value(WORD, value, what .. ": the problem")
    return word or error(message, 3)
end

-- What channels are told of one cluster.
local function tell(world, item)
    local args, context = world.args, world.context
    local settings, err = fleet_file.alerts(args, context)
    local own = settings and configuration.load(args, context)
    if not own then
        return nil, err
    end
    settings.history = settings.inventory and settings.inventory.history or own.history
    local channels, plan = channel_options.open(args, context, settings)
    if not channels then
        return nil, plan
    end
    local store, unusable, history = telling.open_store(args, context, settings)
    if not store then
        return nil, unusable
    end
    local told = { sent = 0, failed = {} }
    local done, failure = telling.tell({}, context, { now = context.now }, { store = store, channels = channels,
        plan = plan, seconds = SENDING_SECONDS, name = "run",
        sent = function() told.sent = told.sent + 1 end,
        failed = function(message) told.failed[#told.failed + 1] = message end }, { item })
    history:close()
    return done and told, failure
end

--- Makes `alerts` for a script.
-- @tparam table args of the command
-- @tparam table context
-- @treturn table with the functions below
function M.new(args, context)
    local world = { args = args, context = context, now = function() return math.floor(context.now() * 1000) end }
    local alerts = {}

    --- The problems that are known, those that are open first; a function of `alerts`.
    -- @function list
    -- @tparam[opt] table options `all`: those that ended, too
    -- @treturn ?{table,...} each with `id`, `state` ("pending", "firing", "told", "acknowledged", "silenced",
    -- "resolved"), `cluster_id`, `cluster_name`, `source`, `source_type`, `rule`, `severity`, `episode`, `since`
    -- (milliseconds), `message`, `advice`; and who acknowledged or silenced it
    -- @treturn dwsync.error
    function alerts.list(options)
        local wanted = checks.arguments(LIST, options or {}, "alerts.list")
        return with_store(world, true, function(store)
            local list, err = ledger.read(store, world.now())
            local open, ended = {}, {}
            for _, item in ipairs(list or {}) do
                table.insert(transitions.is_open(item.row) and open or ended, flat(item))
            end
            for _, problem in ipairs(wanted.all and ended or {}) do
                open[#open + 1] = problem
            end
            return list and open, err
        end)
    end

    --- Says that somebody takes care: no reminders until it ends or gets worse; a function of `alerts`.
    -- @function acknowledge
    -- @tparam string problem its id or the beginning of it, or the name or id of its cluster
    -- @tparam[opt] table options `by`, `note`; `rule`, `source`: only of these; `all`: each that is meant
    -- @treturn ?{table,...} the problems that this changed, as `list` has them
    -- @treturn dwsync.error
    function alerts.acknowledge(problem, options)
        local word = word_of(problem, "alerts.acknowledge")
        local which = checks.arguments(ACKNOWLEDGE, options or {}, "alerts.acknowledge")
        return change(world, word, which, function(row)
            return transitions.acknowledge(row, which.by, which.note, world.now())
        end)
    end

    --- Tells nothing of a problem for a while, but its end; a function of `alerts`.
    -- @function silence
    -- @tparam string problem as for `acknowledge`
    -- @tparam table options `duration`: seconds, or "2h"; `by`, `rule`, `source`, `all`
    -- @treturn ?{table,...}
    -- @treturn dwsync.error
    function alerts.silence(problem, options)
        local word = word_of(problem, "alerts.silence")
        local which = checks.arguments(SILENCE, options or {}, "alerts.silence")
        return change(world, word, which, function(row)
            return transitions.silence(row, world.now() + which.duration * 1000, which.by, world.now())
        end)
    end

    --- Ends a silence; a function of `alerts`.
    -- @function unsilence
    -- @tparam string problem as for `acknowledge`
    -- @tparam[opt] table options `rule`, `source`, `all`
    -- @treturn ?{table,...}
    -- @treturn dwsync.error
    function alerts.unsilence(problem, options)
        local word = word_of(problem, "alerts.unsilence")
        local which = checks.arguments(UNSILENCE, options or {}, "alerts.unsilence")
        return change(world, word, which, transitions.unsilence)
    end

    --- Keeps what a judgement found of a cluster, and tells the channels of the configuration what they are owed of it:
    -- each problem once, however often this is called; a function of `alerts`.
    -- @function tell
    -- @tparam table cluster `id`, perhaps `name`
    -- @tparam table evaluation of `health.evaluate`
    -- @treturn ?table `sent`: how many messages; `failed`: a list of what went wrong, in words
    -- @treturn dwsync.error kind "config" where no channel is declared; else what failed in the history
    function alerts.tell(cluster, evaluation)
        local of = checks.arguments(CLUSTER, cluster, "alerts.tell")
        if type(evaluation) ~= "table" or type(evaluation.verdicts) ~= "table" then
            error("alerts.tell expects what health.evaluate returned, after the cluster", 2)
        end
        return tell(world, { cluster = of, evaluation = evaluation, severity = evaluation.severity })
    end

    return alerts
end

return M
