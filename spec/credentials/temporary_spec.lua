local temporary = require "dwsync.credentials.temporary"

local NOW = 1761389392 -- 2025-10-25T10:49:52Z

local function decode(body, headers)
    return temporary.decode({ status = 200, headers = headers or {}, body = body }, "test", NOW)
end

local SPELLINGS = {
    '{"credential":{"access":"A","secret":"hidden","securitytoken":"T","expires_at":"2025-10-25T11:49:52Z"}}',
    '{"credentials":{"accessKeyId":"A","secretAccessKey":"hidden","securityToken":"T",'
        .. '"expiration":"2025-10-25T11:49:52Z"}}',
    '{"credentials":{"access_key_id":"A","secret_access_key":"hidden","security_token":"T",'
        .. '"expiration":"2025-10-25T11:49:52Z"},"assumed_agency":{}}',
}

describe("temporary keys", function()
    it("are read in each of the three spellings", function()
        for _, body in ipairs(SPELLINGS) do
            assert.same({ ak = "A", sk = "hidden", security_token = "T", expires_at = NOW + 3600, source = "test" },
                decode(body))
        end
    end)

    it("expire in UTC, with any fraction", function()
        for text, at in pairs { ["11:49:52Z"] = 3600, ["11:49:52.5Z"] = 3600.5, ["11:49:52.575Z"] = 3600.575,
            ["11:49:52.575000Z"] = 3600.575, ["11:49:52.575000000Z"] = 3600.575, ["11:49:52"] = 3600,
            ["13:49:52+02:00"] = 3600 } do
            local fields = decode((SPELLINGS[1]:gsub("11:49:52Z", (text:gsub("%%", "%%%%")))))
            assert.is_true(math.abs(fields.expires_at - NOW - at) < 1e-5, text)
        end
    end)

    it("expire by this machine's clock, however wrong that is", function()
        local fields = decode(SPELLINGS[1], { date = "Sat, 25 Oct 2025 11:39:52 GMT" })
        assert.equal(NOW + 600, fields.expires_at)
        fields = decode(SPELLINGS[1], { date = "Sat, 25 Oct 2025 10:50:22 GMT" })
        assert.equal(NOW + 3600, fields.expires_at) -- half a minute may be the network's
    end)

    it("expire when they say, beside a date that is more than a day off", function()
        for _, date in ipairs { "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT" } do
            assert.equal(NOW + 3600, decode(SPELLINGS[1], { date = date }).expires_at)
        end
    end)

    it("are refused when they expired before they came, or no time is given", function()
        for text, reason in pairs {
            ["2025-10-25T10:49:52Z"] = "it had already expired",
            ["2001-01-01T00:00:00Z"] = "it had already expired",
            ["tomorrow"] = "its expiry time is missing or malformed",
            ["2025-13-25T11:49:52Z"] = "its expiry time is missing or malformed",
            [""] = "its expiry time is missing or malformed",
        } do
            local fields, err = decode((SPELLINGS[1]:gsub("2025%-10%-25T11:49:52Z", text)))
            assert.is_nil(fields)
            assert.equal("credentials", err.kind)
            assert.equal("test: the answer holds a key, but " .. reason, err.message)
        end
    end)

    it("are refused when the answer is something else", function()
        for body, reason in pairs {
            ["<html>login</html>"] = "^test: the answer is not JSON",
            [""] = "^test: the answer is not JSON",
            ["{}"] = "^test: the answer holds no key: ak is missing",
            ['{"credential":7}'] = "ak is missing",
            ['{"credential":{"access":"A"}}'] = "sk is missing",
            ['{"credential":{"access":"A","secret":"hidden"}}'] = "security_token is missing",
            ['{"credential":{"access":7,"secret":"hidden"}}'] = "ak is missing",
        } do
            local fields, err = decode(body)
            assert.is_nil(fields)
            assert.equal("credentials", err.kind)
            assert.matches(reason, err.message)
            assert.is_nil(tostring(err):find("hidden", 1, true))
        end
    end)
end)
