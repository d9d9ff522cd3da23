local fakes = require "spec.support.credentials"

local BASE = "http://169.254.169.254"
local SESSION = { status = 200, body = "hidden-session\n" }
local KEY = { status = 200, body = fakes.keys_answer("AKMETA").body }
local NO_AGENCY = { status = 401, body = "Please configure Cloud Service Agency first" }
local ABSENT = { failure = { kind = "network", code = "connect", message = "cannot connect" } }

local function world(answers, more)
    local given = { answers = answers, credentials = { source = "metadata" } }
    for name, value in pairs(more or {}) do
        given[name] = value or nil
    end
    return fakes.world(given)
end

local function refusal(answers, pattern, more)
    local made = world(answers, more)
    local keys, err = made.get()
    assert.is_nil(keys)
    assert.equal("credentials", err.kind)
    assert.matches(pattern, err.message)
    fakes.assert_hidden({ err, made.events }, { "hidden" })
    return made, err
end

describe("the metadata service", function()
    it("gives the keys of the machine's agency, for a session token", function()
        local made = world { SESSION, KEY }
        local keys = assert(made.get())
        assert.equal("AKMETA", keys.ak)
        assert.equal("hidden-token", keys.security_token)
        assert.equal("dwsync.credentials: access key AKMETA from ECS metadata", tostring(keys))
        local put, get = made.requests[1], made.requests[2]
        assert.equal("PUT", put.method)
        assert.equal(BASE .. "/meta-data/latest/api/token", put.url)
        assert.equal("21600", put.headers["X-Metadata-Token-Ttl-Seconds"])
        assert.equal("GET", get.method)
        assert.equal(BASE .. "/openstack/latest/securitykey", get.url)
        assert.equal("hidden-session", get.headers["X-Metadata-Token"])
        for _, request in ipairs(made.requests) do
            assert.equal("", request.proxy)
            assert.is_true(request.allow_http)
            assert.equal(3, request.timeout)
            assert.equal(3, request.connect_timeout)
            assert.equal(65536, request.max_response_bytes)
            assert.is_nil(request.headers.Authorization)
        end
        made.get()
        assert.equal(2, #made.requests)
        fakes.assert_hidden(made.events, { "hidden" })
    end)

    it("is not waited for longer than the caller waits", function()
        for left, timeout in pairs { [60] = 3, [3] = 3, [2] = 2, [0] = 0.001 } do
            local made = world { SESSION, KEY }
            made.get(left)
            for _, request in ipairs(made.requests) do
                assert.equal(timeout, request.timeout)
            end
            assert.is_truthy(made.requests[1])
        end
    end)

    it("gives them without a session where there are none", function()
        for _, status in ipairs { 404, 405, 503 } do
            local made = world { { status = status }, KEY }
            assert.equal("AKMETA", assert(made.get()).ak)
            assert.is_nil(made.requests[2].headers["X-Metadata-Token"])
        end
    end)

    it("is asked once more with a new session when the first is refused", function()
        local made = world { SESSION, { status = 401, body = "Unauthorized" }, { status = 200, body = "second" }, KEY }
        assert.equal("AKMETA", assert(made.get()).ak)
        assert.equal("second", made.requests[4].headers["X-Metadata-Token"])
    end)

    it("is given up when it refuses the second session, too, or has none to give", function()
        local made = refusal({ SESSION, { status = 401 }, SESSION, { status = 401 } }, "no key: HTTP 401$")
        assert.equal(4, #made.requests)
        for _, status in ipairs { 404, 405, 503 } do
            refusal({ { status = status }, { status = 401 }, { status = status } },
                ("no session token: HTTP %d$"):format(status))
        end
    end)

    it("says when the machine has no agency, and does not ask again soon", function()
        local made, err = refusal({ SESSION, NO_AGENCY }, "this machine has no agency$")
        assert.matches("^Give the machine an agency", err.hint)
        assert.equal(401, err.status)
        made.clock = made.clock + 599
        made.get()
        assert.equal(2, #made.requests)
    end)

    it("is an error that says what came instead of a key", function()
        local HEADERS = { ["x-request-id"] = "r-1" }
        for pattern, answers in pairs {
            ["no session token: HTTP 500$"] = { { status = 500, headers = HEADERS } },
            ["the session token is empty or malformed$"] = { { status = 200, headers = HEADERS,
                body = "<html>log in</html>" } },
            ["no key: HTTP 404$"] = { SESSION, { status = 404, headers = HEADERS } },
            ["no key: HTTP 500$"] = { SESSION, { status = 500, headers = HEADERS } },
        } do
            local _, err = refusal(answers, pattern)
            assert.same({ answers[#answers].status, "r-1" }, { err.status, err.request_id })
        end
        refusal({ SESSION, { status = 200, body = "<html>log in</html>" } }, "the answer is not JSON")
        refusal({ SESSION, { status = 200, body = fakes.keys_answer("A", -1).body } }, "it had already expired$")
        refusal({ SESSION, { status = 200, body = fakes.keys_answer("A", 0, { expires_at = "?" }).body } },
            "its expiry time is missing or malformed$")
    end)

    it("that hangs or is not there is told, with the way round", function()
        local _, err = refusal({ { failure = { kind = "timeout", code = "timeout", message = "timed out" } } },
            "http://169.254.169.254 does not answer: timed out$")
        assert.matches("DWSYNC_METADATA=off", err.hint)
        assert.equal("timeout", err.cause.kind)
    end)

    it("that is named but not up yet is asked again within seconds, however long the machine takes", function()
        for _, absent in ipairs { ABSENT, { status = 404 } } do
            local up = false
            local made = world({ function(request)
                return not up and absent or request.method == "PUT" and SESSION or KEY
            end })
            for _ = 1, 30 do
                assert.is_nil((made.get()))
                made.clock = made.clock + 1
            end
            local asked = #made.requests
            assert.is_true(asked >= 4 and asked <= 16, asked) -- after about 0, 1, 3, 7, 15 s; it may take two requests
            up = true
            made.clock = made.clock + 32
            assert.equal("AKMETA", assert(made.get()).ak)
        end
    end)

    it("that does not answer, or fails, may do so later", function()
        for _, answer in ipairs { ABSENT, { status = 500 }, { status = 429 } } do
            local _, err = world({ answer }).get()
            assert.is_true(err.retryable)
        end
        local _, err = world({ SESSION, NO_AGENCY }).get()
        assert.is_false(err.retryable)
    end)

    it("may be elsewhere: in the source's options, the client's, or the environment", function()
        for _, more in ipairs {
            { credentials = { source = "metadata", endpoint = "http://127.0.0.1:8080" } },
            { metadata = "http://127.0.0.1:8080/" },
            { variables = { DWSYNC_METADATA = "http://127.0.0.1:8080" } },
        } do
            local made = world({ SESSION, KEY }, more)
            assert(made.get())
            assert.equal("http://127.0.0.1:8080/openstack/latest/securitykey", made.requests[2].url)
            assert.is_false(made.requests[2].allow_http) -- only the real address may be asked over plain http
        end
    end)

    it("is switched off by option or environment", function()
        for _, more in ipairs { { variables = { DWSYNC_METADATA = "off" } } } do
            local made = refusal({ SESSION }, "^ECS metadata: switched off$", more)
            assert.equal(0, #made.requests)
        end
        local made = fakes.world { credentials = { source = "metadata" }, metadata = false, answers = { SESSION } }
        assert.is_nil(made.get())
        assert.equal(0, #made.requests)
    end)
end)

describe("the metadata service in the default chain", function()
    it("is passed over outside the cloud, after a second at most and not each time", function()
        local made = fakes.world { answers = { ABSENT }, variables = { HW_ACCESS_KEY = "HW",
            HW_SECRET_KEY = "hidden" } }
        assert.equal("HW", assert(made.get()).ak)
        assert.equal(1, made.requests[1].connect_timeout)
        made.get()
        assert.equal(1, #made.requests)
        made.clock = made.clock + 600
        made.get()
        assert.equal(2, #made.requests)
    end)

    it("is left alone for long where it has no keys, and asked again soon where it failed", function()
        for _, status in ipairs { 404, 500 } do
            local made = fakes.world { answers = { SESSION, { status = status } }, variables = { HW_ACCESS_KEY = "HW",
                HW_SECRET_KEY = "hidden" } }
            assert.equal("HW", assert(made.get()).ak)
            local first = #made.requests
            made.clock = made.clock + 599
            made.get()
            assert.equal(status == 500, #made.requests > first)
        end
    end)

    it("is passed over on a machine without agency", function()
        local made = fakes.world { answers = { SESSION, NO_AGENCY }, variables = { HW_ACCESS_KEY = "HW",
            HW_SECRET_KEY = "hidden" } }
        assert.equal("HW", assert(made.get()).ak)
    end)

    it("goes before Terraform's variables, and after the official ones", function()
        local variables = { HW_ACCESS_KEY = "HW", HW_SECRET_KEY = "hidden" }
        local made = fakes.world { answers = { SESSION, KEY }, variables = variables }
        assert.equal("AKMETA", made.get().ak)
        variables.HUAWEICLOUD_SDK_AK, variables.HUAWEICLOUD_SDK_SK = "AK", "hidden"
        assert.equal("AK", made.get().ak)
    end)

    it("that served once is an error when it fails for good, not a reason to go on", function()
        local made = fakes.world { answers = { SESSION, KEY, ABSENT }, variables = { HW_ACCESS_KEY = "HW",
            HW_SECRET_KEY = "hidden" } }
        assert.equal("AKMETA", made.get().ak)
        made.clock = made.clock + 3700
        local keys, err = made.get()
        assert.is_nil(keys)
        assert.matches("does not answer", err.message)
    end)

    it("is asked again within seconds while nothing else has credentials", function()
        local made = fakes.world { answers = { ABSENT, ABSENT, SESSION, KEY } }
        for _ = 1, 2 do
            assert.is_nil((made.get()))
            assert.is_nil((made.get()))
            made.clock = made.clock + 2
        end
        assert.equal(2, #made.requests)
        assert.equal("AKMETA", made.get().ak)
    end)

    it("is in the list of places where nothing was", function()
        local made = fakes.world { answers = { ABSENT } }
        local keys, err = made.get()
        assert.is_nil(keys)
        assert.matches("ECS metadata: http://169.254.169.254 does not answer: cannot connect;", err.message, 1, true)
    end)
end)
