local cjson = require "cjson"
local fakes = require "spec.support.credentials"

local PASSWORD = 'hidden" \\ pass%word=é 😀'

local function options(more)
    local given = { source = "password", user = "ops", password = PASSWORD, domain = "account" }
    for name, value in pairs(more or {}) do
        given[name] = value or nil
    end
    return given
end

local function world(answers, more, given)
    given = given or { region = "cn-north-4" }
    given.answers, given.credentials = answers, options(more)
    return fakes.world(given)
end

local function refusal(answers, more, given)
    local made = world(answers, more, given)
    local keys, err = made.get()
    assert.is_nil(keys)
    fakes.assert_hidden({ err, made.events }, { "hidden" })
    return err, made
end

describe("a user's password", function()
    it("becomes a token of the region's project", function()
        local made = world { fakes.token_answer "hidden-token" }
        local keys = assert(made.get())
        assert.equal("hidden-token", keys.token)
        assert.equal("p-token", keys.project_id)
        assert.equal("dwsync.credentials: token from IAM user ops", tostring(keys))
        local request = made.requests[1]
        assert.equal("POST", request.method)
        assert.equal("https://iam.example/v3/auth/tokens?nocatalog=true", request.url)
        assert.equal("application/json;charset=utf8", request.headers["Content-Type"])
        assert.is_nil(request.headers.Authorization)
        assert.is_nil(request.headers["X-Auth-Token"])
        assert.same({ auth = {
            identity = { methods = { "password" }, password = { user = {
                name = "ops", password = PASSWORD, domain = { name = "account" },
            } } },
            scope = { project = { name = "cn-north-4" } },
        } }, cjson.decode(request.body))
        fakes.assert_hidden(made.events, { "hidden" })
    end)

    it("is for the project that is named, or the client's", function()
        for _, case in ipairs {
            { { project_id = "p1" }, {}, { id = "p1" } },
            { { project_name = "cn-north-4_x" }, { project_id = "p2" }, { name = "cn-north-4_x" } },
            { {}, { project_id = "p2", region = "r" }, { id = "p2" } },
            { {}, { region = "r" }, { name = "r" } },
        } do
            local made = world({ fakes.token_answer "t" }, case[1], case[2])
            assert(made.get())
            assert.same(case[3], cjson.decode(made.requests[1].body).auth.scope.project)
        end
        local err = refusal({}, nil, {})
        assert.same({ "IAM user: neither a project nor a region is known",
            "Set `region` or `project_id`, or project_name in `credentials`." }, { err.message, err.hint })
    end)

    it("comes with a passcode when there is one", function()
        local made = world({ fakes.token_answer "t" }, { passcode = "123456", user_id = "u1" })
        assert(made.get())
        local identity = cjson.decode(made.requests[1].body).auth.identity
        assert.same({ "password", "totp" }, identity.methods)
        assert.same({ user = { id = "u1", passcode = "123456" } }, identity.totp)
        local err = refusal({}, { passcode = "123456" })
        assert.same({ "IAM user: passcode is set but user_id is not",
            "Set user_id in `credentials`, too (console: My Credentials)." }, { err.message, err.hint })
        err = refusal({ { status = 401, body = '{"error_code":"X.1","error_msg":"no 123456"}' } },
            { passcode = "123456", user_id = "u1" })
        assert.equal("IAM user ops: no ***", err.message)
    end)

    it("needs the account", function()
        local err = refusal({}, { domain = false })
        assert.same({ "IAM user: domain is missing",
            "Set domain in `credentials` to the name of the account that the user belongs to." },
            { err.message, err.hint })
    end)

    it("goes to another IAM when that is named", function()
        local made = world({ fakes.token_answer "t" }, { iam_endpoint = "https://iam.other" })
        assert(made.get())
        assert.equal("https://iam.other/v3/auth/tokens?nocatalog=true", made.requests[1].url)
    end)

    it("is asked once for a token's life", function()
        local made = world { fakes.token_answer "one", fakes.token_answer("two", 200000) }
        assert.equal("one", made.get().token)
        made.clock = made.clock + 43000
        assert.equal("one", made.get().token)
        made.clock = made.clock + 30000
        assert.equal("two", made.get().token)
    end)

    it("that IAM refuses is told, and not tried again for a while", function()
        local err, made = refusal { { status = 401, headers = { ["x-iam-trace-id"] = "t-1" },
            body = cjson.encode { error = { code = 401, message = "The username or password " .. PASSWORD
                .. " is wrong.", title = "Unauthorized" } } } }
        assert.equal("credentials", err.kind)
        assert.equal(401, err.status)
        assert.equal("t-1", err.request_id)
        assert.equal("IAM user ops: The username or password *** is wrong.", err.message)
        assert.matches("IAM locks a user", err.hint)
        made.get()
        assert.equal(1, #made.requests)
    end)

    it("does not show when a proxy's page repeats what was sent", function()
        local made
        made = world { function(request)
            return { status = 403, body = "<html>blocked: " .. request.body .. "</html>" }
        end }
        local keys, err = made.get()
        assert.is_nil(keys)
        fakes.assert_hidden({ err, made.events }, { "hidden", "pass%word" })
    end)

    it("is not shown when IAM echoes it, however short it is and whatever is in it", function()
        for _, password in ipairs { "x", "pw", "abc", "a1b2c", "hid\0den", "\0", "a  b c" } do
            local err = refusal({ { status = 401, body = cjson.encode { error = { code = 401, title = "Unauthorized",
                message = ("The password '%s' is wrong."):format(password) } } } }, { password = password })
            assert.equal("IAM user ops: The password '***' is wrong.", err.message)
        end
    end)

    it("meets IAM's other refusals by their kind", function()
        assert.equal("credentials", refusal({ { status = 403, body = "{}" } }).kind)
        local unknown = refusal { { status = 404, body = "{}" } }
        assert.same({ "credentials", "Check the account's name, the agency's name and iam_endpoint." },
            { unknown.kind, unknown.hint })
        assert.equal("throttled", refusal({ { status = 429,
            body = '{"error":{"code":"IAM.0012","message":"slow"}}' } }).kind)
        assert.equal("service", refusal({ { status = 500, body = "{}" } }).kind)
        assert.equal("network", refusal({ { failure = { kind = "network", code = "connect", message = "no" } } }).kind)
    end)

    it("is tried again when IAM fails for a moment", function()
        local made = world({ { status = 500 }, { status = 429 }, fakes.token_answer "t" }, nil,
            { region = "r", retries = 3 })
        assert.equal("t", assert(made.get()).token)
        assert.equal(3, #made.requests)
    end)

    it("is not believed without a token, or with one that is over", function()
        for reason, answer in pairs {
            ["IAM's answer holds no token"] = { status = 201, body = "<html>" },
            ["IAM's answer holds a token, but its expiry time is missing or malformed"] =
                fakes.token_answer("hidden", 0, { expires_at = "soon" }),
            ["IAM's answer holds a token, but it had already expired"] = fakes.token_answer("hidden", -5),
        } do
            assert.equal("IAM user ops: " .. reason, refusal({ answer }).message)
        end
    end)
end)
