-- Sources of credentials against the service on this machine: over its own sockets, with its own verification.
local dwsync = require "dwsync"
local emulators = require "spec.support.emulator"
local fakes = require "spec.support.credentials"
local patience = require "spec.support.patience"
local runtimes = require "spec.support.runtimes"

local service, healthy

setup(function()
    service = emulators.start()
    healthy = service:cluster "healthy"
end)
teardown(function()
    service:stop()
end)
before_each(function()
    service:reset()
end)

local function client_with(credentials, more)
    local options = { credentials = credentials }
    for name, value in pairs(more or {}) do
        options[name] = value
    end
    return service:client(options)
end

local function ask(client)
    return client:list_sync_records { cluster_id = healthy, limit = 3 }
end

local function login(more)
    local info = service.info
    local options = { source = "password", user = info.user, password = info.password, domain = info.domain }
    for name, value in pairs(more or {}) do
        options[name] = value
    end
    return options
end

local function count(uri, method)
    local found = 0
    for _, request in ipairs(service:journal().requests) do
        if request.uri:find(uri, 1, true) and (not method or request.method == method) then
            found = found + 1
        end
    end
    return found
end

describe("the metadata service", function()
    local function metadata()
        return { source = "metadata", endpoint = service.info.metadata_endpoint }
    end

    it("gives keys that the service takes, with session tokens or without", function()
        for _, mode in ipairs { "optional", "required" } do
            service:reset()
            service:set { metadata_token = mode }
            assert(ask(client_with(metadata())))
        end
    end)

    it("is asked once by many clients at once", function()
        local functions = {}
        for i = 1, 50 do
            local client = client_with(metadata())
            functions[i] = function() return ask(client) end
        end
        local _, errs = dwsync.gather(functions, { concurrency = 50 })
        assert.is_nil(next(errs))
        assert.equal(51, service:asked(51) - count("/api/token"))
        assert.equal(1, count "/securitykey")
    end)

    it("serves the default chain", function()
        local client = service:client { credentials = false, metadata = service.info.metadata_endpoint,
            read_file = function() return nil, "not there", true end }
        assert(ask(client))
    end)
end)

describe("Terraform's variables", function()
    local function client(variables)
        return service:client { credentials = false, metadata = false, project_id = false,
            read_file = function() return nil, "not there", true end,
            getenv = function(name) return variables[name] end }
    end

    it("ask as an agency, with keys or a user's password, named in each way", function()
        local info = service.info
        for _, base in ipairs {
            { HW_ACCESS_KEY = info.ak, HW_SECRET_KEY = info.sk },
            { HW_USER_NAME = info.user, HW_USER_PASSWORD = info.password, HW_DOMAIN_ID = info.domain_id },
            { HW_USER_ID = info.user_id, HW_USER_PASSWORD = info.password },
        } do
            assert(ask(client(base)))
            base.HW_ASSUME_ROLE_AGENCY_NAME, base.HW_ASSUME_ROLE_DOMAIN_NAME = info.agency, info.domain
            local agency = client(base)
            assert(ask(agency))
            assert.equal("agency " .. info.agency, agency:credentials().source)
        end
    end)
end)

describe("a clock", function()
    for _, seconds in ipairs { 899, -899 } do
        it(("that is %d s off is let pass"):format(seconds), function()
            service:set { clock_offset = seconds > 0 and seconds - 1 or seconds + 1 }
            patience.wait_until(function() -- a request that is seconds under way is beyond the limit
                local client = client_with { ak = service.info.ak, sk = service.info.sk }
                assert(ask(client))
                return client:clock_skew() == 0
            end, "a request that is not corrected")
        end)
    end

    for _, seconds in ipairs { 901, -901, 86400 } do
        it(("that is %d s off is corrected, once for all requests under way"):format(seconds), function()
            patience.wait_until(function() -- as above, and an answer that is seconds under way says an old time
                service:reset()
                service:set { clock_offset = seconds + (seconds > 0 and 1 or -1) }
                local client = client_with { ak = service.info.ak, sk = service.info.sk }
                local functions = {}
                for i = 1, 40 do
                    functions[i] = function() return ask(client) end
                end
                local _, errs = dwsync.gather(functions, { concurrency = 40 })
                assert.is_nil(next(errs))
                return math.abs(client:clock_skew() - seconds) < 4 and service:asked() <= 43
            end, "the clock to be corrected")
        end)
    end
end)

describe("the project of a region", function()
    it("is asked for with the keys, and told when there is none or there are two", function()
        for projects, says in pairs { [0] = "has no project", [2] = "has several projects" } do
            service:set { projects = projects }
            local page, err = ask(client_with({ ak = service.info.ak, sk = service.info.sk }, { project_id = false }))
            assert.is_nil(page)
            assert.equal("config", err.kind)
            assert.matches(says, err.message)
        end
    end)
end)

-- An emulator that knows no user issues no tokens either.
local function describe_login(title, body)
    if require("dwsync.emulator").LOGIN then
        describe(title, body)
    end
end

describe_login("a user's password", function()
    it("is exchanged for one token, which many requests use unsigned", function()
        local runtime, requests = runtimes.noted()
        local client = client_with(login(), { runtime = runtime, project_id = false })
        local functions = {}
        for i = 1, 50 do
            functions[i] = function() return ask(client) end
        end
        local _, errs = dwsync.gather(functions, { concurrency = 50 })
        assert.is_nil(next(errs))
        assert.equal(1, count("/v3/auth/tokens", "POST"))
        assert.equal(0, count "/v3/projects") -- the token says which project it is for
        for _, request in ipairs(requests) do
            assert.is_nil(request.headers.Authorization)
        end
    end)

    it("may give a token of 8 kB", function()
        service:set { token_bytes = 8192 }
        assert(ask(client_with(login())))
    end)

    it("that is wrong is told, and shows nowhere", function()
        local events = {}
        local client = client_with(login { password = "Wrong\"pass\\word" }, {
            on_event = function(event) events[#events + 1] = event end })
        local page, err = ask(client)
        assert.is_nil(page)
        assert.equal("credentials", err.kind)
        assert.equal(401, err.status)
        fakes.assert_hidden({ err, events, tostring(client) }, { "Wrong" })
    end)

    it("gives a fresh token once when the first expired early", function()
        for _, code in ipairs { "APIGW.0301", "APIGW.0307" } do
            service:reset()
            service:set { expired_token = code }
            local client = client_with(login())
            assert(ask(client))
            service:set { clock_offset = 90000 }
            assert(ask(client))
            assert.equal(2, count("/v3/auth/tokens", "POST"))
        end
    end)

    it("is read with every number of digits in its time of expiry", function()
        for _, digits in ipairs { 0, 3, 6, 9 } do
            service:reset()
            service:set { expiry_digits = digits }
            assert(ask(client_with(login())))
        end
    end)

    it("comes with a passcode", function()
        service:set { totp = "123456" }
        assert(ask(client_with(login { passcode = "123456", user_id = service.info.user_id })))
    end)
end)

describe_login("an agency", function()
    it("gives keys that the service takes", function()
        for _, spelling in ipairs { "access", "accessKeyId", "access_key_id" } do
            service:reset()
            service:set { key_spelling = spelling }
            assert(ask(client_with { source = "agency", agency_name = service.info.agency,
                domain = service.info.domain, from = { ak = service.info.ak, sk = service.info.sk } }))
        end
    end)
end)

describe_login("an id token", function()
    it("gives keys that the service takes", function()
        assert(ask(client_with({ source = "oidc", idp_id = service.info.idp_id, id_token_file = "/token" }, {
            read_file = function(path)
                assert.equal("/token", path)
                return "emulator-id-token\n"
            end,
        })))
    end)
end)

describe_login("a pod's identity", function()
    it("gives keys that the service takes", function()
        assert(ask(client_with({ source = "pod_identity", endpoint = service.info.metadata_endpoint .. "/pod-identity",
            token_file = "/token" }, { read_file = function() return "emulator-pod-token" end })))
    end)
end)

describe_login("a metadata service", function()
    it("without agency, without sessions, or with pages for people is told", function()
        for says, settings in pairs {
            ["this machine has no agency"] = { metadata_agency = false },
            ["ECS metadata"] = { metadata_answer = "html" },
        } do
            service:reset()
            service:set(settings)
            local page, err = ask(client_with { source = "metadata", endpoint = service.info.metadata_endpoint })
            assert.is_nil(page)
            assert.equal("credentials", err.kind)
            assert.matches(says, err.message)
        end
        for _, status in ipairs { 404, 405, 503 } do
            service:reset()
            service:set { metadata_token = status }
            assert(ask(client_with { source = "metadata", endpoint = service.info.metadata_endpoint }))
        end
    end)
end)

describe_login("each algorithm", function()
    for _, algorithm in ipairs { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "V11-HMAC-SHA256", "SDK-ECDSA-P256-SHA256",
        "SDK-SM2-SM3" } do
        it(algorithm .. " is taken by the service, with the project looked up first", function()
            local client = client_with({ ak = service.info.ak, sk = service.info.sk },
                { algorithm = algorithm, signing_service = "dws", project_id = false })
            assert(ask(client))
        end)
    end
end)
