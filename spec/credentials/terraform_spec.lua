local cjson = require "cjson"
local fakes = require "spec.support.credentials"

local function load(variables, answers)
    local made = fakes.world { variables = variables, answers = answers, region = "r", credentials = {
        source = "terraform" } }
    local keys, err = made.get()
    fakes.assert_hidden({ err or false, made.events }, { "hidden" })
    return keys, err, made
end

describe("Terraform's variables", function()
    it("give a token, which goes first", function()
        local keys = load { HW_AUTH_TOKEN = "hidden", HW_ACCESS_KEY = "AK", HW_SECRET_KEY = "hidden",
            HW_PROJECT_ID = "p" }
        assert.equal("hidden", keys.token)
        assert.equal("p", keys.project_id)
        assert.is_nil(keys.ak)
    end)

    it("give a key pair, temporary or not, and the IAM to ask", function()
        local keys = load { HW_ACCESS_KEY = "AK", HW_SECRET_KEY = "hidden", HW_SECURITY_TOKEN = "hidden-t",
            HW_AUTH_URL = "https://iam.other/v3" }
        assert.equal("AK", keys.ak)
        assert.equal("hidden-t", keys.security_token)
        assert.equal("https://iam.other/v3", keys.iam_endpoint)
    end)

    it("give a user's password, for a token", function()
        local keys, _, made = load({ HW_USER_NAME = "u", HW_USER_PASSWORD = "hidden", HW_DOMAIN_NAME = "d" },
            { fakes.token_answer "t" })
        assert.equal("t", keys.token)
        assert.equal("https://iam.example/v3/auth/tokens?nocatalog=true", made.requests[1].url)
    end)

    it("give a user's password by the account's id, or by the user's id alone", function()
        for _, case in ipairs {
            { { HW_USER_NAME = "u", HW_DOMAIN_ID = "d" },
                { name = "u", password = "hidden", domain = { id = "d" } } },
            { { HW_USER_NAME = "u", HW_USER_ID = "i", HW_DOMAIN_NAME = "d" },
                { name = "u", password = "hidden", domain = { name = "d" } } },
            { { HW_USER_ID = "i" }, { id = "i", password = "hidden" } },
            { { HW_USER_ID = "i", HW_DOMAIN_NAME = "d" }, { id = "i", password = "hidden" } },
        } do
            case[1].HW_USER_PASSWORD = "hidden"
            local keys, _, made = load(case[1], { fakes.token_answer "t" })
            assert.equal("t", keys.token)
            assert.same(case[2], cjson.decode(made.requests[1].body).auth.identity.password.user)
        end
    end)

    it("name the IAM that knows a user, at which everything else is asked, too", function()
        local keys = load({ HW_USER_ID = "i", HW_USER_PASSWORD = "hidden", HW_AUTH_URL = "https://iam.other/v3" },
            { fakes.token_answer "t" })
        assert.equal("https://iam.other/v3", keys.iam_endpoint)
    end)

    it("name a project, and where they come from, with each way to authenticate", function()
        for _, case in ipairs {
            { { HW_AUTH_TOKEN = "hidden" }, "the environment (HW_*)", "p" },
            { { HW_ACCESS_KEY = "AK", HW_SECRET_KEY = "hidden" }, "the environment (HW_*)", "p" },
            { { HW_USER_ID = "i", HW_USER_PASSWORD = "hidden" }, "IAM user i", "p-token", { id = "p" } },
            { { HW_USER_ID = "i", HW_USER_PASSWORD = "hidden", HW_PROJECT_NAME = "n" }, "IAM user i", "p-token",
                { id = "p" } },
            { { HW_USER_ID = "i", HW_USER_PASSWORD = "hidden", HW_PROJECT_NAME = "n", HW_PROJECT_ID = "" },
                "IAM user i", "p-token", { name = "n" } },
        } do
            case[1].HW_PROJECT_ID, case[1].HW_AUTH_URL = case[1].HW_PROJECT_ID or "p", "https://iam.other/v3"
            local keys, _, made = load(case[1], { fakes.token_answer "t" })
            assert.same({ case[2], case[3], "https://iam.other/v3" },
                { keys.source, keys.project_id, keys.iam_endpoint })
            assert.same(case[4], made.requests[1] and cjson.decode(made.requests[1].body).auth.scope.project)
        end
    end)

    it("that are half set are told", function()
        for message, variables in pairs {
            ["HW_ACCESS_KEY is set but HW_SECRET_KEY is not"] = { HW_ACCESS_KEY = "AK" },
            ["HW_SECRET_KEY is set but HW_ACCESS_KEY is not"] = { HW_SECRET_KEY = "hidden" },
            ["HW_USER_NAME is set but HW_USER_PASSWORD is not"] = { HW_USER_NAME = "u" },
            ["HW_USER_ID is set but HW_USER_PASSWORD is not"] = { HW_USER_ID = "u" },
            ["HW_USER_PASSWORD is set but HW_USER_NAME is not"] = { HW_USER_PASSWORD = "hidden" },
            ["HW_USER_NAME and HW_USER_PASSWORD are set but HW_DOMAIN_NAME is not"] = { HW_USER_NAME = "u",
                HW_USER_PASSWORD = "hidden" },
        } do
            local keys, err = load(variables)
            assert.is_nil(keys)
            assert.equal("environment (Terraform): " .. message, err.message)
            assert.equal(message:find "DOMAIN" and "Set HW_DOMAIN_NAME to the name of the account that the user "
                .. "belongs to." or "Set both variables, or neither so that the next source is tried.", err.hint)
        end
    end)

    it("that are not set give nothing", function()
        local keys, err = load {}
        assert.is_nil(keys)
        assert.equal("environment (Terraform): HW_AUTH_TOKEN, HW_ACCESS_KEY and HW_USER_NAME are not set", err.message)
    end)
end)
