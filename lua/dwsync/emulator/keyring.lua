--- What signs callers in: access keys, permanent and temporary, the lock that too many failures put on one of them,
-- IAM's tokens, and the session tokens of the metadata service. Times are arguments; secrets stay in this table.
-- @module dwsync.emulator.keyring
local cjson = require "cjson"
local rand = require "openssl.rand"

local M = {}

-- The signing guide: more than five consecutive failures lock a key for five minutes.
local FAILURES_ALLOWED = 5
-- A new set ten minutes before the hour of metadata keys is over, the old one staying valid; other lifetimes alike.
local OVERLAP = 1 / 6
local KEPT = 1000 -- of each kind
-- Expiry texts carry milliseconds; this fraction shows when a client drops or misreads them.
local FRACTION = 0.575 - 1

local CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"

-- Spelling, named by its first field → the object's name, and the names of key, secret, token and expiry.
local SPELLINGS = {
    access = { "credential", "access", "secret", "securitytoken", "expires_at" },
    accessKeyId = { "credentials", "accessKeyId", "secretAccessKey", "securityToken", "expiration" },
    access_key_id = { "credentials", "access_key_id", "secret_access_key", "security_token", "expiration" },
}

local function random_of(alphabet, length)
    return (rand.bytes(length):gsub(".", function(byte)
        local at = byte:byte() % #alphabet + 1
        return alphabet:sub(at, at)
    end))
end

--- Makes random text of capital letters and digits: access keys look like that.
-- @tparam integer length
-- @treturn string
function M.random_text(length)
    return random_of(CAPITALS, length)
end

-- ---- a map that forgets --------------------------------------------------------------------------

-- Keeps only what was put last, so that no client can make the service grow without bound.
local Newest = {}
Newest.__index = Newest

local function newest()
    return setmetatable({ values = {}, names = {} }, Newest)
end

-- `name` must be new.
function Newest:put(name, value)
    self.values[name] = value
    self.names[#self.names + 1] = name
    if #self.names > KEPT then
        self.values[table.remove(self.names, 1)] = nil
    end
end

-- ---- access keys ---------------------------------------------------------------------------------

local Keyring = { __name = "dwsync.emulator.keyring" }
Keyring.__index = Keyring

--- Makes a keyring with the permanent keys of some accounts.
-- @tparam {{ak=string,sk=string},...} accounts
-- @treturn Keyring
function M.new(accounts)
    local permanent = {}
    for _, account in ipairs(accounts) do
        permanent[account.ak] = { secret = account.sk, account = account }
    end
    return setmetatable({
        permanent = permanent,
        temporary = newest(),
        tokens = newest(),
        sessions = newest(),
        rotating = {},
        failures = {},
        locked_until = {},
    }, Keyring)
end

--- Finds an access key.
-- @tparam string ak
-- @treturn ?{secret=string,account=table,security_token=?string,expires_at=?number} temporary keys have the last two
function Keyring:find(ak)
    return self.permanent[ak] or self.temporary.values[ak]
end

--- Issues a temporary key.
-- @tparam number now
-- @tparam number life seconds
-- @tparam table account which the key is for
-- @treturn table `ak`, `secret`, `account`, `security_token`, `issued_at`, `expires_at` (seconds since the epoch)
function Keyring:issue(now, life, account)
    local key = {
        account = account, ak = M.random_text(20), secret = M.random_text(40), security_token = M.random_text(600),
        issued_at = math.floor(now), expires_at = math.floor(now) + life + FRACTION,
    }
    self.temporary:put(key.ak, key)
    return key
end

--- Finds the current temporary key of a place that hands out the same one until it is about to expire.
-- @tparam string place
-- @tparam number now
-- @tparam number life seconds
-- @tparam table account which the key is for
-- @treturn table see @{issue}
function Keyring:current(place, now, life, account)
    local key = self.rotating[place]
    local fresh = key and key.life == life and now >= key.issued_at and now < key.issued_at + life * (1 - OVERLAP)
    if fresh then
        return key
    end
    key = self:issue(now, life, account)
    key.life = life
    self.rotating[place] = key
    return key
end

--- Writes a temporary key as one of its sources spells it.
-- @tparam dwsync.emulator.service service whose setting `key_spelling` may name another spelling
-- @tparam table key see @{issue}
-- @tparam string documented the source's own spelling: "access", "accessKeyId" or "access_key_id"
-- @treturn string JSON
function M.json(service, key, documented)
    local names = SPELLINGS[service.settings.key_spelling or documented]
    return cjson.encode {
        [names[1]] = {
            [names[2]] = key.ak, [names[3]] = key.secret, [names[4]] = key.security_token,
            [names[5]] = service:iso(key.expires_at),
        },
    }
end

-- ---- locks ---------------------------------------------------------------------------------------

--- Counts a refused request that was signed with this key.
-- @tparam string ak
-- @tparam number now
-- @tparam number lock_seconds
function Keyring:failed(ak, now, lock_seconds)
    self.failures[ak] = (self.failures[ak] or 0) + 1
    if self.failures[ak] > FAILURES_ALLOWED then
        self.locked_until[ak], self.failures[ak] = now + lock_seconds, nil
    end
end

--- Notes an accepted request that was signed with this key.
-- @tparam string ak
function Keyring:succeeded(ak)
    self.failures[ak] = nil
end

--- Says whether a key is locked.
-- @tparam string ak
-- @tparam number now
-- @treturn boolean
function Keyring:locked(ak, now)
    return (self.locked_until[ak] or 0) > now
end

--- Forgets every failure and lock.
function Keyring:unlock()
    self.failures, self.locked_until = {}, {}
end

-- ---- tokens --------------------------------------------------------------------------------------

--- Issues a token. Its text begins as the real ones do (they are signed messages in base64).
-- @tparam {kind=string,account=table,project=?table} scope kind "project", "domain" or "unscoped"
-- @tparam number now
-- @tparam number life seconds
-- @tparam integer length bytes
-- @treturn {text=string,scope=table,issued_at=number,expires_at=number}
function Keyring:issue_token(scope, now, life, length)
    local issued_at = math.floor(now) + FRACTION
    local token = {
        text = "MII" .. random_of(BASE64, length - 3), scope = scope, issued_at = issued_at,
        expires_at = issued_at + life,
    }
    self.tokens:put(token.text, token)
    return token
end

--- Finds a token.
-- @tparam string text
-- @treturn ?table see @{issue_token}
function Keyring:find_token(text)
    return self.tokens.values[text]
end

--- Begins a session with the metadata service.
-- @tparam number expiry seconds since the epoch
-- @treturn string the session's token
function Keyring:begin_session(expiry)
    local token = M.random_text(56)
    self.sessions:put(token, expiry)
    return token
end

--- Says whether a session is still valid.
-- @tparam string token
-- @tparam number now
-- @treturn boolean
function Keyring:in_session(token, now)
    return (self.sessions.values[token] or -math.huge) > now
end

return M
