local cache = require "dwsync.credentials.cache"
local credentials = require "dwsync.credentials"
local errors = require "dwsync.errors"
local fakes = require "spec.support.credentials"

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

describe("a source that is named and has nothing", function()
    it("says what it lacks, and no other is tried", function()
        local where = context { HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "SK" }
        for source, message in pairs {
            terraform = "environment (Terraform): HW_AUTH_TOKEN, HW_ACCESS_KEY and HW_USER_NAME are not set",
            metadata = "ECS metadata: switched off",
            koocli = "KooCLI: the home directory is unknown",
        } do
            assert.same({ message, "Set what it lacks, or name another source in `credentials`." },
                { refusal({ source = source }, where) })
        end
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

    it("follows the environment, whichever of its variables changes", function()
        local variables = { HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "SK", HOME = "/h" }
        local where = context(variables, FILE)
        where.metadata = false
        local provider = credentials.new(nil, where)
        local first = provider:get(LIMITS)
        assert.equal(first, provider:get(LIMITS))
        for name, field in pairs { SK = "sk", SECURITY_TOKEN = "security_token", PROJECT_ID = "project_id" } do
            variables["HUAWEICLOUD_SDK_" .. name] = "changed"
            assert.equal("changed", provider:get(LIMITS)[field])
        end
        variables.HW_ASSUME_ROLE_AGENCY_NAME = "agency"
        local _, err = provider:get(LIMITS)
        assert.truthy(err.message:find("HW_ASSUME_ROLE_DOMAIN_NAME is not", 1, true))
        variables.HW_ASSUME_ROLE_AGENCY_NAME, variables.HUAWEICLOUD_SDK_IDP_ID = nil, "idp"
        _, err = provider:get(LIMITS)
        assert.truthy(err.message:find("HUAWEICLOUD_SDK_IDP_ID is set", 1, true))
        variables.HUAWEICLOUD_SDK_IDP_ID, variables.HUAWEICLOUD_SDK_AK, variables.HUAWEICLOUD_SDK_SK = nil, nil, nil
        assert.equal("from file", provider:get(LIMITS).ak)
        variables.HUAWEICLOUD_SDK_AK, variables.HUAWEICLOUD_SDK_SK = "AK", "SK"
        assert.equal("AK", provider:get(LIMITS).ak)
    end)

    describe("that ended with the environment's variables", function()
        local assumed_role = require "dwsync.credentials.assumed_role"
        local apply, count, variables, asked

        before_each(function()
            apply, count, asked = assumed_role.apply, 0, {}
            variables = { HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "SK", HOME = "/h" }
            assumed_role.apply = function(...)
                count = count + 1
                return apply(...)
            end
        end)

        after_each(function()
            assumed_role.apply = apply
        end)

        local function new(given, getenv)
            local where = context(variables, FILE)
            where.metadata = false
            where.getenv = getenv or function(name)
                asked[#asked + 1] = name
                return variables[name]
            end
            return credentials.new(given, where)
        end

        local function searches(provider)
            local before = count
            local keys, err = provider:get(LIMITS)
            return count - before, keys or err
        end

        it("is gone through again only when one of those that it asked for has another value", function()
            for _, given in ipairs { false, { source = "environment" } } do
                asked = {}
                local provider = new(given or nil)
                assert.equal(1, searches(provider))
                local names = asked
                asked = {}
                for _, name in ipairs(names) do
                    local old = variables[name]
                    for _, value in ipairs { old and old .. "2" or "", old or false } do
                        assert.equal(0, searches(provider), name)
                        variables[name] = value or nil
                        assert.equal(1, searches(provider), name)
                    end
                end
                assert.equal(0, searches(provider))
                variables.ANOTHER = "x"
                assert.equal(0, searches(provider))
            end
        end)

        it("asks for no more variables the next time", function()
            local provider = new()
            searches(provider)
            local first = asked
            asked = {}
            searches(provider)
            assert.same(first, asked)
        end)

        it("is gone through each time when it ended elsewhere, or with an error", function()
            for _, ak in ipairs { false, "A\n" } do
                variables.HUAWEICLOUD_SDK_AK, variables.HUAWEICLOUD_SDK_SK = ak or nil, ak or nil
                local provider = new()
                for _ = 1, 3 do
                    assert.equal(1, searches(provider))
                end
            end
        end)

        it("is gone through again when two went through it at the same time", function()
            local provider, other
            provider = new(nil, function(name)
                if name == "HUAWEICLOUD_SDK_AK" and other == nil then
                    other = false
                    other = provider:get(LIMITS)
                    variables.HUAWEICLOUD_SDK_AK = "AK2"
                end
                return variables[name]
            end)
            local searched, keys = searches(provider)
            assert.same({ 2, "AK2", "AK" }, { searched, keys.ak, other.ak })
            assert.equal(1, searches(provider))
            assert.equal(0, searches(provider))
        end)
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

-- What is fetched is kept by all that it depends on: whoever differs in one part of it must not get the other's.
describe("fetched credentials", function()
    local TOKEN_FILE = "/var/run/token"

    local function overlay(base, change)
        local merged = {}
        for name, value in pairs(base) do
            merged[name] = value
        end
        for name, value in pairs(change or {}) do
            merged[name] = type(value) == "table" and type(base[name]) == "table" and overlay(base[name], value)
                or value or nil
        end
        return merged
    end

    -- How often a service is asked by a client that has these, where `kept` is what others fetched.
    local function requests(given, kept)
        local world = fakes.world(overlay(given, { cache = kept }))
        assert(world.get())
        return #world.requests
    end

    local function answers(source)
        if source == "password" then
            return { fakes.token_answer "hidden-token" }
        elseif source == "metadata" then
            return { { status = 404 }, { body = fakes.keys_answer("AKFETCHED").body } }
        elseif source == "oidc" then
            return { fakes.token_answer "hidden-token", fakes.keys_answer "AKFETCHED" }
        end
        return { fakes.keys_answer "AKFETCHED" }
    end

    -- What each client says of itself, whatever its source.
    local EVERYWHERE = {
        { iam = "https://iam.elsewhere.example" },
        { transport = { ca_file = "/ca.pem" } },
        { transport = { client_cert = "/cert.pem" } },
        { transport = { client_key = "/key.pem" } },
        { transport = { proxy = "http://proxy.example" } },
        { transport = { allow_http = true } },
    }

    local function credentials_changed(...)
        local list = {}
        for i, change in ipairs { ... } do
            list[i] = { credentials = change }
        end
        return list
    end

    for source, case in pairs {
        password = {
            base = { user = "u", password = "hidden", domain = "d", project_name = "n" },
            changes = credentials_changed({ user = "U" }, { password = "hidden2" }, { domain = "D" },
                { domain = false, domain_id = "d" }, { project_name = "N" }, { project_name = false, project_id = "n" },
                { project_name = false }, { iam_endpoint = "https://own.example" },
                { passcode = "123456", user_id = "i" }),
        },
        oidc = {
            base = { idp_id = "i", id_token_file = TOKEN_FILE },
            files = { [TOKEN_FILE] = "hidden-jwt", ["/other"] = "hidden-jwt" },
            changes = credentials_changed({ idp_id = "I" }, { id_token_file = "/other" }, { project_id = "p" },
                { iam_endpoint = "https://own.example" }),
        },
        agency = {
            base = { agency_name = "a", domain = "d", from = { ak = "AK", sk = "hidden" } },
            changes = credentials_changed({ agency_name = "A" }, { domain = "D" }, { domain = false, domain_id = "d" },
                { duration = 900 }, { project_id = "p" }, { iam_endpoint = "https://own.example" },
                { from = { ak = "AK2" } }, { from = { sk = "hidden2" } }, { from = { security_token = "hidden" } },
                { from = { iam_endpoint = "https://own.example" } }),
        },
        pod_identity = {
            base = { endpoint = "http://169.254.170.23/v1/credentials", token_file = TOKEN_FILE },
            files = { [TOKEN_FILE] = "hidden-jwt" },
            changes = credentials_changed({ endpoint = "http://169.254.170.23/v2/credentials" }, { project_id = "p" }),
        },
        metadata = {
            base = { endpoint = "https://metadata.example" },
            changes = credentials_changed({ endpoint = "https://other.example" }, { project_id = "p" }),
        },
    } do
        local given = {
            region = "r", answers = answers(source), files = case.files or {},
            credentials = overlay(case.base, { source = source }),
        }
        local changes = case.changes
        for _, change in ipairs(EVERYWHERE) do
            changes[#changes + 1] = change
        end
        if case.files then
            changes[#changes + 1] = { files = { [TOKEN_FILE] = "hidden-jwt2" } }
        end

        it(("of %s are shared by all who ask with the same"):format(source), function()
            local kept = cache.new()
            assert.equal(#given.answers, requests(given, kept))
            assert.equal(0, requests(given, kept))
        end)

        it(("of %s are not shared where one part differs"):format(source), function()
            local kept = cache.new()
            requests(given, kept)
            for i, change in ipairs(changes) do
                assert.equal(#given.answers, requests(overlay(given, change), kept),
                    ("%s: change %d"):format(source, i))
            end
            assert.equal(0, requests(given, kept))
        end)
    end

    it("of a user are for the client's project, or else its region's", function()
        local kept = cache.new()
        local given = { region = "r", answers = answers "password",
            credentials = { source = "password", user = "u", password = "hidden", domain = "d" } }
        for _, change in ipairs { {}, { region = "R" }, { project_id = "p" }, { project_id = "P" } } do
            assert.equal(1, requests(overlay(given, change), kept))
        end
    end)
end)
