local errors = require "dwsync.errors"
local growth = require "spec.support.growth"

local NOW = 784111777 -- Sun, 06 Nov 1994 08:49:37 GMT

local function failing(status, body, headers, secrets)
    return errors.from_response({ status = status, headers = headers or {}, body = body },
        { secrets = secrets, now = NOW })
end

describe("an error object", function()
    it("fills in what follows from its kind", function()
        local err = errors.new { kind = "network", message = "cut" }
        assert.is_true(err.retryable)
        assert.equal("Check the network, the endpoint's name and the proxy.", err.hint)
        assert.is_false(errors.new({ kind = "auth", message = "no" }).retryable)
        assert.is_false(errors.new({ kind = "timeout", message = "late", retryable = false }).retryable)
    end)

    it("asks again of its own accord only after network, timeout and throttled", function()
        local again = { network = true, timeout = true, throttled = true }
        for _, kind in ipairs { "config", "credentials", "auth", "clock", "permission", "not_found", "throttled",
            "request", "service", "network", "timeout", "tls", "decode", "incomplete", "cancelled" } do
            assert.equal(again[kind] or false, errors.new({ kind = kind, message = "m" }).retryable, kind)
        end
    end)

    it("has a kind that exists", function()
        assert.has_error(function() errors.new { kind = "netwrok", message = "m" } end, "unknown error kind netwrok")
    end)

    it("is known as one, and nothing else is", function()
        assert.is_true(errors.is(errors.new { kind = "tls", message = "m" }))
        for _, value in ipairs { "tls", {}, 1, { kind = "tls", message = "m" } } do
            assert.is_false(errors.is(value))
        end
        assert.is_false(errors.is(nil))
    end)

    it("reads as one line: kind, message, details, what to do", function()
        assert.equal("network: connection refused. Check the network, the endpoint's name and the proxy.",
            tostring(errors.new { kind = "network", message = "connection refused" }))
        local err = failing(403, '{"error_code":"DWS.0015","error_msg":"Cluster is not found."}',
            { ["x-request-id"] = "r-1" })
        err.attempts = 3
        assert.equal("not_found: Cluster is not found (DWS.0015, HTTP 403, request id r-1, 3 attempts). Check the "
            .. "cluster id (dwsync clusters lists them), or the permission: the service says the same then.",
            tostring(err))
    end)

    it("has a summary without the hint, which ends with a full stop", function()
        local err = errors.new { kind = "service", message = "Server failure.", status = 500, hint = "Try later." }
        assert.equal("service: Server failure (HTTP 500).", errors.summary(err))
        assert.equal(errors.summary(err) .. " Try later.", tostring(err))
        assert.equal("storage: Is it up?", errors.summary { kind = "storage", message = "Is it up?" })
    end)

    it("is read back from its bare summary, which then is the same", function()
        for _, fields in ipairs {
            { kind = "network", message = "connection refused" },
            { kind = "not_found", message = "Cluster (old) is not found", code = "DWS.0015", status = 403,
                request_id = "r-1", attempts = 3 },
            { kind = "service", message = "it said (in brackets)" },
            { kind = "throttled", message = "too many", status = 429 },
        } do
            local err = errors.new(fields)
            local back = errors.from_summary(errors.summary(err, true))
            assert.equal(errors.summary(err, true), errors.summary(back, true))
            assert.same({ err.kind, err.message, err.code, err.status, err.request_id, err.attempts },
                { back.kind, back.message, back.code, back.status, back.request_id, back.attempts })
        end
        for _, text in ipairs { "", "something else", "netwrok: cut." } do
            assert.same({ "service", text }, { errors.from_summary(text).kind, errors.from_summary(text).message })
        end
    end)

    it("does not count a single attempt, nor show the core's own codes", function()
        local err = errors.from_core { kind = "network", code = "resolve", message = "cannot resolve x.example" }
        err.attempts = 1
        assert.equal("resolve", err.code)
        assert.equal("network: cannot resolve x.example. Check the name: the region may have a different host "
            .. "(set `endpoint`), or DNS is down.", tostring(err))
    end)
end)

describe("what an error is about", function()
    local function refused(fields)
        local err = { kind = "permission", message = "no", status = 403 }
        for name, value in pairs(fields or {}) do
            err[name] = value
        end
        return errors.new(err)
    end

    it("is put before its message, as far as it is known and says something", function()
        for subject, fields in pairs {
            ["permission: ListSyncRecords of cluster prod (c-1): no."] =
                { operation = "ListSyncRecords", cluster_id = "c-1", cluster = "prod" },
            ["permission: ListSyncRecords: no."] = { operation = "ListSyncRecords", cluster = "prod" },
            ["permission: cluster c-1: no."] = { cluster_id = "c-1" },
            ["permission: no."] = {},
            ["config: no."] = { kind = "config", operation = "ListSyncRecords", cluster_id = "c-1" },
            ["credentials: no."] = { kind = "credentials", operation = "ListSyncRecords", cluster_id = "c-1" },
        } do
            local err = refused(fields)
            err.status = nil
            assert.equal(subject, errors.summary(err))
            assert.equal(err.kind .. ": no.", errors.summary(err, true))
        end
    end)

    it("is noted where it is not known, in the error itself", function()
        local err = refused { operation = "ListClusters" }
        assert.equal(err, errors.about(err, { operation = "ListSyncRecords", cluster_id = "c-1", cluster = "prod" }))
        assert.same({ "ListClusters", "c-1", "prod" }, { err.operation, err.cluster_id, err.cluster })
        assert.equal(err, errors.about(err, { cluster_id = "c-1", cluster = "other" }))
        assert.equal(err, errors.about(err, { operation = "ListSyncRecords" }))
        assert.same({ "ListClusters", "c-1", "prod" }, { err.operation, err.cluster_id, err.cluster })
    end)

    it("is noted in a copy where the error is about another cluster", function()
        local err = refused { cluster_id = "c-1", cluster = "prod", code = "DWS.0001" }
        local copy = errors.about(err, { cluster_id = "c-2" })
        assert.is_true(errors.is(copy))
        assert.same({ "c-1", "prod" }, { err.cluster_id, err.cluster })
        assert.same({ "c-2", nil, "DWS.0001", "no" }, { copy.cluster_id, copy.cluster, copy.code, copy.message })
    end)

    it("is left alone in what is not an error object", function()
        local foreign = { kind = "network", message = "m" }
        assert.equal(foreign, errors.about(foreign, { operation = "ListClusters" }))
        assert.is_nil(foreign.operation)
        assert.equal("m", errors.about("m", { operation = "ListClusters" }))
    end)

    it("brings along the action that a refused operation needs, once", function()
        local action = "Listing accounts needs the action dws:cluster:listDatabaseUser."
        local about = { operation = "ListDatabaseUsers" }
        local err = errors.about(refused(), about)
        assert.equal(action, err.hint)
        assert.equal(action, errors.about(err, about).hint)
        assert.equal("Ask. " .. action, errors.about(refused { hint = "Ask." }, about).hint)
        assert.equal("Ask.", errors.about(refused { hint = "Ask.", status = 404 }, about).hint)
        assert.equal("Ask.", errors.about(refused { hint = "Ask." }, { operation = "ListClusters" }).hint)
    end)
end)

describe("a function that is switched off for a cluster", function()
    it("is known by the code of its error alone", function()
        local err = errors.feature_off { id = "c-1", name = "prod" }
        assert.equal("permission: cluster prod (c-1): the tenant is not allowed to use this function (DWS.5045).",
            errors.summary(err))
        assert.is_true(errors.is_feature_off(err))
        for _, other in ipairs { errors.new { kind = "permission", message = "m" }, "DWS.5045", false } do
            assert.is_false(errors.is_feature_off(other))
        end
        assert.is_false(errors.is_feature_off(nil))
    end)
end)

describe("what the core says", function()
    it("keeps kind, code and message, and gets a hint of its own", function()
        local hints = {
            resolve = "the region may have a different host", connect = "firewall", certificate = "ca_file",
            handshake = "TLS 1.2", too_large = "smaller pages",
        }
        for code, words in pairs(hints) do
            local err = errors.from_core { kind = "network", code = code, message = "m" }
            assert.equal(code, err.code)
            assert.is_truthy(err.hint:find(words, 1, true))
        end
    end)

    it("about a certificate looks at the clock and at the CA that was given", function()
        local function hint(message, context)
            return errors.from_core({ kind = "tls", code = "certificate", message = message }, nil, context).hint
        end
        local now = { now = 1761389392.5, ca_file = "/ca.pem" }
        assert.equal("The certificate has expired, if this machine's clock (2025-10-25T10:49:52Z) is right: inform "
            .. "the endpoint's operator.", hint("h: certificate has expired", now))
        assert.equal("Check this machine's clock (2025-10-25T10:49:52Z): the certificate is not valid yet.",
            hint("h: certificate is not yet valid", now))
        assert.equal("Check this machine's clock: the certificate is not valid yet.",
            hint "h: certificate is not yet valid")
        assert.equal("The certificate is for another host: check the endpoint's name.",
            hint("no alternative certificate subject name matches target host name 'h'", now))
        for _, message in ipairs { "unable to get local issuer certificate", "self-signed certificate" } do
            assert.equal("None of the CAs in `ca_file` (/ca.pem) signed this certificate: name the PEM file of the "
                .. "one that did.", hint(message, now))
            assert.matches("^If a private CA", hint(message))
        end
    end)

    it("may be tried again after a broken handshake, but not after a bad certificate", function()
        assert.is_true(errors.from_core({ kind = "tls", code = "handshake", message = "m" }).retryable)
        assert.is_false(errors.from_core({ kind = "tls", code = "certificate", message = "m" }).retryable)
    end)

    it("may be a text, from a runtime of someone's own", function()
        local err = errors.from_core "connection reset"
        assert.equal("network", err.kind)
        assert.equal("connection reset", err.message)
        assert.is_true(err.retryable)
    end)

    it("is made harmless, since it may show how a proxy's page begins", function()
        assert.equal("it begins: 请登录 ?evil?[31m", errors.from_core {
            kind = "decode", message = "it begins: 请登录 \226\128\174evil\27[31m" }.message)
    end)

    it("is left alone when it is an error object already", function()
        local err = errors.new { kind = "cancelled", message = "stop" }
        assert.equal(err, errors.from_core(err))
    end)

    it("is shown without what a terminal obeys: certificates and servers have their say in it", function()
        local err = errors.from_core { kind = "tls", code = "certificate",
            message = "h: the subject name '\27[2J\226\128\174名前\n.example' does not match" }
        assert.equal("h: the subject name '?[2J?名前 .example' does not match", err.message)
    end)

    local function begins(beginning)
        local core_says = { kind = "decode", code = "decode", message = "no page", beginning = beginning }
        return errors.from_core(core_says).message
    end

    it("shows how a body that is not a page begins: foreign text kept, made harmless, on one line", function()
        assert.equal("no page; it begins: <p> 登录 بَ کتاب\226\128\140ها 👩\226\128\141💻 ü",
            begins "<p>\r\n登录 بَ کتاب\226\128\140ها 👩\226\128\141💻 ü")
        assert.equal("no page; it begins: ?[31m ?]52;c;? ??.?.?.?", begins(
            "\27[31m \27]52;c;\7 \255\192.\226\128\139.\226\128\174.\239\187\191"))
        assert.equal("no page; it begins: ?", begins "\0")
    end)

    it("shows 200 columns of it, and nothing of what is empty", function()
        assert.equal("no page; it begins: " .. ("x"):rep(199) .. "…", begins(("x"):rep(500)))
        assert.equal("no page; it begins: " .. ("目"):rep(99) .. "…", begins(("目"):rep(682) .. "\231\155"))
        assert.equal("no page", begins " \r\n ")
        assert.equal("no page", begins(nil))
    end)
end)

describe("a body with code and message", function()
    local SHAPES = {
        ["error_code and error_msg"] = '{"error_code":"DWS.0001","error_msg":"wrong","request_id":"r"}',
        ["errorCode and errorMsg"] = '{"errorCode":"DWS.0001","errorMsg":"wrong"}',
        ["errCode and externalMessage"] = '{"errCode":"DWS.0001","externalMessage":"wrong"}',
        ["code and message"] = '{"code":"DWS.0001","message":"wrong","details":[{"x":1}]}',
        ["both of DWS's ways together"] =
            '{"externalMessage":"other","errCode":"X.1","error_code":"DWS.0001","error_msg":"wrong"}',
        ["workload_res_code and workload_res_str"] = '{"workload_res_code":"DWS.0001","workload_res_str":"wrong"}',
        ["an encoded authorization message"] =
            '{"error_code":"DWS.0001","error_msg":"wrong","encoded_authorization_message":null}',
        ["an object one level down"] = '{"error":{"code":"DWS.0001","message":"wrong","title":"Bad Request"}}',
        ["an array of objects"] = '[{"error_code":"DWS.0001","error_msg":"wrong"}]',
    }
    for name, body in pairs(SHAPES) do
        it("is understood as " .. name, function()
            local err = failing(400, body)
            assert.equal("DWS.0001", err.code)
            assert.equal("wrong", err.message)
            assert.equal("request", err.kind)
        end)
    end

    it("may have a number for a code", function()
        local err = failing(401, '{"error":{"code":401,"message":"The request requires auth","title":"Unauthorized"}}')
        assert.equal("401", err.code)
        assert.equal("auth", err.kind)
        assert.equal("The request requires auth", err.message)
        assert.equal("12", failing(400, '{"workload_res_code":12,"workload_res_str":"wrong"}').code)
    end)

    it("may say EPS.0003 with 401 for a missing permission", function()
        assert.equal("permission", failing(401, '{"error":{"code":"EPS.0003","message":"no"}}').kind)
    end)

    it("is read only where it was not cut, but for one that is longer than what is read", function()
        local cut = '{"error_code":"DWS.0001","error_msg":"wrong","more":"'
        assert.same({ nil, "the service answered HTTP 400: " .. cut }, { failing(400, cut).code,
            failing(400, cut).message })
        for length, code in pairs { [65535] = false, [65536] = "DWS.0001", [65537] = "DWS.0001" } do
            assert.equal(code or nil, failing(400, cut .. ("x"):rep(length - #cut)).code)
        end
        assert.is_nil(failing(400, "x" .. cut .. ("x"):rep(65536)).code)
        assert.equal("DWS.0001", failing(400, " " .. cut .. ("x"):rep(65536)).code)
    end)

    it("may lack the message", function()
        assert.equal("the service gave no reason", failing(400, '{"error_code":"DWS.0001"}').message)
        assert.equal("the service gave no reason", failing(400, '{"error_code":"DWS.0001","error_msg":null}').message)
    end)
end)

describe("a body without code", function()
    it("is shown from its beginning", function()
        local err = failing(502, "<html>\r\n<h1>Bad Gateway</h1></html>")
        assert.equal("the service answered HTTP 502: <html> <h1>Bad Gateway</h1></html>", err.message)
        assert.is_nil(err.code)
        assert.equal("service", err.kind)
        assert.equal('the service answered HTTP 400: "text"', failing(400, '"text"').message)
        assert.equal("the service answered HTTP 400: [1,2]", failing(400, "[1,2]").message)
        assert.equal('the service answered HTTP 400: {"x":1}', failing(400, '{"x":1}').message)
        assert.equal('the service answered HTTP 400: {"error_code":"","error_msg":""}',
            failing(400, '{"error_code":"","error_msg":""}').message)
    end)

    it("is named rather than shown when it is compressed", function()
        assert.equal("the service answered HTTP 502 with a body in the content coding gzip",
            failing(502, "\31\139\8\0", { ["content-encoding"] = "gzip" }).message)
        assert.equal("the service answered HTTP 502: page",
            failing(502, "page", { ["content-encoding"] = "Identity" }).message)
    end)

    it("is called empty when it is", function()
        assert.equal("the service answered with an empty body", failing(502, "").message)
        assert.equal("the service answered with an empty body", failing(502, " \r\n").message)
    end)

    it("loses control characters and what is no ASCII", function()
        local err = failing(500, "a\27[31mb\0c\127d\155e\255\254f")
        assert.equal("the service answered HTTP 500: a?[31mb?c?d?e??f", err.message)
        err = failing(400, '{"error_code":"E\\u001b[2J","error_msg":"a\\u001b]0;x\\u0007b\\u0000c"}')
        assert.equal("a?]0;x?b?c", err.message)
        assert.equal("E?[2J", err.code)
    end)

    it("is cut when it is huge", function()
        local err = failing(500, ("x"):rep(20 * 1024 * 1024))
        assert.equal("the service answered HTTP 500: " .. ("x"):rep(199) .. "…", err.message)
        err = failing(500, '{"error_code":"DWS.9999","error_msg":"' .. ("y"):rep(100000) .. '"}')
        assert.equal(("y"):rep(599) .. "…", err.message)
    end)
end)

describe("a redirect", function()
    it("is a wrong endpoint, named without its query", function()
        local err = failing(302, "", { location = "https://login.example/in?ticket=hidden" })
        assert.equal("service", err.kind)
        assert.equal("the service redirected the request to https://login.example/in; redirects are not followed",
            err.message)
        assert.equal("Set `endpoint` to the service's own address.", err.hint)
        assert.equal("the service redirected the request; redirects are not followed", failing(301, "").message)
    end)
end)

describe("a CA file without a certificate", function()
    it("is what the hint is about, and not who signed", function()
        local failure = { kind = "tls", code = "certificate",
            message = "127.0.0.1: the CA file has no certificate that OpenSSL can read" }
        local err = errors.from_core(failure, {}, { ca_file = "/etc/hostname" })
        assert.equal("Name a PEM file with the CA's certificate, which begins with -----BEGIN CERTIFICATE-----: "
            .. "`ca_file` (/etc/hostname) has none.", err.hint)
    end)
end)

describe("Retry-After", function()
    local function pause(text, date)
        return failing(429, "", { ["retry-after"] = text, date = date }).retry_after
    end

    it("may be seconds", function()
        assert.equal(120, pause "120")
        assert.equal(0, pause "0")
        assert.equal("The service asks to wait 2 min.", failing(429, "", { ["retry-after"] = "120" }).hint)
        assert.equal("Wait before trying again, or send fewer requests.",
            failing(429, "", { ["retry-after"] = "0" }).hint)
    end)

    it("may be a date, compared with the service's own clock when it tells it", function()
        assert.equal(23, pause "Sun, 06 Nov 1994 08:50:00 GMT")
        assert.equal(60, pause("Sun, 06 Nov 1994 08:50:00 GMT", "Sun, 06 Nov 1994 08:49:00 GMT"))
    end)

    it("is no pause when the date has passed", function()
        assert.equal(0, pause "Sun, 06 Nov 1994 08:00:00 GMT")
    end)

    it("is whole seconds although our clock has a fraction", function()
        local err = errors.from_response({
            status = 503, body = "", headers = { ["retry-after"] = "Sun, 06 Nov 1994 08:50:00 GMT" },
        }, { now = NOW + 0.25 })
        assert.equal(23, err.retry_after)
        assert.equal("The service asks to wait 23 s.", err.hint)
    end)

    it("is ignored when it is garbage", function()
        for _, text in ipairs { "", "soon", "-5", "1.5", "0x10", "12 s", "1e3", "Sun, 99 Nov 1994 08:50:00 GMT" } do
            assert.is_nil(pause(text), text)
        end
        assert.is_nil(pause(nil))
    end)

    it("is a day at most, however long the service wants", function()
        assert.equal(86400, pause "86400")
        for _, text in ipairs { "86401", ("9"):rep(40), ("9"):rep(400), "Fri, 31 Dec 9999 23:59:59 GMT" } do
            assert.equal(86400, pause(text), text)
        end
        assert.equal("The service asks to wait 1 d.", failing(503, "", { ["retry-after"] = ("9"):rep(400) }).hint)
    end)
end)

describe("what else a response tells", function()
    it("is the request id, from the header first", function()
        local body = '{"error_code":"DWS.0001","error_msg":"m","request_id":"in the body"}'
        assert.equal("h", failing(400, body, { ["x-request-id"] = "h" }).request_id)
        assert.equal("t", failing(400, body, { ["x-iam-trace-id"] = "t" }).request_id)
        assert.equal("in the body", failing(400, body).request_id)
        assert.equal("a?b", failing(400, "", { ["x-request-id"] = "a\27b" }).request_id)
        assert.is_nil(failing(400, "").request_id)
        assert.equal("h", errors.request_id { headers = { ["x-request-id"] = "h" } }) -- no secrets, no body
    end)

    it("is the service's clock", function()
        assert.equal(NOW, failing(401, "", { date = "Sun, 06 Nov 1994 08:49:37 GMT" }).server_time)
        assert.is_nil(failing(401, "", { date = "yesterday" }).server_time)
        assert.is_nil(failing(401, "").server_time)
    end)

    it("is the status", function()
        assert.equal(418, failing(418, "").status)
    end)
end)

describe("a failure declared in a 200 body", function()
    it("is found in each of its ways", function()
        assert.equal("DWS.0005", errors.declared_failure { error_code = "DWS.0005" })
        assert.equal("DWS.0005", errors.declared_failure { errorCode = "DWS.0005" })
        assert.equal("DWS.0005", errors.declared_failure { errCode = "DWS.0005", externalMessage = "Server failure." })
        assert.equal("1", errors.declared_failure { workload_res_code = 1 })
    end)

    it("is none where the code says that all is well, or there is none", function()
        assert.is_nil(errors.declared_failure { error_code = "DWS.0000" })
        assert.is_nil(errors.declared_failure { workload_res_code = 0, workload_res_str = "SUCCESS" })
        assert.is_nil(errors.declared_failure { error_code = "" })
        assert.is_nil(errors.declared_failure { count = 0, sync_records = {}, code = "x" })
    end)

    it("is the service's fault by its status, unless the code says more", function()
        local err = failing(200, '{"errCode":"DWS.0005","externalMessage":"Server failure."}')
        assert.equal("service", err.kind)
        assert.equal("Server failure.", err.message)
        assert.is_false(err.retryable)
        assert.equal("not_found", failing(200, '{"error_code":"DWS.0015","error_msg":"m"}').kind)
    end)
end)

describe("a secret", function()
    local SK, TOKEN = "sk+/%(secret)[1]$", "token-" .. ("t0ken/"):rep(100)
    local SECRETS = { SK, TOKEN }

    local function assert_hidden(err)
        local texts = { tostring(err), err.message, err.code or "", err.hint, err.request_id or "" }
        for _, text in ipairs(texts) do
            assert.is_nil(text:find("sk+/%(", 1, true), text)
            assert.is_nil(text:find("t0ken", 1, true), text)
            assert.is_nil(text:find("c0ffee", 1, true), text)
        end
        return err
    end

    it("does not show when the gateway echoes the canonical request", function()
        local refusal = "Incorrect IAM authentication information: verify aksk signature fail,canonicalRequest:"
        local echo = refusal .. "GET|/v1/p/||authorization:SDK-HMAC-SHA256 Access=AK, Signature=c0ffee|host:h|"
            .. "x-auth-token:c0ffee|x-sdk-date:20250101T000000Z|x-security-token:c0ffee||authorization;host|e3b0"
        local err = assert_hidden(failing(401, '{"error_code":"APIGW.0301","error_msg":"' .. echo .. '"}'))
        assert.equal(refusal .. "GET|/v1/p/||authorization:***|host:h|x-auth-token:***|x-sdk-date:20250101T000000Z|"
            .. "x-security-token:***||authorization;host|e3b0", err.message)
    end)

    it("does not show when a proxy's page shows the request's headers", function()
        for _, page in ipairs {
            "<pre>\nAuthorization: SDK-HMAC-SHA256 Signature=c0ffee\nHost: h</pre>",
            "X-Security-Token : c0ffee",
            "X-Auth-Token=c0ffee",
            '{"headers":{"x-subject-token":"c0ffee"}}',
            '{"headers":{"X-Security-Token": "c0ffee"}}',
        } do
            assert_hidden(failing(403, page))
        end
        assert.equal("the service answered HTTP 403: Authorization:*** Host: h",
            failing(403, "Authorization: Basic c0ffee\nHost: h").message)
    end)

    it("does not show wherever else it stands in a body", function()
        for _, secret in ipairs(SECRETS) do
            assert_hidden(failing(500, "you sent " .. secret .. " and " .. secret .. secret, nil, SECRETS))
            assert_hidden(failing(400, ('{"error_code":"%s","error_msg":"%s"}'):format(secret, secret), nil, SECRETS))
            assert_hidden(failing(400, '{"errCode":"X","externalMessage":"' .. secret .. '"}', nil, SECRETS))
            assert_hidden(failing(401, '{"error":{"code":401,"message":"' .. secret .. '"}}', nil, SECRETS))
        end
    end)

    it("does not show in part where a body is cut", function()
        for filler = 0, 650, 7 do
            assert_hidden(failing(500, ("x"):rep(filler) .. TOKEN .. ("y"):rep(1000), nil, SECRETS))
            assert_hidden(failing(500, '{"error_code":"E.1","error_msg":"' .. ("x"):rep(filler) .. TOKEN .. '"}', nil,
                SECRETS))
        end
    end)

    it("does not show in what a transport says", function()
        assert_hidden(errors.from_core({ kind = "network", code = "connect", message = "sent " .. SK }, SECRETS))
        assert_hidden(errors.from_core("header X-Security-Token: c0ffee was refused", SECRETS))
    end)

    local LONG = ("aB3/+x9Z"):rep(100) .. "end"
    local BEGINNING = LONG:sub(1, 12)

    it("does not show in spellings of JSON and of URLs", function()
        for _, spelling in ipairs { (LONG:gsub("/", "\\/")), (LONG:gsub("[/+]", { ["/"] = "%2F", ["+"] = "%2B" })),
            (LONG:gsub("[/+]", { ["/"] = "%2f", ["+"] = "%2b" })) } do
            assert.equal("the service answered HTTP 502: a***b", failing(502, "a" .. spelling .. "b", nil,
                { LONG }).message)
        end
    end)

    it("does not show its beginning where a text was cut", function()
        local core_says = { kind = "decode", code = "decode", message = "no page",
            beginning = "you sent " .. LONG:sub(1, 180) }
        assert.equal("no page; it begins: you sent ***", errors.from_core(core_says, { LONG }).message)
        local blanks = (" "):rep(16384 - 150)
        assert.equal("the service answered HTTP 502: x ***…",
            failing(502, "x" .. blanks .. LONG, nil, { LONG }).message)
    end)

    it("does not show in a request id or a redirect", function()
        for _, err in ipairs {
            failing(500, "", { ["x-request-id"] = LONG }, { LONG }),
            failing(500, '{"error_code":"A.1","request_id":"' .. LONG .. '"}', nil, { LONG }),
            failing(302, "", { location = "https://login/" .. LONG }, { LONG }),
        } do
            assert.is_nil(tostring(err):find(BEGINNING, 1, true), tostring(err))
        end
    end)

    it("is taken out of any number of repetitions by a hostile service, and takes memory in proportion", function()
        assert.equal(("*"):rep(63) .. "…", failing(400, '{"error_code":"A.1","error_msg":"' .. LONG:rep(5000) .. '"}',
            nil, { LONG }).message)
        local function cost(times)
            local body = '{"error_code":"A.1","error_msg":"' .. LONG:rep(times) .. '"}'
            return growth.allocated(function() failing(400, body, nil, { LONG }) end)
        end
        assert.is_true(cost(16) < 10 * cost(4)) -- 16 times when each is cut out by itself
    end)

    it("costs nothing in the rest of a long text, which is cut first", function()
        local body = '{"error_code":"APIG.0301","error_msg":"' .. ("authorization: x|"):rep(800000) .. '"}'
        local decoded = { error_code = "E.1", error_msg = ("a"):rep(14000000) }
        local err
        assert.is_true(growth.allocated(function() err = failing(401, body, nil, SECRETS) end) < 2000)
        assert.equal("APIG.0301", err.code)
        assert.equal("auth", err.kind)
        assert.equal("authorization:***|authorization:***|", err.message:sub(1, 36))
        assert.is_true(growth.allocated(function()
            err = errors.from_response({ status = 200, headers = {}, body = "" },
                { body = decoded, secrets = SECRETS, now = NOW })
            errors.from_core({ kind = "tls", message = decoded.error_msg }, SECRETS)
        end) < 2000)
        assert.equal(("a"):rep(599) .. "…", err.message)
    end)

    it("leaves the rest of the text alone, and empty secrets too", function()
        assert.equal("the service answered HTTP 500: a***b", failing(500, "a" .. SK .. "b", nil, SECRETS).message)
        assert.equal("the service answered HTTP 500: abc", failing(500, "abc", nil, { "" }).message)
    end)
end)
