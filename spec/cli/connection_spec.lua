local cli = require "dwsync.cli"

local SK, TOKEN = "hidden-sk+/=%", "hidden-token"
local ENVIRONMENT = {
    DWSYNC_REGION = "cn-north-4",
    HUAWEICLOUD_SDK_AK = "AKEXAMPLE",
    HUAWEICLOUD_SDK_SK = SK,
    HUAWEICLOUD_SDK_SECURITY_TOKEN = TOKEN,
    HUAWEICLOUD_SDK_PROJECT_ID = "p1",
}

local NONE = { status = 200, headers = { ["x-request-id"] = "r-1" }, body = '{"clusters":[{"id":"c1"}]}' }

-- Runs `dwsync clusters` with these options against answers given in turn (the last one stays). Returns status, stdout,
-- stderr and the requests.
local function run(arguments, answers, environment, terminal)
    answers = answers or { NONE }
    environment = environment or ENVIRONMENT
    local out, err, requests, clock = "", "", {}, 1761389392
    table.insert(arguments, 1, "clusters")
    local exit = cli.main(arguments, {
        stdout = { write = function(_, text) out = out .. text return true end, flush = function() return true end },
        stderr = { write = function(_, text) err = err .. text end },
        getenv = function(name) return environment[name] end,
        read_file = function() return nil, "No such file or directory", true end,
        is_terminal = function() return terminal or false end,
        terminal_columns = function() return 80 end,
        random = function() return 0.6 end,
        runtime = {
            now = function() return clock end,
            monotonic = function() return clock end,
            sleep = function(seconds) clock = clock + seconds end,
            perform = function(request)
                requests[#requests + 1] = request
                clock = clock + 0.25
                local answer = answers[math.min(#requests, #answers)]
                if answer.failure then
                    return nil, answer.failure
                end
                return { status = answer.status, headers = answer.headers or {}, body = answer.body or "" }
            end,
        },
    })
    return exit, out, err, requests
end

local URL = "https://dws.cn-north-4.myhuaweicloud.com/v1.0/p1/clusters"

describe("the options of where to ask", function()
    it("are the region, from the option before the environment", function()
        local _, _, _, requests = run {}
        assert.equal(URL, requests[1].url)
        _, _, _, requests = run { "--region", "cn-east-3" }
        assert.equal("https://dws.cn-east-3.myhuaweicloud.com/v1.0/p1/clusters", requests[1].url)
    end)

    it("are endpoint, IAM endpoint and project", function()
        local _, _, _, requests = run { "--endpoint", "https://e.example", "--project-id", "p2" }
        assert.equal("https://e.example/v1.0/p2/clusters", requests[1].url)
        local environment = { HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "SK", DWSYNC_REGION = "cn-north-4" }
        _, _, _, requests = run({ "--iam-endpoint", "https://i.example" }, {
            { status = 200, body = '{"projects":[{"id":"p3","name":"cn-north-4"}]}' }, NONE,
        }, environment)
        assert.equal("https://i.example/v3/projects?name=cn-north-4", requests[1].url)
        assert.equal("https://dws.cn-north-4.myhuaweicloud.com/v1.0/p3/clusters", requests[2].url)
    end)

    it("are the CA file and the proxy, of which none means none at all", function()
        local _, _, _, requests = run { "--ca-file", "README.md", "--proxy", "http://proxy:3128" }
        assert.equal("README.md", requests[1].ca_file) -- any file that can be read
        assert.equal("http://proxy:3128", requests[1].proxy)
        _, _, _, requests = run { "--proxy", "none" }
        assert.equal("", requests[1].proxy)
        _, _, _, requests = run {}
        assert.is_nil(requests[1].proxy)
    end)

    it("are wrong with status 2, before anything is sent", function()
        local cases = {
            ["dwsync: config: --endpoint \"http://e.example\" is plain http"] = { "--endpoint", "http://e.example" },
            ["dwsync: config: --region \"nowhere-1\" has no built-in DWS endpoint"] = { "--region", "nowhere-1" },
            ["dwsync: config: --project-id is \"a b\", expected"] = { "--project-id", "a b" },
            ["dwsync: config: --ca-file /nope: No such file or directory"] = { "--ca-file", "/nope" },
        }
        for message, arguments in pairs(cases) do
            local status, out, err, requests = run(arguments)
            assert.equal(2, status)
            assert.equal("", out)
            assert.equal(message, err:sub(1, #message))
            assert.same({}, requests)
        end
    end)

    it("do not include keys: without any the command says where it looked, with status 2", function()
        local status, out, err, requests = run({}, nil, { DWSYNC_REGION = "cn-north-4",
            DWSYNC_METADATA = "off" })
        assert.equal(2, status)
        assert.equal("", out)
        assert.equal("dwsync: credentials: no credentials found: environment: HUAWEICLOUD_SDK_AK and "
            .. "HUAWEICLOUD_SDK_SK are not set; credentials file: the home directory is unknown; ECS metadata: "
            .. "switched off; CCE pod identity: HC_CONTAINER_CREDENTIALS_FULL_URI is not set; environment (Terraform): "
            .. "HW_AUTH_TOKEN, HW_ACCESS_KEY and HW_USER_NAME are not set; KooCLI: the home directory is unknown.\n"
            .. "        Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or write ak and sk below [basic] in "
            .. "~/.huaweicloud/credentials.\n", err)
        assert.same({}, requests)
    end)
end)

describe("the options of how to ask", function()
    it("are the deadline and the number of retries", function()
        local _, _, _, requests = run({ "--retries", "1" }, { { status = 503 } })
        assert.equal(2, #requests)
        _, _, _, requests = run({ "--retries", "0", "--timeout", "2.5" }, { { status = 503 } })
        assert.equal(1, #requests)
        assert.equal(2.5, requests[1].timeout)
    end)
end)

describe("--debug", function()
    it("shows each request, its outcome and each pause on stderr, and keeps stdout clean", function()
        local status, out, err = run({ "--debug", "-o", "tsv", "--columns", "id" }, {
            { status = 503, headers = { ["x-request-id"] = "r-0" } },
            { failure = { kind = "network", code = "connect", message = "refused" } },
            NONE,
        })
        assert.equal(0, status)
        assert.equal("id\nc1\n", out)
        assert.equal(table.concat({
            "dwsync: GET " .. URL .. ": HTTP 503 in 250 ms, request id r-0",
            "dwsync: trying again in 300 ms",
            "dwsync: GET " .. URL .. ": network in 250 ms",
            "dwsync: trying again in 600 ms",
            "dwsync: GET " .. URL .. ": HTTP 200 in 250 ms, request id r-1",
            "",
        }, "\n"), err)
    end)

    it("is off by default", function()
        local _, _, err = run({}, { { status = 503 }, NONE })
        assert.equal("", err)
    end)

    it("does not let a request id drive the terminal", function()
        local _, _, err = run({ "--debug" }, { { status = 200, headers = { ["x-request-id"] = "\27[2J" },
            body = NONE.body } })
        assert.is_nil(err:find("\27", 1, true))
    end)
end)

describe("a clock that was put right", function()
    local function expired(date)
        return { status = 401, headers = { date = date },
            body = '{"error_code":"APIGW.0301","error_msg":"signature expired"}' }
    end

    it("is told on stderr, without --debug", function()
        local status, _, err = run({}, { expired "Sat, 25 Oct 2025 12:49:52 GMT", NONE })
        assert.equal(0, status)
        assert.equal("dwsync: this machine's clock is 2 h slow; corrected for now, set it with NTP\n", err)
        _, _, err = run({}, { expired "Sat, 25 Oct 2025 09:49:52 GMT", NONE })
        assert.equal("dwsync: this machine's clock is 1 h fast; corrected for now, set it with NTP\n", err)
    end)
end)

describe("secrets", function()
    it("show on no stream, whatever fails, with --debug or without", function()
        local echo = "verify aksk signature fail,canonicalRequest:GET|/||x-security-token:hidden-token|"
            .. "authorization:SDK-HMAC-SHA256 hidden||e3b0"
        for _, answer in ipairs {
            { status = 401, body = ('{"error_code":"APIGW.0301","error_msg":"%s"}'):format(echo) },
            { status = 200, body = ('{"error_code":"APIGW.0301","error_msg":"%s"}'):format(echo) },
            { status = 200, body = '{"error_code":"DWS.0005","error_msg":"your sk is ' .. SK .. '"}' },
            { status = 200, body = "<pre>X-Security-Token: " .. TOKEN .. "</pre>" },
            { status = 500, body = "sk " .. SK .. " token " .. TOKEN },
            { status = 400, body = '{"error_code":"E.1","error_msg":"' .. SK .. '"}' },
            { failure = { kind = "network", code = "connect", message = "sent " .. TOKEN .. " and " .. SK } },
        } do
            for _, arguments in ipairs { { "--retries", "1" }, { "--retries", "1", "--debug" } } do
                local status, out, err, requests = run(arguments, { answer }, nil, true)
                assert.equal(1, status)
                assert.equal("", out)
                assert.is_true(#requests > 0 and #err > 20)
                assert.is_nil(err:find("hidden", 1, true), err)
            end
        end
    end)
end)
