--- What runs in a thread of nginx's pool: one request, from plain values to plain values.
-- It must not need `ngx`, of which a thread has little, nor make Lua objects beyond the answer itself: newer versions
-- of nginx's Lua module collect a thread's garbage in the event loop.
-- @module dwsync.runtime.nginx_thread
local core = require "dwsync.core"

local M = {}

-- Empty between two requests: connections belong to the process, see core.pool.
local pool = core.pool { shared = true }

local function exchange(request)
    local submitted, err = pool:submit(true, request)
    if not submitted then
        return nil, err
    end
    local _, response, failure = pool:next()
    return response, failure
end

local function values(good, response, err)
    if not good then
        return false, tostring(response)
    elseif not response then
        return nil, err.kind, err.code, err.message
    end
    return response.status, response.header_lines, response.seconds, response.body, response.certificate
end

--- Performs a request.
-- @tparam number till when it must have ended, by core.monotonic
-- @tparam table request as for a runtime's `perform`, without `timeout`; `decode`, if any, with `reduce` in it
-- @treturn number|nil|boolean status; nil: the request failed; false: it was wrong
-- @treturn string the header lines; kind; what was wrong
-- @treturn number|string seconds; code
-- @treturn string body; message
-- @treturn ?table certificate
function M.perform(till, request)
    local seconds = till - core.monotonic()
    if seconds <= 0 then
        return nil, "timeout", "timeout", "the time limit passed before a thread of nginx was free"
    end
    request.timeout = seconds
    return values(pcall(exchange, request))
end

return M
