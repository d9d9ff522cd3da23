--- The two elliptic algorithms: the key pair that follows from an access key and its secret, and whether a DER
-- signature was made with it. Written from the rules of the official SDKs; the arithmetic is OpenSSL's, by luaossl.
-- Verifies only; it never signs. Pure.
-- @module dwsync.emulator.elliptic

local bignum = require "openssl.bignum"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local pkey = require "openssl.pkey"
local bytes = require "dwsync.emulator.bytes"

local M = {}

local from_hex = bytes.from_hex

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

--- The private key of an access key.
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

--- The key pair of an access key.
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

--- Was this signed with the access key's derived key?
-- @tparam string algorithm
-- @tparam string ak
-- @tparam string secret
-- @tparam string message
-- @tparam string signature DER
-- @treturn boolean
function M.verify(algorithm, ak, secret, message, signature)
    local curve = CURVES[algorithm]
    local pair, point = M.key_pair(algorithm, ak, secret)
    local hash = digest.new(curve.hash)
    -- luaossl verifies a finished digest: for SM2 it must hold the signer's identity already.
    if curve.identity then
        hash:update(digest.new(curve.hash):final(curve.identity .. point))
    end
    hash:update(message)
    -- It raises for what is no DER of two numbers.
    local readable, fits = pcall(pair.verify, pair, signature, hash)
    return readable and fits
end

return M
