--- The connection to a history, whatever is in it.
-- @module dwsync.history.connection
local checks = require "dwsync.checks"
local runtimes = require "dwsync.runtime"
local targets = require "dwsync.history.target"
local transaction = require "dwsync.history.transaction"

local M = {}

local ENGINES = { sqlite = "dwsync.history.sqlite", postgres = "dwsync.history.postgres" }

local OPTIONS = {
    readonly = { kind = "boolean", default = false },
    runtime = { kind = "table" },
    random = { kind = "function", default = math.random },
    timeout = { kind = "number", default = 30 },
    till = { kind = "number", default = math.huge },
    cache = { kind = "integer", from = 1, to = 4096 },
    show_accounts = { kind = "boolean", default = false },
}

--- Whether the history could be opened as far as modules go: reads its place and loads what its engine needs, opens
-- nothing.
-- @tparam string target
-- @treturn ?true
-- @treturn dwsync.error kind "config"
function M.check(target)
    local place, err = targets.read(target)
    if not place then
        return nil, err
    end
    local driver
    driver, err = require(ENGINES[place.engine]).driver()
    return driver and true, err
end

--- Connects, and calls a function while `till` is the end of opening.
-- @tparam string target
-- @tparam table options of dwsync.history.open
-- @tparam string caller for what is raised
-- @tparam function use(context, engine) → a result, or nil, err, which ends the connection
-- @return its result, or nil, err
function M.open(target, options, caller, use)
    local checked = checks.arguments(OPTIONS, options, caller)
    local place, err = targets.read(target)
    if not place then
        return nil, err
    end
    local context = { shown = place.shown, timeout = checked.timeout, random = checked.random,
        runtime = runtimes.complete(checked.runtime or runtimes.new()), readonly = checked.readonly,
        cache = checked.cache, show_accounts = checked.show_accounts }
    context.till = math.min(checked.till, context.runtime.monotonic() + context.timeout) -- for all of what follows
    local engines = require(ENGINES[place.engine])
    local engine
    engine, err = transaction.patiently(context, function()
        return engines.open(place, context)
    end)
    if not engine then
        return nil, err
    end
    local result
    result, err = use(context, engine)
    context.till = checked.till
    if not result then
        engine:close()
    end
    return result, err
end

return M
