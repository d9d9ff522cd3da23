local cjson = require "cjson"
local fakes = require "spec.support.credentials"

local FILE = "/var/run/token"

local function world(answers, files, more)
    local given = { answers = answers, files = files or { [FILE] = "hidden-jwt\n" },
        credentials = { source = "oidc", idp_id = "idp", id_token_file = FILE } }
    for name, value in pairs(more or {}) do
        given[name] = value or nil
    end
    return fakes.world(given)
end

local function refusal(...)
    local made = world(...)
    local keys, err = made.get()
    assert.is_nil(keys)
    assert.equal("credentials", err.kind)
    fakes.assert_hidden({ err, made.events }, { "hidden" })
    return err.message, err.hint
end

describe("an id token", function()
    it("is exchanged for temporary keys in two steps", function()
        local made = world { fakes.token_answer "hidden-unscoped", fakes.keys_answer "AKOIDC" }
        local keys = assert(made.get())
        assert.equal("AKOIDC", keys.ak)
        assert.equal("hidden-token", keys.security_token)
        local first, second = made.requests[1], made.requests[2]
        assert.equal("https://iam.example/v3.0/OS-AUTH/id-token/tokens", first.url)
        assert.equal("idp", first.headers["X-Idp-Id"])
        assert.same({ auth = { id_token = { id = "hidden-jwt" } } }, cjson.decode(first.body))
        assert.equal("https://iam.example/v3.0/OS-CREDENTIAL/securitytokens", second.url)
        assert.same({ auth = { identity = { methods = { "token" },
            token = { id = "hidden-unscoped", duration_seconds = 21600 } } } }, cjson.decode(second.body))
        fakes.assert_hidden(made.events, { "hidden" })
    end)

    it("goes before a key pair in the environment", function()
        local made = world({ fakes.token_answer "t", fakes.keys_answer "AKOIDC" }, nil, {
            credentials = false,
            variables = { HUAWEICLOUD_SDK_IDP_ID = "idp", HUAWEICLOUD_SDK_ID_TOKEN_FILE = FILE,
                HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "hidden", HUAWEICLOUD_SDK_PROJECT_ID = "p" },
        })
        local keys = assert(made.get())
        assert.equal("AKOIDC", keys.ak)
        assert.equal("p", keys.project_id)
    end)

    it("that is only half configured is told", function()
        for set, unset in pairs { HUAWEICLOUD_SDK_IDP_ID = "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
            HUAWEICLOUD_SDK_ID_TOKEN_FILE = "HUAWEICLOUD_SDK_IDP_ID" } do
            assert.equal(("environment: %s is set but %s is not"):format(set, unset), refusal({}, nil, {
                credentials = false,
                variables = { [set] = "x", HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "hidden" },
            }))
        end
    end)

    it("is named in the credentials file, with the IAM to ask", function()
        local made = world({ fakes.token_answer "t", fakes.keys_answer "AKOIDC" }, {
            ["/h/.huaweicloud/credentials"] = "[basic]\nak = AK\nsk = hidden\nidp_id = idp\nid_token_file = " .. FILE
                .. "\niam_endpoint = https://iam.other\n",
            [FILE] = "hidden-jwt",
        }, { credentials = false, variables = { HOME = "/h" } })
        assert.equal("AKOIDC", assert(made.get()).ak)
        assert.equal("https://iam.other/v3.0/OS-AUTH/id-token/tokens", made.requests[1].url)
        assert.equal("https://iam.other/v3.0/OS-CREDENTIAL/securitytokens", made.requests[2].url)
    end)

    it("is read anew for each exchange; one that went away is told when nothing is left to serve", function()
        local files = { [FILE] = "first" }
        local made = world({ fakes.token_answer "t", fakes.keys_answer "AK1" }, files)
        assert(made.get())
        files[FILE] = nil
        made.clock = made.clock + 3000
        assert.equal("AK1", assert(made.get()).ak)
        made.clock = made.clock + 1000
        local keys, err = made.get()
        assert.is_nil(keys)
        assert.equal("id token file /var/run/token: No such file or directory", err.message)
    end)

    it("that was replaced is exchanged at once, whether the one before was refused or is still good", function()
        local files = { [FILE] = "hidden-old" }
        local made = world({ { status = 401, body = "{}" }, fakes.token_answer "t", fakes.keys_answer "AK1",
            fakes.token_answer "t", fakes.keys_answer "AK2" }, files)
        assert.is_nil((made.get()))
        files[FILE] = "hidden-new"
        assert.equal("AK1", assert(made.get()).ak)
        files[FILE] = "hidden-newer"
        assert.equal("AK2", assert(made.get()).ak)
        assert.matches('"hidden-new"', made.requests[2].body, 1, true)
        assert.matches('"hidden-newer"', made.requests[4].body, 1, true)
        assert.is_true(made.clock - fakes.START < 1)
    end)

    it("that is being rewritten is read again after a moment", function()
        local variables = { HUAWEICLOUD_SDK_IDP_ID = "idp", HUAWEICLOUD_SDK_ID_TOKEN_FILE = FILE }
        for source, more in pairs { oidc = {}, environment = { credentials = false, variables = variables },
            file = { credentials = { source = "file", path = "/basic" } } } do
            local readings, count = { "hidden-old", "", "hidden-n", "hidden-new" }, 0
            local made = world({ fakes.token_answer "t", fakes.keys_answer "AK1", fakes.token_answer "t",
                fakes.keys_answer "AK2" }, nil, more)
            made.context.read_file = function(path)
                if path == "/basic" then
                    return "[basic]\nidp_id = idp\nid_token_file = " .. FILE .. "\n"
                end
                count = count + 1
                return readings[math.min(count, #readings)]
            end
            assert.equal("AK1", assert(made.get()).ak, source)
            assert.equal("AK2", assert(made.get()).ak, source)
            assert.matches('"hidden-new"', made.requests[3].body, 1, true)
        end
    end)

    it("that is empty or more than one word is not sent", function()
        local hint = "Check that the program that writes the file is running, and that this one may read it."
        for text, reason in pairs { [""] = "is empty", [" \n"] = "is empty",
            ["hidden one"] = "holds more than one word" } do
            assert.same({ "id token file /var/run/token: " .. reason, hint }, { refusal({}, { [FILE] = text }) })
        end
        assert.same({ "id token file /var/run/token: No such file or directory", hint }, { refusal({}, {}) })
    end)

    it("that IAM refuses is told, in either step", function()
        local refused = { status = 401, body = '{"error_msg":"Token hidden-jwt invalid","error_code":"IAM.0061"}' }
        assert.equal("id token: Token *** invalid", refusal { refused })
        assert.equal("id token: Token *** invalid", refusal { fakes.token_answer "hidden-unscoped", refused })
        local words = { [401] = "idp_id", [400] = "idp_id", [403] = "identity provider", [404] = "idp_id" }
        for status, word in pairs(words) do
            for _, answers in ipairs { { { status = status } }, { fakes.token_answer "t", { status = status } } } do
                local _, err = world(answers, { [FILE] = "hidden-jwt" }).get()
                assert.truthy(err.hint:find(word, 1, true), err.hint)
                assert.is_nil(err.hint:find "password")
            end
        end
        assert.matches("holds no key", refusal { fakes.token_answer "t", { status = 201, body = "{}" } })
    end)
end)
