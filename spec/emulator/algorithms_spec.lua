local cjson = require "cjson"
local algorithms = require "dwsync.emulator.algorithms"
local hmac = require "openssl.hmac"

local from_hex, to_hex = algorithms.from_hex, algorithms.to_hex

local function vectors(kind)
    local file = assert(io.open "spec/vectors/primitive-vectors.json")
    local found = {}
    for _, vector in ipairs(cjson.decode(file:read "*a")) do
        if vector.kind == kind then
            found[#found + 1] = vector
        end
    end
    file:close()
    return found
end

local OF_DIGEST = { SM3 = "SDK-HMAC-SM3", ["SHA-256"] = "SDK-HMAC-SHA256" }
local OF_HMAC = { ["HMAC-SM3"] = "SDK-HMAC-SM3", ["HMAC-SHA256"] = "SDK-HMAC-SHA256" }

describe("the emulator's algorithms", function()
    it("have a name each, five in all", function()
        local listed = {}
        for _, name in ipairs(algorithms.names) do
            listed[name] = true
        end
        local known = {}
        for name in pairs(algorithms.by_name) do
            known[name] = true
        end
        assert.same(known, listed)
        assert.equal(5, #algorithms.names)
    end)

    it("have the header of the content's hash, and a scope or none", function()
        local shown = {}
        for name, algorithm in pairs(algorithms.by_name) do
            shown[name] = algorithm.content_header .. (algorithm.scoped and " scoped" or "")
        end
        assert.same({ ["SDK-HMAC-SHA256"] = "x-sdk-content-sha256", ["SDK-HMAC-SM3"] = "x-sdk-content-sm3",
            ["V11-HMAC-SHA256"] = "x-sdk-content-sha256 scoped", ["SDK-ECDSA-P256-SHA256"] = "x-sdk-content-sha256",
            ["SDK-SM2-SM3"] = "x-sdk-content-sm3" }, shown)
    end)

    it("derive a private key from the first candidate that is below the order by two at least", function()
        local new = hmac.new
        finally(function() hmac.new = new end)
        for _, case in ipairs {
            { "SDK-ECDSA-P256-SHA256", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
                "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
                "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f" },
            { "SDK-SM2-SM3", "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123",
                "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122",
                "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121" },
        } do
            local algorithm, inputs = case[1], {}
            hmac.new = function()
                return { final = function(_, text)
                    inputs[#inputs + 1] = text:byte(-5)
                    return from_hex(case[1 + #inputs])
                end }
            end
            assert.equal(case[3], to_hex(algorithms.private_key(algorithm, "AK", "SK")))
            assert.same({ 0, 1, 2 }, inputs)
            inputs = {}
            hmac.new = function()
                return { final = function(_, text)
                    inputs[#inputs + 1] = text:byte(-5)
                    return ("\255"):rep(32)
                end }
            end
            assert.has_error(function() algorithms.private_key(algorithm, "AK", "SK") end)
            assert.same({ 256, 255 }, { #inputs, inputs[256] })
        end
    end)

    it("hash as the vectors say", function()
        local list = vectors "digest"
        assert.equal(10, #list)
        for _, vector in ipairs(list) do
            -- cjson's numbers are floats on Lua 5.4, which rep does not mind.
            local message = vector.message
            if message == cjson.null then
                message = vector.message_repeat[1]:rep(vector.message_repeat[2])
            end
            local algorithm = algorithms.by_name[OF_DIGEST[vector.algorithm]]
            assert.equal(vector.expected_hex, algorithm.hash(message), vector.name)
        end
    end)

    it("check keyed hashes as the vectors say, and no digit otherwise", function()
        local list = vectors "hmac"
        assert.equal(8, #list)
        for _, vector in ipairs(list) do
            local algorithm = algorithms.by_name[OF_HMAC[vector.algorithm]]
            local function fits(signature)
                return algorithm.fits({ signature = signature }, vector.key, vector.message)
            end
            assert.is_true(fits(vector.expected_hex), vector.name)
            assert.is_false(fits(vector.expected_hex:sub(1, -2)), vector.name)
            assert.is_false(fits(vector.expected_hex:upper()), vector.name)
        end
    end)

    it("derive the key of V11 as the vectors say", function()
        local list = vectors "hkdf"
        assert.equal(3, #list)
        for _, vector in ipairs(list) do
            local key, extracted = algorithms.scoped_key(vector.ak, vector.sk, vector.info)
            assert.same({ vector.expected_hex, vector.prk_hex }, { key, to_hex(extracted) }, vector.name)
        end
    end)

    it("do not mind a signature of an odd number of digits", function()
        for _, name in ipairs(algorithms.names) do
            local authorization = { access = "AK", scope = "20200608/r/s", signature = "abc" }
            assert.is_false(algorithms.by_name[name].fits(authorization, "SK", "text"), name)
        end
    end)
end)

-- DER of two integers given as hexadecimal digits, taken as they are.
local function der(r, s)
    local function element(tag, digits) return ("%02x%02x%s"):format(tag, #digits / 2, digits) end
    return from_hex(element(0x30, element(2, r) .. element(2, s)))
end

local function verify(algorithm, ak, sk, message, signature)
    local authorization = { access = ak, signature = to_hex(signature) }
    return algorithms.by_name[algorithm].fits(authorization, sk, message)
end

describe("the emulator's elliptic signatures", function()
    local list = vectors "derived-signing-key"

    it("found vectors of both algorithms, with coordinates that begin with zeros", function()
        assert.equal(8, #list)
    end)

    for _, vector in ipairs(list) do
        local algorithm, ak, sk = vector.algorithm, vector.ak, vector.sk
        local signature = from_hex(vector.one_valid_signature_der_hex)

        it("derive the key pair of " .. vector.name, function()
            assert.equal(vector.private_key_hex, to_hex(algorithms.private_key(algorithm, ak, sk)))
            local _, point = algorithms.key_pair(algorithm, ak, sk)
            assert.equal(vector.public_x_hex .. vector.public_y_hex, to_hex(point))
        end)

        it("verify the signature of " .. vector.name .. " and none that differs", function()
            assert.is_true(verify(algorithm, ak, sk, vector.message, signature))
            assert.is_false(verify(algorithm, ak, sk, vector.message .. "!", signature))
            assert.is_false(verify(algorithm, ak .. "x", sk, vector.message, signature))
            assert.is_false(verify(algorithm, ak, sk .. "x", vector.message, signature))
            local last = signature:byte(-1)
            local changed = signature:sub(1, -2) .. string.char((last + 1) % 256)
            assert.is_false(verify(algorithm, ak, sk, vector.message, changed))
        end)

        it("take lower-case digits alone for the signature of " .. vector.name, function()
            local digits = to_hex(signature)
            local first_letter = digits:gsub("%l", string.upper, 1)
            for _, spelled in ipairs { digits:upper(), first_letter } do
                assert.not_equal(digits, spelled)
                assert.is_false(algorithms.by_name[algorithm].fits({ access = ak, signature = spelled }, sk,
                    vector.message))
            end
        end)
    end

    for i, order in ipairs {
        "00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "00fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123",
    } do
        local vector = list[i]
        it("of " .. vector.algorithm .. " are the DER of two numbers below the order", function()
            local good = vector.one_valid_signature_der_hex
            for what, signature in pairs {
                ["nothing"] = "",
                ["one byte"] = "0",
                ["something else"] = "garbage",
                ["text behind it"] = from_hex(good .. "00"),
                ["a part of it"] = from_hex(good:sub(1, -3)),
                ["zero"] = der("00", "01"),
                ["a negative number"] = der("01", "ff"),
                ["leading zeros"] = der("0001", "01"),
                ["no digits"] = der("", "01"),
                ["the order itself"] = der("01", order),
                ["a number too long"] = der("01", "7f" .. ("00"):rep(33)),
                ["one number"] = from_hex "3003020101",
                ["three numbers"] = from_hex "3009020101020101020101",
                ["a number that ends behind the text"] = from_hex "3006020101027f01",
            } do
                local fits = verify(vector.algorithm, vector.ak, vector.sk, vector.message, signature)
                assert.is_false(fits, what)
            end
        end)
    end
end)
