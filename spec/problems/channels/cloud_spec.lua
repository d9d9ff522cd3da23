local cloud = require "dwsync.problems.channels.cloud"
local errors = require "dwsync.errors"

local NOW = 1747637723000
local PROJECT = "0123456789abcdef0123456789abcdef"

-- A request of a channel that was made ready, or what was wrong: nothing goes out.
local function request_of(declared, world, place, service)
    local asked
    local channel = {}
    local given = { getenv = function(name) return (world.environment or {})[name] end,
        read_file = function() return nil, "no such file" end, client = world.client, accounts = world.accounts,
        runtime = { now = os.time, sleep = function() end, perform = function(request)
            asked = request
            return nil, { kind = "network", code = "connect", message = "refused" }
        end } }
    local good, reason, hint = cloud.prepare(channel, declared, given, service or "SMN", place or {})
    if not good then
        return nil, reason, hint
    end
    local response, err = channel.client:post("v2", "/x", "{}")
    assert.is_nil(response)
    assert.equal("network", err.kind)
    return asked, channel, err
end

local KEYS = { ak = "AK-OF-HERE", sk = "sk-of-here" }

describe("a channel of a service of the cloud", function()
    it("asks its place with the options of the commands, but for what it says itself, once and not for long", function()
        local client = { credentials = KEYS, region = "cn-north-4", project_id = PROJECT,
            endpoint = "https://dws.example", retries = 5, timeout = 90, connect_timeout = 40 }
        local asked, channel, err = request_of({}, { client = client })
        assert.equal("https://smn.cn-north-4.myhuaweicloud.com/v2/" .. PROJECT .. "/x", asked.url)
        assert.equal("smn.cn-north-4.myhuaweicloud.com", channel.host)
        assert.same({ "POST", 5, 1 }, { asked.method, asked.connect_timeout, err.attempts or 1 })
        assert.is_true(asked.timeout > 5 and asked.timeout <= 10)
        assert.matches("^SDK%-HMAC%-SHA256 Access=AK%-OF%-HERE,", asked.headers.Authorization)
        assert.same({ "https://dws.example", 5 }, { client.endpoint, client.retries }) -- as it was given

        local other = PROJECT:reverse()
        asked = request_of({}, { client = client }, { region = "eu-west-101", project_id = other })
        assert.matches("^https://smn%.eu%-west%-101%.[%w.]+/v2/" .. other .. "/x$", asked.url)
        asked = request_of({ endpoint = "https://one.example,https://two.example" }, { client = client })
        assert.matches("^https://one%.example/v2/", asked.url)
    end)

    it("takes its region from the environment where nothing else names one", function()
        local client = { credentials = KEYS, project_id = PROJECT }
        local asked = request_of({}, { client = client, environment = { DWSYNC_REGION = "cn-east-3" } })
        assert.matches("^https://smn%.cn%-east%-3%.", asked.url)
        local _, reason, hint = request_of({}, { client = client })
        assert.is_true(#reason > 0 and #hint > 0)
    end)

    it("has a CA and plain HTTP of its own, or those of the commands", function()
        local client = { credentials = KEYS, region = "r-1", project_id = PROJECT, ca_file = "README.md",
            allow_http = true }
        local own = { endpoint = "https://smn.example", ca_file = "LICENSE" }
        assert.equal("LICENSE", request_of(own, { client = client }).ca_file)
        assert.equal("README.md", request_of({ endpoint = "https://smn.example" }, { client = client }).ca_file)
        local plain = { endpoint = "http://smn.example" }
        assert.matches("^http://smn.example/", request_of(plain, { client = client }).url)
        client.allow_http = nil
        assert.is_nil((request_of(plain, { client = client })))
        plain.allow_http = true
        assert.matches("^http://smn.example/", request_of(plain, { client = client }).url)
    end)

    it("asks as an account that it names, and says which there is not", function()
        local account = { credentials = { ak = "AK-OF-HQ", sk = "sk" }, region = "cn-east-3", project_id = PROJECT }
        local world = { client = { credentials = KEYS, region = "cn-north-4", project_id = PROJECT },
            accounts = { hq = account } }
        local asked = request_of({ account = "hq" }, world)
        assert.matches("Access=AK%-OF%-HQ,", asked.headers.Authorization)
        assert.matches("cn%-east%-3", asked.url)
        for _, without in ipairs { world, {} } do
            assert.same({ nil, "there is no account 'nobody'", "It is one of the inventory of a fleet; leave it out to "
                .. "use the credentials that are found elsewhere, too." },
                { request_of({ account = "nobody" }, without) })
        end
    end)

    it("signs for its service where the algorithm wants to know it", function()
        local client = { credentials = KEYS, region = "cn-north-4", project_id = PROJECT,
            algorithm = "V11-HMAC-SHA256" }
        assert.matches("/cn%-north%-4/smn,", request_of({}, { client = client }).headers.Authorization)
        assert.matches("/cn%-north%-4/ces,", request_of({}, { client = client }, nil, "CES").headers.Authorization)
    end)

    it("has options of all of them, and its own before those", function()
        local own = { kind = "string" }
        local options = cloud.options { topic = own, account = own }
        assert.same({ own, own, cloud.OPTIONS.endpoint }, { options.topic, options.account, options.endpoint })
    end)
end)

describe("the failure of a request to the cloud", function()
    -- kind, code, status, what it means when it may be sent twice, and when it must not
    local CASES = {
        { "request", nil, 400, "refused", "refused" }, { "not_found", nil, 404, "refused", "refused" },
        { "config", nil, nil, "refused", "refused" },
        { "auth", nil, 401, "later", "later", 300000 }, { "permission", nil, 403, "later", "later", 300000 },
        { "credentials", nil, nil, "later", "later", 300000 }, { "clock", nil, 401, "later", "later", 300000 },
        { "timeout", nil, nil, "later", "unknown" }, { "decode", nil, 200, "later", "unknown" },
        { "service", nil, 504, "later", "unknown" }, { "service", nil, 503, "later", "later" },
        { "throttled", nil, 429, "later", "later" }, { "tls", "handshake", nil, "later", "later" },
        { "network", nil, nil, "later", "unknown" }, { "network", "reset", nil, "later", "unknown" },
        { "network", "resolve", nil, "later", "later" }, { "network", "connect", nil, "later", "later" },
        { "network", "handshake", nil, "later", "later" }, { "network", "certificate", nil, "later", "later" },
        { "network", "descriptors", nil, "later", "later" },
    }

    it("is final, may pass, or leaves it unknown whether something was done", function()
        for _, case in ipairs(CASES) do
            local err = errors.new { kind = case[1], code = case[2], status = case[3], message = "m" }
            for i, repeatable in ipairs { true, false } do
                assert.same({ case[3 + i], errors.summary(err), case[6] and NOW + case[6] },
                    { cloud.outcome(err, repeatable, NOW) })
            end
        end
    end)

    it("is waited for as long as the service asks", function()
        local err = errors.new { kind = "throttled", status = 429, message = "m", retry_after = 7 }
        assert.same({ "later", errors.summary(err), NOW + 7000 }, { cloud.outcome(err, false, NOW) })
    end)
end)
