--- The runtime of nginx's event loop: libcurl's transfers are looked at from a timer, and the caller waits for its own
-- on a semaphore. It needs no threads, and nothing in nginx.conf.
-- It must not begin to wait in phases that nginx forbids it in.
--
-- `now` is not ngx.now, which does not advance while Lua runs: it dates signatures.
-- @module dwsync.runtime.nginx
-- @usage
-- local client = assert(dwsync.new { region = "cn-north-4" }) -- inside nginx this runtime is the default one
-- luacheck: globals ngx
local checks = require "dwsync.checks"
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local lazy = require "dwsync.lazy"
local loops = require "dwsync.runtime.nginx_loop"
local quantities = require "dwsync.quantities"

local M = {}

local TIMEOUT = 30 -- seconds; the core's default, too

-- ---- where nothing may wait ----------------------------------------------------------------------

local FORBIDDEN = {
    init = "init_by_lua", init_worker = "init_worker_by_lua", exit_worker = "exit_worker_by_lua", set = "set_by_lua",
    header_filter = "header_filter_by_lua", body_filter = "body_filter_by_lua", log = "log_by_lua",
    balancer = "balancer_by_lua", ssl_session_store = "ssl_session_store_by_lua",
}

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
    end
    return true
end

-- ---- one request ---------------------------------------------------------------------------------

local NO_TIMER = { ["too many pending timers"] = true, ["no memory"] = true }

local function no_answer(reason, seconds)
    if reason == "timeout" then
        return nil, errors.new {
            kind = "timeout",
            message = ("no answer in nginx's event loop within %s"):format(quantities.duration(seconds)),
        }
    elseif NO_TIMER[reason] then
        return nil, errors.new {
            kind = "throttled",
            code = "timers",
            message = ("nginx has no timer for the request: %s"):format(reason),
            hint = "Try again; if it happens often, raise lua_max_pending_timers.",
        }
    end
    return wrong_phase(("this phase (%s)"):format(reason))
end

local function perform(loop, request)
    local good, err = ready()
    if not good then
        return nil, err
    end
    local seconds = request.timeout or TIMEOUT
    local response, failure, reason = loop:perform(request, core.monotonic() + seconds)
    if reason then
        return no_answer(reason, seconds)
    end
    return response, failure
end

local function sleep(seconds)
    local good, err = ready()
    if not good then
        error(err)
    end
    ngx.sleep(seconds)
end

-- ---- the runtime ---------------------------------------------------------------------------------

local said_former

-- Until queries travelled in the event loop there was a thread pool to name.
local function without_former(options)
    local rest = {}
    for name, value in pairs(options) do
        rest[name] = name ~= "thread_pool" and value or nil
    end
    if options.thread_pool ~= nil and not said_former then
        said_former = true
        ngx.log(ngx.WARN, "dwsync: thread_pool of dwsync.runtime.nginx is ignored: queries need no threads any more")
    end
    return rest
end

local OPTIONS = {
    concurrency = { kind = "integer", from = 1, to = 1024, default = 32 },
}

--- Makes a runtime. Runtimes of the same concurrency share places and connections, within a worker.
-- @tparam[opt] table options
-- @tparam[opt=32] integer options.concurrency how many requests are under way at once, 1 to 1024; others wait for their
-- turn, within their own `timeout`
-- @tparam[opt] string options.thread_pool deprecated: it is ignored, and the log says so once
-- @treturn dwsync.runtime
-- @raise for unknown options and values out of range
-- @usage
-- local runtime = require("dwsync.runtime.nginx").new { concurrency = 64 }
-- local client = assert(dwsync.new { region = "cn-north-4", runtime = runtime })
function M.new(options)
    local checked = checks.arguments(OPTIONS, type(options) == "table" and without_former(options) or options or {},
        "the nginx runtime")
    local loop = loops.of(checked.concurrency)
    lazy.load() -- in init_by_lua for all workers: the event loop is not to wait for a disk when something goes wrong
    return {
        perform = function(request)
            return perform(loop, request)
        end,
        sleep = sleep,
        now = core.now,
        monotonic = core.monotonic,
        ready = ready,
        prepare = core.load_authorities, -- in init_by_lua for all workers, in the event loop 20 ms are long
    }
end

local STOP_SECONDS = 0.1 -- between two looks whether to stop

local function wait_for_all(threads, done, stop)
    local left = #threads
    while left > 0 do
        if done:wait(STOP_SECONDS) then
            left = left - 1
        elseif stop and stop() then
            for i = 1, #threads do
                ngx.thread.kill(threads[i]) -- their transfers end, because nobody waits for them
            end
            return false
        end
    end
    for i = 1, #threads do
        ngx.thread.wait(threads[i]) -- at an end already; nginx keeps those that nobody waits for
    end
    return true
end

--- Runs functions in light threads. Call dwsync.gather, which does this inside nginx.
-- @tparam {function,...} functions
-- @tparam number concurrency
-- @tparam function(index:integer,good:boolean,result:any,err:any) finish called when one ends
-- @tparam[opt] function():boolean stop asked now and then
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] dwsync.error when waiting is impossible here, and when it was stopped
function M.run_all(functions, concurrency, finish, stop)
    local good, err = ready()
    if not good then
        return nil, err
    end
    local started, threads, done = 0, {}, require("ngx.semaphore").new()
    local function work()
        while started < #functions do
            started = started + 1
            local index = started
            finish(index, pcall(functions[index]))
        end
        done:post()
    end
    for i = 1, math.min(concurrency, #functions) do
        threads[i] = ngx.thread.spawn(work)
    end
    if not wait_for_all(threads, done, stop) then
        return nil, { kind = "cancelled", message = "the caller stopped" }
    end
    return true
end

return M
