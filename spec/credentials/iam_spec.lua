local cjson = require "cjson"
local errors = require "dwsync.errors"
local fakes = require "spec.support.credentials"
local iam = require "dwsync.credentials.iam"

local FILE = "/var/run/token"
local OTHER = "https://iam.other"

-- The sources that ask IAM: options, and its good answers in turn.
local function sources()
    return {
        agency = { { source = "agency", agency_name = "auditor", domain = "customer",
            from = { ak = "AKBASE", sk = "hidden" } }, { fakes.keys_answer "AK" } },
        oidc = { { source = "oidc", idp_id = "idp", id_token_file = FILE },
            { fakes.token_answer "hidden-t", fakes.keys_answer "AK" } },
        password = { { source = "password", user = "ops", password = "hidden", domain = "account" },
            { fakes.token_answer "hidden-t" } },
    }
end

local function world(source, answers, iam_endpoint)
    source[1].iam_endpoint = iam_endpoint
    return fakes.world { credentials = source[1], answers = answers or source[2], files = { [FILE] = "hidden-jwt" },
        region = "cn-north-4" }
end

describe("what IAM is asked for", function()
    it("goes to the IAM that the source names, which the credentials remember", function()
        for name, source in pairs(sources()) do
            for _, endpoint in ipairs { OTHER, false } do
                local made = world(source, nil, endpoint or nil)
                local keys = assert(made.get())
                assert.equal(endpoint or nil, keys.iam_endpoint, name)
                assert.equal(#source[2], #made.requests)
                for _, request in ipairs(made.requests) do
                    local start = (endpoint or "https://iam.example") .. "/v3"
                    assert.equal(start, request.url:sub(1, #start), name)
                end
            end
        end
    end)

    it("goes nowhere when the source names an address that cannot be", function()
        local wrong = errors.new { kind = "config", message = "iam_endpoint is wrong" }
        for name, source in pairs(sources()) do
            local made = world(source, nil, "nonsense")
            made.context.iam_endpoints = function(text)
                return nil, text == "nonsense" and wrong
            end
            local keys, err = made.get()
            assert.is_nil(keys, name)
            assert.equal(wrong, err, name)
            assert.same({}, made.requests)
        end
    end)

    it("is asked for within the caller's time", function()
        for name, source in pairs(sources()) do
            local made = world(source)
            assert(made.get(7))
            for _, request in ipairs(made.requests) do
                assert.equal(7, request.timeout, name)
            end
            local perform
            made = world(source)
            perform, made.runtime.perform = made.runtime.perform, function(request)
                made.clock = made.clock + 7
                perform(request)
                return nil, { kind = "network", code = "connect", message = "no" }
            end
            local _, err = made.get(7)
            assert.equal("network", err.kind, name)
            assert.equal(1, #made.requests)
        end
    end)

    it("is refused with all that the answer says, and the cause", function()
        local source = sources().password
        local made = world(source, { { status = 403, headers = { ["x-request-id"] = "r-1" },
            body = '{"error_code":"IAM.0011","error_msg":"no right"}' } })
        local _, err = made.get()
        assert.same({ "credentials", "IAM user ops: no right", 403, "IAM.0011", "r-1", 1, false },
            { err.kind, err.message, err.status, err.code, err.request_id, err.attempts, err.retryable })
        assert.equal("permission", err.cause.kind)
        assert.equal("no right", err.cause.message)
    end)

    it("is refused with a hint that fits: the source's own, that of the kind, or that of what failed", function()
        local account = "Check the account's name, the agency's name and iam_endpoint."
        local right = "Ask the account's administrator for the right to get tokens or to switch to that agency."
        local locks = "Check user, account and password (and the passcode): IAM locks a user after a few refusals."
        for _, case in ipairs {
            { "agency", 403, right }, { "agency", 404, account }, { "password", 403, right },
            { "password", 404, account }, { "password", 401, locks },
        } do
            local _, err = world(sources()[case[1]], { { status = case[2], body = "{}" } }).get()
            assert.same({ "credentials", case[3] }, { err.kind, err.hint }, case[1])
        end
        for status, kind in pairs { [429] = "throttled", [500] = "service" } do
            local _, err = world(sources().agency, { { status = status, body = "{}" } }).get()
            assert.same({ kind, err.cause.hint, true }, { err.kind, err.hint, err.retryable })
            assert.is_string(err.hint)
        end
    end)
end)

describe("IAM's token", function()
    local function token(answer)
        local made = fakes.world { answers = { answer } }
        local call = { limits = made.limits() }
        local fields, err = iam.token(made.context, "/v3/auth/tokens", { some = "thing" }, call, "a source")
        assert.same({ auth = { some = "thing" } }, cjson.decode(made.requests[1].body))
        return fields, err
    end

    it("is for a project where the answer names one", function()
        for project, id in pairs { ['{"id":"p1"}'] = "p1", ["{}"] = false, ['{"id":7}'] = false, ['"p1"'] = false } do
            local fields = assert(token { status = 201, headers = { ["x-subject-token"] = "t" },
                body = ('{"token":{"expires_at":"%s","project":%s}}'):format(fakes.after(60), project) })
            assert.same({ token = "t", expires_at = fakes.START + 60, project_id = id or nil, source = "a source" },
                fields)
        end
    end)

    it("is missing where the header, the body or its part is", function()
        local body = ('{"token":{"expires_at":"%s"}}'):format(fakes.after(60))
        for _, case in ipairs { { nil, body }, { "", body }, { "t", "{}" }, { "t", '{"token":"t"}' }, { "t", "" },
            { "t", "<html>" } } do
            local fields, err = token { status = 201, headers = { ["x-subject-token"] = case[1] }, body = case[2] }
            assert.is_nil(fields)
            assert.same({ "credentials", "a source: IAM's answer holds no token", 201,
                "Check that the address is the service itself and not a proxy or login page." },
                { err.kind, err.message, err.status, err.hint })
        end
    end)

    it("expires after it came", function()
        for seconds, good in pairs { [0] = false, [1] = true, [-1] = false } do
            local fields, err = token(fakes.token_answer("t", seconds))
            assert.equal(good, fields ~= nil)
            assert.equal(not good and "a source: IAM's answer holds a token, but it had already expired" or nil,
                err and err.message)
        end
    end)
end)
