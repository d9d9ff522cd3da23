--- Limits how many requests are in a thread pool of nginx at once: the others wait here, in the order of arrival.
--
-- It is not for speed: when the queue of its thread pool is full, lua-nginx-module (0.10.23, for one) frees a wrong
-- pointer, and the worker dies. A new request enters that queue even when a thread is free, so max_queue must not be
-- below the number given here; by default it is 65536.
-- @module dwsync.runtime.nginx_gate
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local quantities = require "dwsync.quantities"

local M = {}

-- How often a waiting caller looks for itself: a place may become free without a signal.
local LOOK_SECONDS = 0.25
-- How long after its time limit a job that never began still counts.
local GRACE_SECONDS = 1

-- By name of a thread pool: its jobs, and a semaphore on which the others wait.
local gates = {}

local function gate_of(thread_pool)
    local gate = gates[thread_pool]
    if not gate then
        gate = { jobs = {}, bell = require("ngx.semaphore").new() }
        gates[thread_pool] = gate
    end
    return gate
end

-- nginx drops a timer when too many run already, so a job that never began stops counting after a while.
local function in_use(gate, now)
    local count = 0
    for job in pairs(gate.jobs) do
        if not job.began and job.till + GRACE_SECONDS < now then
            gate.jobs[job] = nil
        else
            count = count + 1
        end
    end
    return count
end

local function all_busy(thread_pool, most, seconds)
    return errors.new {
        kind = "timeout",
        message = ("no place became free in nginx's thread pool %s (concurrency %d) within %s"):format(thread_pool,
            most, quantities.duration(seconds)),
        hint = "Send fewer requests at once, or raise thread_pool threads and the runtime's concurrency together.",
    }
end

--- Waits for a place; first come, first served.
-- @tparam string thread_pool
-- @tparam number most how many places there are
-- @tparam number seconds to wait at most, and for the job to be done
-- @treturn table job {thread_pool =, till =}, whose field `began` is to be set when it begins; or nil
-- @treturn dwsync.error kind "timeout"
function M.enter(thread_pool, most, seconds)
    local gate, till = gate_of(thread_pool), core.monotonic() + seconds
    local my_turn = gate.bell:count() >= 0
    while true do
        local now = core.monotonic()
        if my_turn and in_use(gate, now) < most then
            local job = { gate = gate, till = till, thread_pool = thread_pool }
            gate.jobs[job] = true
            return job
        elseif now >= till then
            return nil, all_busy(thread_pool, most, seconds)
        end
        gate.bell:wait(math.min(till - now, LOOK_SECONDS))
        my_turn = true
    end
end

--- Gives the place of a job back.
-- @tparam table job
function M.leave(job)
    job.gate.jobs[job] = nil
    if job.gate.bell:count() < 0 then
        job.gate.bell:post()
    end
end

return M
