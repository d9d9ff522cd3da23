local cache = require "dwsync.credentials.cache"
local cjson = require "cjson"
local fakes = require "spec.support.credentials"

local function world(answers, more, given)
    local options = { source = "agency", agency_name = "auditor", domain = "customer",
        from = { ak = "AKBASE", sk = "hidden-base" } }
    for name, value in pairs(more or {}) do
        options[name] = value or nil
    end
    given = given or {}
    given.answers, given.credentials = answers, options
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

describe("an agency", function()
    it("is asked for with a signature of another source's keys", function()
        local made = world { fakes.keys_answer "AKAGENCY" }
        local keys = assert(made.get())
        assert.equal("AKAGENCY", keys.ak)
        assert.equal("dwsync.credentials: access key AKAGENCY from agency auditor", tostring(keys))
        local request = made.requests[1]
        assert.equal("https://iam.example/v3.0/OS-CREDENTIAL/securitytokens", request.url)
        assert.matches("^SDK%-HMAC%-SHA256 Access=AKBASE, SignedHeaders=host;x%-sdk%-date, ",
            request.headers.Authorization)
        assert.same({ auth = { identity = { methods = { "assume_role" }, assume_role = {
            agency_name = "auditor", domain_name = "customer", duration_seconds = 21600,
        } } } }, cjson.decode(request.body))
    end)

    it("is asked for with a token, which is not signed", function()
        local made = world({ fakes.keys_answer "AKAGENCY" }, { from = { source = "token", token = "hidden" } })
        assert(made.get())
        assert.equal("hidden", made.requests[1].headers["X-Auth-Token"])
        assert.is_nil(made.requests[1].headers.Authorization)
    end)

    it("is asked for with the default chain's keys when no others are named", function()
        local made = world({ fakes.keys_answer "AKAGENCY" }, { from = false, duration = 900, domain = false,
            domain_id = "d1" }, { variables = { HUAWEICLOUD_SDK_AK = "AKENV", HUAWEICLOUD_SDK_SK = "hidden" } })
        assert(made.get())
        assert.matches("Access=AKENV,", made.requests[1].headers.Authorization)
        assert.same({ agency_name = "auditor", domain_id = "d1", duration_seconds = 900 },
            cjson.decode(made.requests[1].body).auth.identity.assume_role)
    end)

    it("is asked for again where anything about whose keys ask differs, and else shared", function()
        local shared = cache.new()
        local function requests(from, variables)
            local made = world({ fakes.keys_answer "AKAGENCY" }, { from = from }, { cache = shared,
                variables = variables })
            assert(made.get())
            return #made.requests
        end
        local first = { HUAWEICLOUD_SDK_AK = "AK1", HUAWEICLOUD_SDK_SK = "hidden" }
        local other_key = { HUAWEICLOUD_SDK_AK = "AK1", HUAWEICLOUD_SDK_SK = "hidden-2" }
        local given = { ak = "AK1", sk = "hidden" }
        assert.same({ 1, 0, 1, 1 }, { requests(false, first), requests(false, first), requests(false, other_key),
            requests(given) })
        assert.same({ 0, 0, 0 }, { requests(false, first), requests(false, other_key), requests(given) })
        local function one() return given end
        local function another() return given end
        assert.same({ 1, 0, 1, 0, 0 }, { requests(one), requests(one), requests(another), requests(another),
            requests(one) })
    end)

    it("takes its account by name or id, the name first, for a whole number of seconds and a project", function()
        for _, case in ipairs {
            { { domain = "n", domain_id = "d" }, { domain_name = "n", duration_seconds = 21600 } },
            { { domain = false, domain_id = "d", duration = 1000.0 }, { domain_id = "d", duration_seconds = 1000 } },
        } do
            case[1].project_id, case[2].agency_name = "p1", "auditor"
            local made = world({ fakes.keys_answer "AK" }, case[1])
            assert.equal("p1", assert(made.get()).project_id)
            assert.same(case[2], cjson.decode(made.requests[1].body).auth.identity.assume_role)
        end
    end)

    it("is asked for with a file's keys, however often that is rewritten", function()
        local readings, count = { "[basic]\nak = AK1\nsk = hidden", "", "[basic]\nak = AK2\nsk = hidden" }, 0
        local made = world({ fakes.keys_answer "AK" }, { from = { source = "file", path = "/k" } })
        made.context.read_file = function()
            count = count + 1
            return readings[math.max(1, math.min(count - 1, #readings))] -- each call reads to know whose, then to ask
        end
        assert(made.get())
        assert(made.get())
        assert.matches("Access=AK1,", made.requests[1].headers.Authorization)
        assert.matches("Access=AK2,", made.requests[2].headers.Authorization)
    end)

    it("needs the account", function()
        assert.same({ "agency: domain is missing",
            "Set domain in `credentials` to the name of the account that made the agency." },
            { refusal({}, { domain = false }) })
    end)

    it("that is refused says why", function()
        assert.equal("agency auditor: You have no right", refusal { { status = 403,
            body = '{"error":{"code":403,"message":"You have no right","title":"Forbidden"}}' } })
        assert.equal("credentials: sk is missing although ak is set", refusal({}, { from = { ak = "A" } }))
    end)
end)
