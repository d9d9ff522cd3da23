--- How many requests are in a thread pool of nginx's at once: those beyond wait here, in the order in which they came.
-- It must not know what a request is, nor hand anything to nginx.
--
-- It is not for speed: when the queue of its thread pool is full, lua-nginx-module (0.10.23, for one) frees a wrong
-- pointer, and the worker dies. What just came is in that queue even when a thread is free, so max_queue must not be
-- below the number given here; by default it is 65536.
-- @module dwsync.runtime.nginx_gate
local core = require "dwsync.core"
local errors = require "dwsync.errors"
local quantities = require "dwsync.quantities"

local M = {}

-- How often somebody who waits looks for himself: a place may have become free without a word.
local LOOK_SECONDS = 0.25
-- How long after its time limit a job that never began still counts.
local GRACE_SECONDS = 1

-- By name of a thread pool: who is using it, and a semaphore on which the others wait.
local gates = {}

local function gate_of(thread_pool)
    local gate = gates[thread_pool]
    if not gate then
        gate = { jobs = {}, bell = require("ngx.semaphore").new() }
        gates[thread_pool] = gate
    end
    return gate
end

-- nginx drops a timer when too many run already: a job that never began does not count for ever.
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
        message = ("none of the %d threads of nginx's pool %s became free within %s"):format(most, thread_pool,
            quantities.duration(seconds)),
        hint = "Ask less at once; or raise threads of thread_pool, and concurrency of the runtime with it.",
    }
end

--- Waits for a place. Whoever came first goes first: a newcomer does not pass those who wait.
-- @tparam string thread_pool
-- @tparam number most how many have a place at once
-- @tparam number seconds to wait at most, and for the job to be done
-- @treturn table job {thread_pool =, till =}, whose field `began` is to be set when it begins; or nil
-- @treturn dwsync.error kind "timeout"
function M.enter(thread_pool, most, seconds)
    local gate, till = gate_of(thread_pool), core.now() + seconds
    local my_turn = gate.bell:count() >= 0
    while true do
        local now = core.now()
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
