--- Attempts under one deadline: exponential back-off with full jitter, Retry-After honoured.
-- Only for requests that are harmless to repeat.
-- @module dwsync.request.retry
local lazy = require "dwsync.lazy"
local errors = require "dwsync.errors"
local quantities = lazy "dwsync.quantities"

local M = {}

local BASE_SECONDS = 0.5
local CAP_SECONDS = 20

-- Full jitter, so that clients that failed together do not return together.
local function pause_before(attempt, err, random)
    local backoff = random() * math.min(CAP_SECONDS, BASE_SECONDS * 2 ^ (attempt - 1))
    return math.max(err.retry_after or 0, backoff)
end

local function deadline_passed(limits, cause)
    return errors.new {
        kind = "timeout",
        message = ("no answer within the deadline of %s"):format(quantities.duration(limits.timeout))
            .. (cause and "; the last attempt failed: " .. cause.message or ""),
        cause = cause,
        retryable = false,
    }
end

--- Calls `attempt` until it succeeds, fails for good, or the deadline is reached.
-- @tparam function attempt called with the seconds left and what follows `limits`; returns a result, or nil and an
-- error object
-- @tparam table policy `retries`: how often to try again; `runtime`; `random`: function → [0,1); `on_retry`: optional,
-- called with the error and the pause
-- @tparam table limits `deadline`: by the runtime's `monotonic`; `timeout`: the same as a length, for messages
-- @return result, or nil and the last error with `attempts` set
function M.run(attempt, policy, limits, ...)
    local runtime = policy.runtime
    local last
    for number = 1, policy.retries + 1 do
        local left = limits.deadline - runtime.monotonic()
        if left <= 0 then
            local err = deadline_passed(limits, last)
            err.attempts = number - 1
            return nil, err
        end
        local result, err = attempt(left, ...)
        if result ~= nil then
            return result
        end
        last, err.attempts = err, number
        if not err.retryable or number > policy.retries then
            return nil, err
        end
        local pause = pause_before(number, err, policy.random)
        if runtime.monotonic() + pause >= limits.deadline then
            return nil, err -- waiting would only turn a known cause into a timeout
        end
        if policy.on_retry then
            policy.on_retry(err, pause)
        end
        runtime.sleep(pause)
    end
end

return M
