--- Many functions as coroutines over one pool: perform, sleep and wait yield.
-- Inside a function, a coroutine of the caller's own falls back to blocking.
-- @module dwsync.runtime.concurrent
local checks = require "dwsync.checks"
local core = require "dwsync.core"
local runtimes = require "dwsync.runtime"

local M = {}

-- Waits come in slices, because Lua can only act on an interrupt (Ctrl-C) between calls into C.
local SLICE_SECONDS = 0.25

local PERFORM, SLEEP, WAIT, LISTEN = {}, {}, {}, {}

local yielding = {
    perform = function(request)
        return coroutine.yield(PERFORM, request)
    end,
    sleep = function(seconds)
        coroutine.yield(SLEEP, core.monotonic() + seconds)
    end,
    wait = function(descriptor, what, seconds)
        return coroutine.yield(WAIT, { descriptor = descriptor, what = what, till = core.monotonic() + seconds })
    end,
    now = core.now,
    monotonic = core.monotonic,
}

-- ---- the scheduler -------------------------------------------------------------------------------

local Scheduler = {}
Scheduler.__index = Scheduler

-- Files what a function returned or raised.
local function keep(results, errs, index, ok, result, err)
    if not ok then
        errs[index] = result
    elseif result == nil and err ~= nil then
        errs[index] = err
    else
        results[index] = result
    end
end

function Scheduler:finish(task, ok, result, err)
    self.active = self.active - 1
    self.running[task] = nil
    runtimes.of_coroutine[task.co] = nil
    keep(self.results, self.errors, task.index, ok, result, err)
end

-- Runs a task until it waits for something or ends. A request that cannot even be submitted goes straight back.
function Scheduler:resume(task, ...)
    local ok, what, value = coroutine.resume(task.co, ...)
    while ok and coroutine.status(task.co) ~= "dead" do
        if what == SLEEP then
            self.sleeping[task] = value
            return
        elseif what == LISTEN then
            self.sleeping[task] = value.till
            value.wake = function()
                self.sleeping[task] = 0
            end
            return
        elseif what == WAIT then
            self.waiting[task] = value
            return
        elseif what ~= PERFORM then
            ok, what, value = false, "a function given to dwsync.gather yielded to it: use a coroutine of your own", nil
            break
        end
        local submitted, err = self.pool:submit(task, value)
        if submitted then
            return
        end
        ok, what, value = coroutine.resume(task.co, nil, err)
    end
    self:finish(task, ok, what, value)
end

function Scheduler:start_tasks()
    while self.active < self.concurrency and self.started < self.count do
        self.started = self.started + 1
        self.active = self.active + 1
        local task = { index = self.started, co = coroutine.create(self.functions[self.started]) }
        self.running[task] = true
        runtimes.of_coroutine[task.co] = yielding
        self:resume(task)
    end
end

-- Wakes those who slept long enough, and those whose descriptor is ready or who waited long enough for it.
function Scheduler:wake()
    local now, due = core.monotonic(), {}
    for task, time in pairs(self.sleeping) do
        due[task] = time <= now or nil
    end
    for task, wait in pairs(self.waiting) do
        local ready = core.wait(wait.descriptor, wait.what, 0)
        if ready or wait.till <= now then
            due[task] = { ready = ready }
        end
    end
    for task, wait in pairs(due) do
        self.sleeping[task], self.waiting[task] = nil, nil
        self:resume(task, wait ~= true and wait.ready)
    end
end

-- How long to wait for a transfer; it ends early for what tasks wait for themselves.
function Scheduler:wait_seconds()
    local till = core.monotonic() + SLICE_SECONDS
    for _, time in pairs(self.sleeping) do
        till = math.min(till, time)
    end
    for _, wait in pairs(self.waiting) do
        till = math.min(till, wait.till)
        self.pool:watch(wait.descriptor, wait.what)
    end
    return math.max(0, till - core.monotonic())
end

-- Running functions are abandoned, others never begin; transfers end with the pool.
function Scheduler:give_up()
    for task in pairs(self.running) do
        runtimes.of_coroutine[task.co] = nil
        self.errors[task.index] = { kind = "cancelled", message = "the caller stopped" }
    end
    for index = self.started + 1, self.count do
        self.errors[index] = { kind = "cancelled", message = "the caller stopped before this one began" }
    end
end

function Scheduler:run()
    self:start_tasks()
    while self.active > 0 do
        if self.stop and self.stop() then
            return self:give_up()
        end
        local seconds = self:wait_seconds()
        local task, response, err = self.pool:next(seconds)
        if task then
            self:resume(task, response, err)
        elseif response == "idle" then
            core.sleep(seconds)
        end
        self:wake()
        self:start_tasks()
    end
end

-- Waiting on a pool would block nginx; there its light threads do the same.
local function in_light_threads(functions, concurrency, stop)
    local results, errs, ended = {}, {}, {}
    local function finish(index, ...)
        ended[index] = true
        keep(results, errs, index, ...)
    end
    local good, err = require("dwsync.runtime.nginx").run_all(functions, concurrency, finish, stop)
    for index = 1, good and 0 or #functions do
        errs[index] = not ended[index] and err or errs[index]
    end
    return results, errs
end

-- ---- bells ----------------------------------------------------------------------------------------

local Bell = { __name = "dwsync.runtime.concurrent.bell" }
Bell.__index = Bell

--- A bell, for functions that have nothing to do until another one rings.
-- @treturn table
function M.bell()
    return setmetatable({}, Bell)
end

--- Sleeps until it rings, or for so long; outside dwsync.gather only that.
-- @tparam number seconds
function Bell:wait(seconds)
    if runtimes.of_coroutine[coroutine.running()] ~= yielding then
        return runtimes.current().sleep(seconds)
    end
    local sleeper = { till = core.monotonic() + seconds }
    table.insert(self, sleeper)
    coroutine.yield(LISTEN, sleeper)
    for i, other in ipairs(self) do
        if other == sleeper then
            table.remove(self, i)
            return
        end
    end
end

--- Wakes those who wait, the one first that has waited longest.
-- @tparam integer most how many
function Bell:ring(most)
    for _, sleeper in ipairs(self) do
        if most > 0 and not sleeper.rung then
            sleeper.rung, most = true, most - 1
            sleeper.wake()
        end
    end
end

-- ---------------------------------------------------------------------------------------------------

local OPTIONS = {
    concurrency = { kind = "integer", from = 1, to = 1024, default = 32 },
    stop = { kind = "function" },
    shared = { kind = "boolean" },
}

--- What dwsync.gather does.
-- @tparam {function,...} functions each returns a result, or nil and an error
-- @tparam[opt] dwsync.gather.options options
-- @treturn {[integer]=any} results by position in `functions`
-- @treturn {[integer]=any} errors by position
-- @raise for unknown options and values out of range
function M.gather(functions, options)
    if type(functions) ~= "table" then
        error("bad argument #1 to 'gather' (a list of functions expected, got " .. type(functions) .. ")", 2)
    end
    for i, item in ipairs(functions) do
        if type(item) ~= "function" then
            error(("bad argument #1 to 'gather' (item %d is a %s, not a function)"):format(i, type(item)), 2)
        end
    end
    local checked = checks.arguments(OPTIONS, options or {}, "gather")
    if runtimes.in_event_loop() then
        return in_light_threads(functions, checked.concurrency, checked.stop)
    end
    local scheduler = setmetatable({
        functions = functions,
        stop = checked.stop,
        running = {},
        count = #functions,
        concurrency = checked.concurrency,
        pool = core.pool { concurrency = checked.concurrency, shared = checked.shared },
        started = 0,
        active = 0,
        sleeping = {},
        waiting = {},
        results = {},
        errors = {},
    }, Scheduler)
    scheduler:run()
    scheduler.pool:close()
    return scheduler.results, scheduler.errors
end

return M
