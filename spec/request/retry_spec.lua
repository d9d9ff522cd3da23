local errors = require "dwsync.errors"
local retry = require "dwsync.request.retry"

local START = 1000

-- A policy over a clock that only sleep moves. `slept` collects the pauses.
local function new_policy(changes)
    local clock = START
    local policy = { retries = 3, timeout = 60, random = function() return 0.5 end, slept = {} }
    for name, value in pairs(changes or {}) do
        policy[name] = value
    end
    policy.deadline = START + policy.timeout
    policy.runtime = {
        now = function() error "a deadline is no matter of the wall clock" end,
        monotonic = function() return clock end,
        sleep = function(seconds)
            policy.slept[#policy.slept + 1] = seconds
            clock = clock + seconds + (policy.oversleep or 0)
        end,
    }
    policy.spend = function(seconds) clock = clock + seconds end
    return policy
end

local function failure(fields)
    fields = fields or {}
    fields.kind = fields.kind or "network"
    fields.message = fields.message or "cut"
    return errors.new(fields)
end

-- Runs an attempt that fails as often as there are errors in the list, then succeeds.
local function run(policy, failures)
    local calls, lefts = 0, {}
    local result, err = retry.run(function(left)
        calls = calls + 1
        lefts[calls] = left
        if failures[calls] then
            return nil, failures[calls]
        end
        return "answer"
    end, policy, policy)
    return result, err, calls, lefts
end

local function endless(fields)
    return setmetatable({}, { __index = function() return failure(fields and fields()) end })
end

describe("attempts", function()
    it("end with the first success", function()
        local policy = new_policy()
        local result, err, calls = run(policy, {})
        assert.equal("answer", result)
        assert.is_nil(err)
        assert.equal(1, calls)
        assert.same({}, policy.slept)
    end)

    it("go on after what may pass", function()
        local policy = new_policy()
        local result, _, calls = run(policy, { failure(), failure { kind = "throttled" } })
        assert.equal("answer", result)
        assert.equal(3, calls)
        assert.equal(2, #policy.slept)
    end)

    it("are one more than the retries", function()
        for retries = 0, 5 do
            local _, err, calls = run(new_policy { retries = retries }, endless())
            assert.equal(retries + 1, calls)
            assert.equal(retries + 1, err.attempts)
            assert.equal("cut", err.message)
        end
    end)

    it("end at once with what will not pass", function()
        for _, kind in ipairs { "auth", "clock", "permission", "not_found", "request", "config", "tls", "decode" } do
            local policy = new_policy()
            local refused = failure { kind = kind }
            local result, err, calls = run(policy, { refused })
            assert.is_nil(result)
            assert.equal(refused, err)
            assert.equal(1, calls)
            assert.equal(1, err.attempts)
            assert.same({}, policy.slept)
        end
    end)

    it("count what was tried before the last error", function()
        local _, err, calls = run(new_policy(), { failure(), failure { kind = "auth" } })
        assert.equal("auth", err.kind)
        assert.equal(2, err.attempts)
        assert.equal(2, calls)
    end)

    it("are told how many seconds are left", function()
        local policy = new_policy { timeout = 10 }
        local _, _, _, lefts = run(policy, { failure(), failure() })
        assert.same({ 10, 9.75, 9.25 }, lefts) -- half of 0.5 s, then half of 1 s
    end)
end)

describe("the pause between attempts", function()
    local function pauses(random, retries)
        local policy = new_policy { retries = retries, timeout = 1e6, random = function() return random end }
        run(policy, endless())
        return policy.slept
    end

    it("doubles up to a cap, times a random number", function()
        assert.same({ 0.25, 0.5, 1, 2, 4, 8, 10, 10 }, pauses(0.5, 8))
        assert.same({ 0, 0, 0 }, pauses(0, 3))
        local longest = pauses(1 - 2 ^ -53, 40)
        for attempt, pause in ipairs(longest) do
            assert.is_true(pause <= math.min(20, 0.5 * 2 ^ (attempt - 1)))
        end
        assert.is_true(longest[40] > 19.99)
    end)

    it("draws a new random number each time", function()
        local drawn = 0
        run(new_policy { random = function() drawn = drawn + 1 return 0 end }, endless())
        assert.equal(3, drawn)
    end)

    it("is what the service asks for, or longer", function()
        local policy = new_policy { random = function() return 0 end }
        run(policy, { failure { retry_after = 7 } })
        assert.same({ 7 }, policy.slept)
        policy = new_policy { random = function() return 0.9 end }
        run(policy, { failure { retry_after = 0.1 } })
        assert.same({ 0.45 }, policy.slept)
    end)

    it("is announced with its cause", function()
        local seen = {}
        local first = failure()
        run(new_policy { on_retry = function(err, pause) seen[#seen + 1] = { err, pause } end }, { first })
        assert.equal(1, #seen)
        assert.equal(first, seen[1][1])
        assert.equal(0.25, seen[1][2])
    end)

    it("is not announced when no attempt follows", function()
        local seen = 0
        run(new_policy { retries = 0, on_retry = function() seen = seen + 1 end }, endless())
        assert.equal(0, seen)
    end)
end)

describe("the deadline", function()
    it("ends the attempts when the pause would reach it, with the error that is known", function()
        local policy = new_policy { timeout = 30 }
        local result, err, calls = run(policy, { failure { kind = "throttled", retry_after = 30 } })
        assert.is_nil(result)
        assert.equal("throttled", err.kind)
        assert.equal(1, err.attempts)
        assert.equal(1, calls)
        assert.same({}, policy.slept)
    end)

    it("leaves room for a pause that ends before it", function()
        local policy = new_policy { timeout = 30 }
        local result = run(policy, { failure { kind = "throttled", retry_after = 29.5 } })
        assert.equal("answer", result)
        assert.same({ 29.5 }, policy.slept)
    end)

    it("is over all attempts together", function()
        local policy = new_policy { timeout = 10, retries = 100 }
        local calls = 0
        local _, err = retry.run(function()
            calls = calls + 1
            policy.spend(4)
            return nil, failure()
        end, policy, policy)
        assert.equal(3, calls)
        assert.equal("network", err.kind)
        assert.equal(3, err.attempts)
    end)

    it("that passes during a sleep is a timeout, which names its cause", function()
        local policy = new_policy { timeout = 10, oversleep = 60 }
        local first = failure { message = "connection refused" }
        local result, err, calls = run(policy, { first })
        assert.is_nil(result)
        assert.equal("timeout", err.kind)
        assert.equal("no answer within the deadline of 10 s; the last attempt failed: connection refused", err.message)
        assert.equal(first, err.cause)
        assert.equal(1, err.attempts)
        assert.is_false(err.retryable)
        assert.equal(1, calls)
    end)

    it("that has passed before the first attempt lets none begin", function()
        local policy = new_policy { timeout = 0.5 }
        policy.spend(0.5)
        local _, err, calls = run(policy, {})
        assert.equal("timeout", err.kind)
        assert.equal("no answer within the deadline of 500 ms", err.message)
        assert.is_nil(err.cause)
        assert.equal(0, err.attempts)
        assert.equal(0, calls)
    end)
end)
