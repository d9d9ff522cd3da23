--- What a caller may sign with. Each algorithm says how payload and canonical request are hashed, which header may
-- carry the payload's hash, whether a credential scope belongs to it, and when a signature fits. Pure.
-- @module dwsync.emulator.algorithms

local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local bytes = require "dwsync.emulator.bytes"
local elliptic = require "dwsync.emulator.elliptic"

local M = {}

--- Their names, in the order of the settings' default.
M.names = { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "V11-HMAC-SHA256", "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3" }

local function hex_hash(name)
    return function(text) return bytes.to_hex(digest.new(name):final(text)) end
end

local function mac(name, key, text)
    return hmac.new(key, name):final(text)
end

local sha256, sm3 = hex_hash "sha256", hex_hash "sm3"

--- The key of V11: HKDF-SHA256 (RFC 5869) of the secret, the access key being the salt, one block long. What signs is
-- its hexadecimal text.
-- @tparam string ak
-- @tparam string secret
-- @tparam string scope `YYYYMMDD/region/service`
-- @treturn string 64 lower-case hexadecimal digits
-- @treturn string HKDF's pseudo-random key, 32 bytes
function M.scoped_key(ak, secret, scope)
    local extracted = mac("sha256", ak, secret)
    return bytes.to_hex(mac("sha256", extracted, scope .. "\1")), extracted
end

local function elliptic_check(name)
    return function(authorization, secret, string_to_sign)
        if #authorization.signature % 2 ~= 0 then
            return false
        end
        local signature = bytes.from_hex(authorization.signature)
        return elliptic.verify(name, authorization.access, secret, string_to_sign, signature)
    end
end

--- Name → `hash(text)` → hexadecimal digits, `content_header`, `scoped`, `fits(authorization, secret, string_to_sign)`.
M.by_name = {
    ["SDK-HMAC-SHA256"] = {
        hash = sha256, content_header = "x-sdk-content-sha256",
        fits = function(authorization, secret, string_to_sign)
            return bytes.to_hex(mac("sha256", secret, string_to_sign)) == authorization.signature
        end,
    },
    ["SDK-HMAC-SM3"] = {
        hash = sm3, content_header = "x-sdk-content-sm3",
        fits = function(authorization, secret, string_to_sign)
            return bytes.to_hex(mac("sm3", secret, string_to_sign)) == authorization.signature
        end,
    },
    ["V11-HMAC-SHA256"] = {
        hash = sha256, content_header = "x-sdk-content-sha256", scoped = true,
        fits = function(authorization, secret, string_to_sign)
            local key = M.scoped_key(authorization.access, secret, authorization.scope)
            return bytes.to_hex(mac("sha256", key, string_to_sign)) == authorization.signature
        end,
    },
    ["SDK-ECDSA-P256-SHA256"] = {
        hash = sha256, content_header = "x-sdk-content-sha256", fits = elliptic_check "SDK-ECDSA-P256-SHA256",
    },
    ["SDK-SM2-SM3"] = {
        hash = sm3, content_header = "x-sdk-content-sm3", fits = elliptic_check "SDK-SM2-SM3",
    },
}

return M
