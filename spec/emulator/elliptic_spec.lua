local cjson = require "cjson"
local bytes = require "dwsync.emulator.bytes"
local elliptic = require "dwsync.emulator.elliptic"

local from_hex, to_hex = bytes.from_hex, bytes.to_hex

local function vectors()
    local file = assert(io.open "spec/vectors/primitive-vectors.json")
    local found = {}
    for _, vector in ipairs(cjson.decode(file:read "*a")) do
        if vector.kind == "derived-signing-key" then
            found[#found + 1] = vector
        end
    end
    file:close()
    return found
end

-- DER of two integers given as hexadecimal digits, taken as they are.
local function der(r, s)
    local function element(tag, digits) return ("%02x%02x%s"):format(tag, #digits / 2, digits) end
    return from_hex(element(0x30, element(2, r) .. element(2, s)))
end

describe("the emulator's elliptic signatures", function()
    local list = vectors()

    it("found vectors of both algorithms, with coordinates that begin with zeros", function()
        assert.equal(8, #list)
    end)

    for _, vector in ipairs(list) do
        local algorithm, ak, sk = vector.algorithm, vector.ak, vector.sk
        local signature = from_hex(vector.one_valid_signature_der_hex)

        it("derive the key pair of " .. vector.name, function()
            assert.equal(vector.private_key_hex, to_hex(elliptic.private_key(algorithm, ak, sk)))
            local _, point = elliptic.key_pair(algorithm, ak, sk)
            assert.equal(vector.public_x_hex .. vector.public_y_hex, to_hex(point))
        end)

        it("verify the signature of " .. vector.name .. " and none that differs", function()
            assert.is_true(elliptic.verify(algorithm, ak, sk, vector.message, signature))
            assert.is_false(elliptic.verify(algorithm, ak, sk, vector.message .. "!", signature))
            assert.is_false(elliptic.verify(algorithm, ak .. "x", sk, vector.message, signature))
            assert.is_false(elliptic.verify(algorithm, ak, sk .. "x", vector.message, signature))
            local last = signature:byte(-1)
            local changed = signature:sub(1, -2) .. string.char((last + 1) % 256)
            assert.is_false(elliptic.verify(algorithm, ak, sk, vector.message, changed))
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
                local fits = elliptic.verify(vector.algorithm, vector.ak, vector.sk, vector.message, signature)
                assert.is_false(fits, what)
            end
        end)
    end
end)
