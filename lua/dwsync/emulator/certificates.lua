--- The certificates that the emulator presents: one authority for clients to trust, and good and bad leaves.
-- Keys and certificates exist for one run only.
-- @module dwsync.emulator.certificates
local bignum = require "openssl.bignum"
local extension = require "openssl.x509.extension"
local pkey = require "openssl.pkey"
local rand = require "openssl.rand"
local x509 = require "openssl.x509"
local x509_name = require "openssl.x509.name"

local M = {}

local DAY = 86400

local function new_key()
    -- P-256: every TLS client knows it, and a key takes a fraction of a millisecond where RSA would dominate the start.
    return pkey.new { type = "EC", curve = "prime256v1" }
end

local function named(common_name)
    local name = x509_name.new()
    name:add("O", "dwsync emulator")
    name:add("CN", common_name)
    return name
end

local function new_certificate(common_name, key, not_before, not_after)
    local certificate = x509.new()
    certificate:setVersion(3)
    certificate:setSerial(bignum.fromBinary(rand.bytes(15)))
    certificate:setSubject(named(common_name))
    certificate:setLifetime(not_before, not_after)
    certificate:setPublicKey(key)
    return certificate
end

local function new_authority(common_name, now)
    local key = new_key()
    -- A day of slack before: clients whose clock is wrong are tested too, and should fail on the signature, not on TLS.
    local certificate = new_certificate(common_name, key, now - DAY, now + 30 * DAY)
    certificate:setIssuer(certificate:getSubject())
    certificate:setBasicConstraints { CA = true, pathLen = 0 }
    certificate:setBasicConstraintsCritical(true)
    certificate:addExtension(extension.new("keyUsage", "critical,keyCertSign,cRLSign"))
    certificate:addExtension(extension.new("subjectKeyIdentifier", "hash", { subject = certificate }))
    certificate:sign(key)
    return { key = key, certificate = certificate }
end

local function new_leaf(authority, key, names, not_before, not_after)
    local certificate = new_certificate(names:match "DNS:([^,]+)", key, not_before, not_after)
    certificate:setIssuer(authority.certificate:getSubject())
    certificate:setBasicConstraints { CA = false }
    certificate:setBasicConstraintsCritical(true)
    certificate:addExtension(extension.new("keyUsage", "critical,digitalSignature"))
    certificate:addExtension(extension.new("extendedKeyUsage", "serverAuth"))
    certificate:addExtension(extension.new("subjectAltName", names))
    -- Strict verifiers (Python 3.13, for one) insist on both key identifiers.
    certificate:addExtension(extension.new("subjectKeyIdentifier", "hash", { subject = certificate }))
    certificate:addExtension(extension.new("authorityKeyIdentifier", "keyid:always",
        { issuer = authority.certificate, subject = certificate }))
    certificate:sign(authority.key)
    return certificate:toPEM()
end

--- Makes the certificates of one run.
-- @tparam number now seconds since the epoch
-- @treturn {[string]=string} PEM text by file name: `ca.pem` to be trusted, `leaf.key`, and the leaves `good.pem`,
--   `expired.pem`, `future.pem` (not valid yet), `wronghost.pem` and `unknown.pem` (issued by an
--   authority that `ca.pem` does not hold)
function M.generate(now)
    now = math.floor(now)
    local trusted = new_authority("dwsync emulator CA", now)
    local stranger = new_authority("dwsync emulator, an untrusted CA", now)
    local key = new_key()
    local from, to = now - DAY, now + 30 * DAY
    return {
        ["ca.pem"] = trusted.certificate:toPEM(),
        ["leaf.key"] = key:toPEM "private",
        ["good.pem"] = new_leaf(trusted, key, "DNS:localhost,IP:127.0.0.1,IP:::1", from, to),
        ["expired.pem"] = new_leaf(trusted, key, "DNS:expired.localhost", now - 30 * DAY, now - DAY),
        ["future.pem"] = new_leaf(trusted, key, "DNS:future.localhost", now + DAY, to),
        ["wronghost.pem"] = new_leaf(trusted, key, "DNS:somewhere-else.example.com", from, to),
        ["unknown.pem"] = new_leaf(stranger, key, "DNS:unknown.localhost", from, to),
    }
end

return M
