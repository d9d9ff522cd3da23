local Api = require "dwsync.api"
local core = require "dwsync.core"
local key_guard = require "dwsync.key_guard"

local START = 1761389392 -- 2025-10-25T10:49:52Z
local KEYS = { ak = "AKEXAMPLE", sk = "hidden-sk+/=%", security_token = "hidden-token" }

-- A runtime whose clock only sleep moves. `answers`: what each request gets, in turn: a response, or {nil, err}; the
-- last one stays. Requests are noted.
local function new_runtime(answers)
    local runtime = { requests = {}, slept = {}, clock = START }
    function runtime.now() return runtime.clock end
    function runtime.sleep(seconds)
        runtime.slept[#runtime.slept + 1] = seconds
        runtime.clock = runtime.clock + seconds
    end
    function runtime.perform(request)
        runtime.requests[#runtime.requests + 1] = request
        runtime.clock = runtime.clock + (runtime.takes or 0)
        local answer = answers[math.min(#runtime.requests, #answers)]
        if answer.failure then
            return nil, answer.failure
        end
        return { status = answer.status, headers = answer.headers or {}, body = answer.body or "" }
    end
    return runtime
end

local function new_api(runtime, changes)
    local events = {}
    local settings = {
        runtime = runtime,
        endpoints = { dws = { "https://one.example", "https://two.example", "https://three.example" },
            iam = { "https://iam.example" } },
        given_credentials = KEYS,
        context = {},
        guard = key_guard.new(),
        transport = { connect_timeout = 10, ca_file = "/ca.pem" },
        retries = 3,
        attempt_timeout = 30,
        random = function() return 0.5 end,
        emit = function(event) events[#events + 1] = event end,
    }
    for name, value in pairs(changes or {}) do
        settings[name] = value
    end
    return Api.new(settings), events
end

local function get(api, headers)
    return api:get("dws", "/v1/p/x?limit=1", { keys = KEYS, headers = headers or {}, deadline = START + 60,
        timeout = 60 })
end

local OK = { status = 200, body = "{}" }

local function failing(code)
    local kind = (code == "connect" or code == "resolve") and "network" or "tls"
    return { failure = { kind = kind, code = code, message = "cannot " .. code } }
end

local function urls(runtime)
    local list = {}
    for i, request in ipairs(runtime.requests) do
        list[i] = request.url
    end
    return list
end

local function refused(text, headers)
    return { status = 401, headers = headers, body = ('{"error_code":"APIGW.0301","error_msg":"Incorrect IAM '
        .. 'authentication information: %s"}'):format(text) }
end

describe("a request", function()
    it("is a GET to the endpoint, signed, within the time of one attempt", function()
        local runtime = new_runtime { OK }
        local response = get((new_api(runtime)), { ["X-Project-Id"] = "p" })
        assert.equal(200, response.status)
        local request = runtime.requests[1]
        assert.equal("GET", request.method)
        assert.equal("https://one.example/v1/p/x?limit=1", request.url)
        assert.equal(30, request.timeout)
        assert.equal(10, request.connect_timeout)
        assert.equal("/ca.pem", request.ca_file)
        assert.equal("20251025T104952Z", request.headers["X-Sdk-Date"])
        assert.equal("hidden-token", request.headers["X-Security-Token"])
        assert.equal("p", request.headers["X-Project-Id"])
    end)

    it("signs X-Project-Id and the security token, as the core does", function()
        local runtime = new_runtime { OK }
        get((new_api(runtime)), { ["X-Project-Id"] = "p" })
        local expected = core.sign({ method = "GET", url = "https://one.example/v1/p/x?limit=1",
            headers = { ["X-Project-Id"] = "p" } }, KEYS, "20251025T104952Z")
        assert.equal(expected.Authorization, runtime.requests[1].headers.Authorization)
        assert.is_truthy(expected.Authorization:find("SignedHeaders=host;x-project-id;x-sdk-date;x-security-token", 1,
            true))
    end)

    it("has what is left of the deadline when that is less than one attempt may take", function()
        local runtime = new_runtime { OK }
        new_api(runtime):get("dws", "/", { keys = KEYS, headers = {}, deadline = START + 7, timeout = 7 })
        assert.equal(7, runtime.requests[1].timeout)
    end)

    it("is not sent when it cannot be signed", function()
        local runtime = new_runtime { OK }
        local keys = { ak = "AK", sk = "hidden", algorithm = "nope" }
        local response, err = new_api(runtime):get("dws", "/", { keys = keys, headers = {}, deadline = START + 60,
            timeout = 60 })
        assert.is_nil(response)
        assert.equal("config", err.kind)
        assert.equal('credentials: unknown signing algorithm "nope"', err.message)
        assert.equal(0, #runtime.requests)
    end)

    it("leaves the caller's headers alone", function()
        local headers = { ["X-Project-Id"] = "p" }
        get((new_api(new_runtime { OK })), headers)
        assert.same({ ["X-Project-Id"] = "p" }, headers)
    end)
end)

describe("attempts of a request", function()
    it("have a fresh date and signature each", function()
        local runtime = new_runtime { { status = 503 }, { status = 503, headers = { ["retry-after"] = "5" } }, OK }
        local response = get((new_api(runtime)))
        assert.equal(200, response.status)
        assert.same({ 0.25, 5 }, runtime.slept)
        local dates, signatures = {}, {}
        for i, request in ipairs(runtime.requests) do
            dates[i] = request.headers["X-Sdk-Date"]
            signatures[request.headers.Authorization] = true
        end
        assert.same({ "20251025T104952Z", "20251025T104952Z", "20251025T104957Z" }, dates)
        local distinct = 0
        for _ in pairs(signatures) do
            distinct = distinct + 1
        end
        assert.equal(2, distinct) -- the first two fall into one second
    end)

    it("never move to another endpoint for an HTTP status", function()
        for _, status in ipairs { 500, 502, 503, 504, 429 } do
            local runtime = new_runtime { { status = status } }
            local _, err = get((new_api(runtime)))
            assert.equal(status, err.status)
            assert.equal(4, err.attempts)
            for _, url in ipairs(urls(runtime)) do
                assert.equal("https://one.example/v1/p/x?limit=1", url)
            end
        end
    end)

    it("are not repeated for a status that stays", function()
        for _, status in ipairs { 301, 400, 401, 403, 404, 405, 417, 501 } do
            local runtime = new_runtime { { status = status } }
            local _, err = get((new_api(runtime)))
            assert.equal(status, err.status)
            assert.equal(1, #runtime.requests)
        end
    end)

    it("are not repeated when the signature is refused: the key would be locked", function()
        for _, text in ipairs { "verify aksk signature fail", "AK access failed to reach the limit,forbidden",
            "Get secretKey failed,ak:AKEXAMPLE,err:ak not exist", "decrypt token fail", "token expires, expires_at:x",
            "x-auth-token not found", "Unauthorized" } do
            local runtime = new_runtime { refused(text, { date = "Sat, 25 Oct 2025 12:49:52 GMT" }) }
            local _, err = get((new_api(runtime)))
            assert.equal("auth", err.kind)
            assert.equal(1, #runtime.requests, text)
            assert.same({}, runtime.slept)
        end
    end)
end)

describe("several endpoints", function()
    it("are tried in turn when a name does not resolve or the handshake fails, without a pause", function()
        for _, code in ipairs { "resolve", "handshake", "certificate" } do
            local runtime = new_runtime { failing(code), failing(code), OK }
            assert.equal(200, get((new_api(runtime))).status)
            assert.same({ "https://one.example/v1/p/x?limit=1", "https://two.example/v1/p/x?limit=1",
                "https://three.example/v1/p/x?limit=1" }, urls(runtime))
            assert.same({}, runtime.slept)
        end
    end)

    it("are signed each for itself", function()
        local runtime = new_runtime { failing "resolve", OK }
        get((new_api(runtime)))
        assert.equal("one.example", runtime.requests[1].headers.Host)
        assert.equal("two.example", runtime.requests[2].headers.Host)
    end)

    it("stay where they are for any other failure", function()
        for _, code in ipairs { "connect", "timeout", "reset", "too_large" } do
            local runtime = new_runtime { { failure = { kind = "network", code = code, message = "m" } }, OK }
            assert.equal(200, get((new_api(runtime))).status)
            assert.same({ "https://one.example/v1/p/x?limit=1", "https://one.example/v1/p/x?limit=1" }, urls(runtime))
        end
    end)

    it("begin with the one that answered last", function()
        local runtime = new_runtime { failing "resolve", OK, OK, failing "resolve", OK }
        local api = new_api(runtime)
        get(api)
        get(api)
        get(api)
        local hosts = {}
        for i, url in ipairs(urls(runtime)) do
            hosts[i] = url:match "//(%w+)"
        end
        assert.same({ "one", "two", "two", "two", "three" }, hosts)
    end)

    it("give the last failure when all fail", function()
        local runtime = new_runtime { failing "certificate" }
        local response, err = get((new_api(runtime)))
        assert.is_nil(response)
        assert.equal("tls", err.kind)
        assert.equal("certificate", err.code)
        assert.equal(3, #runtime.requests)
    end)

    it("are remembered apart for each service", function()
        local runtime = new_runtime { failing "resolve", OK, OK }
        local api = new_api(runtime)
        get(api)
        api:get("iam", "/v3/projects", { keys = KEYS, headers = {}, deadline = START + 60, timeout = 60 })
        assert.equal("https://iam.example/v3/projects", runtime.requests[3].url)
    end)
end)

describe("a wrong clock", function()
    local EXPIRED = "signature expired, signature time:20251025T104952Z, server time:20251025T124952Z"
    local LATER = { date = "Sat, 25 Oct 2025 12:49:52 GMT" }

    it("is put right once, from the service's own date, and stays right", function()
        local runtime = new_runtime { refused(EXPIRED, LATER), OK, OK }
        local api, events = new_api(runtime)
        assert.equal(200, get(api).status)
        assert.equal("20251025T124952Z", runtime.requests[2].headers["X-Sdk-Date"])
        assert.equal(7200, api.clock_offset)
        get(api)
        assert.equal("20251025T124952Z", runtime.requests[3].headers["X-Sdk-Date"])
        local clocks = {}
        for _, event in ipairs(events) do
            clocks[#clocks + 1] = event.type == "clock" and event.skew or nil
        end
        assert.same({ 7200 }, clocks)
        assert.same({}, runtime.slept)
    end)

    it("is put right when it is fast, too", function()
        local runtime = new_runtime { refused("signature expired", { date = "Sat, 25 Oct 2025 09:49:52 GMT" }), OK }
        local api = new_api(runtime)
        assert.equal(200, get(api).status)
        assert.equal(-3600, api.clock_offset)
        assert.equal("20251025T094952Z", runtime.requests[2].headers["X-Sdk-Date"])
    end)

    it("is given up when the service refuses the corrected date as well", function()
        local runtime = new_runtime { refused(EXPIRED, LATER) }
        local response, err = get((new_api(runtime)))
        assert.is_nil(response)
        assert.equal("clock", err.kind)
        assert.equal(2, #runtime.requests)
    end)

    it("is not the explanation when the service's date agrees with it, or is not told", function()
        for _, headers in ipairs { {}, { date = "Sat, 25 Oct 2025 10:50:20 GMT" }, { date = "nonsense" } } do
            local runtime = new_runtime { refused(EXPIRED, headers) }
            local api = new_api(runtime)
            local _, err = get(api)
            assert.equal("clock", err.kind)
            assert.equal(1, #runtime.requests)
            assert.equal(0, api.clock_offset)
        end
    end)
end)

describe("events", function()
    it("tell each attempt, with what came of it", function()
        local runtime = new_runtime { { status = 503, headers = { ["x-request-id"] = "r-1" }, body = "busy" },
            failing "connect", { status = 200, headers = { ["x-request-id"] = "r-3" } } }
        runtime.takes = 0.5
        local api, events = new_api(runtime)
        get(api)
        local types = {}
        for i, event in ipairs(events) do
            types[i] = event.type
        end
        assert.same({ "attempt", "retry", "attempt", "retry", "attempt" }, types)
        assert.equal("GET", events[1].method)
        assert.equal("https://one.example/v1/p/x?limit=1", events[1].url)
        assert.equal(503, events[1].status)
        assert.equal("r-1", events[1].request_id)
        assert.equal(0.5, events[1].seconds)
        assert.equal("service", events[1].error.kind)
        assert.equal(events[1].error, events[2].error)
        assert.equal(0.25, events[2].pause)
        assert.is_nil(events[3].status)
        assert.equal("network", events[3].error.kind)
        assert.equal("r-3", events[5].request_id)
        assert.is_nil(events[5].error)
    end)

    it("tell each endpoint that was tried", function()
        local api, events = new_api(new_runtime { failing "resolve", OK })
        get(api)
        assert.equal("https://one.example/v1/p/x?limit=1", events[1].url)
        assert.equal("https://two.example/v1/p/x?limit=1", events[2].url)
    end)
end)

describe("secrets", function()
    local function assert_hidden(value, seen)
        if type(value) == "string" then
            assert.is_nil(value:find("hidden", 1, true), value)
        elseif type(value) == "table" and not seen[value] then
            seen[value] = true
            for _, item in pairs(value) do
                assert_hidden(item, seen)
            end
        end
    end

    it("stay out of errors and events on every way to fail", function()
        local echo = "verify aksk signature fail,canonicalRequest:GET|/||x-security-token:hidden-token|"
            .. "authorization:hidden||e3b0"
        for _, answer in ipairs {
            refused(echo),
            { status = 401, body = "X-Security-Token: hidden-token\nAuthorization: hidden" },
            { status = 400, body = '{"error_code":"E.1","error_msg":"your key is hidden-sk+/=%"}' },
            { status = 500, body = "sk=hidden-sk+/=%, token=hidden-token" },
            { status = 302, headers = { location = "https://x.example/?token=hidden-token" } },
            { failure = { kind = "network", code = "connect", message = "sent hidden-token, hidden-sk+/=%" } },
            { failure = "could not send hidden-token" },
        } do
            local api, events = new_api(new_runtime { answer })
            local response, err = get(api, { ["X-Project-Id"] = "p" })
            assert.is_nil(response)
            assert_hidden(err, {})
            assert_hidden(tostring(err), {})
            assert_hidden(events, {})
            assert.is_true(#events > 0)
        end
    end)
end)

describe("credentials of an api", function()
    it("are found anew each time", function()
        local calls = 0
        local api = new_api(new_runtime { OK }, { given_credentials = function()
            calls = calls + 1
            return { ak = "AK" .. calls, sk = "SK" }
        end })
        assert.equal("AK1", api:resolve_credentials().ak)
        assert.equal("AK2", api:resolve_credentials().ak)
    end)

    it("may be missing", function()
        local keys, err = new_api(new_runtime { OK }, { given_credentials = {} }):resolve_credentials()
        assert.is_nil(keys)
        assert.equal("credentials", err.kind)
    end)
end)
