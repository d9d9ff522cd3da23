--- All or nothing, and patience with other writers.
-- It must not wait inside a transaction: others would wait for it in turn.
-- @module dwsync.history.transaction
local errors = require "dwsync.errors"
local quantities = require "dwsync.quantities"

local M = {}

local FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.25 -- seconds

local function gave_up(shown, timeout, attempts)
    return errors.new {
        kind = "timeout",
        message = ("the history %s was locked by another program for %s"):format(shown, quantities.duration(timeout)),
        hint = "Nothing of this page was saved, so try again; end a program that hangs with the history open.",
        attempts = attempts,
        retryable = true,
    }
end

--- Repeats an attempt while it fails because another writer is at work.
-- @tparam table context `runtime` {now, sleep}, `random`, `timeout` (seconds), `shown`
-- @tparam function attempt returns a result; or nil, err, and true when somebody else was in the way
-- @return its result, or nil, err
function M.patiently(context, attempt)
    local runtime = context.runtime
    local deadline = runtime.now() + context.timeout
    local pause, attempts = FIRST_PAUSE, 0
    while true do
        local result, err, busy = attempt()
        attempts = attempts + 1
        if result ~= nil or not busy then
            return result, err
        elseif runtime.now() >= deadline then
            return nil, gave_up(context.shown, context.timeout, attempts)
        end
        runtime.sleep(pause * (0.5 + 0.5 * context.random())) -- jitter: two writers must not wake in step
        pause = math.min(LONGEST_PAUSE, pause * 2)
    end
end

local function once(engine, mode, cluster, work)
    local begun, err, busy = engine:begin(mode, cluster)
    if not begun then
        return nil, err, busy
    end
    local ran, result
    ran, result, err, busy = pcall(work)
    if ran and result ~= nil then
        local committed
        committed, err, busy = engine:commit()
        if committed then
            return result
        end
    end
    engine:rollback()
    if not ran then
        error(result, 0)
    end
    return nil, err, busy
end

--- Runs work in one transaction, again from its beginning when another writer is in the way.
-- @tparam table context see patiently
-- @tparam table engine
-- @tparam string mode "read" or "write"
-- @tparam string|nil cluster whose records are written
-- @tparam function work returns a result; or nil, err, busy: then nothing of it remains
-- @return its result, or nil, err
function M.run(context, engine, mode, cluster, work)
    return M.patiently(context, function()
        return once(engine, mode, cluster, work)
    end)
end

return M
