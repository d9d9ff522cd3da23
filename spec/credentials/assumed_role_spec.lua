local cjson = require "cjson"
local fakes = require "spec.support.credentials"

local NAME, DOMAIN = "HW_ASSUME_ROLE_AGENCY_NAME", "HW_ASSUME_ROLE_DOMAIN_NAME"

local function world(variables, credentials, answers, files)
    return fakes.world { variables = variables, region = "r", credentials = credentials, files = files,
        answers = answers or { fakes.keys_answer "AKAGENCY" }, metadata = false }
end

local function with(more, without)
    local variables = { [NAME] = "auditor", [DOMAIN] = "customer", HW_ACCESS_KEY = "AKBASE", HW_SECRET_KEY = "hidden" }
    for name, value in pairs(more or {}) do
        variables[name] = value
    end
    variables[without or ""] = nil
    return variables
end

local function refusal(variables, credentials)
    local made = world(variables, credentials)
    local keys, err = made.get()
    assert.is_nil(keys)
    assert.same({}, made.requests)
    fakes.assert_hidden({ err, made.events }, { "hidden" })
    return err.message, err.kind, err.hint
end

local function assumed(made)
    return cjson.decode(made.requests[#made.requests].body).auth.identity.assume_role
end

describe("the agency of Terraform's variables", function()
    it("is asked for with Terraform's keys, in the chain and by name", function()
        for _, credentials in ipairs { false, { source = "terraform" } } do
            local made = world(with { HW_PROJECT_ID = "p" }, credentials or nil)
            local keys = assert(made.get())
            assert.equal("AKAGENCY", keys.ak)
            assert.equal("agency auditor", keys.source)
            assert.equal("p", keys.project_id)
            assert.equal(1, #made.requests)
            assert.matches("Access=AKBASE,", made.requests[1].headers.Authorization)
            assert.same({ agency_name = "auditor", domain_name = "customer", duration_seconds = 21600 }, assumed(made))
        end
    end)

    it("is asked for with whatever else the chain finds", function()
        local file = { ["/h/.huaweicloud/credentials"] = "[basic]\nak = AKFILE\nsk = hidden" }
        local koocli = { ["/h/.hcloud/config.json"] = cjson.encode { authEncrypt = "false", profiles = { {
            name = "default", mode = "AKSK", accessKeyId = "AKKOO", secretAccessKey = "hidden" } } } }
        for ak, case in pairs {
            AKENV = { { HUAWEICLOUD_SDK_AK = "AKENV", HUAWEICLOUD_SDK_SK = "hidden" } },
            AKFILE = { {}, file },
            AKKOO = { {}, koocli },
        } do
            local variables = case[1]
            variables[NAME], variables[DOMAIN], variables.HOME = "auditor", "customer", "/h"
            local made = world(variables, nil, nil, case[2])
            assert.equal("AKAGENCY", assert(made.get()).ak)
            assert.matches("Access=" .. ak .. ",", made.requests[1].headers.Authorization)
        end
    end)

    it("is asked for with a token, at the IAM that gave it", function()
        local made = world(with({ HW_USER_NAME = "u", HW_USER_PASSWORD = "hidden", HW_DOMAIN_NAME = "d",
            HW_AUTH_URL = "https://iam.other", HW_SECRET_KEY = "" }, "HW_ACCESS_KEY"), nil,
            { fakes.token_answer "t", fakes.keys_answer "AKAGENCY" })
        local keys = assert(made.get())
        assert.equal("AKAGENCY", keys.ak)
        assert.equal("https://iam.other", keys.iam_endpoint)
        assert.equal("https://iam.other/v3/auth/tokens?nocatalog=true", made.requests[1].url)
        assert.equal("https://iam.other/v3.0/OS-CREDENTIAL/securitytokens", made.requests[2].url)
        assert.equal("t", made.requests[2].headers["X-Auth-Token"])
    end)

    it("may have its account named by id, and a lifetime", function()
        local made = world(with({ HW_ASSUME_ROLE_DOMAIN_ID = "d1", HW_ASSUME_ROLE_DURATION = "900" }, DOMAIN))
        assert(made.get())
        assert.same({ agency_name = "auditor", domain_id = "d1", duration_seconds = 900 }, assumed(made))
    end)

    it("is not meant by who chooses other credentials", function()
        for _, credentials in ipairs { { ak = "AKOWN", sk = "hidden" }, { source = "environment" },
            function() return { ak = "AKOWN", sk = "hidden" } end } do
            local made = world(with { HUAWEICLOUD_SDK_AK = "AKOWN", HUAWEICLOUD_SDK_SK = "hidden" }, credentials)
            assert.equal("AKOWN", assert(made.get()).ak)
            assert.same({}, made.requests)
        end
    end)

    it("gives way to an agency that is chosen", function()
        local made = world(with(), { source = "agency", agency_name = "other", domain = "d" })
        assert(made.get())
        assert.equal(1, #made.requests)
        assert.equal("other", assumed(made).agency_name)
        assert.matches("Access=AKBASE,", made.requests[1].headers.Authorization)
    end)

    it("that is half named is told", function()
        local both = "Set both variables, or neither to ask without an agency."
        local account = "Set HW_ASSUME_ROLE_DOMAIN_NAME or HW_ASSUME_ROLE_DOMAIN_ID to the account that made the "
            .. "agency."
        for message, variables in pairs {
            ["HW_ASSUME_ROLE_AGENCY_NAME is set but HW_ASSUME_ROLE_DOMAIN_NAME is not"] = with({}, DOMAIN),
            ["HW_ASSUME_ROLE_DOMAIN_NAME is set but HW_ASSUME_ROLE_AGENCY_NAME is not"] = with({}, NAME),
            ["HW_ASSUME_ROLE_DOMAIN_ID is set but HW_ASSUME_ROLE_AGENCY_NAME is not"] = {
                HW_ASSUME_ROLE_DOMAIN_ID = "d" },
            ["HW_ASSUME_ROLE_DURATION is set but HW_ASSUME_ROLE_AGENCY_NAME is not"] = {
                HW_ASSUME_ROLE_DURATION = "900" },
        } do
            local found, kind, hint = refusal(variables)
            assert.equal("environment (Terraform): " .. message, found)
            assert.same({ "credentials", variables[NAME] and account or both }, { kind, hint })
            assert.equal(found, (refusal(variables, { source = "terraform" })))
        end
    end)

    it("is refused where Terraform would do what is not done here", function()
        for _, name in ipairs { "HW_ASSUME_ROLE_IDP_ID", "HW_ASSUME_ROLE_ID_TOKEN", "HW_ASSUME_ROLE_ID_TOKEN_FILE" } do
            for _, variables in ipairs { with { [name] = "hidden" }, { [name] = "hidden" } } do
                local message, kind, hint = refusal(variables)
                assert.equal(("environment (Terraform): %s is set: agencies are not asked for with an id token")
                    :format(name), message)
                assert.same({ "config", "Unset it, and set HUAWEICLOUD_SDK_IDP_ID and HUAWEICLOUD_SDK_ID_TOKEN_FILE." },
                    { kind, hint })
            end
        end
        for _, text in ipairs { "899", "86401", "1h", "x" } do
            local message, kind, hint = refusal(with { HW_ASSUME_ROLE_DURATION = text })
            assert.matches("^environment %(Terraform%): HW_ASSUME_ROLE_DURATION is .*, expected a number of seconds "
                .. "from 900 to 86400$", message)
            assert.same({ "config", "Terraform's duration is in seconds." }, { kind, hint })
        end
    end)
end)
