local credentials = require "dwsync.credentials"
local errors = require "dwsync.errors"

local function context(variables, text)
    variables = variables or {}
    return {
        getenv = function(name) return variables[name] end,
        read_file = function()
            if text then
                return text
            end
            return nil, "No such file or directory", true
        end,
    }
end

local LIMITS = { deadline = 1060, timeout = 60 }

-- The chain without the metadata service, whose own spec has it.
local function resolve(given, where)
    where.metadata = false
    return credentials.new(given, where):get(LIMITS)
end

local function refusal(given, where)
    local found, err = resolve(given, where or context())
    assert.is_nil(found)
    assert.equal("credentials", err.kind)
    assert.is_false(err.retryable)
    assert.is_nil(tostring(err):find("hidden", 1, true))
    return err.message, err.hint
end

describe("credentials that the caller gives", function()
    it("are copied, field by field", function()
        local given = { ak = "AK", sk = "SK", security_token = "T", project_id = "P", algorithm = "SDK-HMAC-SM3" }
        given.unknown = "x"
        local found = resolve(given, context())
        assert.is_not.equal(given, found)
        assert.equal("AK", found.ak)
        assert.equal("SK", found.sk)
        assert.equal("T", found.security_token)
        assert.equal("P", found.project_id)
        assert.equal("SDK-HMAC-SM3", found.algorithm)
        assert.is_nil(found.unknown)
    end)

    it("do not show their secrets as text", function()
        local found = resolve({ ak = "AK", sk = "hidden", security_token = "hidden" }, context())
        assert.equal("dwsync.credentials: access key AK from credentials", tostring(found))
    end)

    it("need both halves of the pair", function()
        local hint = "Set both halves of the key pair: ak (access key) and sk (secret key)."
        assert.same({ "credentials: ak is missing", hint }, { refusal {} })
        assert.same({ "credentials: sk is missing although ak is set", hint }, { refusal { ak = "AK" } })
        assert.same({ "credentials: ak is missing although sk is set", hint }, { refusal { sk = "hidden" } })
    end)

    it("hold texts fit for a header", function()
        for _, name in ipairs { "ak", "sk", "security_token", "project_id", "algorithm" } do
            for _, value in ipairs { "", "hidden\n", "hid\rden hidden", "hidden\0", 7, {}, true } do
                local given = { ak = "AK", sk = "hidden" }
                given[name] = value
                local message, hint = refusal(given)
                assert.equal(("credentials: %s is empty, not a string, or contains a line break"):format(name), message)
                assert.equal("Copy the value again, without quotes and line breaks.", hint)
            end
        end
    end)

    it("go before the environment", function()
        local where = context { HUAWEICLOUD_SDK_AK = "other", HUAWEICLOUD_SDK_SK = "other" }
        assert.equal("AK", resolve({ ak = "AK", sk = "SK" }, where).ak)
        assert.equal("AK", resolve(function() return { ak = "AK", sk = "SK" } end, where).ak)
    end)
end)

describe("a function that gives credentials", function()
    it("is asked each time", function()
        local calls = 0
        local function give()
            calls = calls + 1
            return { ak = "AK" .. calls, sk = "SK" }
        end
        assert.equal("AK1", resolve(give, context()).ak)
        assert.equal("AK2", resolve(give, context()).ak)
    end)

    it("is checked like a table", function()
        assert.equal("the credentials function: sk is missing although ak is set",
            (refusal(function() return { ak = "AK" } end)))
    end)

    it("may fail with an error object, which is passed on", function()
        local err = errors.new { kind = "network", message = "vault is down" }
        local found, failure = resolve(function() return nil, err end, context())
        assert.is_nil(found)
        assert.equal(err, failure)
    end)

    it("may fail with a text, or say nothing", function()
        assert.equal("the credentials function returned no credentials: vault is down",
            (refusal(function() return nil, "vault is down" end)))
        assert.equal("the credentials function returned no credentials", (refusal(function() end)))
        assert.equal("the credentials function returned no credentials", (refusal(function() return "hidden" end)))
    end)
end)

describe("the chain", function()
    local FILE = "[basic]\nak = from file\nsk = SK\n"

    it("takes the environment first, then the file", function()
        local found = resolve(nil, context({ HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "SK",
            HOME = "/h" }, FILE))
        assert.equal("dwsync.credentials: access key AK from the environment", tostring(found))
        found = resolve(nil, context({ HOME = "/h" }, FILE))
        assert.equal("dwsync.credentials: access key from file from credentials file /h/.huaweicloud/credentials",
            tostring(found))
    end)

    it("does not go on to the next source when one is half filled", function()
        assert.equal("environment: HUAWEICLOUD_SDK_AK is set but HUAWEICLOUD_SDK_SK is not",
            (refusal(nil, context({ HUAWEICLOUD_SDK_AK = "AK", HOME = "/h" }, FILE))))
    end)

    it("checks what a source gives", function()
        assert.equal("the environment: sk is empty, not a string, or contains a line break",
            (refusal(nil, context { HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "hidden\n" })))
    end)

    it("says where it looked when nobody has any", function()
        local message, hint = refusal(nil, context { HOME = "/h" })
        assert.equal("no credentials found: environment: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK are not set; "
            .. "credentials file /h/.huaweicloud/credentials: does not exist; ECS metadata: switched off; CCE pod "
            .. "identity: HC_CONTAINER_CREDENTIALS_FULL_URI is not set; environment (Terraform): HW_AUTH_TOKEN, "
            .. "HW_ACCESS_KEY and HW_USER_NAME are not set; KooCLI's /h/.hcloud/config.json: does not exist", message)
        assert.equal("Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or write ak and sk below [basic] in "
            .. "~/.huaweicloud/credentials.", hint)
    end)
end)
