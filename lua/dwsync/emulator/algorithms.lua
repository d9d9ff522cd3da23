--- What a caller may sign with. Each algorithm says how payload and canonical request are hashed, which header may
-- carry the payload's hash, whether a credential scope belongs to it, and when a signature fits. The elliptic ones
-- derive a key pair from the access key and its secret, by the rules of the official SDKs; the arithmetic is OpenSSL's,
-- by luaossl. It must not sign: the emulator judges signers and shares nothing with them.
-- @module dwsync.emulator.algorithms
local bignum = require "openssl.bignum"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local pkey = require "openssl.pkey"

local M = {}

--- The algorithms' names, in the order of the settings' default.
M.names = { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "V11-HMAC-SHA256", "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3" }

local HEX = {}
for byte = 0, 255 do
    HEX[string.char(byte)] = ("%02x"):format(byte)
end

--- Writes bytes as hexadecimal digits.
-- @tparam string bytes
-- @treturn string lower-case digits
function M.to_hex(bytes)
    return (bytes:gsub(".", HEX))
end

--- Reads hexadecimal digits.
-- @tparam string digits an even number of them
-- @treturn string bytes
function M.from_hex(digits)
    return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local to_hex, from_hex = M.to_hex, M.from_hex

-- ---- keyed hashes --------------------------------------------------------------------------------

local function hex_hash(name)
    return function(text) return to_hex(digest.new(name):final(text)) end
end

local function mac(name, key, text)
    return hmac.new(key, name):final(text)
end

local sha256, sm3 = hex_hash "sha256", hex_hash "sm3"

--- Derives the key of V11: HKDF-SHA256 (RFC 5869) of the secret, the access key being the salt, one block long. What
-- signs is its hexadecimal text.
-- @tparam string ak
-- @tparam string secret
-- @tparam string scope `YYYYMMDD/region/service`
-- @treturn string 64 lower-case hexadecimal digits
-- @treturn string HKDF's pseudo-random key, 32 bytes
function M.scoped_key(ak, secret, scope)
    local extracted = mac("sha256", ak, secret)
    return to_hex(mac("sha256", extracted, scope .. "\1")), extracted
end

-- ---- elliptic curves -----------------------------------------------------------------------------

-- `oid` is the curve's object identifier in DER, `order` the n of the curve's base point.
local CURVES = {
    ["SDK-ECDSA-P256-SHA256"] = {
        hash = "sha256",
        oid = from_hex "06082a8648ce3d030107",
        order = bignum.fromBinary(from_hex "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    },
    ["SDK-SM2-SM3"] = {
        hash = "sm3",
        oid = from_hex "06082a811ccf5501822d",
        order = bignum.fromBinary(from_hex "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"),
        -- What GB/T 32918.2 hashes in front of the message: the length in bits of the signer's identity and the
        -- identity (the standard's example, which the SDKs use), a, b, the base point's coordinates; the key's follow.
        identity = from_hex "0080" .. "1234567812345678"
            .. from_hex "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
            .. from_hex "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
            .. from_hex "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
            .. from_hex "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
    },
}

local COORDINATE = 32 -- bytes

local function padded(number)
    local binary = number:toBinary()
    return ("\0"):rep(COORDINATE - #binary) .. binary
end

--- Derives the private key of an access key.
-- @tparam string algorithm
-- @tparam string ak
-- @tparam string secret
-- @treturn string 32 bytes
function M.private_key(algorithm, ak, secret)
    local curve = CURVES[algorithm]
    for counter = 0, 255 do
        local input = "\0\0\0\1" .. algorithm .. "\0" .. ak .. string.char(counter) .. "\0\0\1\0"
        local candidate = bignum.fromBinary(hmac.new(secret, curve.hash):final(input))
        if candidate <= curve.order - 2 then
            return padded(candidate + 1)
        end
    end
    error "no private key follows from this access key" -- 256 misses of probability 2^-32 each
end

-- One element of DER; everything here is shorter than 128 bytes.
local function der(tag, content)
    return string.char(tag, #content) .. content
end

--- Derives the key pair of an access key.
-- @tparam string algorithm
-- @tparam string ak
-- @tparam string secret
-- @treturn openssl.pkey
-- @treturn string the public point, x and y, 64 bytes
function M.key_pair(algorithm, ak, secret)
    -- RFC 5915 without the optional public key, which OpenSSL computes when it reads this.
    local private = der(0x30, der(0x02, "\1") .. der(0x04, M.private_key(algorithm, ak, secret))
        .. der(0xa0, CURVES[algorithm].oid))
    local pair = pkey.new(private, "DER", "private")
    return pair, pair:tostring("DER"):sub(-2 * COORDINATE) -- the public key's DER ends in the point
end

-- Was this signed with the access key's derived key? `signature` is DER.
local function verify(algorithm, ak, secret, message, signature)
    local curve = CURVES[algorithm]
    local pair, point = M.key_pair(algorithm, ak, secret)
    local hash = digest.new(curve.hash)
    -- luaossl verifies a finished digest: for SM2 it must hold the signer's identity already.
    if curve.identity then
        hash:update(digest.new(curve.hash):final(curve.identity .. point))
    end
    hash:update(message)
    -- It raises for what is not the DER of two numbers.
    local readable, fits = pcall(pair.verify, pair, signature, hash)
    return readable and fits
end

-- ---- all of them ---------------------------------------------------------------------------------

local function elliptic_check(name)
    return function(authorization, secret, string_to_sign)
        -- As with the hashes: the digits are lower-case.
        if #authorization.signature % 2 ~= 0 or authorization.signature:find "%u" then
            return false
        end
        local signature = from_hex(authorization.signature)
        return verify(name, authorization.access, secret, string_to_sign, signature)
    end
end

--- Name → `hash(text)` → hexadecimal digits, `content_header`, `scoped`, `fits(authorization, secret, string_to_sign)`.
M.by_name = {
    ["SDK-HMAC-SHA256"] = {
        hash = sha256, content_header = "x-sdk-content-sha256",
        fits = function(authorization, secret, string_to_sign)
            return to_hex(mac("sha256", secret, string_to_sign)) == authorization.signature
        end,
    },
    ["SDK-HMAC-SM3"] = {
        hash = sm3, content_header = "x-sdk-content-sm3",
        fits = function(authorization, secret, string_to_sign)
            return to_hex(mac("sm3", secret, string_to_sign)) == authorization.signature
        end,
    },
    ["V11-HMAC-SHA256"] = {
        hash = sha256, content_header = "x-sdk-content-sha256", scoped = true,
        fits = function(authorization, secret, string_to_sign)
            local key = M.scoped_key(authorization.access, secret, authorization.scope)
            return to_hex(mac("sha256", key, string_to_sign)) == authorization.signature
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
