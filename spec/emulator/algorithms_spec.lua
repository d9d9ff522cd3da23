local cjson = require "cjson"
local algorithms = require "dwsync.emulator.algorithms"
local bytes = require "dwsync.emulator.bytes"

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
            assert.same({ vector.expected_hex, vector.prk_hex }, { key, bytes.to_hex(extracted) }, vector.name)
        end
    end)

    it("do not mind a signature of an odd number of digits", function()
        for _, name in ipairs(algorithms.names) do
            local authorization = { access = "AK", scope = "20200608/r/s", signature = "abc" }
            assert.is_false(algorithms.by_name[name].fits(authorization, "SK", "text"), name)
        end
    end)
end)
