--- How a request is performed and a second is slept. The default runtime: inside nginx that of its event loop, which
-- never blocks it; elsewhere concurrent inside dwsync.gather and blocking outside, so that the same client serves both.
--
-- "Inside nginx" means every phase, init_by_lua included, and what the command `resty` runs, but not a thread of its
-- pool, where waiting does no harm. To block nginx all the same, set `runtime = require("dwsync.runtime.curl").new()`.
--
-- A runtime of your own, a table of three functions or more, connects another HTTP client or event loop.
-- @module dwsync.runtime
local core = require "dwsync.core"
local curl = require "dwsync.runtime.curl"

local M = {}

--- Performs requests and pauses. Requests, answers and failures are those of dwsync.core's pool, but an answer needs
-- only `status`, `headers` and `body`, and a failure `kind` and `message`: `decode` and `certificate_info` may be
-- ignored.
-- @table dwsync.runtime
-- @tfield function(request:dwsync.request):?dwsync.response,?dwsync.failure perform
-- @tfield function(seconds:number) sleep
-- @tfield function():number now seconds since the epoch, with fraction: the wall clock, by which signatures are dated
-- @tfield[opt] function():number monotonic seconds, with fraction, that no step of the wall clock changes: deadlines
-- and pauses are measured with it; by default dwsync.core.monotonic
-- @tfield[opt] function(descriptor:integer,what:string,seconds:number):boolean wait until a descriptor is ready to
-- `read`, to `write` or for `both` (either of them), and whether it is; by default it is looked at again and again,
-- with `sleep` in between
-- @tfield[opt] function(ca_file:?string) prepare called when a client is made that will use TLS
-- @tfield[opt] function():?boolean,?dwsync.error ready whether waiting is possible here; asked before anything is done

--- The runtime of each coroutine that has one of its own: those of a gather under way (dwsync.runtime.concurrent).
-- @tfield {[thread]=dwsync.runtime} of_coroutine
M.of_coroutine = setmetatable({}, { __mode = "k" })

--- The runtime that the running coroutine has of its own.
-- @treturn ?dwsync.runtime
function M.current()
    local co = coroutine.running()
    return co and M.of_coroutine[co]
end

--- Whether this Lua is that of nginx's event loop.
-- @treturn boolean
function M.in_event_loop()
    local nginx = rawget(_G, "ngx")
    return type(nginx) == "table" and type(nginx.timer) == "table" and type(nginx.get_phase) == "function"
end

--- Makes a default runtime; outside nginx with a pool of connections of its own.
-- @treturn dwsync.runtime
function M.new()
    if M.in_event_loop() then
        return require("dwsync.runtime.nginx").new()
    end
    local blocking = curl.new()
    local function chosen()
        return M.current() or blocking
    end
    return {
        perform = function(request)
            return chosen().perform(request)
        end,
        sleep = function(seconds)
            return chosen().sleep(seconds)
        end,
        wait = function(...)
            return chosen().wait(...)
        end,
        now = core.now,
        monotonic = core.monotonic,
    }
end

local FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.05 -- seconds

-- For an event loop that cannot be given a descriptor.
local function look_again(given, monotonic)
    return function(descriptor, what, seconds)
        local till, pause = monotonic() + seconds, FIRST_PAUSE
        while not core.wait(descriptor, what, 0) do
            local left = till - monotonic()
            if left <= 0 then
                return false
            end
            given.sleep(math.min(pause, left))
            pause = math.min(LONGEST_PAUSE, pause * 1.5)
        end
        return true
    end
end

--- A runtime with everything it may leave out.
-- @tparam dwsync.runtime given
-- @treturn dwsync.runtime
function M.complete(given)
    local monotonic = given.monotonic or core.monotonic
    return setmetatable({ monotonic = monotonic, wait = given.wait or look_again(given, monotonic) },
        { __index = given })
end

return M
