--- Transactions: all or nothing, and patience with other writers.
-- It must not wait inside a transaction: others would wait for it in turn.
-- @module dwsync.history.transaction
local errors = require "dwsync.errors"
local quantities = require "dwsync.quantities"

local M = {}

local FIRST_PAUSE, LONGEST_PAUSE, GRACE = 0.01, 0.25, 1 -- seconds

local function gave_up(shown, timeout, attempts)
    return errors.new {
        kind = "timeout",
        message = ("the history %s was locked by another program for %s"):format(shown, quantities.duration(timeout)),
        hint = "Nothing of this page was saved: try again, and end any program that hangs with the history open.",
        attempts = attempts,
        retryable = true,
    }
end

--- Repeats an attempt while it fails because another writer is at work.
-- @tparam table context `runtime` {monotonic, sleep, wait}, `random`, `timeout` (seconds), `shown`; `till`, when
-- everything must have ended; `closed`
-- @tparam function attempt gets the deadline, by the runtime's monotonic clock; returns a result; or nil, err, and true
-- when another writer was in the way
-- @return its result, or nil, err
function M.patiently(context, attempt)
    local runtime = context.runtime
    local deadline = math.min(context.till or math.huge, runtime.monotonic() + context.timeout)
    local pause, attempts = FIRST_PAUSE, 0
    while true do
        local result, err, busy = attempt(deadline)
        attempts = attempts + 1
        if result ~= nil or not busy then
            return result, err
        elseif runtime.monotonic() >= deadline then
            return nil, gave_up(context.shown, context.timeout, attempts)
        end
        runtime.sleep(pause * (0.5 + 0.5 * context.random())) -- jitter: two writers must not wake together
        pause = math.min(LONGEST_PAUSE, pause * 2)
    end
end

-- The metatable of what is raised where a statement failed: {err =, busy =}.
local Failure = {}

local function must(result, err, busy)
    if result == nil then
        error(setmetatable({ err = err, busy = busy }, Failure))
    end
    return result
end

-- Runs a part of a transaction whose failure, where the database refused what it was given, undoes only this part.
-- A full disk is not that: it refuses everything.
local function apart(session, work)
    session:rows "SAVEPOINT part"
    local ran, result = pcall(work)
    if ran then
        session:rows "RELEASE SAVEPOINT part"
        return result
    elseif getmetatable(result) ~= Failure or result.busy or result.err.kind ~= "storage"
        or result.err.code == "full" then
        error(result, 0)
    end
    session:rows "ROLLBACK TO SAVEPOINT part" -- fails where the connection or the transaction is gone
    session:rows "RELEASE SAVEPOINT part"
    return nil, result.err
end

local function fail(_, err)
    must(nil, err)
end

-- The engine as work sees it: a statement that fails ends the transaction, so work need not check.
local function session_of(engine)
    return setmetatable({ apart = apart, fail = fail, rows = function(_, sql, ...)
        return must(engine:rows(sql, ...))
    end, copy = engine.copy and function(_, sql, rows)
        return must(engine:copy(sql, rows))
    end }, { __index = engine })
end

local function came_late(context)
    return nil, errors.new {
        kind = "timeout",
        message = ("the history %s: a transaction went on only after its time of %s"):format(context.shown,
            quantities.duration(context.timeout)),
        hint = "Nothing of this page was saved. Trying again is safe.",
        retryable = true,
    }
end

-- One transaction at a time: while it waits, other functions of a gather run. Who still holds the engine some time
-- after its deadline was abandoned, or did not run; its transaction ends with the connection.
local function once(context, engine, deadline, mode, cluster, work)
    if context.closed then
        error("the history is closed", 0)
    elseif engine.holder and engine.holder.till + GRACE > context.runtime.monotonic() then
        return nil, nil, true
    elseif engine.holder then
        engine:close()
    end
    local holder = { till = deadline }
    engine.holder = holder
    local ran, result = pcall(function()
        must(engine:begin(deadline, mode, cluster))
        local done = must(work(session_of(engine)))
        must(engine:commit())
        return done
    end)
    if engine.holder ~= holder then
        return came_late(context)
    elseif not ran then
        engine:rollback()
    end
    engine.holder = nil
    if ran then
        return result
    elseif getmetatable(result) ~= Failure then
        error(result, 0)
    end
    return nil, result.err, result.busy
end

--- Runs work in one transaction, again from its beginning when another writer is in the way.
-- @tparam table context see patiently
-- @tparam table engine
-- @tparam string mode "read" or "write"
-- @tparam string|nil cluster whose records are written
-- @tparam function work gets the engine, whose `rows` raises its failures, and returns a result; or nil, err, which
-- undoes everything. Its `apart(work)` undoes only what that work did where the database refused it, and returns its
-- result; or nil, err; its `fail(err)` is as if the database had refused it
-- @return its result, or nil, err
function M.run(context, engine, mode, cluster, work)
    return M.patiently(context, function(deadline)
        return once(context, engine, deadline, mode, cluster, work)
    end)
end

return M
