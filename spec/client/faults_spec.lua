local cjson = require "cjson"
local core = require "dwsync.core"
local dwsync = require "dwsync"
local key_guard = require "dwsync.request.key_guard"
local emulators = require "spec.support.emulator"
local raw_server = require "spec.support.raw_server"
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

-- One page from a client that does not sleep between attempts. `more` are options of the client; random = 1 makes
-- every pause the longest one.
local function ask(more)
    local runtime, pauses = runtimes.sleepless()
    local options = { runtime = runtime, random = function() return 1 end }
    for name, value in pairs(more or {}) do
        options[name] = value
    end
    local client = service:client(options)
    local page, err = client:list_sync_records { cluster_id = healthy, limit = 10 }
    return page, err, pauses, client
end

-- An error that tells what happened, what to do, and no secret.
local function assert_error(expected, page, err)
    assert.is_nil(page)
    assert.is_true(dwsync.is_error(err), tostring(err))
    for name, value in pairs(expected) do
        if name ~= "says" then
            assert.equal(value, err[name], name .. " of: " .. tostring(err))
        end
    end
    if expected.says then
        assert.matches(expected.says, err.message)
    end
    assert.is_true(#err.hint > 10)
    assert.is_nil(tostring(err):find "[%c]")
    assert.is_nil(tostring(err):find(service.info.sk, 1, true))
    return err
end

-- A fault for ever, one call, and how many requests that made.
local function with_fault(action, expected, requests, more)
    service:fault(action, { times = cjson.null })
    local page, err = ask(more)
    local known = assert_error(expected, page, err)
    assert.equal(requests, service:asked(requests))
    return known
end

describe("an answer that is no page", function()
    it("204 is an error, since it is no list", function()
        local err = with_fault({ status = 204, body = "" }, { kind = "decode", status = 204 }, 1)
        assert.matches("empty", err.message)
        assert.is_string(err.request_id)
    end)

    it("a redirect is not followed, and says where it led without the query", function()
        local elsewhere = raw_server.start(raw_server.saying(raw_server.answer("200 OK", "{}")))
        local err = with_fault({ status = 302, headers = { Location = elsewhere.url .. "/login?secret=1" }, body = "" },
            { kind = "service", status = 302, says = "redirected the request to http://127.0.0.1:%d+/login;" }, 1)
        assert.matches("endpoint", err.hint)
        assert.is_nil(err.message:find("secret", 1, true))
        assert.same({}, elsewhere:stop())
    end)

    for title, body in pairs {
        ["HTML"] = "<html><title>Sign in</title></html>",
        ["nothing"] = "",
        ["garbage"] = "%PDF-1.7\r\n\27[2J",
        ["somebody else's object"] = '{"hello":"world"}',
        ["a page with a wrong count"] = '{"count":"many","sync_records":[]}',
    } do
        it(title .. " with status 200 is an error of kind decode, with the request's id", function()
            local err = with_fault({ body = body }, { kind = "decode", status = 200, retryable = false }, 1)
            assert.matches("^%x+$", err.request_id)
            assert.matches("page of records", err.message)
        end)
    end

    it("bytes that are no text are an error of kind decode", function()
        with_fault({ body_base64 = "AP+A/g==" }, { kind = "decode", status = 200 }, 1)
    end)

    it("JSON cut inside well-formed HTTP is an error of kind decode", function()
        with_fault({ truncate = 100 }, { kind = "decode", status = 200 }, 1)
    end)

    it("17 MiB are too large, and are read no further", function()
        local err = with_fault({ repeat_body = { text = ("x"):rep(1024), times = 17 * 1024 } },
            { kind = "decode", code = "too_large", says = "larger than 16777216 bytes" }, 1)
        assert.matches("page_size", err.hint)
    end)

    it("an error_code in a 200 is that error", function()
        local err = with_fault({ body = '{"error_code":"DWS.0047","error_msg":"The cluster does not exist."}' },
            { kind = "not_found", code = "DWS.0047", status = 200, says = "The cluster does not exist" }, 1)
        assert.is_string(err.request_id)
    end)

    it("the code of success in a 200 is none", function()
        service:fault { body = '{"error_code":"DWS.0000","error_msg":"","count":0,"sync_records":[]}' }
        assert.same({}, assert((ask())).sync_records)
    end)

    it("a body in which the error's text drives a terminal is made harmless", function()
        local body = '{"error_code":"DWS.0001","error_msg":"\\u001b[31mred\\u0007\\r\\n"}'
        local err = with_fault({ status = 400, body = body },
            { kind = "request", code = "DWS.0001" }, 1)
        assert.matches("%?%[31mred%?", err.message)
    end)
end)

describe("a connection that fails", function()
    it("is tried again, and succeeds when the next attempt does", function()
        for _, action in ipairs { { reset = "before" }, { reset = "body" }, { content_length = 100000 } } do
            service:reset()
            service:fault(action, { times = 2 })
            local page, err, pauses = ask()
            assert.equal(10, #assert(page, tostring(err)).sync_records)
            assert.equal(3, service:asked(3))
            assert.same({ 0.5, 1 }, pauses)
        end
    end)

    it("before an answer is given up after as many retries as allowed", function()
        with_fault({ reset = "before" }, { kind = "network", attempts = 3, retryable = true }, 3, { retries = 2 })
    end)

    it("in the middle of a body never passes for a page", function()
        with_fault({ reset = "body" }, { kind = "network", attempts = 4 }, 4)
    end)

    it("before the announced length never passes for a page", function()
        with_fault({ content_length = 100000 }, { kind = "network", attempts = 4 }, 4)
    end)

    it("by a length that is too short never passes for a page", function()
        with_fault({ content_length = 50 }, { kind = "decode" }, 1, { retries = 0 })
    end)

    it("is not tried again when no retries are wanted", function()
        with_fault({ reset = "before" }, { kind = "network", attempts = 1 }, 1, { retries = 0 })
    end)

    it("because nobody listens names the address", function()
        local page, err, pauses = ask { endpoint = "https://127.0.0.1:1" }
        assert_error({ kind = "network", code = "connect", attempts = 4, says = "^127.0.0.1:1: " }, page, err)
        assert.equal(3, #pauses)
    end)

    it("because the name does not exist goes on to the next endpoint", function()
        local page = ask { endpoint = "https://dws.invalid, " .. service.info.endpoint, retries = 0 }
        assert.equal(10, #page.sync_records)
    end)

    it("by a slow drip ends at the deadline", function()
        service:fault({ drip = { bytes = 1, interval = 0.05 } }, { times = cjson.null })
        local client = service:client { timeout = 0.3, attempt_timeout = 1000 }
        local page, err = client:list_sync_records { cluster_id = healthy, limit = 10 }
        assert_error({ kind = "timeout" }, page, err)
        assert.is_true(service:asked() <= 1) -- none, when there was no time left to connect
    end)

    local SILENT = { { "read" }, { "hold" } }

    it("by silence ends at the deadline, whatever the retries", function()
        raw_server.with({ SILENT }, function(server)
            local client = service:client { endpoint = server.url, retries = 10, attempt_timeout = 1000 }
            local page, err = client:list_sync_records { cluster_id = healthy, timeout = 0.3 }
            assert_error({ kind = "timeout" }, page, err)
        end)
    end)

    it("by silence is tried again after attempt_timeout", function()
        local page = raw_server.answer("200 OK", '{"count":0,"sync_records":[]}')
        local received = raw_server.with({ SILENT, { { "read" }, { "send", page } } }, function(server)
            -- The second attempt may be late, too.
            assert.same({}, assert((ask { endpoint = server.url, attempt_timeout = 0.5, retries = 10 })).sync_records)
        end)
        assert.is_true(#received >= 2)
    end)
end)

describe("a certificate that does not hold", function()
    local hints = { expired = "has expired, if this machine's clock %(%d", wronghost = "another host",
        unknown = "None of the CAs in `ca_file` %(" }
    for name, hint in pairs(hints) do
        it(name .. " is an error of kind tls that is not tried again", function()
            local endpoint = service.info.endpoint:gsub("127%.0%.0%.1", name .. ".localhost")
            local page, err, pauses = ask { endpoint = endpoint }
            assert_error({ kind = "tls", code = "certificate", attempts = 1, retryable = false,
                says = "^" .. name .. ".localhost:%d+: " }, page, err)
            assert.matches(hint, err.hint)
            assert.same({}, pauses)
            assert.equal(0, service:asked())
        end)
    end

    it("makes the client go on to the next endpoint of a list, and stay there", function()
        local bad = service.info.endpoint:gsub("127%.0%.0%.1", "expired.localhost")
        local events = {}
        local client = service:client {
            endpoint = bad .. "," .. service.info.endpoint,
            on_event = function(event)
                events[#events + 1] = event.type == "attempt" and event.url:match "^https://[^/]*" or nil
            end,
        }
        for _ = 1, 2 do
            assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
        end
        assert.same({ bad, service.info.endpoint, service.info.endpoint }, events)
    end)
end)

describe("a refusal", function()
    -- More than five in a row lock the key for five minutes: one request and not a second.
    for text, case in pairs {
        ["verify aksk signature fail"] = { "auth", "secret key" },
        ["AK access failed to reach the limit,forbidden"] = { "auth", "five minutes" },
        ["Get secretKey failed,ak:XXXXXXXXXXXXXXXXXXXX,err:ak not exist"] = { "auth", "unknown" },
        ["decrypt token fail"] = { "auth", "get a new one" },
        ["token expires, expires_at:2025-10-25T10:49:52.000000Z"] = { "auth", "get a new one" },
        ["x-auth-token not found"] = { "auth", "Authorization" },
        ["Unauthorized"] = { "auth", "belong together" },
    } do
        it(("with the text %q is never tried again"):format(text), function()
            local err = with_fault({ refuse = text }, { kind = case[1], code = "APIGW.0301", status = 401,
                attempts = 1, retryable = false }, 1)
            assert.equal("Incorrect IAM authentication information: " .. text, err.message)
            assert.matches(case[2], err.hint)
            assert.is_string(err.request_id)
        end)
    end

    for _, text in ipairs {
        "calc ak sk signature fail:signature expired",
        "signature expired, signature time:20251025T104952Z, server time:20251025T114952Z",
    } do
        it(("with the text %q is about the clock, and not tried again when the clocks agree"):format(text), function()
            with_fault({ refuse = text }, { kind = "clock", code = "APIGW.0301", status = 401, attempts = 1 }, 1)
        end)
    end

    it("by echo of the canonical request shows neither token nor Authorization", function()
        local err = with_fault({
            refuse = "verify aksk signature fail,canonicalRequest:GET|/v1/||authorization:Secret1|"
                .. "x-security-token:Secret2|x-auth-token:Secret3||x-sdk-date|e3b0",
        }, { kind = "auth" }, 1)
        assert.matches('the gateway saw a different path: "/v1/"; signed was "/v1/', err.message, 1, true)
        assert.is_nil(tostring(err):find("Secret", 1, true))
    end)

    it("of a wrong secret key comes from the emulator's own verification", function()
        local page, err = ask { credentials = { ak = service.info.ak, sk = "wrong" } }
        assert_error({ kind = "auth", status = 401, says = "verify aksk signature fail; the gateway saw "
            .. "what was signed, so the secret key does not match the access key" }, page, err)
        assert.equal(1, service:asked())
    end)

    it("of an unknown access key names it", function()
        local page, err = ask { credentials = { ak = "NOSUCHKEY", sk = "no-such-secret" } }
        assert_error({ kind = "auth", says = "ak:NOSUCHKEY,err:ak not exist" }, page, err)
    end)

    it("of a locked key tells that it is locked, also with the right secret", function()
        for _ = 1, 6 do
            ask { credentials = { ak = service.info.ak, sk = "wrong" } }
            key_guard.shared:forget()
        end
        local page, err = ask()
        assert_error({ kind = "auth", attempts = 1, says = "AK access failed to reach the limit" }, page, err)
        assert.matches("five minutes", err.hint)
        assert.equal(7, service:asked())
    end)

    it("of a wrong secret is met three times at most, however many clusters are asked at once", function()
        local client = service:client { credentials = { ak = service.info.ak, sk = "wrong" } }
        local functions = {}
        for i = 1, 200 do
            functions[i] = function()
                return client:list_sync_records { cluster_id = healthy }
            end
        end
        local pages, errs = dwsync.gather(functions, { concurrency = 64 })
        assert.is_nil(next(pages))
        for i = 1, 200 do
            assert.equal("auth", errs[i].kind)
        end
        assert.matches("was refused 3 times in a row", errs[200].message)
        assert.matches("nothing is sent with it until %d", errs[200].message)
        assert.equal(3, service:asked())
        assert(service:client():list_sync_records { cluster_id = healthy })
    end)

    it("in a shape nobody knows is judged by its status", function()
        for status, kind in pairs { [401] = "auth", [403] = "permission", [404] = "not_found", [400] = "request",
            [417] = "service", [418] = "request", [451] = "request" } do
            service:reset()
            with_fault({ status = status, body = "<html>no</html>" }, { kind = kind, status = status, attempts = 1,
                says = ("HTTP %d: <html>no</html>"):format(status) }, 1)
        end
    end)

    for title, case in pairs {
        ["403 about the cluster is not found"] = { 403, "DWS.0015", "not_found" },
        ["401 about the cluster is not found"] = { 401, "DWS.0047", "not_found" },
        ["403 about the permission"] = { 403, "APIGW.0302", "permission" },
        ["404 of the gateway is about the address"] = { 404, "APIGW.0101", "not_found" },
        ["404 of Open Telekom Cloud's gateway too"] = { 404, "APIG.0101", "not_found" },
        ["400 about the feature"] = { 400, "DWS.5045", "permission" },
        ["400 about the id"] = { 400, "DWS.5064", "request" },
        ["417 with a code of the service"] = { 417, "DWS.9999", "service" },
        ["413 of the gateway"] = { 413, "APIGW.0201", "request" },
    } do
        it(title, function()
            local body = cjson.encode { error_code = case[2], error_msg = "No.", request_id = "b0d1" }
            with_fault({ status = case[1], body = body }, { kind = case[3], code = case[2], status = case[1],
                attempts = 1, message = "No." }, 1)
        end)
    end

    it("is read in every shape the services write", function()
        for _, body in ipairs {
            '{"error_code":"DWS.0015","error_msg":"No."}',
            '{"errorCode":"DWS.0015","errorMsg":"No."}',
            '{"errCode":"DWS.0015","externalMessage":"No."}',
            '{"externalMessage":"No.","errCode":"DWS.0015","error_code":"DWS.0015","error_msg":"No."}',
            '{"code":"DWS.0015","message":"No.","details":[]}',
            '{"error":{"code":"DWS.0015","message":"No.","title":"Forbidden"}}',
            '{"workload_res_code":"DWS.0015","workload_res_str":"No."}',
        } do
            service:reset()
            with_fault({ status = 403, body = body }, { kind = "not_found", code = "DWS.0015", message = "No." }, 1)
        end
    end)

    it("with a number for a code is read too", function()
        local body = '{"error":{"code":401,"message":"The token is gone.","title":"Unauthorized"}}'
        with_fault({ status = 401, body = body },
            { kind = "auth", code = "401", message = "The token is gone." }, 1)
    end)

    it("of the emulator's stories is told with its hint", function()
        local client = service:client()
        local page, err = client:list_sync_records { cluster_id = service:cluster "feature_off" }
        assert_error({ kind = "permission", code = "DWS.5045", status = 400 }, page, err)
        assert.matches("may be off", err.hint)
        page, err = client:list_sync_records { cluster_id = "00000000-0000-4000-8000-000000000000" }
        assert_error({ kind = "not_found", code = "DWS.0015", status = 403 }, page, err)
        page, err = client:list_sync_records { cluster_id = "no-uuid" }
        assert_error({ kind = "request", code = "DWS.5064", status = 400 }, page, err)
        assert.matches("UUID", err.hint)
        page, err = service:client({ project_id = ("0"):rep(32) }):list_sync_records { cluster_id = healthy }
        assert_error({ kind = "permission", code = "APIGW.0306", status = 403 }, page, err)
        assert.equal(4, service:asked())
    end)
end)

describe("417", function()
    it("is a service error that is not tried again", function()
        with_fault({ status = 417 }, { kind = "service", code = "DWS.9999", status = 417, attempts = 1 }, 1)
    end)
end)

describe("429", function()
    it("without Retry-After is tried again after growing pauses", function()
        service:fault({ status = 429 }, { times = 3 })
        local page, _, pauses = ask()
        assert.equal(10, #page.sync_records)
        assert.same({ 0.5, 1, 2 }, pauses)
        assert.equal(4, service:asked())
    end)

    it("pauses with full jitter", function()
        service:fault({ status = 429 }, { times = 3 })
        local draws, drawn = { 0, 0.5, 0.25 }, 0
        local _, _, pauses = ask {
            random = function()
                drawn = drawn + 1
                return draws[drawn]
            end,
        }
        assert.same({ 0, 0.5, 0.5 }, pauses)
    end)

    it("with Retry-After in seconds waits that long", function()
        service:fault { status = 429, headers = { ["Retry-After"] = "7" } }
        local page, _, pauses = ask()
        assert.equal(10, #page.sync_records)
        assert.same({ 7 }, pauses)
    end)

    it("with Retry-After as a date waits until then, by the server's clock", function()
        service:fault {
            status = 429,
            headers = { ["Retry-After"] = "Sun, 06 Nov 1994 08:49:37 GMT", Date = "Sun, 06 Nov 1994 08:49:25 GMT" },
        }
        local page, _, pauses = ask()
        assert.equal(10, #page.sync_records)
        assert.same({ 12 }, pauses)
    end)

    it("with a Retry-After that is none, or is past, waits as without", function()
        for _, value in ipairs { "soon", "-5", "Sun, 06 Nov 1994 08:49:37 GMT", "0" } do
            service:reset()
            service:fault { status = 429, headers = { ["Retry-After"] = value } }
            local page, _, pauses = ask()
            assert.equal(10, #page.sync_records)
            assert.same({ 0.5 }, pauses)
        end
    end)

    it("with a Retry-After beyond the deadline is given up at once, and says so", function()
        local err = with_fault({ status = 429, headers = { ["Retry-After"] = "3600" } },
            { kind = "throttled", code = "APIGW.0308", status = 429, attempts = 1, retry_after = 3600 }, 1)
        assert.matches("asks to wait 1 h", err.hint)
    end)

    it("for ever is given up after the retries", function()
        with_fault({ status = 429 }, { kind = "throttled", status = 429, attempts = 4, retryable = true }, 4)
    end)
end)

describe("a failing service", function()
    for status, code in pairs {
        [500] = "DWS.0005", [502] = "APIGW.0202", [503] = "APIGW.0613", [504] = "APIGW.0203",
    } do
        it(("with %d is tried again until it answers"):format(status), function()
            service:fault({ status = status }, { times = 2 })
            local page, _, pauses = ask()
            assert.equal(10, #page.sync_records)
            assert.same({ 0.5, 1 }, pauses)
            assert.equal(3, service:asked())
        end)

        it(("with %d is given up after the retries"):format(status), function()
            with_fault({ status = status }, { kind = "service", code = code, status = status, attempts = 4 }, 4)
        end)
    end

    it("with 501 is not tried again", function()
        with_fault({ status = 501, body = "" }, { kind = "service", status = 501, attempts = 1,
            says = "answered with an empty body" }, 1)
    end)

    it("gets a fresh date and signature with each attempt", function()
        local runtime, requests = runtimes.noted()
        runtime.sleep = function()
            local second = os.time()
            while os.time() == second do
                core.sleep(0.01)
            end
        end
        service:fault { status = 503 }
        assert(ask { runtime = runtime })
        assert.equal(2, #requests)
        assert.are_not.equal(requests[1].headers["X-Sdk-Date"], requests[2].headers["X-Sdk-Date"])
        assert.are_not.equal(requests[1].headers.Authorization, requests[2].headers.Authorization)
    end)

    it("stops being asked when the next pause would pass the deadline, and its failure is told", function()
        -- Pauses of half a second, 1, 2, 4 and 8, and none of 16.
        local err = with_fault({ status = 503 }, { kind = "service", status = 503, attempts = 6 }, 6,
            { timeout = 31, retries = 10 })
        assert.is_nil(err.cause)
    end)

    it("tells each attempt, pause and page to on_event, and no secret", function()
        local told = {}
        service:fault { status = 503 }
        assert(ask {
            on_event = function(event)
                told[#told + 1] = event.type .. " " .. tostring(event.status or event.pause)
                for _, value in pairs(event) do
                    assert.is_nil(tostring(value):find(service.info.sk, 1, true))
                end
            end,
        })
        assert.same({ "attempt 503", "retry 0.5", "attempt 200" }, told)
    end)
end)

describe("a clock that is wrong", function()
    for _, minutes in ipairs { 20, -20 } do
        it(("by %d minutes is corrected once from the server's Date, and told"):format(minutes), function()
            service:set { clock_offset = minutes * 60 }
            local events = {}
            local page, err, _, client = ask {
                on_event = function(event)
                    events[#events + 1] = event.type
                end,
            }
            assert.equal(10, #assert(page, tostring(err)).sync_records)
            assert.equal(2, service:asked())
            assert.same({ "attempt", "clock", "attempt" }, events)
            assert.is_true(math.abs(client:clock_skew() - minutes * 60) < 60)
            assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
            assert.equal(3, service:asked())
        end)
    end

    it("within fifteen minutes is nobody's business", function()
        service:set { clock_offset = 14 * 60 }
        local page, _, _, client = ask()
        assert.equal(10, #page.sync_records)
        assert.equal(0, client:clock_skew())
        assert.equal(1, service:asked())
    end)

    it("does not make a list incomplete", function()
        service:set { clock_offset = 20 * 60 }
        local list = assert(service:client():all_sync_records { cluster_id = healthy, page_size = 50 })
        assert.same({ 168, 168, true }, { #list, list.count, list.complete })
    end)

    it("that stays wrong after the correction is given up", function()
        service:fault({ refuse = "signature expired, signature time:a, server time:b",
            headers = { Date = "Sun, 06 Nov 1994 08:49:37 GMT" } }, { times = cjson.null })
        local page, err = ask()
        assert_error({ kind = "clock", status = 401 }, page, err)
        assert.is_true(service:asked() <= 2)
    end)

    it("cannot be corrected when the server tells no time", function()
        local body = '{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: '
            .. 'signature expired, signature time:a, server time:b"}'
        local script = raw_server.saying(raw_server.answer("401 Unauthorized", body))
        local received = raw_server.with(script, function(server)
            local page, err, _, client = ask { endpoint = server.url }
            assert_error({ kind = "clock", code = "APIGW.0301", status = 401, attempts = 1 }, page, err)
            assert.matches("clock", err.hint)
            assert.equal(0, client:clock_skew())
        end)
        assert.equal(1, #received)
    end)
end)
