--- The runtime of nginx's event loop: a request travels in a thread of nginx's own pool, and strings come back.
-- It must not begin to wait in phases that nginx forbids it in, nor let nginx limit the number of threads.
--
-- A timer asks for the thread, and the caller waits for it on a semaphore. That costs 2 µs and has three advantages: a
-- request that its client aborts leaves nothing half done; the caller's time limit holds while all threads are busy;
-- and nginx is asked in one phase only, whichever the caller is in.
--
-- `now` is not ngx.now, which does not advance while Lua runs: it dates signatures.
-- @module dwsync.runtime.nginx
-- @usage
-- # beside worker_processes:   thread_pool dwsync threads=8;
-- local client = assert(dwsync.new { region = "cn-north-4" }) -- inside nginx this runtime is the default one
-- luacheck: globals ngx
local checks = require "dwsync.checks"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local gate = require "dwsync.runtime.nginx_gate"
local quantities = require "dwsync.quantities"
local text = require "dwsync.text"

local M = {}

local THREAD = "dwsync.runtime.nginx_thread"
local TIMEOUT = 30 -- seconds; the core's default, too

-- How much later than its time limit a thread may answer.
local GRACE_SECONDS = 1

-- ---- where nothing may wait ----------------------------------------------------------------------

local FORBIDDEN = {
    init = "init_by_lua", init_worker = "init_worker_by_lua", exit_worker = "exit_worker_by_lua", set = "set_by_lua",
    header_filter = "header_filter_by_lua", body_filter = "body_filter_by_lua", log = "log_by_lua",
    balancer = "balancer_by_lua", ssl_session_store = "ssl_session_store_by_lua",
}

-- Processes of nginx that have threads; the master and its helpers do not. A worker stays a worker.
local HAS_THREADS = { worker = true, single = true }
local in_worker

local function refused(message, hint)
    return nil, errors.new { kind = "config", message = message, hint = hint }
end

local function wrong_phase(where)
    return refused(("nginx does not allow waiting in %s, so requests cannot be made there"):format(where),
        "Make them in rewrite, access or content, or in a timer: ngx.timer.at(0, function() … end).")
end

local function ready()
    local where = FORBIDDEN[ngx.get_phase()]
    if where then
        return wrong_phase(where)
    elseif not core.can_yield() then
        return refused("nginx cannot wait inside a function that C called: a module that require is loading, or a "
            .. "callback of table.sort or string.gsub", "Make the request outside such a function.")
    elseif not ngx.run_worker_thread then
        return refused("this nginx has no thread pools for Lua",
            "Use nginx built --with-threads and lua-nginx-module 0.10.21 or later, or set `runtime`.")
    end
    if not in_worker then
        local process = require("ngx.process").type()
        in_worker = HAS_THREADS[process]
        if not in_worker then
            return refused(("nginx has no threads in its process %s"):format(process),
                "Make requests in a worker process.")
        end
    end
    return true
end

-- ---- one request ---------------------------------------------------------------------------------

local function note(job, good, ran, ...)
    gate.leave(job)
    job.ran = good and ran
    job.answer = good and { ... } or { ran } -- what was raised
    job.done:post()
end

-- The timer. When it is premature nginx is about to end, but still waits for the caller.
local function run(_, job)
    job.began = true
    note(job, pcall(ngx.run_worker_thread, job.thread_pool, THREAD, "perform", job.till, job.request))
end

local BUSY = { ["no available Lua vm"] = true, ["ngx_thread_task_post failed"] = true, ["no memory"] = true,
    ["too many pending timers"] = true }

local function busy(thread_pool, reason)
    return errors.new {
        kind = "throttled",
        code = "thread_pool",
        message = ("nginx has no thread for the request in its pool %s: %s"):format(thread_pool, reason),
        hint = "Try again; if it happens often, raise lua_worker_thread_vm_pool_size or lua_max_pending_timers.",
    }
end

-- The error when nginx did not run the request.
local function not_run(job, reason)
    reason = tostring(reason)
    if BUSY[reason] then
        return busy(job.thread_pool, reason)
    end
    local message = ("nginx cannot run the request in a thread: %s"):format(text.excerpt(reason))
    local hint = ("Check lua_package_path and lua_package_cpath: a thread finds %s with them."):format(THREAD)
    if reason:find("^thread.pool.*not found$") then
        message = ("nginx has no thread pool %s"):format(job.thread_pool)
        hint = ("Write  thread_pool %s threads=8;  at the top of nginx.conf, beside worker_processes."):format(
            job.thread_pool)
    end
    return errors.new { kind = "config", message = message, hint = hint }
end

-- The result that nginx_thread returned.
local function response_of(job)
    local status, second, third, fourth, certificate = job.answer[1], job.answer[2], job.answer[3], job.answer[4],
        job.answer[5]
    if not job.ran then
        return nil, not_run(job, status)
    elseif status == false then
        error(second, 0)
    elseif not status then
        return nil, { kind = second, code = third, message = fourth }
    end
    return core.response { status = status, header_lines = second, seconds = third, body = fourth,
        certificate = certificate }
end

local function no_answer(seconds)
    return nil, errors.new {
        kind = "timeout",
        message = ("no answer from a thread of nginx within %s"):format(quantities.duration(seconds)),
    }
end

local function wait_for(job, seconds)
    local good, reason = job.done:wait(job.till + GRACE_SECONDS - core.monotonic())
    if good then
        return response_of(job)
    elseif reason == "timeout" then
        return no_answer(seconds)
    end
    return wrong_phase(("this phase (%s)"):format(tostring(reason)))
end

-- The request as plain values. Records that `where` leaves out stay in the thread; the page is decoded here, because
-- handing tables over is slower than making them.
local function plain(request)
    local copy = {}
    for name, value in pairs(request) do
        copy[name] = value
    end
    local decode = request.decode
    copy.decode = decode and decode.where and { reduce = true, kind = decode.kind, where = decode.where,
        ids = decode.ids ~= nil } or nil
    copy.timeout = nil
    return copy
end

local function perform(self, request)
    local good, err = ready()
    if not good then
        return nil, err
    end
    local seconds = request.timeout or TIMEOUT
    local job, late = gate.enter(self.thread_pool, self.concurrency, seconds)
    if not job then
        return nil, late
    end
    job.request = plain(request)
    job.done = require("ngx.semaphore").new()
    local started, reason = ngx.timer.at(0, run, job)
    if not started then
        gate.leave(job)
        return nil, busy(self.thread_pool, reason)
    end
    return wait_for(job, seconds)
end

local function sleep(seconds)
    local good, err = ready()
    if not good then
        error(err, 0)
    end
    ngx.sleep(seconds)
end

-- ---- the runtime ---------------------------------------------------------------------------------

local OPTIONS = {
    thread_pool = { kind = "string", pattern = "^[%w_.-]+$", expected = "the name of a thread_pool in nginx.conf",
        default = "dwsync" },
    concurrency = { kind = "integer", from = 1, to = 1024, default = 8 },
}

--- Makes a runtime. Runtimes of the same thread pool share its places.
-- @tparam[opt] table options
-- @tparam[opt="dwsync"] string options.thread_pool its name in nginx.conf
-- @tparam[opt=8] integer options.concurrency how many requests are in that pool at once, 1 to 1024: as many as it has
-- threads, never more than its max_queue
-- @treturn dwsync.runtime
-- @raise for unknown options and values out of range
-- @usage
-- local runtime = require("dwsync.runtime.nginx").new { thread_pool = "warehouse", concurrency = 16 }
-- local client = assert(dwsync.new { region = "cn-north-4", runtime = runtime })
function M.new(options)
    local self = checks.arguments(OPTIONS, options or {}, "the nginx runtime")
    return {
        perform = function(request)
            return perform(self, request)
        end,
        sleep = sleep,
        now = core.now,
        monotonic = core.monotonic,
        ready = ready,
    }
end

--- Runs functions in light threads. Call dwsync.gather, which does this inside nginx.
-- @tparam {function,...} functions
-- @tparam number concurrency
-- @tparam function(index:integer,good:boolean,result:any,err:any) finish called when one ends
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] dwsync.error when waiting is impossible here
function M.run_all(functions, concurrency, finish)
    local good, err = ready()
    if not good then
        return nil, err
    end
    local started, threads = 0, {}
    local function work()
        while started < #functions do
            started = started + 1
            local index = started
            finish(index, pcall(functions[index]))
        end
    end
    for i = 1, math.min(concurrency, #functions) do
        threads[i] = ngx.thread.spawn(work)
    end
    for i = 1, #threads do
        ngx.thread.wait(threads[i])
    end
    return true
end

return M
