--- Telling problems from a command that looks: what is owed, kept in its history, and what a look changes of it.
-- @module dwsync.cli.telling
local delivery = require "dwsync.problems.delivery"
local files = require "dwsync.files"
local history_location = require "dwsync.cli.history_location"
local problems = require "dwsync.problems"
local problems_store = require "dwsync.problems.store"
local runtimes = require "dwsync.runtime"
local uv = require "luv"

local M = {}

local function is_meant(args)
    local wanted = {}
    for _, name in ipairs(args.source or {}) do
        wanted[name] = true
    end
    return args.source and function(source, source_type)
        return wanted[source] or wanted[source_type] or false
    end
end

--- Of which problems a look tells: a history may be shared, and who named one cluster or source means that one.
-- @tparam {table,...} items
-- @tparam table args
-- @treturn function(row)
function M.is_looked_at(items, args)
    local looked_at, is_source = {}, is_meant(args)
    for _, item in ipairs(items) do
        looked_at[item.cluster.id] = true
    end
    return function(row)
        return looked_at[row.cluster_id] and (not is_source or row.source == ""
            or is_source(row.source, row.source_type)) or false
    end
end

--- The time of a look.
-- @tparam table judge see dwsync.cli.judgement
-- @treturn function() milliseconds since the epoch
function M.milliseconds(judge)
    return function()
        return math.floor(judge:now() * 1000)
    end
end

--- Whether the history is a file that does not exist yet.
-- @tparam table args
-- @tparam table context
-- @tparam table settings
-- @treturn boolean
function M.is_new(args, context, settings)
    local target = history_location.target(args, context, settings)
    return target and not target:find "^%a+://" and not files.is_readable(target)
end

--- What begins a problem.
-- @tparam table args
-- @tparam function plan see dwsync.problems.plan
-- @treturn dwsync.problems.policy
function M.policy(args, plan)
    return { least = args.min_severity or "warning", is_meant = is_meant(args), plan = plan }
end

--- Keeps what a look changed, and tells the channels what they are owed.
-- @tparam table args
-- @tparam table context
-- @tparam table judge
-- @tparam table given `store`, `channels`, `plan`, `seconds`: for how long it may send, `every`: seconds until the
-- next look, where that is known, `name` of the sender, `sent(message, channel)`,
-- `failed(message, hint, channel, outcome)`
-- @tparam {table,...} items of an overview
-- @treturn ?boolean true; nil when the database failed
-- @treturn dwsync.error
function M.tell(args, context, judge, given, items)
    local now = M.milliseconds(judge)
    local seen, err = problems.look(given.store, items, M.policy(args, given.plan), now())
    if not seen then
        return nil, err
    end
    local runtime = runtimes.complete(context.runtime or runtimes.new())
    return delivery.new({
        store = given.store, channels = given.channels, plan = given.plan,
        name = ("%s:%s:%d"):format(given.name, uv.os_gethostname(), uv.os_getpid()), runtime = runtime, now = now,
        random = context.random, every = given.every, seen = seen, is_meant = M.is_looked_at(items, args),
        sent = given.sent, failed = given.failed,
    }):run(runtime.monotonic() + given.seconds)
end

--- Opens the history before anything is asked, so that a wrong one ends the command at once.
-- @tparam table args
-- @tparam table context
-- @tparam table settings
-- @treturn ?table see dwsync.problems.store
-- @treturn dwsync.error
-- @treturn dwsync.history.store
function M.open_store(args, context, settings)
    local was_missing = M.is_new(args, context, settings)
    local history, err, shown = history_location.open(false, args, context, settings)
    if not history then
        return nil, err
    end
    if was_missing then
        context:note("made " .. shown .. ", which keeps what was told; only its owner can read it")
    end
    local store
    store, err = problems_store.open(history)
    if not store then
        history:close()
    end
    return store, err, history
end

return M
