--- How a request is performed and a second is slept. The default runtime: inside nginx that of its event loop, which
-- never blocks it; elsewhere concurrent inside dwsync.gather and blocking outside, so that the same client serves both.
-- It must not know what is requested.
--
-- "Inside nginx" is every phase, init_by_lua included, and what the command `resty` runs. A thread of nginx's pool is
-- not: there waiting does no harm. Who wants to block nginx all the same must say so, with
-- `runtime = require("dwsync.runtime.curl").new()`.
--
-- A runtime is a table of three functions; bring your own to use another HTTP client or event loop:
--
--    perform(request) → {status =, headers = {[lower-case name] = value}, body =} | nil, err
--    sleep(seconds)
--    now() → seconds since the epoch, with fraction
--    ready() → true | nil, err; optional: whether waiting is possible here. It is asked before anything else is done.
--
-- A request has `method`, `url`, `headers` and optionally `body`, `timeout` (seconds) and the transport options
-- `connect_timeout`, `max_response_bytes`, `ca_file`, `client_cert`, `client_key`, `proxy`, `user_agent`,
-- `allow_http`, `certificate_info`. With that last one a runtime that can tell answers with `certificate`, too:
-- {subject =, issuer =, not_after =}, texts.
-- With `decode` in it, a runtime may decode a successful answer itself, as core.decode_page does with these options,
-- and answer with `page` and `place` in place of `body`, or with `page_error` beside it; dwsync.core's pool does.
-- An err has at least `kind` and `message`.
-- @module dwsync.runtime
local core = require "dwsync.core"
local curl = require "dwsync.runtime.curl"

local M = {}

--- The runtime of each coroutine that has one of its own: those of a gather under way (dwsync.runtime.concurrent).
M.of_coroutine = setmetatable({}, { __mode = "k" })

--- The runtime that the running coroutine has of its own.
-- @treturn table runtime, or nil
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
-- @treturn table runtime
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
        now = core.now,
    }
end

return M
