local cjson = require "cjson"
local core = require "dwsync.core"

local DATE = "20191115T033655Z"

local function vectors()
    local file = assert(io.open("spec/vectors/signing-vectors.json"))
    local list = cjson.decode(file:read "*a")
    file:close()
    return list
end

-- The request of a vector, with only those headers that its signature covers.
local function request_of(vector)
    local headers = {}
    for name, value in pairs(vector.headers) do
        for _, signed in ipairs(vector.signed_headers) do
            if name:lower() == signed then
                headers[name] = value
            end
        end
    end
    return {
        method = vector.method,
        url = "https://" .. vector.host .. vector.wire_target,
        headers = headers,
        body = vector.body,
        signed_headers = vector.signed_headers,
    }
end

local function given(changes)
    local request = { method = "GET", url = "https://dws.example.com/v1/p/clusters?limit=2&offset=1", headers = {} }
    local credentials = { ak = "AccessKey", sk = "SecretKey-which-must-not-show" }
    for name, value in pairs(changes.request or {}) do
        request[name] = value
    end
    for name, value in pairs(changes.credentials or {}) do
        credentials[name] = value
    end
    return request, credentials, changes.date or DATE
end

local STAGES = { "canonical_request", "string_to_sign", "sign" }

describe("the published signing vectors", function()
    local count = 0
    for _, vector in ipairs(vectors()) do
        if vector.algorithm == "SDK-HMAC-SHA256" then
            count = count + 1
            it(vector.name .. " is reproduced at all three stages", function()
                local request, credentials = request_of(vector), { ak = vector.ak, sk = vector.sk }
                assert.equal(vector.canonical_request,
                    core.canonical_request(request, credentials, vector.x_sdk_date))
                assert.equal(vector.string_to_sign, core.string_to_sign(request, credentials, vector.x_sdk_date))
                local headers = core.sign(request, credentials, vector.x_sdk_date)
                assert.equal(vector.expected_authorization, headers.Authorization)
                assert.equal(vector.x_sdk_date, headers["X-Sdk-Date"])
                assert.equal(vector.host, headers.Host)
            end)
        end
    end

    it("are really there", function()
        assert.is_true(count >= 12, count .. " vectors")
    end)
end)

describe("what is signed", function()
    it("is host, date, the token, and every header of the request whose name has no underscore", function()
        local headers = assert(core.sign(given {
            request = { headers = { ["X-Project-Id"] = "p", ["X_Odd"] = "not signed" } },
            credentials = { security_token = "token" },
        }))
        assert.matches("SignedHeaders=host;x%-project%-id;x%-sdk%-date;x%-security%-token,", headers.Authorization)
        assert.equal("token", headers["X-Security-Token"])
    end)

    it("leaves the caller's Authorization and X-Sdk-Date out and sets its own", function()
        local headers = assert(core.sign(given {
            request = { headers = { Authorization = "old", ["X-Sdk-Date"] = "19700101T000000Z" } },
        }))
        assert.matches("SignedHeaders=host;x%-sdk%-date,", headers.Authorization)
        assert.equal(DATE, headers["X-Sdk-Date"])
    end)

    it("has the port in Host unless it is the default one", function()
        local headers = assert(core.sign(given { request = { url = "https://127.0.0.1:8443/" } }))
        assert.equal("127.0.0.1:8443", headers.Host)
        headers = assert(core.sign(given { request = { url = "https://dws.example.com:443/" } }))
        assert.equal("dws.example.com", headers.Host)
    end)

    it("has header values trimmed, inner spaces kept", function()
        local canonical = core.canonical_request(given { request = { headers = { ["X-Note"] = "  a  b\t" } } })
        assert.matches("\nx%-note:a  b\n", canonical)
    end)

    for target, expected in pairs {
        [""] = "/\n\n",
        ["/"] = "/\n\n",
        ["/a"] = "/a/\n\n",
        ["/a/"] = "/a/\n\n",
        ["/a%20b"] = "/a%20b/\n\n",
        ["/a%2fb"] = "/a/b/\n\n",
        ["/%7Ea%e2%82%ac"] = "/~a%E2%82%AC/\n\n",
        ["/?b=1&a=2"] = "/\na=2&b=1\n",
        ["/?a=2&a=10&a=1"] = "/\na=1&a=10&a=2\n",
        ["/?b&a="] = "/\na=&b=\n",
        ["/?a=1&B=2"] = "/\nB=2&a=1\n",
        ["/?a=%20x%2B"] = "/\na=%20x%2B\n",
    } do
        it(("is %q for the target %q"):format(expected, target), function()
            local canonical = assert(core.canonical_request(given {
                request = { url = "https://dws.example.com" .. target },
            }))
            assert.equal("GET\n" .. expected .. "host:", canonical:sub(1, 4 + #expected + 5))
        end)
    end

    it("changes with the key, the date, the path, the query, a header and the body", function()
        local signatures, count = {}, 0
        for _, changes in ipairs {
            {},
            { credentials = { sk = "another" } },
            { date = "20191115T033656Z" },
            { request = { url = "https://dws.example.com/v1/q/clusters?limit=2&offset=1" } },
            { request = { url = "https://dws.example.com/v1/p/clusters?limit=2&offset=2" } },
            { request = { headers = { ["X-Project-Id"] = "p" } } },
            { request = { body = "{}" } },
            { request = { method = "POST" } },
        } do
            local headers = assert(core.sign(given(changes)))
            local signature = headers.Authorization:match "Signature=(%x+)$"
            assert.is_nil(signatures[signature])
            signatures[signature], count = true, count + 1
        end
        assert.equal(8, count)
    end)

    it("does not depend on the order in which a table yields its headers", function()
        local one, other = {}, {}
        for i = 1, 20 do
            one["X-H" .. i] = "v" .. i
            other["X-H" .. 21 - i] = "v" .. 21 - i
        end
        assert.same(core.sign(given { request = { headers = one } }),
            core.sign(given { request = { headers = other } }))
    end)
end)

describe("wrong types raise", function()
    local function raises(pattern, ...)
        for _, stage in ipairs(STAGES) do
            local ok, message = pcall(core[stage], ...)
            assert.is_false(ok, stage)
            assert.matches(pattern, message)
            assert.is_nil(message:find("SecretKey", 1, true), "the secret shows")
        end
    end

    local REQUEST, KEYS = { url = "https://h/" }, { ak = "a", sk = "SecretKey" }

    it("for an argument that is no table", function()
        raises("table expected", nil, KEYS, DATE)
        raises("table expected", "GET /", KEYS, DATE)
        raises("table expected", REQUEST, "SecretKey", DATE)
        raises("string expected", REQUEST, KEYS)
        raises("string expected", REQUEST, KEYS, {})
    end)

    for pattern, changes in pairs {
        ["field 'url' must be a string, got number"] = { url = 1 },
        ["field 'method' must be a string, got boolean"] = { method = true },
        ["field 'body' must be a string, got table"] = { body = {} },
        ["field 'headers' must be a table, got string"] = { headers = "Host: h" },
        ["field 'headers' must map names to strings, found a number for a string"] = { headers = { a = 1 } },
        ["field 'headers' must map names to strings, found a string for a number"] = { headers = { "a" } },
        ["field 'signed_headers' must be a list of header names"] = { signed_headers = {} },
    } do
        it("when " .. pattern, function()
            local request = { url = "https://h/" }
            for name, value in pairs(changes) do
                request[name] = value
            end
            raises(pattern, request, KEYS, DATE)
        end)
    end

    it("for a request without a URL", function()
        raises("field 'url' must be a string, got nil", {}, KEYS, DATE)
    end)

    it("for a list of signed headers that is none", function()
        for _, wrong in ipairs { "host", { 1 }, { true } } do
            raises("field 'signed_headers' must be a list", { url = "https://h/", signed_headers = wrong }, KEYS, DATE)
        end
    end)

    it("for credentials that lack half, or are no strings", function()
        raises("field 'sk' must be a string, got nil", REQUEST, { ak = "a" }, DATE)
        raises("field 'ak' must be a string, got nil", REQUEST, { sk = "SecretKey" }, DATE)
        raises("field 'ak' must be a string, got number", REQUEST, { ak = 1, sk = "SecretKey" }, DATE)
        raises("field 'security_token' must be a string", REQUEST,
            { ak = "a", sk = "SecretKey", security_token = true }, DATE)
    end)
end)

describe("what is signed is bounded", function()
    local headers, names = {}, {}
    for i = 1, 998 do
        headers["A" .. i], names[i] = "b", "a" .. i
    end
    names[999], names[1000] = "host", "x-sdk-date"

    it("to a thousand names", function()
        local request, keys = given { request = { headers = headers, signed_headers = names } }
        assert.matches(";a998;", assert(core.sign(request, keys, DATE)).Authorization)
        names[1001] = "x-sdk-date"
        assert.has_error(function() core.sign(request, keys, DATE) end,
            "field 'signed_headers' must be a list of header names")
        names[1001] = nil
    end)

    it("and has a token of one byte, but none that is empty", function()
        for token, expected in pairs { t = "t", [""] = false } do
            local signed = assert(core.sign(given { credentials = { security_token = token } }))
            assert.equal(expected, signed["X-Security-Token"] or false)
            assert.equal(expected ~= false, signed.Authorization:find(";x-security-token,", 1, true) ~= nil)
        end
    end)
end)

describe("wrong contents are errors of kind config", function()
    local TOKEN = "Token-which-must-not-show"

    for title, case in pairs {
        ["for an empty access key"] = { "access key", { credentials = { ak = "" } } },
        ["for an access key with a comma"] = { "access key", { credentials = { ak = "a,b" } } },
        ["for an access key with a line break"] = { "access key", { credentials = { ak = "a\r\nX: 1" } } },
        ["for an empty secret key"] = { "secret key", { credentials = { sk = "" } } },
        ["for a token with a line break"] = { "security token",
            { credentials = { security_token = TOKEN .. "\r\nX: 1" } } },
        ["for an algorithm nobody knows"] = { 'unknown signing algorithm "SDK%-HMAC%-MD5"',
            { credentials = { algorithm = "SDK-HMAC-MD5" } } },
        ["for an empty date"] = { "^date: it must look like", { date = "" } },
        ["for a date of another form"] = { "^date: it must look like", { date = "2019-11-15T03:36Z" } },
        ["for a date with a line break"] = { "^date: it must look like", { date = "20191115T03365\nZ" } },
        ["for a URL without scheme"] = { "https://", { request = { url = "dws.example.com/" } } },
        ["for a URL of another scheme"] = { "https://", { request = { url = "ftp://dws.example.com/" } } },
        ["for a URL without host"] = { "no host", { request = { url = "https:///v1" } } },
        ["for a URL with a user"] = { "user names", { request = { url = "https://user:word@dws.example.com/" } } },
        ["for a URL with a fragment"] = { "fragment", { request = { url = "https://dws.example.com/#a" } } },
        ["for a URL with a space"] = { "percent%-encoded", { request = { url = "https://dws.example.com/a b" } } },
        ["for a URL with NUL"] = { "percent%-encoded", { request = { url = "https://dws.example.com/a\0" } } },
        ["for a port that is none"] = { "port", { request = { url = "https://dws.example.com:0/" } } },
        ["for a header given twice"] = { "given twice", { request = { headers = { ["X-A"] = "1", ["x-a"] = "2" } } } },
        ["for a header with an empty name"] = { "empty name", { request = { headers = { [""] = "1" } } } },
        ["for signed headers without the date"] = { "x%-sdk%-date must be among them",
            { request = { signed_headers = { "host" } } } },
        ["for signed headers that are not there"] = { "not in the request",
            { request = { signed_headers = { "x-sdk-date", "x-absent" } } } },
        ["for signed headers listed twice"] = { "listed twice",
            { request = { signed_headers = { "x-sdk-date", "host", "host" } } } },
    } do
        it(title, function()
            for _, stage in ipairs(STAGES) do
                local value, err = core[stage](given(case[2]))
                assert.is_nil(value, stage)
                assert.equal("config", err.kind)
                assert.matches(case[1], err.message)
                assert.is_nil(err.message:find "[%c]")
                assert.is_nil(err.message:find "must%-not%-show")
            end
        end)
    end
end)

describe("sha256", function()
    it("gives the published digests, and needs bytes", function()
        assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", core.sha256 "")
        assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", core.sha256 "abc")
        assert.are_not.equal(core.sha256 "a\0b", core.sha256 "a\0c")
        assert.has_error(function() core.sha256 {} end)
    end)
end)

describe("hmac_sha256", function()
    it("gives the published codes of RFC 4231 in Base64, and needs bytes", function()
        assert.equal("W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
            core.hmac_sha256("Jefe", "what do ya want for nothing?"))
        assert.equal("YOQxWR7gtn8Niiaqy/W3f44LxiE3KMUUBUYEDw7jf1Q=", core.hmac_sha256(("\170"):rep(131),
            "Test Using Larger Than Block-Size Key - Hash Key First"))
        assert.equal("i7mQxAp9YcuXWXqUISUCW+UKyL63RDbjc1uYiTp/ZiA=", core.hmac_sha256("k", ""))
        assert.are_not.equal(core.hmac_sha256("k", "a\0b"), core.hmac_sha256("k", "a\0c"))
        assert.are_not.equal(core.hmac_sha256("a\0b", ""), core.hmac_sha256("a\0c", ""))
        assert.has_error(function() core.hmac_sha256("k", {}) end)
        assert.has_error(function() core.hmac_sha256() end)
    end)
end)
