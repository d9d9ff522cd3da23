--- A token bucket: so many requests a second, and so many at once after a pause. The time is an argument.
-- @module dwsync.emulator.bucket
local Bucket = { __name = "dwsync.emulator.bucket" }
Bucket.__index = Bucket

local M = {}

--- Makes a full bucket.
-- @tparam number rate requests a second
-- @tparam ?integer burst requests at once; none: those of one second, at least one
-- @treturn Bucket
function M.new(rate, burst)
    burst = burst or math.max(1, math.floor(rate))
    return setmetatable({ rate = rate, burst = burst, tokens = burst }, Bucket)
end

--- Fills the bucket.
function Bucket:fill()
    self.tokens = self.burst
end

--- Takes a token.
-- @tparam number now seconds
-- @treturn boolean whether there was one
function Bucket:take(now)
    local passed = math.max(now - (self.seen or now), 0)
    self.tokens, self.seen = math.min(self.burst, self.tokens + passed * self.rate), now
    if self.tokens < 1 then
        return false
    end
    self.tokens = self.tokens - 1
    return true
end

--- Describes itself to those who were not let through.
-- @treturn {limit=integer,window=number,retry_after=integer} see @{dwsync.emulator.refusals.throttled}; whole seconds
--   until a token comes
function Bucket:policy()
    local by_second = self.rate % 1 == 0
    local window = by_second and 1 or 60
    return {
        limit = math.max(1, math.floor(self.rate * window + 0.5)), window = window,
        retry_after = math.max(1, math.ceil((1 - self.tokens) / self.rate)),
    }
end

return M
