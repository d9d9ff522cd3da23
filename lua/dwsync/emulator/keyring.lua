--- Access keys, permanent and temporary, and the lock that too many failures put on one of them.
-- Times are arguments; nothing here reads a clock. Secrets stay in this table.
-- @module dwsync.emulator.keyring

local rand = require "openssl.rand"
local newest = require "dwsync.emulator.newest"

local Keyring = { __name = "dwsync.emulator.keyring" }
Keyring.__index = Keyring

local M = {}

-- The signing guide: more than five consecutive failures lock a key for five minutes.
local FAILURES_ALLOWED = 5
-- A new set ten minutes before the hour of metadata keys is over, the old one staying valid; other lifetimes alike.
local OVERLAP = 1 / 6
local TEMPORARY_KEPT = 1000
-- Expiry texts carry milliseconds; these show who drops or misreads them.
local FRACTION = 0.575 - 1

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

--- Random text of capital letters and digits: access keys look like that.
-- @tparam integer length
-- @treturn string
function M.random_text(length)
    return (rand.bytes(length):gsub(".", function(byte)
        local at = byte:byte() % #ALPHABET + 1
        return ALPHABET:sub(at, at)
    end))
end

--- @tparam string ak
-- @tparam string sk
-- @treturn Keyring with one permanent key
function M.new(ak, sk)
    return setmetatable({
        ak = ak,
        permanent = { secret = sk },
        temporary = newest.new(TEMPORARY_KEPT),
        rotating = {},
        failures = {},
        locked_until = {},
    }, Keyring)
end

--- @tparam string ak
-- @treturn ?{secret=string,security_token=?string,expires_at=?number} temporary keys have the last two
function Keyring:find(ak)
    if ak == self.ak then
        return self.permanent
    end
    return self.temporary:get(ak)
end

--- A new temporary key.
-- @tparam number now
-- @tparam number life seconds
-- @treturn table `ak`, `secret`, `security_token`, `issued_at`, `expires_at` (seconds since the epoch)
function Keyring:issue(now, life)
    local key = {
        ak = M.random_text(20), secret = M.random_text(40), security_token = M.random_text(600),
        issued_at = math.floor(now), expires_at = math.floor(now) + life + FRACTION,
    }
    self.temporary:put(key.ak, key)
    return key
end

--- The current temporary key of a place that hands out the same one until it is about to expire.
-- @tparam string place
-- @tparam number now
-- @tparam number life seconds
-- @treturn table see @{issue}
function Keyring:current(place, now, life)
    local key = self.rotating[place]
    local fresh = key and key.life == life and now >= key.issued_at and now < key.issued_at + life * (1 - OVERLAP)
    if fresh then
        return key
    end
    key = self:issue(now, life)
    key.life = life
    self.rotating[place] = key
    return key
end

--- A request signed with this key was refused.
-- @tparam string ak
-- @tparam number now
-- @tparam number lock_seconds
function Keyring:failed(ak, now, lock_seconds)
    self.failures[ak] = (self.failures[ak] or 0) + 1
    if self.failures[ak] > FAILURES_ALLOWED then
        self.locked_until[ak], self.failures[ak] = now + lock_seconds, nil
    end
end

--- A request signed with this key was accepted.
-- @tparam string ak
function Keyring:succeeded(ak)
    self.failures[ak] = nil
end

--- @tparam string ak
-- @tparam number now
-- @treturn boolean
function Keyring:locked(ak, now)
    return (self.locked_until[ak] or 0) > now
end

--- Forget every failure and lock.
function Keyring:unlock()
    self.failures, self.locked_until = {}, {}
end

return M
