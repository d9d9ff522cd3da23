local Api = require "dwsync.request"
local core = require "dwsync.core"
local fakes = require "spec.support.credentials"
local key_guard = require "dwsync.request.key_guard"

local START = 1761389392 -- 2025-10-25T10:49:52Z
local KEYS = { ak = "AKEXAMPLE", sk = "hidden-sk+/=%", security_token = "hidden-token" }

-- A runtime whose clock only sleep moves. `answers`: what each request gets, in turn: a response, or {nil, err}; the
-- last one stays. Requests are noted.
local function new_runtime(answers)
    local runtime = { requests = {}, slept = {}, clock = START, stepped = 0 }
    function runtime.now() return runtime.clock end
    function runtime.monotonic() return runtime.clock - runtime.stepped end
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

local function get(api, headers, deadline)
    return api:get("dws", "/v1/p/x?limit=1", { keys = KEYS, headers = headers or {}, deadline = deadline or START + 60,
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

    it("succeeds with any status from 200 to 299", function()
        for status, good in pairs { [199] = false, [200] = true, [201] = true, [299] = true, [300] = false } do
            local api = new_api(new_runtime { { status = status, headers = {}, body = "{}" } })
            assert.equal(good, get(api) ~= nil, status)
        end
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
        for _, status in ipairs { 500, 502, 503, 504, 429, 408, 421, 425 } do
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
        for _, status in ipairs { 301, 400, 401, 403, 404, 405, 407, 417, 501 } do
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

    it("whose certificate is refused are told with the CA that was trusted and this machine's time", function()
        for message, part in pairs { ["unable to get issuer"] = "/ca.pem", ["it has expired"] = "2025-10-25" } do
            local failure = { kind = "tls", code = "certificate", message = message }
            local api = new_api(new_runtime { { failure = failure } })
            local _, err = get(api)
            assert.truthy(err.hint:find(part, 1, true), err.hint)
            _, err = api:send_unsigned { url = "https://x", headers = {}, ca_file = "/ca.pem" }
            assert.truthy(err.hint:find(part, 1, true), err.hint)
        end
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
        assert.equal(7200, api:clock_skew())
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
        assert.equal(-3600, api:clock_skew())
        assert.equal("20251025T094952Z", runtime.requests[2].headers["X-Sdk-Date"])
    end)

    it("is given up when the service refuses the corrected date as well", function()
        local runtime = new_runtime { refused(EXPIRED, LATER) }
        local api, events = new_api(runtime)
        local response, err = get(api)
        assert.is_nil(response)
        assert.equal("clock", err.kind)
        assert.equal(2, #runtime.requests)
        local corrections = 0
        for _, event in ipairs(events) do
            corrections = corrections + (event.type == "clock" and 1 or 0)
        end
        assert.equal(1, corrections)
    end)

    it("is not the explanation when the service's date agrees with it, or is not told", function()
        for _, headers in ipairs { {}, { date = "Sat, 25 Oct 2025 10:50:20 GMT" }, { date = "nonsense" } } do
            local runtime = new_runtime { refused(EXPIRED, headers) }
            local api = new_api(runtime)
            local _, err = get(api)
            assert.equal("clock", err.kind)
            assert.equal(1, #runtime.requests)
            assert.equal(0, api:clock_skew())
        end
    end)

    it("by more than a day is not made up for, whatever date a refusal has", function()
        for date, iso in pairs { ["Thu, 01 Jan 1970 00:00:00 GMT"] = "1970-01-01T00:00:00.000Z",
            ["Fri, 31 Dec 9999 23:59:59 GMT"] = "9999-12-31T23:59:59.000Z",
            ["Fri, 24 Oct 2025 10:48:51 GMT"] = "2025-10-24T10:48:51.000Z",
            ["Sun, 26 Oct 2025 10:50:53 GMT"] = "2025-10-26T10:50:53.000Z" } do
            local runtime = new_runtime { refused(EXPIRED, { date = date }) }
            local api = new_api(runtime)
            local _, err = get(api)
            assert.equal("clock", err.kind)
            local distance = "; its date, %s, is more than a day from this machine's, 2025-10-25T10:49:52.000Z"
            assert.matches(distance:format(iso), err.message, 1, true)
            assert.equal("Set this machine's clock (NTP) if it is wrong: a difference beyond a day is not made up for.",
                err.hint)
            assert.equal(1, #runtime.requests)
            assert.equal(0, api:clock_skew())
        end
    end)

    it("is that of the endpoint in use, the first one before any answered", function()
        local runtime = new_runtime { failing "resolve", OK }
        local api = new_api(runtime)
        api.clock_offsets["https://one.example"], api.clock_offsets["https://two.example"] = 5, 7
        assert.equal(5, api:clock_skew())
        get(api)
        assert.equal(7, api:clock_skew())
        assert.same({ "20251025T104957Z", "20251025T104959Z" }, { runtime.requests[1].headers["X-Sdk-Date"],
            runtime.requests[2].headers["X-Sdk-Date"] })
    end)

    it("by a day is made up for", function()
        for date, skew in pairs { ["Fri, 24 Oct 2025 10:49:52 GMT"] = -86400,
            ["Sun, 26 Oct 2025 10:49:52 GMT"] = 86400 } do
            local api = new_api(new_runtime { refused(EXPIRED, { date = date }), OK })
            assert.equal(200, get(api).status)
            assert.equal(skew, api:clock_skew())
        end
    end)

    it("cannot creep further by one refusal after another", function()
        local runtime = new_runtime { refused(EXPIRED, { date = "Sun, 26 Oct 2025 10:00:00 GMT" }),
            refused(EXPIRED, { date = "Mon, 27 Oct 2025 09:00:00 GMT" }) }
        local api = new_api(runtime)
        assert.is_nil((get(api)))
        assert.equal(2, #runtime.requests)
        assert.equal(83408, api:clock_skew())
    end)

    it("is that of one service: another's requests keep their date", function()
        local runtime = new_runtime { refused(EXPIRED, LATER), OK, OK }
        local api = new_api(runtime)
        api:get("iam", "/v3/projects", { keys = KEYS, headers = {}, deadline = START + 60, timeout = 60 })
        get(api)
        assert.equal("20251025T124952Z", runtime.requests[2].headers["X-Sdk-Date"])
        assert.equal("20251025T104952Z", runtime.requests[3].headers["X-Sdk-Date"])
        assert.equal(0, api:clock_skew())
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

    it("tell what is sent unsigned, too, without its secrets", function()
        for _, answer in ipairs { { status = 204, headers = { ["x-request-id"] = "hidden-r" } },
            { failure = { kind = "network", code = "connect", message = "sent hidden-r" } } } do
            local runtime = new_runtime { answer }
            runtime.takes = 0.5
            local api, events = new_api(runtime)
            for _, name in ipairs { "Authorization", "X-Metadata-Token" } do
                local response, err = api:send_unsigned { method = "PUT", url = "https://x.example/",
                    headers = { [name] = "hidden-r" } }
                local event = table.remove(events)
                assert.same({ "attempt", "PUT", "https://x.example/", response and 204, 0.5, err }, { event.type,
                    event.method, event.url, event.status, event.seconds, event.error })
                fakes.assert_hidden({ event, err or false }, { "hidden" })
                assert.equal(answer.status ~= nil, response ~= nil)
                assert.same({}, events)
            end
        end
        assert.truthy(new_api(new_runtime { OK }, { emit = false }):send_unsigned { url = "/", headers = {} })
    end)

    it("tell each endpoint that was tried", function()
        local api, events = new_api(new_runtime { failing "resolve", OK })
        get(api)
        assert.equal("https://one.example/v1/p/x?limit=1", events[1].url)
        assert.equal("https://two.example/v1/p/x?limit=1", events[2].url)
    end)
end)

describe("secrets", function()
    it("are in no event of an attempt, whatever a header gives back", function()
        local api, events = new_api(new_runtime { { status = 403, headers = { ["x-request-id"] = "r-" .. KEYS.sk },
            body = "{}" } })
        get(api)
        assert.equal("attempt", events[1].type)
        assert.matches("^r%-", events[1].request_id)
        assert.is_nil(events[1].request_id:find(KEYS.sk, 1, true))
    end)

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

    it("of the call stay out as well, each of them, beside those of the keys", function()
        for _, keys in ipairs { KEYS, false } do
            local body = '{"error_code":"E.1","error_msg":"one: hidden-1, two: hidden-2, key: hidden-token."}'
            local api, events = new_api(new_runtime { { status = 400, body = body } })
            local _, err = api:get("dws", "/", { keys = keys or nil, headers = {}, deadline = START + 60, timeout = 60,
                secrets = { "hidden-1", "hidden-2", not keys and "hidden-token" or nil } })
            assert.equal("one: ***, two: ***, key: ***.", err.message)
            fakes.assert_hidden({ err, events }, { "hidden" })
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

    it("are not looked for where the runtime cannot be waited in", function()
        for _, failure in ipairs { { kind = "config", message = "not here" }, false } do
            local asked = 0
            local runtime = new_runtime { OK }
            runtime.ready = function()
                return not failure, failure or nil
            end
            local keys, err = new_api(runtime, { given_credentials = function()
                asked = asked + 1
                return KEYS
            end }):resolve_credentials()
            assert.equal(failure and 0 or 1, asked)
            assert.equal(not failure, keys ~= nil)
            assert.same(failure and { "config", "not here" } or {}, { err and err.kind, err and err.message })
        end
    end)

    it("may be missing", function()
        local keys, err = new_api(new_runtime { OK }, { given_credentials = {} }):resolve_credentials()
        assert.is_nil(keys)
        assert.equal("credentials", err.kind)
    end)
end)

describe("a request with a token", function()
    it("is sent with the token alone, and nothing is signed", function()
        local runtime = new_runtime { OK }
        local token = ("MIIx"):rep(2048)
        new_api(runtime):get("dws", "/", { keys = { token = token }, headers = { ["X-Project-Id"] = "p" },
            deadline = START + 60, timeout = 60 })
        assert.same({ ["X-Auth-Token"] = token, ["X-Project-Id"] = "p" }, runtime.requests[1].headers)
    end)

    -- An api whose credentials come from a function that gives one token after the other; the last one stays.
    local function with_tokens(runtime, tokens)
        local given = 0
        local api, events = new_api(runtime, { given_credentials = function()
            given = given + 1
            return { token = tokens[math.min(given, #tokens)] }
        end })
        local limits = { headers = {}, deadline = START + 60, timeout = 60 }
        limits.keys = assert(api:resolve_credentials(limits))
        return api, limits, events
    end

    local EXPIRED = {
        { status = 401, body = '{"error_code":"APIGW.0307","error_msg":"The token must be updated."}' },
        { status = 401, body = '{"error_code":"APIG.0307","error_msg":"The token must be updated."}' },
        { status = 401, body = '{"error_code":"APIGW.0301","error_msg":"token expires"}' },
        { status = 401, body = '{"error_code":"IAM.1108","error_msg":"The token has expired."}' },
        { status = 401, body = '{"error_code":"APIC.0307","error_msg":"The token must be updated."}' },
        refused "token expires, expires_at:2025-10-25T10:00:00.000000Z",
    }

    it("that expired is repeated once with a fresh one", function()
        for _, answer in ipairs(EXPIRED) do
            local runtime = new_runtime { answer, OK }
            local api, call = with_tokens(runtime, { "one", "two" })
            local response, _, keys = api:get("dws", "/", call)
            assert.equal(200, response.status)
            assert.equal("two", keys.token)
            assert.equal("two", runtime.requests[2].headers["X-Auth-Token"])
        end
    end)

    it("is not repeated a second time, nor with the same token", function()
        local runtime = new_runtime { EXPIRED[1] }
        local api, call = with_tokens(runtime, { "one", "two", "three" })
        local response, err = api:get("dws", "/", call)
        assert.is_nil(response)
        assert.equal("auth", err.kind)
        assert.equal(2, #runtime.requests)
        runtime = new_runtime { EXPIRED[1] }
        api, call = with_tokens(runtime, { "one" })
        assert.is_nil((api:get("dws", "/", call)))
        assert.equal(1, #runtime.requests)
    end)

    it("that is refused for another reason is not repeated", function()
        local runtime = new_runtime { refused "decrypt token fail" }
        local api, call = with_tokens(runtime, { "one", "two" })
        assert.is_nil((api:get("dws", "/", call)))
        assert.equal(1, #runtime.requests)
    end)

    it("never counts as a refusal of a key", function()
        local runtime = new_runtime { refused "decrypt token fail" }
        local api, call = with_tokens(runtime, { "one" })
        for i = 1, 10 do
            api:get("dws", "/", call)
            assert.equal(i, #runtime.requests)
        end
    end)

    it("shows it nowhere", function()
        for _, answer in ipairs { refused "bad hidden-token", { status = 500, body = "X-Auth-Token: hidden-token" },
            { failure = "sent hidden-token" } } do
            local api, call, events = with_tokens(new_runtime { answer }, { "hidden-token" })
            local _, err = api:get("dws", "/", call)
            fakes.assert_hidden({ err, events, tostring(call.keys) }, { "hidden" })
        end
    end)
end)

describe("a request with a body", function()
    it("is signed over the body, but not over its type", function()
        local runtime = new_runtime { OK }
        new_api(runtime):send("POST", "iam", "/v3/x", { keys = { ak = "AK", sk = "hidden" }, headers = {}, body = "{}",
            deadline = START + 60, timeout = 60 })
        local request = runtime.requests[1]
        assert.equal("POST", request.method)
        assert.equal("{}", request.body)
        assert.equal("application/json;charset=utf8", request.headers["Content-Type"])
        local expected = core.sign({ method = "POST", url = "https://iam.example/v3/x", headers = {}, body = "{}" },
            { ak = "AK", sk = "hidden" }, "20251025T104952Z")
        assert.equal(expected.Authorization, request.headers.Authorization)
    end)
end)

describe("the signing algorithm", function()
    local function algorithm_of(signing, service, keys)
        local runtime = new_runtime { OK }
        local _, err = new_api(runtime, { signing = signing }):get(service or "dws", "/", { headers = {},
            keys = keys or { ak = "AK", sk = "hidden" }, deadline = START + 60, timeout = 60 })
        return runtime.requests[1] and runtime.requests[1].headers.Authorization:match "^%S+", err, runtime.requests[1]
    end

    it("is the one that is chosen, all five of them", function()
        for _, name in ipairs { "SDK-HMAC-SHA256", "SDK-HMAC-SM3", "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3" } do
            assert.equal(name, (algorithm_of { algorithm = name }))
        end
        local name, _, request = algorithm_of { algorithm = "V11-HMAC-SHA256", region = "cn-north-4", service = "dws" }
        assert.equal("V11-HMAC-SHA256", name)
        assert.matches("Credential=AK/20251025/cn-north-4/dws,", request.headers.Authorization, 1, true)
    end)

    it("is the usual one when none is", function()
        assert.equal("SDK-HMAC-SHA256", (algorithm_of {}))
    end)

    it("of the credentials goes before the client's", function()
        assert.equal("SDK-HMAC-SM3", (algorithm_of({ algorithm = "SDK-HMAC-SHA256" }, "dws",
            { ak = "AK", sk = "hidden", algorithm = "SDK-HMAC-SM3" })))
    end)

    it("with derived keys is not for IAM", function()
        assert.equal("SDK-HMAC-SHA256", (algorithm_of({ algorithm = "V11-HMAC-SHA256", region = "r", service = "dws" },
            "iam")))
    end)
end)

describe("IAM's endpoint", function()
    local keys = { ak = "AK", sk = "hidden", iam_endpoint = "https://iam.file" }

    local function asked(is_default)
        local runtime = new_runtime { OK }
        new_api(runtime, { iam_is_default = is_default, context = {
            iam_endpoints = function(text) return { text } end,
        } }):get("iam", "/v3/projects", { keys = keys, headers = {}, deadline = START + 60, timeout = 60 })
        return runtime.requests[1].url
    end

    it("is the one beside the credentials, unless the caller names one", function()
        assert.equal("https://iam.file/v3/projects", asked(true))
        assert.equal("https://iam.example/v3/projects", asked(false))
    end)
end)

describe("a key that is refused", function()
    it("is not sent again after the third time, and waits its turn before the first success", function()
        local runtime = new_runtime { refused "verify aksk signature fail" }
        local api, events = new_api(runtime)
        for i = 1, 5 do
            local _, err = get(api)
            assert.equal("auth", err.kind)
            assert.equal(math.min(i, 3), #runtime.requests)
            fakes.assert_hidden({ err, events }, { "hidden" })
        end
    end)

    it("is under way no more than three times before the first success, and gives each place back", function()
        local runtime, depth, deepest = new_runtime { OK }, 0, 0
        local api = new_api(runtime)
        local perform, ends = runtime.perform, {}
        runtime.perform = function(request)
            depth = depth + 1
            deepest = math.max(deepest, depth)
            local _, err = get(api, nil, runtime.monotonic() + (depth < 3 and 60 or 1))
            ends[#ends + 1] = err and err.kind or "answer"
            depth = depth - 1
            return perform(request)
        end
        local got = get(api)
        assert.equal(200, got.status)
        assert.same({ 3, { "timeout", "answer", "answer" } }, { deepest, ends })
        runtime.perform = perform
        for _ = 1, 5 do
            assert.equal(200, get(api).status)
        end
    end)

    it("keeps no place when a request cannot be signed", function()
        local runtime = new_runtime { OK }
        local api = new_api(runtime)
        local keys = { ak = "AK", sk = "hidden", algorithm = "nope" }
        for _ = 1, 5 do
            local _, err = api:get("dws", "/", { keys = keys, headers = {}, deadline = START + 60, timeout = 60 })
            assert.equal("config", err.kind)
        end
        assert.same({}, runtime.slept)
    end)

    it("that is unproven waits for its turn as long as it may", function()
        local runtime = new_runtime { OK }
        local api = new_api(runtime)
        for _ = 1, 3 do
            api.guard:enter(KEYS, "https://one.example", START, START + 3600)
        end
        local response, err = get(api)
        assert.is_nil(response)
        assert.equal("timeout", err.kind)
        assert.equal("access key AKEXAMPLE is still being tried by other requests", err.message)
        assert.equal(0, #runtime.requests)
    end)

    it("waits as long, and is blocked as long, when somebody sets the clock", function()
        for _, step in ipairs { 3600, -3600 } do
            local runtime = new_runtime { OK }
            local api = new_api(runtime)
            for _ = 1, 3 do
                api.guard:enter(KEYS, "https://one.example", START, START + 3600)
            end
            local sleep = runtime.sleep
            function runtime.sleep(seconds)
                if #runtime.slept == 10 then
                    runtime.clock, runtime.stepped = runtime.clock + step, runtime.stepped + step
                end
                sleep(seconds)
            end
            local _, err = get(api)
            assert.equal("timeout", err.kind)
            assert.is_true(#runtime.slept >= 2999 and #runtime.slept <= 3001)

            runtime = new_runtime { refused "verify aksk signature fail" }
            api = new_api(runtime)
            for _ = 1, 3 do
                get(api)
            end
            runtime.clock, runtime.stepped = runtime.clock + 299 + step, step
            get(api, nil, START + 400)
            assert.equal(3, #runtime.requests)
            runtime.clock = runtime.clock + 1
            get(api, nil, START + 400)
            assert.equal(4, #runtime.requests)
        end
    end)

    it("says in which line the gateway saw something else", function()
        local echo = "verify aksk signature fail,canonicalRequest:GET|/v1/p/x/|limit=2|host:one.example|"
        local _, err = get((new_api(new_runtime { refused(echo) })))
        assert.equal('Incorrect IAM authentication information: verify aksk signature fail; the gateway saw a '
            .. 'different query: "limit=2"; signed was "limit=1"', err.message)
    end)
end)
