-- Every algorithm over the wire, signed by this spec's own lines. The private keys of the elliptic ones are those that
-- the published derivation vectors name for the access key used here.
local cjson = require "cjson"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local pkey = require "openssl.pkey"
local algorithms = require "dwsync.emulator.algorithms"
local emulator = require "dwsync.emulator"
local curl = dofile "spec/emulator/curl.lua"

local AK, SK = "AccessKey", "SecretKey"
local REFUSED = "Incorrect IAM authentication information: verify aksk signature fail"

local function hex_hash(name)
    return function(text) return algorithms.to_hex(digest.new(name):final(text)) end
end

local function vector_of(algorithm)
    local file = assert(io.open "spec/vectors/primitive-vectors.json")
    local found
    for _, vector in ipairs(cjson.decode(file:read "*a")) do
        if vector.kind == "derived-signing-key" and vector.algorithm == algorithm and vector.ak == AK then
            found = vector
        end
    end
    file:close()
    return assert(found)
end

local function elliptic_signer(algorithm, hash, oid)
    local vector = vector_of(algorithm)
    -- RFC 5915: version, private key, curve.
    local inner = "020101" .. "0420" .. vector.private_key_hex .. ("a0%02x"):format(#oid / 2) .. oid
    local key = pkey.new(algorithms.from_hex(("30%02x"):format(#inner / 2) .. inner), "DER", "private")
    return {
        name = algorithm, hash = hex_hash(hash),
        sign = function(_, text)
            local hashed = digest.new(hash)
            if vector.za_hex then
                hashed:update(algorithms.from_hex(vector.za_hex))
            end
            return algorithms.to_hex(key:sign(hashed:update(text)))
        end,
    }
end

local function v11_signer(region, service, day)
    local function scope(date) return (day or date:sub(1, 8)) .. "/" .. region .. "/" .. service end
    return {
        name = "V11-HMAC-SHA256", hash = hex_hash "sha256", scope = scope,
        sign = function(request, text)
            local date = text:match "^[^\n]*\n(%w+)\n"
            local extracted = hmac.new(request.ak, "sha256"):final(request.sk)
            local key = algorithms.to_hex(hmac.new(extracted, "sha256"):final(scope(date) .. "\1"))
            return algorithms.to_hex(hmac.new(key, "sha256"):final(text))
        end,
    }
end

local SIGNERS = {
    curl.hmac_sha256,
    {
        name = "SDK-HMAC-SM3", hash = hex_hash "sm3",
        sign = function(request, text) return algorithms.to_hex(hmac.new(request.sk, "sm3"):final(text)) end,
    },
    v11_signer("emu-north-1", "dws"),
    elliptic_signer("SDK-ECDSA-P256-SHA256", "sha256", "06082a8648ce3d030107"),
    elliptic_signer("SDK-SM2-SM3", "sm3", "06082a811ccf5501822d"),
}

describe("a request signed with", function()
    local running, info, path

    setup(function()
        running = assert(emulator.start { ak = AK, sk = SK })
        info = running.info
        path = curl.records_path(info, "never")
    end)
    teardown(function()
        -- A refused signature must leave nothing behind that nginx finds later and logs.
        assert.equal("", running:complaints())
        running:stop()
    end)
    before_each(function() curl.admin(info, "DELETE", "settings") end)

    for _, signer in ipairs(SIGNERS) do
        describe(signer.name, function()
            it("is let in, and noted with its algorithm", function()
                assert.equal(200, curl.get(info, { path = path, query = "limit=5", signer = signer }).status)
                local list = curl.admin(info, "GET", "requests").json.requests
                assert.same({ AK, signer.name }, { list[#list].ak, list[#list].by })
            end)

            it("is refused with the canonical request when it was changed on the way", function()
                local headers = curl.signed(info, { path = path, query = "limit=5", signer = signer })
                local response = curl.ask(info, { path = path, query = "limit=6", headers = headers })
                assert.equal(401, response.status)
                local beginning = REFUSED .. ",canonicalRequest:GET|" .. path .. "/|limit=6|host:"
                assert.equal(beginning, response.json.error_msg:sub(1, #beginning))
            end)

            it("is refused when the signature is nonsense, also on a connection that is used again", function()
                local headers = curl.signed(info, { path = path, signer = signer })
                headers[1] = headers[1]:gsub("Signature=%x%x%x%x", "Signature=0102")
                local response = curl.send(info, {
                    path = path, headers = headers, curl = curl.quoted(info.endpoint .. path),
                })
                assert.equal(401, response.status)
                assert.equal(2, select(2, response.body:gsub(REFUSED, "")))
            end)

            it("is refused without an echo when the algorithm is not accepted", function()
                local others = {}
                for _, other in ipairs(SIGNERS) do
                    if other ~= signer then
                        others[#others + 1] = other.name
                    end
                end
                curl.admin(info, "POST", "settings", { algorithms = others })
                local response = curl.get(info, { path = path, signer = signer })
                assert.same({ 401, "APIGW.0301", REFUSED },
                    { response.status, response.json.error_code, response.json.error_msg })
                curl.admin(info, "POST", "settings", { algorithms = { signer.name } })
                assert.equal(200, curl.get(info, { path = path, signer = signer }).status)
            end)
        end)
    end

    describe("V11-HMAC-SHA256", function()
        local function status(signer) return curl.get(info, { path = path, signer = signer }).status end

        it("may name any region and service unless a setting names them", function()
            assert.equal(200, status(v11_signer("globe", "iotdm")))
            curl.admin(info, "POST", "settings", { v11_region = "emu-north-1", v11_service = "dws" })
            assert.equal(200, status(v11_signer("emu-north-1", "dws")))
            assert.equal(401, status(v11_signer("globe", "dws")))
            assert.equal(401, status(v11_signer("emu-north-1", "iotdm")))
        end)

        it("must name the day of the request", function()
            assert.equal(401, status(v11_signer("emu-north-1", "dws", "20200608")))
        end)
    end)

    it("an elliptic key of another access key is refused", function()
        local temporary = cjson.decode(curl.send(info, {
            url = info.metadata_endpoint .. "/openstack/latest/securitykey",
        }).body).credential
        local response = curl.get(info, {
            path = path, signer = SIGNERS[4], ak = temporary.access,
            headers = { ["x-security-token"] = temporary.securitytoken },
        })
        assert.equal(401, response.status)
        assert.is_truthy(response.json.error_msg:find(REFUSED .. ",canonicalRequest:", 1, true))
    end)
end)
