--- A temporary key as its sources spell it in JSON: three spellings exist, see the setting `key_spelling`.
-- Pure.
-- @module dwsync.emulator.temporary_key

local cjson = require "cjson"

local M = {}

-- Spelling, named by its first field → the object's name, and the names of key, secret, token and end.
local SPELLINGS = {
    access = { "credential", "access", "secret", "securitytoken", "expires_at" },
    accessKeyId = { "credentials", "accessKeyId", "secretAccessKey", "securityToken", "expiration" },
    access_key_id = { "credentials", "access_key_id", "secret_access_key", "security_token", "expiration" },
}

--- @tparam table service
-- @tparam table key see @{dwsync.emulator.keyring.Keyring:issue}
-- @tparam string documented the spelling unless a setting says another
-- @treturn string JSON
function M.json(service, key, documented)
    local names = SPELLINGS[service.settings.key_spelling or documented]
    return cjson.encode { [names[1]] = {
        [names[2]] = key.ak, [names[3]] = key.secret, [names[4]] = key.security_token,
        [names[5]] = service:iso(key.expires_at),
    } }
end

return M
