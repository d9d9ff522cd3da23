local http = require "dwsync.problems.channels.http"

local NOW = 1747637723000
local URL = "https://hooks.example/services/T0000001/B000/seven77?key=abcdefgh&k=short#fragment1"

-- What a channel makes of an answer, and the request that it sent.
local function posted(response, more, channel)
    local asked
    local found = { http.post(channel or { url = URL, secrets = {} }, "body", {
        now = function() return NOW end,
        perform = function(request)
            asked = request
            if response.kind then
                return nil, response
            end
            return { status = response[1], body = response[2] or "", headers = response[3] or {} }
        end,
    }, more) }
    return { found[1], found[2], found[3], found[4] }, asked
end

describe("an address of a channel", function()
    it("is https, or plain http to this machine or where that is allowed", function()
        for address, host in pairs {
            ["https://h.example/x"] = { "h.example", false },
            ["HTTPS://h.example:8443?x"] = { "h.example:8443", false },
            ["https://h.example"] = { "h.example", false },
            ["https://h.example#x"] = { "h.example", false },
            ["http://localhost:80/x"] = { "localhost:80", true }, ["http://LOCALHOST"] = { "LOCALHOST", true },
            ["http://127.0.0.1:9/"] = { "127.0.0.1:9", true }, ["http://127.1.2.3"] = { "127.1.2.3", true },
            ["http://[::1]:9/"] = { "[::1]:9", true }, ["http://[::1]"] = { "[::1]", true },
            ["https://" .. ("x"):rep(81)] = { ("x"):rep(79) .. "…", false },
        } do
            assert.same(host, { http.address(address, "URL", false) }, address)
        end
        assert.same({ "h.example", true }, { http.address("http://h.example/x", "URL", true) })
        for _, host in ipairs { "h.example", "128.0.0.1", "127.0.0.1.example", "127.0.0", "localhost.example" } do
            assert.same({ nil, "plain http to " .. host .. " would show the address to anyone on the way",
                "Use https://, or allow it with allow_http = true of the channel in the configuration file." },
                { http.address("http://" .. host .. "/x", "URL", false) })
        end
    end)

    it("that cannot be read is not shown", function()
        for _, address in ipairs { "", "h.example/x", "ftp://h.example", "https://", "https:///x", "https://u:p@h/x",
            "https://h/x y", "https://h/\n", "https://h\\x", "httpss://h" } do
            assert.same({ nil, "URL holds no address that begins with https://, or more than that",
                "It is one line; user names and passwords in it are not supported." },
                { http.address(address, "URL", true) }, address)
        end
    end)
end)

describe("a POST of a channel", function()
    it("has its body, its address, its trust and little time", function()
        local channel = { url = URL, secrets = {}, ca_file = "/ca.pem", allow_http = true }
        local _, asked = posted({ 200 }, nil, channel)
        assert.same({ method = "POST", url = URL, body = "body", headers = { ["Content-Type"] = "application/json" },
            timeout = 10, connect_timeout = 5, ca_file = "/ca.pem", allow_http = true }, asked)
        _, asked = posted({ 200 }, { method = "PUT", url = "https://other", headers = { ["Content-Type"] = "text/plain",
            A = "b" } })
        assert.same({ "PUT", "https://other", { ["Content-Type"] = "text/plain", A = "b" } },
            { asked.method, asked.url, asked.headers })
    end)

    it("is sent, tried later or refused by the status of its answer", function()
        for status, outcome in pairs { [200] = "sent", [204] = "sent", [299] = "sent", [300] = "refused",
            [301] = "refused", [302] = "later", [303] = "later", [304] = "refused", [307] = "later", [308] = "refused",
            [399] = "refused", [400] = "refused", [401] = "refused", [403] = "refused", [404] = "refused",
            [407] = "later", [408] = "later", [410] = "refused", [421] = "later", [425] = "later", [429] = "later",
            [499] = "refused", [500] = "later", [501] = "later", [503] = "later", [599] = "later" } do
            local redirect = status >= 300 and status < 400 and ", a redirect, which is not followed" or ""
            assert.same({ outcome, outcome ~= "sent" and ("answered HTTP %d%s"):format(status, redirect) or nil },
                (posted { status }), status)
        end
    end)

    it("waits as long as it is asked to, where the status asks for that", function()
        local headers = { ["retry-after"] = "7" }
        for status, pause in pairs { [429] = NOW + 7000, [503] = NOW + 7000, [500] = false, [408] = false,
            [200] = false, [400] = false } do
            assert.equal(pause or nil, posted({ status, "", headers })[3], status)
        end
        headers["retry-after"] = "Mon, 19 May 2025 06:55:30 GMT"
        assert.equal(NOW + 7000, posted({ 429, "", headers })[3])
        local function asks(outcome)
            return { answer = function() return outcome, "busy", 60, true end }
        end
        assert.same({ "later", "busy", NOW + 60000, true }, (posted({ 429 }, asks "later")))
        headers["retry-after"] = "7"
        assert.same({ "later", "busy", NOW + 7000, true }, (posted({ 429, "", headers }, asks "later")))
        assert.same({ "refused", "busy", NOW + 60000, true }, (posted({ 429, "", headers }, asks "refused")))
    end)

    it("may be read by its kind, which gets what was decoded; else the status decides", function()
        local seen
        local more = { answer = function(response, decoded)
            seen = { response.status, decoded and decoded.a }
            return nil, "not used", 5
        end }
        assert.same({ "later", "answered HTTP 500", NOW + 5000 }, (posted({ 500, '{"a":1}' }, more)))
        assert.same({ 500, 1 }, seen)
        assert.same("sent", posted({ 200, "no JSON" }, more)[1])
        assert.same({ 200 }, seen)
    end)

    it("without an answer is tried later", function()
        assert.same({ "later", "no answer in time" }, (posted { kind = "timeout", message = "after 10 s" }))
        assert.same({ "later", "connection refused" }, (posted { kind = "network", message = "connection refused" }))
    end)

    it("shows nothing of its address that may be a secret, nor of other secrets", function()
        local function reason(words, channel)
            return posted({ kind = "network", message = words }, nil, channel)[2]
        end
        local path = URL:match "^https://[^/]+(.*)$"
        for words, shown in pairs { ["at " .. URL] = "at ***", ["at " .. path] = "at ***", ["at T0000001"] = "at ***",
            ["at abcdefgh"] = "at ***", ["at services"] = "at ***", ["at fragment1"] = "at ***",
            ["at hooks.example"] = "at hooks.example", ["B000 key short"] = "B000 key short",
            ["seven77"] = "seven77" } do
            assert.equal(shown, reason(words))
        end
        local keys = { url = "https://h.example/aB3x", secrets = { key = "the-signing-key" } }
        assert.equal("at ***", reason("at https://h.example/aB3x", keys))
        assert.equal("*** at /aB3x", reason("the-signing-key at /aB3x", keys))
        keys.secrets.longer = "the-signing-key-2"
        assert.equal("***!", reason("the-signing-key-2!", keys))
        local failure = { kind = "network", message = "at /with/signature-x" }
        assert.equal("at ***", posted(failure, { url = "https://h/with/signature-x" })[2])
    end)
end)

describe("an answer with a code inside", function()
    local read = http.coded_answer { name = "Robot", code = "code", message = "words",
        later = { [-1] = 0, [7] = 60 }, of_channel = { [9] = true } }

    it("is read where it is the receiver's, and else left to the status", function()
        for _, case in ipairs {
            { 200, { code = 0 }, { "sent" } }, { 299, { code = "0" }, { "sent" } },
            { 200, { code = 5 }, { "refused", "answered 5" } },
            { 200, { code = 5, words = "no" }, { "refused", "answered 5: no" } },
            { 200, { code = 5, words = 7 }, { "refused", "answered 5" } },
            { 200, { code = 9 }, { "refused", "answered 9", nil, true } },
            { 200, { code = -1 }, { "later", "answered -1" } }, { 200, { code = 7 }, { "later", "answered 7", 60 } },
            { 400, { code = 5 }, { "refused", "answered 5" } }, { 429, { code = 5 }, { "later", "answered 5" } },
            { 300, { code = 0 }, { "refused", "answered 0" } }, { 499, { code = 0 }, { "refused", "answered 0" } },
            { 500, { code = 0 }, {} }, { 503, { code = 5 }, {} },
            { 400, nil, {} }, { 300, nil, {} },
            { 400, {}, { nil, "answered HTTP 400, but not as Robot does" } },
            { 200, nil, { "later", "answered HTTP 200, but not as Robot does" } },
            { 299, {}, { "later", "answered HTTP 299, but not as Robot does" } },
            { 200, { code = 0.5 }, { "later", "answered HTTP 200, but not as Robot does" } },
            { 200, { code = 2 ^ 53 }, { "later", "answered HTTP 200, but not as Robot does" } },
            { 200, { code = 2 ^ 53 - 1 }, { "refused", "answered 9007199254740991" } },
        } do
            local found = { read({ status = case[1] }, case[2]) }
            for i = 1, 4 do
                assert.equal(case[3][i], found[i])
            end
        end
    end)
end)

describe("a page in place of an answer", function()
    it("is known by its beginning, under a status that says that all is well", function()
        local function outcome(status, body)
            return { http.unless_page { status = status, body = body } }
        end
        assert.same({ "later", "answered HTTP 200 with a web page" }, outcome(200, "<html>"))
        assert.same({ "later", "answered HTTP 299 with a web page" }, outcome(299, " \n<!DOCTYPE html>"))
        for _, case in ipairs { { 300, "<html>" }, { 200, "ok <b>" }, { 200, "< 5" }, { 200, "" } } do
            assert.same({}, outcome(case[1], case[2]))
        end
    end)
end)
