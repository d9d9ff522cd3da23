local fakes = require "spec.support.credentials"
local pod_identity = require "dwsync.credentials.pod_identity"

local URI, FILE = "http://169.254.1.1:8090/v1/credentials", "/var/run/pod-token"
local KEYS = { status = 200, body = '{"credentials":{"accessKeyId":"AKPOD","secretAccessKey":"hidden",'
    .. '"securityToken":"hidden-token","expiration":"' .. fakes.after(3600) .. '"}}' }

local function world(answers, more)
    local given = { answers = answers, files = { [FILE] = " hidden-pod\n" }, metadata = false,
        variables = { HC_CONTAINER_CREDENTIALS_FULL_URI = URI, HC_CONTAINER_AUTHORIZATION_TOKEN_FILE = FILE } }
    for name, value in pairs(more or {}) do
        given[name] = value
    end
    return fakes.world(given)
end

local function refusal(...)
    local made = world(...)
    local keys, err = made.get()
    assert.is_nil(keys)
    assert.equal("credentials", err.kind)
    fakes.assert_hidden({ err, made.events }, { "hidden" })
    return err.message, err.hint, err
end

describe("a pod's identity", function()
    it("is exchanged at the agent that the environment names", function()
        local made = world { KEYS }
        assert.equal("AKPOD", assert(made.get()).ak)
        local request = made.requests[1]
        assert.equal("POST", request.method)
        assert.equal(URI, request.url)
        assert.equal("hidden-pod", request.headers.Authorization)
        assert.equal("{}", request.body)
        assert.equal("application/json", request.headers["Content-Type"])
        assert.same({ 5, 65536 }, { request.connect_timeout, request.max_response_bytes })
        assert.equal("", request.proxy)
        assert.equal(5, request.timeout)
        assert.is_true(request.allow_http)
    end)

    it("may be named: agent, token's file and project, and the CA that the client trusts", function()
        local made = world({ { status = 201, body = KEYS.body } }, { variables = {}, files = { ["/t"] = "hidden-t" },
            credentials = { source = "pod_identity", endpoint = "https://agent.x", token_file = "/t",
                project_id = "p" } })
        made.context.ca_file = "/ca.pem"
        local keys = assert(made.get())
        assert.same({ "AKPOD", "p", "CCE pod identity" }, { keys.ak, keys.project_id, keys.source })
        local request = made.requests[1]
        assert.same({ "https://agent.x", "hidden-t", "/ca.pem" }, { request.url, request.headers.Authorization,
            request.ca_file })
    end)

    it("is nothing where the environment names no agent", function()
        assert.same({ nil, nil, "CCE pod identity: HC_CONTAINER_CREDENTIALS_FULL_URI is not set" },
            { pod_identity.load({ getenv = function() end }, nil, {}) })
    end)

    it("is not waited for longer than the caller waits", function()
        for left, timeout in pairs { [60] = 5, [5] = 5, [2] = 2, [0] = 0.001 } do
            local made = world { KEYS }
            made.get(left)
            assert.equal(timeout, made.requests[1].timeout)
        end
    end)

    it("is exchanged anew when the pod's token was replaced, and once for each token", function()
        local files = { [FILE] = "hidden-one" }
        local made = world({ KEYS }, { files = files })
        assert(made.get())
        files[FILE] = "hidden-two"
        assert(made.get())
        assert(made.get())
        assert.equal(2, #made.requests)
        assert.equal("hidden-two", made.requests[2].headers.Authorization)
        files[FILE] = nil
        assert.equal("AKPOD", assert(made.get()).ak)
        assert.equal(2, #made.requests)
    end)

    it("goes over plain http to this machine's link only", function()
        for uri, allowed in pairs { ["http://169.254.1.1/x"] = true, ["https://agent.example/x"] = false,
            ["http://agent.example/x"] = false, ["http://169.254.1.1.evil.example/x"] = false,
            ["http://127.0.0.1/x"] = false, ["http://169.254.1.1"] = true, ["http://169.254.1.1:80"] = true,
            ["http://169.254.1.1x/"] = false, ["https://169.254.1.1/"] = false, ["xhttp://169.254.1.1/"] = false,
            ["http://169.254.1.1@evil.example"] = false } do
            local made = world({ KEYS }, { variables = { HC_CONTAINER_CREDENTIALS_FULL_URI = uri,
                HC_CONTAINER_AUTHORIZATION_TOKEN_FILE = FILE } })
            made.get()
            assert.equal(allowed, made.requests[1].allow_http)
        end
    end)

    it("that is only half configured is told", function()
        assert.equal("CCE pod identity: HC_CONTAINER_CREDENTIALS_FULL_URI is set but "
            .. "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE is not",
            refusal({}, { variables = { HC_CONTAINER_CREDENTIALS_FULL_URI = URI } }))
        for missing, given in pairs { token_file = { endpoint = URI }, endpoint = { token_file = FILE } } do
            given.source = "pod_identity"
            local message, hint = refusal({}, { credentials = given })
            assert.same({ ("CCE pod identity: %s is missing"):format(missing),
                "Set both endpoint and token_file in `credentials`, or neither." }, { message, hint })
        end
    end)

    it("is an error when the file or the agent fails", function()
        assert.equal("CCE pod identity: token file /var/run/pod-token: No such file or directory",
            refusal({}, { files = {} }))
        assert.equal("CCE pod identity: token file /var/run/pod-token: empty or not a token",
            refusal({}, { files = { [FILE] = "\n" } }))
        assert.equal("CCE pod identity: the agent answers HTTP 403", refusal { { status = 403 } })
        assert.equal("CCE pod identity: the agent does not answer: sent ***",
            refusal { { failure = { kind = "network", message = "sent hidden-pod" } } })
        local hint = "Check the pod's service account and its association with an agency."
        for _, case in ipairs { { {}, { files = {} } }, { { { status = 403 } } },
            { { { failure = { kind = "network", message = "down" } } } } } do
            assert.equal(hint, (select(2, refusal(case[1], case[2]))))
        end
        local _, _, failed = refusal { { failure = { kind = "timeout", message = "down" } } }
        assert.equal("timeout", failed.cause.kind)
        assert.equal(403, (select(3, refusal { { status = 403 } })).status)
        for may_pass, answer in pairs { [true] = { failure = { kind = "network", message = "down" } },
            [false] = { status = 403 } } do
            local _, err = world({ answer }).get()
            assert.equal(may_pass, err.retryable)
        end
        assert.matches("the answer is not JSON", (refusal { { status = 200, body = "<html>" } }))
    end)
end)
