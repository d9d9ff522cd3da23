--- Who may call: access keys, temporary keys, tokens, and the lock that too many failures put on a key.
-- Times are arguments; nothing here reads a clock. Secrets stay in this table.
-- @module dwsync.emulator.keyring

local rand = require "openssl.rand"

local Keyring = {__name = "dwsync.emulator.keyring"}
Keyring.__index = Keyring

local M = {}

-- The signing guide: more than five consecutive failures lock a key for five minutes.
local FAILURES_ALLOWED = 5
-- Metadata credentials: an hour, and a new set ten minutes before the end, the old one staying valid.
local TEMPORARY_LIFE, TEMPORARY_OVERLAP = 3600, 600

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
        keys = {[ak] = {secret = sk}},
        tokens = {},
        failures = {},
        locked_until = {},
    }, Keyring)
end

--- @tparam string ak
-- @treturn ?{secret=string,security_token=?string,expires_at=?number} temporary keys have the last two
function Keyring:find(ak)
    return self.keys[ak]
end

--- The current temporary key, made anew when the last one is about to expire.
-- @tparam number now
-- @treturn table `ak`, `secret`, `security_token`, `expires_at` (seconds since the epoch)
function Keyring:temporary(now)
    local current = self.current_temporary
    if current and now < current.expires_at - TEMPORARY_OVERLAP and now >= current.expires_at - TEMPORARY_LIFE then
        return current
    end
    for ak, key in pairs(self.keys) do
        -- Long dead: nobody comes with it again.
        if key.expires_at and key.expires_at + TEMPORARY_LIFE < now then self.keys[ak] = nil end
    end
    current = {
        ak = M.random_text(20), secret = M.random_text(40), security_token = M.random_text(600),
        expires_at = math.floor(now) + TEMPORARY_LIFE,
    }
    self.keys[current.ak] = current
    self.current_temporary = current
    return current
end

--- @tparam string token
-- @tparam number expires_at seconds since the epoch
function Keyring:add_token(token, expires_at)
    self.tokens[token] = {expires_at = expires_at}
end

--- @tparam string token
-- @treturn ?{expires_at=number}
function Keyring:find_token(token)
    return self.tokens[token]
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
