--- The blocking runtime: a pool of one.
-- It must not be used where nothing may wait, as in nginx's event loop.
-- @module dwsync.runtime.curl
local core = require "dwsync.core"

local M = {}

-- Waits come in slices, because Lua can only act on an interrupt (Ctrl-C) between calls into C.
local SLICE_SECONDS = 0.25

local function sleep(seconds)
    local till = core.monotonic() + seconds
    repeat
        local left = till - core.monotonic()
        core.sleep(math.max(0, math.min(left, SLICE_SECONDS)))
    until left <= SLICE_SECONDS
end

local function wait(descriptor, what, seconds)
    local till = core.monotonic() + seconds
    repeat
        local left = till - core.monotonic()
        if core.wait(descriptor, what, math.max(0, math.min(left, SLICE_SECONDS))) then
            return true
        end
    until left <= SLICE_SECONDS
    return false
end

--- Makes a blocking runtime with connections of its own.
-- @treturn dwsync.runtime
-- @usage local client = assert(dwsync.new { region = "cn-north-4", runtime = require("dwsync.runtime.curl").new() })
function M.new()
    local pool

    local function perform(request)
        if pool and pool:pending() > 0 then
            pool:close() -- an interrupt left a transfer behind
            pool = nil
        end
        pool = pool or core.pool()
        local submitted, err = pool:submit(request, request)
        if not submitted then
            return nil, err
        end
        local tag, response, failure
        repeat
            tag, response, failure = pool:next(SLICE_SECONDS)
        until tag
        return response, failure
    end

    return { perform = perform, sleep = sleep, wait = wait, now = core.now, monotonic = core.monotonic }
end

return M
