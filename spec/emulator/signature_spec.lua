local cjson = require "cjson"
local signature = require "dwsync.emulator.signature"

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

-- A published vector as the gateway would receive it.
local function received(vector)
    local headers = { host = vector.host, ["x-sdk-date"] = vector.x_sdk_date }
    for name, value in pairs(vector.headers) do
        headers[name:lower()] = value
    end
    return { method = vector.method, uri = vector.wire_target, headers = headers, body = vector.body }
end

describe("the emulator's signature check", function()
    local counts = {}
    for _, vector in ipairs(cjson.decode(read "spec/vectors/signing-vectors.json")) do
        counts[vector.algorithm] = (counts[vector.algorithm] or 0) + 1
        it("agrees with the published vector " .. vector.name, function()
            local authorization = assert(signature.parse(vector.expected_authorization))
            assert.same({ vector.ak, vector.algorithm }, { authorization.access, authorization.algorithm })
            local request = received(vector)
            local canonical_request = signature.canonical_request(request, authorization)
            assert.equal(vector.canonical_request, canonical_request)
            assert.equal(vector.string_to_sign,
                signature.string_to_sign(canonical_request, authorization, vector.x_sdk_date))
            assert.is_true(signature.verify(request, authorization, vector.sk))
            assert.is_false(signature.verify(request, authorization, vector.sk .. "x"))
            request.uri = request.uri .. "x"
            assert.is_false(signature.verify(request, authorization, vector.sk))
        end)
    end

    it("found every vector there is", function()
        assert.same({ ["SDK-HMAC-SHA256"] = 12, ["SDK-HMAC-SM3"] = 8, ["V11-HMAC-SHA256"] = 8 }, counts)
    end)

    local function canonical_lines(request, signed_headers)
        local authorization = { algorithm = "SDK-HMAC-SHA256", signed_headers = signed_headers or { "host" } }
        local lines = {}
        local text = signature.canonical_request(request, authorization)
        for line in (text .. "\n"):gmatch "(.-)\n" do
            lines[#lines + 1] = line
        end
        return lines
    end

    it("ends the canonical path with a slash and encodes each segment once", function()
        local function path(uri) return canonical_lines({ method = "get", uri = uri, headers = { host = "h" } })[2] end
        assert.equal("/", path "/")
        assert.equal("/a/", path "/a")
        assert.equal("/a/", path "/a/")
        assert.equal("/a%20b/~-_.9/", path "/a%20b/~-_.9")
        assert.equal("/a%3Ab%2Fc/", path "/a:b%2fc")
        assert.equal("/%C3%A9/", path "/\195\169")
    end)

    it("sorts the query by name and value and keeps the = of a name alone", function()
        local function query(uri) return canonical_lines({ method = "GET", uri = uri, headers = { host = "h" } })[3] end
        assert.equal("", query "/a")
        assert.equal("", query "/a?")
        assert.equal("B=1&a=&a=1&a=2&b=", query "/x?b&a=2&B=1&a=1&a=")
        assert.equal("q=a%2Bb%20c", query "/x?q=a+b%20c")
        assert.equal("q=1%3D2", query "/x?q=1=2")
    end)

    it("trims header values outside only and lists repeated ones sorted", function()
        local headers = { host = "  a  b\t", ["x-many"] = { "2", " 1" } }
        local lines = canonical_lines({ method = "GET", uri = "/", headers = headers }, { "host", "x-many" })
        assert.same({ "host:a  b", "x-many:1", "x-many:2", "", "host;x-many" },
            { lines[4], lines[5], lines[6], lines[7], lines[8] })
    end)

    it("takes what the algorithm's content hash header says in place of the body's hash", function()
        local function payload_line(algorithm)
            local text = signature.canonical_request({
                method = "POST", uri = "/", body = "hello",
                headers = { ["x-sdk-content-sha256"] = "UNSIGNED-PAYLOAD", ["x-sdk-content-sm3"] = "ANOTHER" },
            }, { algorithm = algorithm, signed_headers = {} })
            return text:match "[^\n]*$"
        end
        for _, name in ipairs { "SDK-HMAC-SHA256", "V11-HMAC-SHA256", "SDK-ECDSA-P256-SHA256" } do
            assert.equal("UNSIGNED-PAYLOAD", payload_line(name))
        end
        for _, name in ipairs { "SDK-HMAC-SM3", "SDK-SM2-SM3" } do
            assert.equal("ANOTHER", payload_line(name))
        end
    end)

    it("takes the first of content hashes that come twice", function()
        local text = signature.canonical_request({ method = "GET", uri = "/",
            headers = { ["x-sdk-content-sha256"] = { "ONE", "TWO" } } },
            { algorithm = "SDK-HMAC-SHA256", signed_headers = {} })
        assert.equal("ONE", text:match "[^\n]*$")
    end)

    it("recognises only whole Authorization headers of algorithms it knows", function()
        local good = "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=00ff"
        assert.same({
            algorithm = "SDK-HMAC-SHA256", access = "AK", signed_headers = { "host", "x-sdk-date" }, signature = "00ff",
        }, signature.parse(good))
        for _, bad in ipairs {
            "", "Bearer x", "SDK-HMAC-SHA256", "SDK-HMAC-MD5 Access=AK, SignedHeaders=host, Signature=00",
            "SDK-HMAC-SHA256 Access=AK, Signature=00", "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=xyz",
        } do
            assert.is_nil(signature.parse(bad), bad)
        end
        assert.is_nil(signature.parse(nil))
    end)

    it("wants a scope with V11 and with nothing else", function()
        local rest = ", SignedHeaders=host, Signature=00ff"
        assert.same({
            algorithm = "V11-HMAC-SHA256", access = "A/K", scope = "20200608/region-1/dws", signed_headers = { "host" },
            signature = "00ff",
        }, signature.parse("V11-HMAC-SHA256 Credential=A/K/20200608/region-1/dws" .. rest))
        for _, bad in ipairs {
            "V11-HMAC-SHA256 Access=AK", "V11-HMAC-SHA256 Credential=AK", "V11-HMAC-SHA256 Credential=AK/2020/r/dws",
            "V11-HMAC-SHA256 Credential=AK/20200608//dws", "SDK-HMAC-SHA256 Credential=AK/20200608/r/dws",
        } do
            assert.is_nil(signature.parse(bad .. rest), bad)
        end
    end)
end)
